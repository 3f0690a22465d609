"""The counts that rules and messages rest on: those of today, without a school day whose attendance is still to come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from outreach.attendance.calendars import NOT_REPORTED
from outreach.attendance.queries import StudentCount, student_counts


@dataclass(frozen=True)
class Counts:
    """Children's counts by id; *until* names the last day counted where that is not *as_of*."""

    as_of: date
    by_student: dict[str, StudentCount]
    until: dict[str, date]

    def last_day(self, student_id: str) -> date:
        """The last day that a child's count holds."""
        return self.until.get(student_id, self.as_of)


def counts_to_tell(session: Session, as_of: date, students: Collection[str] | None = None) -> Counts:
    """Count every child (or the named ones) up to *as_of*, or up to the day before where today was not reported yet."""
    found = student_counts(session, as_of, students=students)
    early = {student: before for student, counted in found.items() if (before := without_today(counted, as_of)) is not None}
    return Counts(as_of, found | early, dict.fromkeys(early, as_of - timedelta(days=1)))


def without_today(counted: StudentCount, today: date) -> StudentCount | None:
    """The count of yesterday, where the only thing unknown about *today* is that its attendance has not come; else None.

    A school that reports every day (``affirmative``) does so in the evening, while families are written to in the morning.
    """
    last = counted.days[-1] if counted.days else None
    if last is None or last.date != today or last.rule != NOT_REPORTED or last.marks:
        return None
    count = replace(counted.count, enrolled=counted.count.enrolled - 1, unknown=counted.count.unknown - 1)
    return replace(counted, count=count, days=counted.days[:-1])
