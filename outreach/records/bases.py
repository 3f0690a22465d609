"""Why somebody may be given a child's record: the bases of 34 CFR Part 99, as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from outreach.district.people import ADULT, age

DAYS_TO_ANSWER = 45
"""A request to inspect a record is answered within so many days (34 CFR 99.10(b))."""


class Basis(StrEnum):
    """On what a disclosure rests."""

    PARENT = "parent"
    STUDENT = "student"
    DEPENDENT = "dependent"
    CONSENT = "consent"
    SCHOOL = "school"
    COURT = "court"
    EMERGENCY = "emergency"
    AUTHORITY = "authority"
    STUDY = "study"


@dataclass(frozen=True)
class Ground:
    """A basis in plain words."""

    words: str
    law: str
    must_log: bool
    """Whether 34 CFR 99.32 asks for an entry that is kept with the record."""


GROUNDS: Mapping[Basis, Ground] = MappingProxyType(
    {
        Basis.PARENT: Ground("A parent or guardian of a child under 18", "34 CFR 99.10", must_log=False),
        Basis.STUDENT: Ground("The student, 18 or older", "34 CFR 99.5, 99.10", must_log=False),
        Basis.DEPENDENT: Ground("A parent of a student over 18 who is their tax dependent", "34 CFR 99.31(a)(8)", must_log=True),
        Basis.CONSENT: Ground("Somebody the parent or student named in writing", "34 CFR 99.30", must_log=False),
        Basis.SCHOOL: Ground("Another school the child goes to or will", "34 CFR 99.31(a)(2), 99.34", must_log=True),
        Basis.COURT: Ground("A court's order or a subpoena", "34 CFR 99.31(a)(9)", must_log=True),
        Basis.EMERGENCY: Ground("Health or safety is in danger", "34 CFR 99.31(a)(10), 99.36", must_log=True),
        Basis.AUTHORITY: Ground("A state or federal education authority", "34 CFR 99.31(a)(3), 99.35", must_log=True),
        Basis.STUDY: Ground("An organisation that studies for the district", "34 CFR 99.31(a)(6)", must_log=True),
    }
)
OF_CONTACTS = frozenset({Basis.PARENT, Basis.DEPENDENT})
"""Bases of an adult of the child who is on file; all others name whom they give it to."""


def refusal(basis: Basis, contact_id: str, birth_date: date | None, today: date) -> str:
    """Why a request cannot rest on *basis*; empty where it can."""
    adult = birth_date is not None and age(birth_date, today) >= ADULT
    if basis in OF_CONTACTS and not contact_id:
        return "Choose which of the child's adults asks."
    if basis is Basis.PARENT and adult:
        return "The student is 18 or older: the right is theirs. A parent needs their written consent, or that they are a tax dependent."
    if basis is Basis.STUDENT and birth_date is not None and not adult:
        return "The student is under 18: the right is the parents'."
    return ""
