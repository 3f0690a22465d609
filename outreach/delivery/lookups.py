"""What kind of line a number is, and whether it belongs to somebody else by now: asked before its first text and then every so often.

A landline gets no text, and a number that was given to somebody else would tell a stranger about a child. Source of the ninety days and
of the date that is asked with: the Reassigned Numbers Database, whose "no" counts only for a date on which the number was surely theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.clock import Clock
from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.consent.tables import ConsentEntry
from outreach.database import Database
from outreach.delivery import following
from outreach.delivery.outcomes import number_key
from outreach.delivery.provider import Account, Line
from outreach.delivery.tables import NumberLookup, WebhookEvent
from outreach.district.tables import ContactPhone
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

FIRST = "the number is being looked up before its first text"
_CANNOT_TEXT = {
    "landline": "a landline",
    "tollFree": "a toll-free number",
    "premium": "a premium number",
    "sharedCost": "a shared-cost number",
    "uan": "a company's number",
    "voicemail": "a voice mailbox",
    "pager": "a pager",
}
"""Twilio's line types that take no texts. Numbers of internet telephones and unknown ones are tried: many take them."""
WE_SPEAK_FIRST = (MessageClass.NUDGE, MessageClass.CAMPAIGN, MessageClass.NOTICE, MessageClass.WELCOME)
"""Classes that look the number up: who wrote to us a moment ago has the phone in hand."""
_BEFOREHAND = timedelta(hours=24)
_AT_ONCE = 100
"""Numbers of one run; the next run goes on."""
_KEY = "lookup"


@dataclass(frozen=True)
class _Wanted:
    phone: str
    row: PlannedMessage
    sure_on: date | None
    """The last day on which the number was surely the family's."""


def unseen(session: Session, rows: Collection[PlannedMessage], settings: Settings, now: datetime) -> set[str]:
    """Numbers among those of *rows* that must be looked up before these messages leave; none where looking up is switched off."""
    asking = {row.phone for row in rows if row.message_class in WE_SPEAK_FIRST}
    if not settings.number_lookup_days or not asking:
        return set()
    fresh = select(NumberLookup.phone).where(NumberLookup.phone.in_(asking), NumberLookup.at >= _oldest(settings, now))
    return asking - set(session.scalars(fresh))


def look_up(database: Database, account: Account, settings: Settings, clock: Clock) -> int:
    """Look up the numbers of texts that are due within a day; return how many. Where the carrier cannot be asked a person is told."""
    now = clock.now()
    if not settings.number_lookup_days:
        return 0
    with database.read() as session:
        wanted = list(_wanted(session, settings, now))
    for done, one in enumerate(wanted):
        try:
            line = account.look_up(one.phone, one.sure_on)
        except OSError:
            sentence = "The carrier does not say what kind of numbers families gave, so texts to new numbers wait. If this stays, tell IT."
            with database.write() as session:
                raise_item(session, kind="dispatch", key=_KEY, sentence=sentence, now=now)
            return done
        with database.write() as session:
            _keep(session, one, line, settings, now)
            resolve_key(session, _KEY, by="lookup", now=now)
    return len(wanted)


def _oldest(settings: Settings, now: datetime) -> datetime:
    return now - timedelta(days=settings.number_lookup_days)


def _wanted(session: Session, settings: Settings, now: datetime) -> Iterator[_Wanted]:
    fresh = exists().where(NumberLookup.phone == PlannedMessage.phone, NumberLookup.at >= _oldest(settings, now))
    rows = session.scalars(
        select(PlannedMessage)
        .where(PlannedMessage.state.in_((State.PLANNED, State.HELD)), PlannedMessage.channel == Channel.SMS)
        .where(PlannedMessage.message_class.in_(WE_SPEAK_FIRST), PlannedMessage.due_at <= now + _BEFOREHAND, ~fresh)
        .order_by(PlannedMessage.due_at, PlannedMessage.id)
        .limit(_AT_ONCE)
    ).all()
    by_phone = {row.phone: row for row in rows}
    sure = _sure_days(session, by_phone)
    for phone, row in by_phone.items():
        yield _Wanted(phone, row, sure.get(phone))


def _sure_days(session: Session, phones: Collection[str]) -> dict[str, date]:
    """The last day on which each number was surely the family's: the feed or they themselves said so, or they wrote from it."""
    given = select(ContactPhone.e164, func.max(func.coalesce(ContactPhone.verified_on, ContactPhone.given_on))).where(
        ContactPhone.e164.in_(phones)
    )
    confirmed = select(ConsentEntry.phone, func.max(ConsentEntry.at)).where(
        ConsentEntry.phone.in_(phones), ConsentEntry.kind == Kind.VERIFIED
    )
    sender = WebhookEvent.params["From"].as_string()
    wrote = select(sender, func.max(WebhookEvent.received_at)).where(WebhookEvent.kind == "inbound", sender.in_(phones))
    found = [(phone, day) for phone, day in session.execute(given.group_by(ContactPhone.e164)) if day is not None]
    found += [(phone, at.date()) for phone, at in session.execute(confirmed.group_by(ConsentEntry.phone))]
    found += [(phone, at.date()) for phone, at in session.execute(wrote.group_by(sender))]
    sure: dict[str, date] = {}
    for phone, day in found:
        sure[phone] = max(day, sure.get(phone, day))
    return sure


def _keep(session: Session, one: _Wanted, line: Line, settings: Settings, now: datetime) -> None:
    session.merge(NumberLookup(phone=one.phone, line_type=line.type, reassigned=line.reassigned, asked_for=one.sure_on, at=now))
    if what := _CANNOT_TEXT.get(line.type):
        why, ask = f"Phone cannot receive texts: {what}", "Ask the family for a mobile number and correct it in the SIS."
    elif line.reassigned:
        why, ask = "The number belongs to somebody else now", "Ask the family for their number and correct it in the SIS."
    else:
        return
    consent.record(session, one.phone, Kind.SUPPRESSED, source=Source.CARRIER, by="lookup", now=now, note=why)
    waiting = select(PlannedMessage).where(PlannedMessage.phone == one.phone, PlannedMessage.state.in_((State.PLANNED, State.HELD)))
    for row in session.scalars(waiting.where(PlannedMessage.message_class.in_(WE_SPEAK_FIRST)).with_for_update()):
        following.give_up(session, row, why, settings, now)
    raise_item(
        session, kind="number", key=number_key(one.row), sentence=f"{why}. {ask}", now=now, school_id=one.row.school_id,
        detail={"planned": one.row.id},
    )  # fmt: skip
