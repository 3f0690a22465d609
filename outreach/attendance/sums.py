"""How many days children missed, without the dates behind the numbers: for whole districts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from outreach.attendance.columnar import ABSENT, sums
from outreach.attendance.counting import Count, count
from outreach.attendance.gates import last_day, up_to
from outreach.attendance.last_days import LastDays
from outreach.attendance.profiles import Days, Profile
from outreach.attendance.queries import StudentCount, StudentSum, profile_at, records
from outreach.attendance.school_year import SchoolYear


@dataclass(frozen=True)
class SchoolSum:
    """A child's year at one school."""

    student_id: str
    school_id: str
    count: Count


def student_sums(
    session: Session, as_of: date, *, students: Collection[str] | None = None, profile_name: str | None = None
) -> dict[str, StudentSum]:
    """The district-wide count of every student enrolled by *as_of* in its school year (or of the named ones), by id."""
    year = SchoolYear.of(session, as_of)
    rules = _Profiles(year, profile_name)
    plain = sums(session, year, rules.at, students)
    found = {each.student_id: each for each, _until in _whole(plain.rows, rules)}
    for mine in records(session, year, plain.odd, profile_name):
        found[mine[0].student_id] = StudentCount.of(mine, rules.at(mine[0].school_id))
    return found


def sums_to_tell(session: Session, days: LastDays) -> tuple[dict[str, StudentSum], dict[str, date]]:
    """What may be told of every child: its count up to the last day whose attendance is in at its schools, and that day, by id."""
    year = SchoolYear.of(session, days.as_of)
    rules = _Profiles(year, None)
    plain = sums(session, year, rules.at, told=days)
    found, until = dict[str, StudentSum](), dict[str, date]()
    for each, last in _whole(plain.rows, rules):
        found[each.student_id], until[each.student_id] = each, last
    counts, last_days = counts_up_to_told(session, year, plain.odd, days)
    return found | counts, until | last_days


def counts_up_to_told(
    session: Session, year: SchoolYear, students: Collection[str], days: LastDays
) -> tuple[dict[str, StudentCount], dict[str, date]]:
    """What may be told of the named children, with the dates behind it, and the last day that it holds, by id."""
    found, until = {}, {}
    for theirs in records(session, year, students, None):
        student_id = theirs[0].student_id
        until[student_id] = last = last_day(theirs, days.today, days.told)
        found[student_id] = StudentCount.of([up_to(record, last) for record in theirs], profile_at(year, theirs[0].school_id, None))
    return found, until


def _whole(rows: pl.DataFrame, rules: _Profiles) -> Iterator[tuple[StudentSum, date]]:
    """Each child's sum over its schools, and the last day it counts."""
    held = pl.col("held_code")
    whole = rows.group_by("student_id", maintain_order=True).agg(
        pl.col("school_id"),
        pl.col("enrolled", "unknown", *ABSENT).sum(),
        pl.col("known").all(),
        pl.col("until").min(),
        held.filter(held != "").min().fill_null(""),
    )
    for row in whole.iter_rows(named=True):
        schools = tuple(row["school_id"])
        yield StudentSum(row["student_id"], _count(row, rules.at(schools[0])), schools, row["held_code"]), row["until"]


def school_sums(
    session: Session,
    as_of: date,
    *,
    students: Collection[str] | None = None,
    profile_name: str | None = None,
    variation: Mapping[str, str] | None = None,
) -> Iterator[SchoolSum]:
    """One sum per student and school enrolled by *as_of* in its school year, by school id, then student id.

    *profile_name* overrides the profile of each school's source; *variation* tries other values of source settings.
    Raises UnknownProfileError.
    """
    year = SchoolYear(session, as_of, variation) if variation else SchoolYear.of(session, as_of)
    rules = _Profiles(year, profile_name)
    plain = sums(session, year, rules.at, students)
    found = [
        SchoolSum(row["student_id"], row["school_id"], _count(row, rules.at(row["school_id"]))) for row in plain.rows.iter_rows(named=True)
    ]
    for mine in records(session, year, plain.odd, profile_name):
        found.extend(SchoolSum(r.student_id, r.school_id, count(r, rules.at(r.school_id))) for r in mine)
    yield from sorted(found, key=lambda each: (each.school_id, each.student_id))


class _Profiles:
    """The profile of each school, looked up once."""

    def __init__(self, year: SchoolYear, name: str | None) -> None:
        self._year, self._name = year, name
        self._known: dict[str, Profile] = {}

    def at(self, school_id: str) -> Profile:
        if school_id not in self._known:
            self._known[school_id] = profile_at(self._year, school_id, self._name)
        return self._known[school_id]


def _count(row: Mapping[str, Any], profile: Profile) -> Count:
    return Count(
        enrolled=row["enrolled"],
        excused=_days(row["excused"]),
        unexcused=_days(row["unexcused"]),
        suspended=_days(row["suspended"]),
        unspecified=_days(row["unspecified"]),
        conflict=_days(row["conflict"]),
        unknown=row["unknown"],
        calendar_known=row["known"],
        minimum_days=profile.minimum_days,
        present_days=profile.present_days,
    )


def _days(halves: int) -> Days:
    return Fraction(halves, 2) if halves & 1 else halves >> 1
