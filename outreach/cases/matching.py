"""Whose number it is: a household, an adult and a child, as far as that is certain, and nothing where it is a guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance import queries as attendance
from outreach.district import queries as district
from outreach.district.households import Household, households
from outreach.planning.states import UNSAID, Channel
from outreach.planning.tables import PlannedMessage


@dataclass(frozen=True)
class Match:
    """What is certain about a number; empty texts where nothing is."""

    household: str = ""
    contact_id: str = ""
    student_id: str = ""
    school_id: str = ""


def match(session: Session, phone: str, today: date) -> Match:
    """Return whose *phone* (E.164) is.

    A number of one household is about the child of the last text it got, else about its only child. A number that two
    households share is about nobody in particular; the school stands only if all children it could mean attend the same one.
    """
    adults = district.adults_of_phone(session, phone)
    if not adults:
        return Match()
    family = district.load_adults(session, {link.student_id for adult in adults for link in adult.links})
    homes = [home for home in households(family) if _has_number(home, phone)]
    holders = [adult.contact_id for adult in adults]
    children = sorted({link.student_id for adult in adults for link in adult.links})
    only_contact = holders[0] if len(holders) == 1 else ""
    if len(homes) != 1:
        return Match(school_id=_common_school(session, children, today))
    last = _last_text(session, phone)
    if last is not None and last.student_ids[0] in children:
        contact = last.contact_id if last.contact_id in holders else only_contact
        return Match(homes[0].key, contact, last.student_ids[0], last.school_id or school_of(session, last.student_ids[0], today))
    child = children[0] if len(children) == 1 else ""
    return Match(homes[0].key, only_contact, child, _common_school(session, children, today))


def school_of(session: Session, student_id: str, today: date) -> str:
    """Return the school a child attends on *today*, the primary one first; empty where none."""
    return next(iter(attendance.enrolled_at(session, {student_id}, today).get(student_id, [])), "")


def _common_school(session: Session, children: list[str], today: date) -> str:
    enrolled = attendance.enrolled_at(session, set(children), today)
    schools = {next(iter(enrolled.get(child, [])), "") for child in children}
    return schools.pop() if len(schools) == 1 else ""


def _has_number(home: Household, phone: str) -> bool:
    return any(own.e164 == phone for adult in home.adults for own in adult.phones)


def _last_text(session: Session, phone: str) -> PlannedMessage | None:
    """The newest text to this number that named a child."""
    told = (
        select(PlannedMessage)
        .where(PlannedMessage.phone == phone, PlannedMessage.channel == Channel.SMS.value, PlannedMessage.state.not_in(UNSAID))
        .where(PlannedMessage.household != "")
        .order_by(PlannedMessage.id.desc())
        .limit(10)
    )
    return next((row for row in session.scalars(told) if row.student_ids), None)
