"""A family that phones the number of our texts: what it hears, whom it reaches, and who calls it back.

It hears approved words in its own language. In the hours of its school the call goes on to the school; else, or where nobody picks
up, a person finds it under *Needs me* and calls back. No child and no school is named before a person speaks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import phonenumbers
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.actions import take_in
from outreach.cases.answers import is_open
from outreach.cases.matching import match
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.consent import queries as consent
from outreach.delivery.tables import WebhookEvent
from outreach.district import queries as district
from outreach.messages import queries as messages
from outreach.messages.compose import Facts, values
from outreach.messages.page_words import wordings
from outreach.messages.placeholders import fill, parse
from outreach.replies.actions import language_of
from outreach.replies.reasons import Intent
from outreach.replies.tables import Inbound
from outreach.settings import Settings

MESSAGE, CHANNEL = "phone_call", "page"
_NUMBER = re.compile(r"\+[1-9]\d{7,14}")
_HIDDEN = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What Twilio writes for a caller who hides the number."""
_ISOLATES = re.compile("[\u2066-\u2069]")
_EMERGENCY = re.compile(r"\b(911|988)\b")


@dataclass(frozen=True)
class Line:
    """One thing to say, in one language."""

    locale: str
    approved: str
    """As it was approved, with its placeholders: what a recording is of."""
    words: str
    """As it is spoken."""


@dataclass(frozen=True)
class Greeting:
    """What a caller hears, and where the call goes on."""

    lines: Mapping[str, tuple[Line, ...]]
    """``hello``, ``connecting``, ``later``, each in the caller's language, then in the district's; empty while nobody has approved any."""
    dial: str
    """E.164; empty where nobody answers now."""
    is_known: bool
    """Whether there is a number that a person can call back."""


def greet(session: Session, phone: str, settings: Settings, now: datetime) -> Greeting:
    """Return what whoever calls from *phone* hears now; nothing is changed."""
    is_known = _NUMBER.fullmatch(phone) is not None and phone not in _HIDDEN
    locale = (language_of(session, phone) if is_known else "") or settings.default_language
    return Greeting(_lines(session, locale, settings), _dial(session, phone if is_known else "", settings, now), is_known)


def take_missed(session: Session, event: WebhookEvent, settings: Settings, now: datetime) -> Case:
    """Let a person call back whoever made the call of *event*; the same call again changes nothing."""
    sid = f"call:{event.dedup_key}"
    if said := session.scalars(select(Inbound).where(Inbound.message_sid == sid)).first():
        return session.get_one(Case, session.scalars(select(CaseEvent.case_id).where(CaseEvent.inbound_id == said.id)).one())
    inbound = Inbound(
        message_sid=sid,
        phone=str(event.params.get("From", "")).strip(),
        body="Phoned the number of our texts, and nobody could answer. Please call back.",
        media=0,
        received_at=event.received_at,
        locale="",
        intent=Intent.REQUEST_CALL.value,
        barrier="",
        category="",
        urgent=False,
        suppress=False,
        to_human=True,
        why="phone call",
    )
    session.add(inbound)
    session.flush()
    return take_in(session, inbound, settings, now, spoken=True)


def _lines(session: Session, locale: str, settings: Settings) -> dict[str, tuple[Line, ...]]:
    found: defaultdict[str, tuple[Line, ...]] = defaultdict(tuple)
    for wanted in dict.fromkeys((locale, settings.default_language)):
        approved = messages.latest_approval(session, MESSAGE, CHANNEL, wanted)
        known = values(Facts(district=settings.district_name), wanted, year=False)
        for name, line in wordings(approved.translation_text).items() if approved else ():
            found[name] += (Line(wanted, line, _spoken(fill(parse(line), known))),)
    return dict(found)


def _spoken(words: str) -> str:
    """Words as a voice reads them: digit by digit where a number is dialled, and without marks of direction."""
    return _EMERGENCY.sub(lambda found: " ".join(found[1]), _ISOLATES.sub("", words))


def _dial(session: Session, phone: str, settings: Settings, now: datetime) -> str:
    """Where the call goes on: the caller's own school in its hours, else the district's number in those of the district.

    Who must not learn which school a child attends is put through to the district. A caller without a number cannot be called
    back, so the district's phone rings at any hour.
    """
    office = _e164(settings.district_phone)
    if not phone:
        return office
    school_id = "" if _is_blocked(session, phone) else match(session, phone, local_date(now, settings.zone)).school_id
    if not is_open(session, school_id, settings, now):
        return ""
    school = district.schools(session, [school_id]).get(school_id) if school_id else None
    return (_e164(school.phone) if school else "") or office


def _is_blocked(session: Session, phone: str) -> bool:
    ties = ((link.student_id, adult.contact_id) for adult in district.adults_of_phone(session, phone) for link in adult.links)
    return any(consent.block(session, student_id, contact_id) for student_id, contact_id in ties)


def _e164(number: str) -> str:
    try:
        found = phonenumbers.parse(number, "US")
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_possible_number(found) else ""
