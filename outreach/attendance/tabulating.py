"""Counts as rows of text, numbers and names: what ``outreach counts`` prints. Columns: DESIGN, Commands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from sqlalchemy.orm import Session

from outreach.attendance.counting import Chronic, Count
from outreach.attendance.profiles import Days, in_figures, whole
from outreach.attendance.sums import school_sums, student_sums

_SUMS = ("enrolled", "absent", "excused", "unexcused", "suspended", "unspecified", "conflict", "unknown")
_DAYS = tuple(f"days_{name}" for name in _SUMS)
_BY_STUDENT = ("student_id", "school_id", *_DAYS, "rate", "tier", "chronic")
_BY_SCHOOL = ("school_id", "students", *_DAYS, "rate", "chronic_students", "unknown_students")


def tabulate(session: Session, day: date, by: str, profile_name: str | None = None) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Columns and rows of ``counts`` on *day*; *by* is student-school, student or school. Raises UnknownProfileError."""
    if by == "student":
        found = student_sums(session, day, profile_name=profile_name)
        return _BY_STUDENT, [(student, "", *_numbers(item.count)) for student, item in sorted(found.items())]
    if by == "school":
        return _BY_SCHOOL, list(_schools(session, day, profile_name))
    every = school_sums(session, day, profile_name=profile_name)
    return _BY_STUDENT, [(item.student_id, item.school_id, *_numbers(item.count)) for item in every]


def _numbers(number: Count) -> tuple[object, ...]:
    return (*(_figure(getattr(number, name)) for name in _SUMS), _rate(number.rate), number.tier, number.chronic.value)


def _figure(days: Days) -> int | str:
    """A whole number as a number, anything else as its decimal."""
    found = whole(days)
    return found if isinstance(found, int) else in_figures(found)


def _rate(rate: Fraction | None) -> str:
    """Four places, half up; empty where there is none."""
    if rate is None:
        return ""
    tenthousandths = (2 * 10_000 * rate.numerator + rate.denominator) // (2 * rate.denominator)
    return f"{tenthousandths // 10_000}.{tenthousandths % 10_000:04d}"


def _schools(session: Session, day: date, profile_name: str | None) -> Iterator[tuple[object, ...]]:
    by_school: defaultdict[str, list[Count]] = defaultdict(list)
    for item in school_sums(session, day, profile_name=profile_name):
        by_school[item.school_id].append(item.count)
    for school_id, numbers in sorted(by_school.items()):
        sums = {name: sum((getattr(number, name) for number in numbers), Fraction(0)) for name in _SUMS}
        rate = Fraction(sums["absent"], sums["enrolled"]) if sums["enrolled"] else None
        chronic = Counter(number.chronic for number in numbers)
        yield (school_id, len(numbers), *map(_figure, sums.values()), _rate(rate), chronic[Chronic.TRUE], chronic[Chronic.UNKNOWN])
