"""Looks over an installation and says, one sentence each, what is well and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance.calendars import meaning_of
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.tables import FeedSource, Mark
from outreach.clock import local_date
from outreach.database import Database
from outreach.delivery import instance
from outreach.district.tables import CalendarEvent, Contact, Enrolment, School, Student
from outreach.feeds import watching
from outreach.keeping import snapshots
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.queries import TAG, latest_approval, missing_from_core
from outreach.planning import two_way
from outreach.services import Services
from outreach.settings import SHIPPED_TIMEZONE, Settings
from outreach.staff import oncall
from outreach.staff.roles import Role
from outreach.staff.tables import Account, AccountSchool
from outreach.thresholds.rules import Rule
from outreach.thresholds.versions import in_force

_SHORTEST_YEAR = timedelta(days=240)
_LONGEST_BREAK = timedelta(days=42)
_OLD_SNAPSHOT = timedelta(days=2)


class State(StrEnum):
    """How a thing stands."""

    WELL = "well"
    LOOK = "look"
    """Works, but not as you may want it."""
    WRONG = "wrong"
    """Families are not reached until a person acts."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    area: str
    state: State
    sentence: str


def examine(services: Services) -> list[Finding]:
    """Look at settings, provider, mail, feeds, calendars, codes, words, languages and people."""
    settings, now = services.settings, services.clock.now()
    today = local_date(now, settings.zone)
    findings = [*_settings(settings), *_provider(settings), *_mail(settings), *_mail_house(settings), *_translation(settings)]
    with services.database.read() as session:
        for look in (_feeds(session, settings, now.date()), _calendars(session, today), _codes(session, today)):
            findings.extend(look)
        findings.extend(_doors(session, settings))
        findings.extend(_words(session, in_force(session, settings, now)))
        findings.extend(_people(session, settings))
        findings.append(_on_call(session, settings, now))
        findings.extend(_place(session, services, now))
    return findings


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.timezone:
        yield Finding("settings", State.WELL, f"The time zone is {settings.timezone}.")
    else:
        yield Finding("settings", State.LOOK, f"timezone is not set; {SHIPPED_TIMEZONE} is used. Set it in settings.toml.")
    if not settings.district_phone:
        yield Finding("settings", State.LOOK, "district_phone is not set; messages of schools without a number name none.")


def _provider(settings: Settings) -> Iterator[Finding]:
    if not settings.provider:
        yield Finding("provider", State.LOOK, "No provider is set, so texts are held. Set OUTREACH_PROVIDER to twilio when you are ready.")
        return
    needed = {
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
        "TWILIO_MESSAGING_SERVICE_SID": settings.twilio_messaging_service_sid,
        "OUTREACH_PUBLIC_URL": settings.public_url,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        yield Finding("provider", State.WRONG, f"The provider {settings.provider} lacks {', '.join(missing)}.")
    else:
        yield Finding("provider", State.WELL, f"Texts go out through {settings.provider}.")
    if not settings.number_lookup_days:
        sentence = "Numbers are not looked up, so a landline or one given to somebody else shows too late. Set number_lookup_days to 90."
        yield Finding("provider", State.LOOK, sentence)


def _feeds(session: Session, settings: Settings, today: date) -> Iterator[Finding]:
    sources = list(session.scalars(select(FeedSource).order_by(FeedSource.name)))
    if not sources:
        yield Finding("feeds", State.WRONG, "No feed was loaded yet. Upload its files on Feeds, or run: outreach import FOLDER.")
    for source in sources:
        late = today - source.last_delivered_at.date() > timedelta(days=settings.feed_fresh_days)
        said = f"{source.name} last came on {source.last_delivered_at.date()}"
        if late:
            yield Finding("feeds", State.WRONG, f"{said}: too long ago to quote a count; load it again.")
        else:
            yield Finding("feeds", State.WELL, f"{said}.")


def _doors(session: Session, settings: Settings) -> Iterator[Finding]:
    """Servers that feeds are fetched from, and whether we have what lets us in."""
    for name in watching.servers(session, settings):
        if name in settings.feed_keys:
            yield Finding("feeds", State.WELL, f"{name} is fetched from a server, and its key is set.")
        else:
            said = f'{name} is fetched from a server whose key is not set. Put [feed_keys."{name}"] into settings.toml.'
            yield Finding("feeds", State.WRONG, said)


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.smtp_host:
        yield Finding("mail", State.WELL, f"E-mails to staff go out through {settings.smtp_host}.")
    else:
        yield Finding("mail", State.LOOK, "No mail server is set, so e-mails to staff are held. Set smtp_host and mail_from.")


def _mail_house(settings: Settings) -> Iterator[Finding]:
    if settings.mail_house == "lob" and settings.mail_house_key.startswith("test_"):
        yield Finding("letters", State.LOOK, "The mail house's key is a test key: letters go there, and nothing is printed or posted.")
    elif settings.mail_house == "lob":
        yield Finding("letters", State.WELL, "Letters are printed and posted by Lob.")


def _translation(settings: Settings) -> Iterator[Finding]:
    if settings.translation == "deepl":
        yield Finding(
            "languages", State.LOOK, "What families write is sent to DeepL, a cloud service: have a contract that names student records."
        )
    elif settings.translation == "libretranslate":
        yield Finding("languages", State.WELL, "Texts are translated for staff by a LibreTranslate server of the district.")


def _calendars(session: Session, today: date) -> Iterator[Finding]:
    year = SchoolYear(session, today)
    attended = session.scalars(select(Enrolment.school_id).distinct().order_by(Enrolment.school_id)).all()
    without = [school for school in attended if not year.calendar(school, "", "").known]
    for school in without:
        yield Finding("calendar", State.WRONG, f"School {school} has no calendar this school year; its counts are unknown.")
    if not without:
        yield Finding("calendar", State.WELL, "Every school with pupils has a calendar.")
    for school in attended:
        if year.settings(school).calendar == "file" and (part := missing_parts(year.calendar(school, "", "").days)):
            said = f"School {school} has a calendar for a part of the school year only ({part}); days outside it are not counted."
            yield Finding("calendar", State.LOOK, said)
    used = session.execute(select(CalendarEvent.source, CalendarEvent.school_id, CalendarEvent.event).distinct())
    strange = {event for source, school_id, event in used if meaning_of(event, year.source(source).at(school_id).events) is None}
    for event in sorted(strange):
        said = f"The calendar event {event!r} has no meaning in source.toml; days that carry nothing else are unknown."
        yield Finding("calendar", State.WRONG, said)


def missing_parts(days: Sequence[date]) -> str:
    """What a year's school days in order leave out, in words; empty where they look like a whole school year, or where there is none.

    A US school year of 160 to 190 days takes nine to ten months and has no break of six weeks.
    """
    if not days:
        return ""
    parts = [f"none from {a} to {b}" for a, b in pairwise(days) if b - a > _LONGEST_BREAK]
    if days[-1] - days[0] < _SHORTEST_YEAR:
        parts.insert(0, f"{days[0]} to {days[-1]}")
    return ", ".join(parts)


def _codes(session: Session, today: date) -> Iterator[Finding]:
    year = SchoolYear(session, today)
    used = session.execute(select(Mark.source, Mark.school_id, Mark.code, func.count()).group_by(Mark.source, Mark.school_id, Mark.code))
    strange: dict[str, int] = {}
    for source, school_id, code, number in used:
        if code not in year.source(source).at(school_id).codes:
            strange[code] = strange.get(code, 0) + number
    for code, number in sorted(strange.items()):
        yield Finding("codes", State.WRONG, f"The code {code!r} has no meaning in source.toml; {number} marks wait for one.")
    if not strange:
        yield Finding("codes", State.WELL, "Every attendance code has a meaning.")


def _words(session: Session, rules: tuple[Rule, ...]) -> Iterator[Finding]:
    told = sorted({(rule.message, rule.channel) for rule in rules})
    for message, channel in told:
        if latest_approval(session, message, channel, DEFAULT) is None:
            said = (
                f"Nobody approved the English of {message}/{channel} as it stands; nothing of it leaves. "
                "Approve it on Words, or run: outreach messages approve."
            )
            yield Finding("words", State.WRONG, said)
        else:
            yield Finding("words", State.WELL, f"{message}/{channel} is approved in English.")
    spoken = {*session.scalars(select(Contact.locale).distinct()), *session.scalars(select(Student.home_locale).distinct())}
    for locale in sorted(spoken & set(languages())):
        yield from _language(session, locale, told)


def _language(session: Session, locale: str, told: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Whether the families of a language hear from us in it: the core pack first, then what the rules send."""
    name = languages()[locale].english
    if missing := missing_from_core(session, locale):
        said = f"{name} families lack approved words for {', '.join(missing)}. Approve the core pack of {name} on the page Words."
        yield Finding("languages", State.LOOK, said)
    for message, channel in told:
        if locale != DEFAULT and latest_approval(session, message, channel, locale) is None:
            said = f"{name} families get approved English: {message}/{channel} is not approved in {locale}."
            yield Finding("languages", State.LOOK, said)
    if missing and locale != DEFAULT and latest_approval(session, TAG, "sms", locale) is None:
        said = f"Nor is there an approved line in {name} that offers an interpreter: approve {TAG} in {locale}."
        yield Finding("languages", State.LOOK, said)


def _on_call(session: Session, settings: Settings, now: datetime) -> Finding:
    """Whether families may be invited to write: danger must reach a person at any hour."""
    if oncall.readiness(session, now).on_call:
        return Finding("on call", State.WELL, "Two people on call have acknowledged a test this month, and there is a last resort.")
    held = two_way.refusal(session, "", settings, now) is not None
    what = "Texts that invite an answer are held" if held else "With real phones, texts that invite an answer would be held"
    sentence = f"{what}: two people on call must acknowledge a test each month, and one be the last resort. See Safety, Who is on call."
    return Finding("on call", State.WRONG if held else State.LOOK, sentence)


def _at_rest(database: Database, settings: Settings) -> Finding:
    """Whether families' numbers and words lie encrypted on the disk."""
    if not database.is_sqlite:
        sentence = "Families' numbers and words lie plain in PostgreSQL's files: see that its disk or its server encrypts them."
        return Finding("database", State.LOOK, sentence)
    if database.key_id:
        return Finding("database", State.WELL, "The database lies encrypted on the disk.")
    if settings.encryption_keys:
        sentence = "encryption_keys is set, and the database is still plain. Stop the service and run: outreach keys rotate."
        return Finding("database", State.LOOK, sentence)
    sentence = "The database lies plain on the disk. Encrypt that disk, or set encryption_keys (outreach keys new FILE)."
    return Finding("database", State.LOOK, sentence)


def _place(session: Session, services: Services, now: datetime) -> Iterator[Finding]:
    """Whether this is the district's own database, and when it was last put by."""
    row = instance.standing(session)
    if row is not None and row.held_since is not None:
        said = f"Nothing leaves: this database was restored or copied. {row.held_why} Once no other copy sends, run: outreach release."
        yield Finding("database", State.WRONG, said)
    yield _at_rest(services.database, services.settings)
    if services.database.is_sqlite:
        newest = snapshots.newest(services.settings.backups)
        if newest is None or now - newest > _OLD_SNAPSHOT:
            said = "There is no snapshot yet" if newest is None else f"The newest snapshot is of {newest.date()}"
            yield Finding("database", State.LOOK, f"{said}. Run: outreach backup; outreach serve makes one each day.")
        else:
            yield Finding("database", State.WELL, f"The newest snapshot is of {newest.date()}.")


def _people(session: Session, settings: Settings) -> Iterator[Finding]:
    if session.scalar(select(func.count()).select_from(Account)) == 0:
        # only the web pages need an administrator; but families who are texted answer, and somebody must read that
        state = State.WRONG if settings.provider else State.LOOK
        yield Finding("people", state, "Nobody can sign in, so nobody reads what families answer. Run: outreach init --admin EMAIL.")
        return
    staffed = set(
        session.scalars(
            select(AccountSchool.school_id)
            .join(Account, Account.id == AccountSchool.account_id)
            .where(Account.role == Role.COORDINATOR.value)
        )
    )
    for school in session.scalars(select(School).where(School.gone_import_id.is_(None)).order_by(School.school_id)):
        if school.school_id not in staffed and session.scalar(select(Enrolment.id).where(Enrolment.school_id == school.school_id).limit(1)):
            yield Finding("people", State.LOOK, f"{school.name or school.school_id} has no coordinator who reads its families' answers.")
