"""Everything about the children that stands beside a thread, so that nobody has to leave it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import phonenumbers
from sqlalchemy.orm import Session

from outreach.attendance.counting import Count
from outreach.attendance.queries import StudentCount
from outreach.district import queries as district
from outreach.district.people import Adult, Link
from outreach.district.tables import Student
from outreach.planning import situation
from outreach.planning.recipients import in_order
from outreach.planning.situation import Situation
from outreach.settings import Settings
from outreach.web import people

TIERS = {
    "satisfactory": "Satisfactory",
    "at_risk": "At risk: 5 % or more",
    "moderate": "Chronic: 10 % or more",
    "severe": "Severe: 20 % or more",
    "too_early": "Too early to say",
    "unknown": "Not known",
}


@dataclass(frozen=True)
class Number:
    """One number of an adult, and why it may not be texted (empty where it may)."""

    e164: str
    shown: str
    refusal: str


@dataclass(frozen=True)
class Reach:
    """One adult who is tied to a child, and why they may not be told about it (empty where they may)."""

    adult: Adult
    link: Link
    numbers: tuple[Number, ...]
    refusal: str


@dataclass(frozen=True)
class Child:
    """A child as a coordinator needs it during a conversation."""

    name: people.ChildName
    counted: StudentCount | None
    """None where the child is enrolled nowhere this year."""
    home_language: str
    adults: tuple[Reach, ...]

    @property
    def count(self) -> Count | None:
        """The year's figures."""
        return self.counted.count if self.counted else None

    @property
    def tier(self) -> str:
        """The tier in words."""
        return TIERS[self.counted.count.tier] if self.counted else TIERS["unknown"]


@dataclass(frozen=True)
class Panel:
    """The children a thread is about, the first one first."""

    children: tuple[Child, ...]
    elsewhere: int
    """Siblings at schools this person has no part in: counted, never named."""


def about(session: Session, student_ids: Collection[str], schools: frozenset[str] | None, *, settings: Settings, now: datetime) -> Panel:
    """Gather the panel for children in the order given, with their siblings, as far as the person's schools reach."""
    adults = district.load_adults(session, student_ids)
    family = list(dict.fromkeys([*student_ids, *sorted(link.student_id for adult in adults for link in adult.links)]))
    names = people.children(session, family, schools)
    visible = [student_id for student_id in family if student_id in names]
    here = situation.load(session, visible, settings=settings, now=now)
    children = tuple(
        Child(names[student_id], here.counts.get(student_id), _language(here.students[student_id]), _reaches(adults, student_id, here))
        for student_id in visible
    )
    return Panel(children, len(family) - len(visible))


def shown_number(e164: str) -> str:
    """A number as people here write it: ``(312) 555-0142``, with its country code where that is not ours."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    form = phonenumbers.PhoneNumberFormat.NATIONAL if number.country_code == 1 else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def _language(student: Student) -> str:
    return student.home_locale or student.home_language


def _reaches(adults: Collection[Adult], student_id: str, here: Situation) -> tuple[Reach, ...]:
    return tuple(
        Reach(adult, link, _numbers(adult, student_id, here), here.permissions.refusal(adult, student_id))
        for adult in in_order(adults, student_id)
        if (link := adult.link(student_id)) is not None
    )


def _numbers(adult: Adult, student_id: str, here: Situation) -> tuple[Number, ...]:
    return tuple(
        Number(phone.e164, shown_number(phone.e164), here.numbers.refusal(phone, student_id)) for phone in adult.phones if phone.e164
    )
