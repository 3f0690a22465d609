"""How days missed lie: by weekday, by month and reason, in a row, and in which classes; added up once with the day that is kept.

A day in a row is a school day of the child's own calendar missed whole. A class counts where a child came that day and was not there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.columnar import missed_days
from outreach.attendance.counting import SchoolRecord
from outreach.attendance.gates import last_day, up_to
from outreach.attendance.last_days import LastDays
from outreach.attendance.queries import profile_at, records
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.source_settings import Kind
from outreach.attendance.tables import Mark

RUNS = (3, 5, 10)
"""School days in a row: when many schools call, when most must have, and when a child is about to be lost."""
_HUNDREDTHS = 100
_HALF = 50
_MONTH = "%Y-%m"
_CHILD = ("student_id", "school_id")


class Key(NamedTuple):
    """What one row is about."""

    school_id: str
    kind: Literal["weekday", "month", "reason", "run", "class", "alone", "before", "after", "barrier"]
    value: str


class Row(NamedTuple):
    """See ``snapshot_tables.SnapshotPattern``."""

    part: int
    whole: int


class Patterns:
    """Adds up days missed, in columns for most children and one by one for the others."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._part: Counter[Key] = Counter()
        self._whole: Counter[Key] = Counter()

    def rows(self) -> Mapping[Key, Row]:
        """What was added up; a weekday or month without school is left out."""
        return {key: Row(self._part[key], whole) for key in sorted(self._part | self._whole) if (whole := self._of(key))}

    def _of(self, key: Key) -> int:
        return self._whole[key._replace(kind="month", value=key.value.split()[0])] if key.kind == "reason" else self._whole[key]

    def add(self, missed: pl.DataFrame) -> None:
        """Add whole children as ``columnar.missed_days`` hands them over."""
        days = missed.group_by("school_id", pl.col("date").dt.weekday().alias("weekday")).agg(pl.col("halves").sum())
        for school_id, weekday, halves in days.rows():
            self._part[Key(school_id, "weekday", str(weekday))] += _HALF * halves
        months = missed.group_by("school_id", pl.col("date").dt.strftime(_MONTH).alias("month"), "verdict").agg(pl.col("halves").sum())
        for school_id, month, verdict, halves in months.rows():
            self._add_reason(school_id, month, verdict, _HALF * halves)
        begun = (pl.col("place") - pl.int_range(pl.len()).over(_CHILD)).alias("begun")
        runs = missed.filter(pl.col("halves") == 2).sort(*_CHILD, "place").with_columns(begun).group_by(*_CHILD, "begun").agg(  # noqa: PLR2004
            pl.len().alias("days"), pl.col("is_last").any()
        )  # fmt: skip
        longest = runs.group_by(_CHILD).agg(pl.col("days").max(), pl.col("days").filter("is_last").max().fill_null(0).alias("now"))
        for limit in RUNS:
            counts = longest.group_by("school_id").agg((pl.col("days") >= limit).sum(), (pl.col("now") >= limit).sum())
            for school_id, had, has in counts.rows():
                self._add_run(school_id, limit, int(had), int(has))

    def add_membership(self, membership: pl.DataFrame) -> None:
        """Add how many children had school on each date (school_id, date, children)."""
        for school_id, day, children in membership.rows():
            self._add_school_days(school_id, day, children)

    def add_record(self, record: SchoolRecord) -> None:
        """Add one child at one school, its days up to the last that may be told."""
        school_id = record.school_id
        for date_ in record.membership:
            self._add_school_days(school_id, date_, 1)
        missed = [day for day in record.days if day.verdict.absent]
        for day in missed:
            hundredths = round(_HUNDREDTHS * day.missed)
            self._part[Key(school_id, "weekday", str(day.date.isoweekday()))] += hundredths
            self._add_reason(school_id, day.date.strftime(_MONTH), day.verdict.value, hundredths)
        longest, now = _runs(record.membership, {day.date for day in missed if day.missed == 1})
        for limit in RUNS:
            self._add_run(school_id, limit, int(longest >= limit), int(now >= limit))

    def add_class(self, school_id: str, section_id: str, meetings: int, children: int) -> None:
        """Add the meetings of a class that children missed on days on which they came."""
        self._part[Key(school_id, "class", section_id)] += meetings
        self._whole[Key(school_id, "class", section_id)] += children

    def _add_school_days(self, school_id: str, day: date, children: int) -> None:
        self._whole[Key(school_id, "weekday", str(day.isoweekday()))] += children
        self._whole[Key(school_id, "month", day.strftime(_MONTH))] += children

    def _add_reason(self, school_id: str, month: str, verdict: str, hundredths: int) -> None:
        self._part[Key(school_id, "reason", f"{month} {verdict}")] += hundredths
        self._part[Key(school_id, "month", month)] += hundredths

    def _add_run(self, school_id: str, limit: int, had: int, has: int) -> None:
        self._whole[Key(school_id, "run", str(limit))] += had
        self._part[Key(school_id, "run", str(limit))] += has


def _runs(membership: Iterable[date], missed: set[date]) -> tuple[int, int]:
    """The longest run of days missed among *membership*, and the one that lasts on the last of them. Pure."""
    longest = length = 0
    for day in membership:
        length = length + 1 if day in missed else 0
        longest = max(longest, length)
    return longest, length


def add_up(session: Session, days: LastDays, enrolled: Mapping[str, Collection[str]]) -> Mapping[Key, Row]:
    """The patterns of every school, of children *enrolled* there now (child → schools), up to the last day that may be told."""
    year, found = SchoolYear.of(session, days.as_of), Patterns()
    plain = missed_days(session, year, lambda school_id: profile_at(year, school_id, None), days, enrolled, found.add)
    found.add_membership(plain.membership)
    absent: defaultdict[tuple[str, str], set[date]] = defaultdict(set)
    for mine in records(session, year, plain.odd & enrolled.keys(), None):
        last = last_day(mine, days.today, days.told)
        for record in (up_to(record, last) for record in mine if record.school_id in enrolled[record.student_id]):
            found.add_record(record)
            absent[record.student_id, record.school_id] |= {day.date for day in record.days if day.verdict.absent}
    for (school_id, section_id), meetings in _classes(session, year, absent, days).items():
        found.add_class(school_id, section_id, meetings.total(), len(meetings))
    return found.rows()


def _classes(
    session: Session, year: SchoolYear, absent: Mapping[tuple[str, str], set[date]], days: LastDays
) -> Mapping[tuple[str, str], Counter[str]]:
    """(school, section) → child → meetings missed on days that are not among those *absent*."""
    marks = select(Mark.student_id, Mark.date, Mark.school_id, Mark.section_id, Mark.code, Mark.source)
    found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in session.execute(marks.where(Mark.section_id != "", Mark.date >= year.marks_from, Mark.date <= year.as_of)):
        student_id, meaning = year.merged.of(row.student_id), year.source_at(row.source, row.school_id).codes.get(row.code)
        missed = absent.get((student_id, row.school_id))  # a child with a mark of a class is never added up in columns
        if missed is None or row.date in missed or row.date > days.told(row.school_id):
            continue
        if meaning is not None and meaning.kind is Kind.ABSENT:
            found[row.school_id, row.section_id][student_id] += 1
    return found
