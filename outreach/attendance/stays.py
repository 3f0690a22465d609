"""What enrolments cover of a school year."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

from sqlalchemy import Select, func, select

from outreach.attendance.counting import Stay
from outreach.attendance.school_year import SchoolYear, stay_of
from outreach.district.tables import Enrolment, Student


class Place(Protocol):
    """All of an enrolment that decides what it covers."""

    school_id: str
    entry_date: date
    exit_date: date | None
    exit_type: str
    source: str


ENROLMENT = (
    Enrolment.student_id,
    Enrolment.school_id,
    Enrolment.entry_date,
    Enrolment.exit_date,
    Enrolment.exit_type,
    Enrolment.source,
    Enrolment.track,
)
"""Read as plain values: rows of a whole district are too many to be objects of a session."""


def enrolments(year: SchoolYear) -> Select[*tuple[Any, ...]]:
    """Every enrolment that began by the year's date, of children whom a feed still names; ``grade`` is its own, else the child's."""
    grade = func.coalesce(func.nullif(Enrolment.grade, ""), Student.grade).label("grade")
    return (
        select(*ENROLMENT, grade)
        .join(Student, Student.student_id == Enrolment.student_id)
        .where(Student.gone_import_id.is_(None), Enrolment.entry_date <= year.as_of)
    )


def whole_stay(year: SchoolYear, place: Place) -> Stay | None:
    """The dates that an enrolment covers, of whatever year; None where it gives no membership."""
    return stay_of(place.entry_date, place.exit_date, place.exit_type, year.source_at(place.source, place.school_id))


def stay_in(year: SchoolYear, place: Place) -> Stay | None:
    """What an enrolment covers of the year up to its date; None where it lies in another one.

    One of this year that gives no membership leaves an empty stay: the child is listed, with 0 days.
    """
    start = year.start(place.school_id)
    covered = whole_stay(year, place)
    if covered is None:
        return Stay(date.max, date.min) if place.entry_date >= start else None
    return Stay(max(covered.first, start), min(covered.last, year.as_of)) if covered.last >= start else None
