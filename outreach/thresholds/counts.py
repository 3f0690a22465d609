"""The counts that rules and messages rest on: each child's up to the last day whose attendance is in at its schools."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from outreach.attendance.last_days import LastDays
from outreach.attendance.queries import StudentCount, StudentSum, enrolled_at
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.sums import counts_up_to_told, sums_to_tell

C = TypeVar("C", bound=StudentSum)


@dataclass(frozen=True)
class Counts(Generic[C]):
    """Children's counts by id, and where they stand."""

    as_of: date
    """The latest date that it is anywhere in the district."""
    by_student: Mapping[str, C]
    until: Mapping[str, date]
    """Child → the last day its count holds."""
    enrolled: Mapping[str, list[str]]
    """Child → the schools it attends on their own today, the primary one first; children enrolled nowhere are left out."""


def counts_to_tell(session: Session, now: datetime, zone: str, students: Collection[str]) -> Counts[StudentCount]:
    """Count the named children as they may be told at *now*; *zone* (IANA) is that of schools which name none.

    What a family is told "as of" a day is what ``outreach counts --as-of`` that day says; a silence that only today made too long is
    unknown here already.
    """
    days = LastDays(session, now, zone)
    found, until = counts_up_to_told(session, SchoolYear.of(session, days.as_of), students, days)
    return Counts(days.as_of, found, until, enrolled_today(session, students, days))


def everybody(session: Session, now: datetime, zone: str) -> Counts[StudentSum]:
    """Count every child of the district as ``counts_to_tell`` does, without the dates behind the numbers."""
    days = LastDays(session, now, zone)
    found, until = sums_to_tell(session, days)
    return Counts(days.as_of, found, until, enrolled_today(session, found, days))


def enrolled_today(session: Session, students: Collection[str], days: LastDays) -> dict[str, list[str]]:
    """The schools at which each child is enrolled on the school's own today, the primary one first."""
    found: dict[str, list[str]] = {}
    for day in sorted(days.dates):
        for student_id, schools in enrolled_at(session, students, day).items():
            if here := [school_id for school_id in schools if days.today(school_id) == day]:
                found[student_id] = [*found.get(student_id, ()), *here]
    return found
