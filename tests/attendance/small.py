"""A sound little feed that tests bend one thing of at a time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Row = dict[str, str]
FIRST = date(2026, 8, 24)
"""A Monday."""
LAST = date(2026, 9, 18)
"""The Friday of the fourth week: 20 school days."""
SETTINGS: dict[str, Any] = {
    "name": "small",
    "codes": {
        "A": {"kind": "absent", "reason": "unexcused"},
        "E": {"kind": "absent", "reason": "excused"},
        "T": {"kind": "present"},
    },
}


def weekdays(first: date = FIRST, last: date = LAST) -> list[date]:
    """Monday to Friday from *first* to *last*."""
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if day.weekday() < 5]


def mark(student: str, when: date | str, code: str = "A", school: str = "1", **more: str) -> Row:
    """One row of attendance.csv."""
    return {"student_id": student, "school_id": school, "date": str(when), "code": code, **more}


def feed(*, marks: list[Row] | None = None, students: int = 2, **settings: Any) -> dict[str, Any]:
    """School 1 with 20 school days and *students* called s1, s2, …; s1 was absent on the first day unless *marks* say otherwise."""
    names = [f"s{n}" for n in range(1, students + 1)]
    return {
        "settings": {**SETTINGS, **settings},
        "files": {
            "schools": [{"school_id": "1", "name": "Lincoln"}],
            "calendar": [{"school_id": "1", "date": str(day), "event": "Instructional day"} for day in weekdays()],
            "students": [{"student_id": name, "first_name": "Ada", "last_name": "Lee"} for name in names],
            "enrollments": [{"student_id": name, "school_id": "1", "entry_date": str(FIRST), "exit_date": ""} for name in names],
            "attendance": [mark("s1", FIRST)] if marks is None else marks,
        },
    }
