"""E-mails of the team's day and week to those who chose them: counts and a link, and never a child, a family or a word of theirs."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from outreach.attendance import health
from outreach.attendance.health import Trouble
from outreach.attendance.tables import FeedImport
from outreach.cases import queries
from outreach.cases.help_states import StepState
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.states import EventKind
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date, start_of_day
from outreach.database import Database
from outreach.delivery import feed_report, mail
from outreach.delivery.mail import Kind, Recipient, Words
from outreach.delivery.mail_tables import Email
from outreach.district import queries as district
from outreach.evidence import waiting
from outreach.resources import data_folder
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.queries import SignedIn
from outreach.staff.tables import Account

_USEFUL = timedelta(hours=4)
_AT_ONCE = 20
"""Bulletins put together at one tick, so that none of them keeps the mail job for long."""
_LATELY = timedelta(days=14)
"""So far back a missing register is looked for: of older ones the page of data tells."""
_WEEK = timedelta(days=7)
_REGISTERS = frozenset({Trouble.NOT_REPORTED, Trouble.NOT_SUBMITTED, Trouble.SILENT_RUN})


@dataclass(frozen=True)
class Section:
    """One school's or the person's own figures, by their key in ``labels`` of the words; *title* is a school's name, or empty."""

    title: str
    rows: tuple[tuple[str, int], ...]


def plan(database: Database, settings: Settings, now: datetime) -> int:
    """Plan the bulletins whose hour has come, on days on which the reader has school; return how many are new."""
    with database.read() as session:
        due = [one for kind in _WHEN for one in _due(session, kind, settings, now)][:_AT_ONCE]
        made = [(kind, key, to, compose(session, kind, to, settings, now)) for kind, key, to in due]
    if not made:
        return 0
    with database.write() as session:
        rows = [
            mail.put(session, kind=kind, key=key, to=to, words=words, now=now, expires_at=now + _USEFUL) for kind, key, to, words in made
        ]
    return sum(row is not None for row in rows)


def compose(session: Session, kind: Kind, to: Recipient, settings: Settings, now: datetime) -> Words:
    """One person's bulletin in their language."""
    sections = _CONTENTS[kind](session, reader(session, to), settings, now)
    today = local_date(now, settings.zone)
    words = said(to.locale)
    mine = words[kind.value]
    shown = [
        (one.title, [(words["labels"][name], format_decimal(number, locale=to.locale)) for name, number in one.rows if number])
        for one in sections
    ]
    facts = {
        "words": words,
        "mine": mine,
        "day": format_date(today, "full", locale=to.locale),
        "sections": [(title, rows) for title, rows in shown if rows],
        "link": f"{settings.public_url.rstrip('/')}{mine['page']}" if settings.public_url else "",
        "locale": to.locale,
    }
    body, html = (feed_report.pages().get_template(f"bulletin.{form}").render(facts) for form in ("txt", "html"))
    return Words(mine["subject"].format(day=format_date(today, "long", locale=to.locale)), body, html)


def reader(session: Session, to: Recipient) -> SignedIn:
    """Whose e-mail it is, with what their role and schools let them see."""
    return staff.as_reader(session, session.get_one(Account, to.account_id))


def mid_day(session: Session, person: SignedIn, settings: Settings, now: datetime) -> list[Section]:
    """What waits now, what families did since midnight, and each school's missing registers."""
    begins = start_of_day(local_date(now, settings.zone), settings.zone)
    rows = [(one.what.value, one.number) for one in waiting.read(session, person, settings, now)]
    rows += _happened(session, person, begins, now)
    return [Section("", tuple(rows)), *_registers(session, person, settings, now)]


def code_review(session: Session, person: SignedIn, settings: Settings, now: datetime) -> list[Section]:
    """Each school's missing registers and odd codes."""
    return _registers(session, person, settings, now, codes=True)


def weekly(session: Session, person: SignedIn, settings: Settings, now: datetime) -> list[Section]:
    """What waits, what is due until the week's end, and what happened in the seven days before."""
    today = local_date(now, settings.zone)
    begins, ends = start_of_day(today - _WEEK, settings.zone), start_of_day(today, settings.zone)
    ahead = waiting.due_steps(person, today + timedelta(days=6 - today.weekday())).with_only_columns(func.count(Step.id)).order_by(None)
    rows = [(one.what.value, one.number) for one in waiting.read(session, person, settings, now)]
    rows.append(("due_this_week", session.scalar(ahead) or 0))
    return [Section("", tuple(rows)), Section("", (*_happened(session, person, begins, ends), *_helped(session, person, begins, ends)))]


_CONTENTS: Mapping[Kind, Callable[[Session, SignedIn, Settings, datetime], list[Section]]] = MappingProxyType(
    {Kind.MID_DAY: mid_day, Kind.CODE_REVIEW: code_review, Kind.WEEKLY: weekly}
)
_WHEN = tuple(_CONTENTS)


def _due(session: Session, kind: Kind, settings: Settings, now: datetime) -> Iterator[tuple[Kind, str, Recipient]]:
    local = now.astimezone(ZoneInfo(settings.zone))
    at = {Kind.MID_DAY: settings.mid_day_bulletin_at, Kind.CODE_REVIEW: settings.code_review_at}.get(kind, settings.weekly_digest_at)
    due = datetime.combine(local.date(), at, local.tzinfo)
    if not due <= local < due + _USEFUL or (kind is Kind.WEEKLY and local.weekday() != settings.weekly_digest_day):
        return
    keys = {f"{kind}:{local.date()}:{to.account_id}": to for to in mail.readers(session, kind)}
    known = set(session.scalars(select(Email.key).where(Email.key.in_(keys))))
    for key in sorted(keys.keys() - known):
        if local.date() in waiting.school_days(session, reader(session, keys[key]).schools, local.date()):
            yield kind, key, keys[key]


def _registers(session: Session, person: SignedIn, settings: Settings, now: datetime, *, codes: bool = False) -> list[Section]:
    until = _told_until(session, settings, now)
    found = health.look(session, until, person.schools)
    numbers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    missing: defaultdict[str, set[date]] = defaultdict(set)
    for one in found.findings:
        lately = {day: children for day, children in one.days.items() if day > until - _LATELY}
        if one.trouble in _REGISTERS:
            missing[one.school_id] |= lately.keys()
        elif one.trouble is Trouble.MARKS_MISSING:
            numbers[one.school_id]["marks_missing"] += sum(lately.values())
        elif one.trouble is Trouble.CODE and codes:
            numbers[one.school_id]["codes"] += 1
    for day in found.student_days if codes else ():
        numbers[day.school_id]["conflicts"] += 1
    for school, days in missing.items():
        numbers[school]["registers"] = len(days)
    names = {one: school.name or one for one, school in district.schools(session).items()}
    return [
        Section(
            names.get(school, school), tuple((key, numbers[school][key]) for key in ("registers", "marks_missing", "codes", "conflicts"))
        )
        for school in sorted(numbers, key=lambda one: (names.get(one, one), one))
    ]


def _told_until(session: Session, settings: Settings, now: datetime) -> date:
    """The last day of which a feed may tell: today once one came after school began, else yesterday."""
    today = local_date(now, settings.zone)
    opened = datetime.combine(today, settings.school_opens, ZoneInfo(settings.zone))
    newest = session.scalar(select(func.max(FeedImport.finished_at)))
    return today if newest is not None and newest >= opened else today - timedelta(days=1)


def _mine(person: SignedIn) -> list[ColumnElement[bool]]:
    return [] if person.schools is None else [queries.of_schools(person.schools)]


def _happened(session: Session, person: SignedIn, begins: datetime, ends: datetime) -> list[tuple[str, int]]:
    kinds = {"heard": (EventKind.INBOUND,), "answered": (EventKind.ANSWER,), "spoken": (EventKind.CALL, EventKind.VISIT)}
    rows = select(CaseEvent.kind, func.count()).join(Case, Case.id == CaseEvent.case_id).where(CaseEvent.at >= begins, CaseEvent.at < ends)
    counted = {row[0]: row[1] for row in session.execute(rows.where(*_mine(person)).group_by(CaseEvent.kind))}
    return [(name, sum(counted.get(kind.value, 0) for kind in some)) for name, some in kinds.items()]


def _helped(session: Session, person: SignedIn, begins: datetime, ends: datetime) -> list[tuple[str, int]]:
    def number(model: type[Barrier | Step], *where: ColumnElement[bool]) -> int:
        rows = select(func.count(model.id)).join(Case, Case.id == model.case_id).where(*where, *_mine(person))
        return session.scalar(rows) or 0

    return [
        ("reasons", number(Barrier, Barrier.heard_at >= begins, Barrier.heard_at < ends)),
        ("better", number(Barrier, Barrier.said_yes_at >= begins, Barrier.said_yes_at < ends)),
        ("steps", number(Step, Step.state == StepState.DONE.value, Step.done_at >= begins, Step.done_at < ends)),
    ]


@lru_cache
def said(locale: str) -> dict[str, Any]:
    """The words of bulletins in a language of ``mail.LOCALES``."""
    return tomllib.loads((data_folder("templates") / "mail" / f"bulletin.{locale}.toml").read_text(encoding="utf-8"))
