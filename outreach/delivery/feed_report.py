"""What the feeds brought in a night, by e-mail to those who chose it: counts, and never a name, a number or an id."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.tables import FeedImport, FeedSource
from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.mail import Kind, Words
from outreach.delivery.mail_tables import Email
from outreach.feeds import nights
from outreach.feeds.tables import FeedFolder
from outreach.feeds.watching import Standing
from outreach.resources import data_folder
from outreach.settings import Settings

_NIGHT = timedelta(days=1)
_USEFUL = timedelta(hours=12)
_SHOWN = ("deliveries", "read", "inserted", "changed", "unchanged", "rejected", "held", "deleted")
_TO_LOOK_AT = frozenset({"with_rows_left_out", "refused", "waiting", "late"})


@dataclass(frozen=True)
class Line:
    """What one source did; *numbers* are rows, by what became of them."""

    source: str
    outcome: str
    """A key of ``outcomes`` in the words."""
    numbers: Counter[str] = field(default_factory=Counter)


def plan(database: Database, settings: Settings, now: datetime) -> int:
    """Plan the night's e-mails once its hour has come, one for each person who chose it; return how many are new."""
    local = now.astimezone(ZoneInfo(settings.zone))
    due = local.replace(hour=settings.feed_report_at.hour, minute=settings.feed_report_at.minute, second=0, microsecond=0)
    if not due <= local < due + _USEFUL:
        return 0
    with database.read() as session:
        keys = {f"feed-report:{local.date()}:{to.account_id}": to for to in mail.readers(session, Kind.FEED_REPORT)}
        known = set(session.scalars(select(Email.key).where(Email.key.in_(keys))))
        lines = night(session, settings, now) if keys.keys() - known else []
    if not lines:
        return 0
    planned = []
    with database.write() as session:
        for key in sorted(keys.keys() - known):
            words = compose(lines, local.date(), keys[key].locale, settings.public_url)
            planned.append(mail.put(session, kind=Kind.FEED_REPORT, key=key, to=keys[key], words=words, now=now, expires_at=due + _NIGHT))
    return sum(row is not None for row in planned)


def night(session: Session, settings: Settings, now: datetime) -> list[Line]:
    """What each source did in the day before *now*, by its name; sources that did nothing are left out."""
    since = now - _NIGHT
    found: dict[str, Line] = {}
    for source in session.scalars(select(FeedSource).where(FeedSource.last_delivered_at > since)):
        found[source.name] = Line(source.name, "again")
    for one in session.scalars(select(FeedImport).where(FeedImport.finished_at > since).order_by(FeedImport.id)):
        numbers = Counter({"deliveries": 1})
        for counts in one.report.values():
            numbers.update({name: counts.get(name, 0) for name in _SHOWN[1:]})
        if before := found.get(one.source):
            numbers.update(before.numbers)
        found[one.source] = Line(one.source, "with_rows_left_out" if numbers["rejected"] + numbers["held"] else "loaded", numbers)
    for folder in session.scalars(select(FeedFolder).where(FeedFolder.state != Standing.TAKEN)):
        name = folder.source or folder.name
        found[name] = Line(name, folder.state, found[name].numbers if name in found else Counter())
    today = now.astimezone(ZoneInfo(settings.zone)).date()
    late = [one for one in nights.expected(session) if nights.is_late(one, now, settings.zone)]
    for name in [one.name for one in late] if late and nights.is_school_day(session, today) else []:
        found.setdefault(name, Line(name, "late"))
    return [found[name] for name in sorted(found)]


def compose(lines: Sequence[Line], day: date, locale: str, public_url: str) -> Words:
    """The e-mail about *lines* in a language of ``mail.LOCALES``."""
    said, spoken = _words(locale), format_date(day, "full", locale=locale)
    strange = sum(line.outcome in _TO_LOOK_AT for line in lines)
    subject = said["subject_look" if strange else "subject_well"].format(day=format_date(day, "long", locale=locale), number=strange)
    told = [{"source": line.source, "outcome": line.outcome, "shown": _shown(line, locale)} for line in lines]
    link = f"{public_url.rstrip('/')}/attention" if public_url and strange else ""
    facts = {"words": said, "day": spoken, "lines": told, "link": link, "locale": locale}
    body, html = (pages().get_template(f"feed_report.{kind}").render(facts) for kind in ("txt", "html"))
    return Words(subject, body, html)


def _shown(line: Line, locale: str) -> list[tuple[str, str]]:
    return [(name, format_decimal(line.numbers[name], locale=locale)) for name in _SHOWN if line.numbers[name]]


@lru_cache
def _words(locale: str) -> dict[str, Any]:
    path = data_folder("templates") / "mail" / f"feed_report.{locale}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache
def pages() -> Environment:
    """The e-mails' forms in ``templates/mail``."""
    return Environment(
        loader=FileSystemLoader(data_folder("templates") / "mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
