"""The first contact with a number: it names no child, and asks who reads it.

A number that nobody has confirmed is asked whether a family of the school reads it (``welcome``). One that contacts of different families
share is asked for the first name of a child (``whose_phone``; ``replies.readers`` understands the answer).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.deceased import deceased
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.messages import queries as messages
from outreach.planning import peace
from outreach.planning.queries import Waiting
from outreach.planning.reasons import Reason
from outreach.planning.recipients import refused_for
from outreach.planning.rows import new_row
from outreach.planning.shared_numbers import unconfirmed
from outreach.planning.situation import Situation, window_of
from outreach.planning.states import Channel, MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

MESSAGE = "welcome"
WHOSE_PHONE = "whose_phone"


def first_contacts(session: Session, facts: Situation, refused: Iterable[tuple[str, str, Waiting]], by: str) -> list[PlannedMessage]:
    """New rows, one for each number that a person should confirm; a number is asked once in a school year.

    *refused* are the crossings that a night left out, each with the reason and the key of the household. Numbers that nobody has confirmed
    are asked where the district wants it (``welcome_unverified``); a shared one that is confirmed and consented to is asked in any case.
    """
    asked = set(session.scalars(select(PlannedMessage.once_key).where(PlannedMessage.message.in_((MESSAGE, WHOSE_PHONE)))))
    rows: list[PlannedMessage] = []
    for reason, key, item in refused:
        found = _to_ask(facts, reason, key, item)
        if found is None or (once := f"{found.message}:{found.phone}:{item.school_year}") in asked:
            continue
        asked.add(once)
        row = _welcome(session, facts, item, found, key) if found.message == MESSAGE else _whose_phone(session, facts, item, found)
        if row is not None:
            row.once_key, row.created_by = once, by
            rows.append(row)
    return rows


def stop_asking(session: Session, phone: str, settings: Settings, now: datetime) -> str:
    """Why nobody is asked any more for the name of a child on *phone* (E.164); empty where it is still to be asked.

    The question goes to every family that gave the number: one that mourns a child, or is left in peace, is not to read it.
    """
    if not unconfirmed(session, [phone]):
        return Reason.MOVED
    children = {link.student_id for adult in district.adults_of_phone(session, phone) for link in adult.links}
    if deceased(session, children):
        return Reason.DECEASED
    return Reason.LEFT_IN_PEACE if peace.held(session, children, local_date(now, settings.zone)) else ""


@dataclass(frozen=True)
class _Asked:
    """One question to one number, and the adult for whose sake it is asked."""

    message: str
    adult: Adult
    phone: str


def _to_ask(facts: Situation, reason: str, key: str, item: Waiting) -> _Asked | None:
    """The number that would have been written to, if but its confirmation is missing."""
    home, wanted = facts.household(key), facts.settings.welcome_unverified
    if home is None or not (reason == Reason.SHARED_NUMBER or (reason == Reason.UNVERIFIED and wanted)):
        return None
    found = refused_for(Reason(reason), home.adults, item.student_id, facts.permissions, facts.numbers)
    if found is None:
        return None
    adult, phone = found
    if reason == Reason.UNVERIFIED:
        return _Asked(MESSAGE, adult, phone.e164)
    lacking = replace(facts.numbers, shared=()).refusal(phone, item.student_id)
    return _Asked(WHOSE_PHONE, adult, phone.e164) if not lacking or (lacking == Reason.UNVERIFIED and wanted) else None


def _welcome(session: Session, facts: Situation, item: Waiting, asked: _Asked, key: str) -> PlannedMessage | None:
    locale, language = facts.locale(asked.adult.locale, asked.adult.language, item.student_id)
    row = _row(session, facts, item, asked, locale)
    if row is not None:
        row.household, row.contact_id, row.family_language = key, asked.adult.contact_id, language
    return row


def _whose_phone(session: Session, facts: Situation, item: Waiting, asked: _Asked) -> PlannedMessage | None:
    """A question to whoever reads a number: it belongs to no household, and is in the language of all its contacts or the district's."""
    if stop_asking(session, asked.phone, facts.settings, facts.now):
        return None
    locales = {adult.locale for adult in district.adults_of_phone(session, asked.phone)}
    locale = locales.pop() if len(locales) == 1 else ""
    return _row(session, facts, item, asked, locale or facts.settings.default_language)


def _row(session: Session, facts: Situation, item: Waiting, asked: _Asked, locale: str) -> PlannedMessage | None:
    """A row that names nobody; None where nobody approved the words."""
    school_id = facts.school_of(item.student_id)
    words = messages.choose(session, asked.message, Channel.SMS, locale, default=facts.settings.default_language, school_id=school_id)
    if words is None:
        return None
    return new_row(
        facts.now,
        message_class=MessageClass.WELCOME,
        phone=asked.phone,
        student_ids=[item.student_id],
        school_id=school_id,
        message=asked.message,
        language=words.locale,
        family_language=locale,
        approval_id=words.approval_id,
        due_at=window_of(facts.schools.get(school_id), facts.settings, asked.phone).next_open(facts.now),
    )
