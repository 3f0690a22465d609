"""The sums of a whole district in whole columns: the same rules as ``counting``, each applied once to each kind of day.

A district tells millions of marks, but only some thousands of different kinds of day. Each kind goes through ``verdicts.decide``
once; the rest is joining and adding up. What does not fit (stays that overlap, marks of sections, parts other than halves, days that
a person settled) is left to ``counting``, child by child. A property test holds both to the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy.orm import Session

from outreach.attendance import bulk
from outreach.attendance.calendars import SchoolCalendar
from outreach.attendance.counting import Stay
from outreach.attendance.kinds import Kinds
from outreach.attendance.last_days import LastDays
from outreach.attendance.profiles import Profile
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.stays import enrolments, stay_in
from outreach.attendance.told import marks_of
from outreach.attendance.verdicts import Verdict
from outreach.district.queries import slices
from outreach.district.tables import Enrolment

ABSENT = tuple(verdict for verdict in Verdict if verdict.absent)

_CHILD = ["student_id", "school_id"]
_PLACE = {
    "school_id": pl.String, "entry_date": pl.Date, "exit_date": pl.Date, "exit_type": pl.String, "source": pl.String,
    "track": pl.String, "grade": pl.String,
}  # fmt: skip
"""All of an enrolment that decides: children who share it share their stay."""
_STAY = {
    "first": pl.Date, "last": pl.Date, "counted_to": pl.Date, "until": pl.Date, "calendar": pl.Int32, "known": pl.Boolean,
    "enrolled": pl.Int64, "in_doubt": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True)
class Sums:
    """One row per child and school in *rows*; the children named in *odd* are in none and have to be counted one by one.

    Columns: student_id, school_id, enrolled and unknown (days), known (whether there is a calendar), held_code, until (the last day
    that counts), and the half days of each verdict of ``ABSENT`` under its name.
    """

    rows: pl.DataFrame
    odd: frozenset[str]


def sums(
    session: Session,
    year: SchoolYear,
    profile_at: Callable[[str], Profile],
    students: Collection[str] | None = None,
    told: LastDays | None = None,
) -> Sums:
    """Add up the year of every child (or the named ones) up to its date, or up to the last day that may be *told*."""
    calendars = _Calendars(year)
    stays = _stays(session, year, calendars, students, told)
    days = calendars.days()
    kinds = Kinds(year, profile_at)
    odd = {*_overlapping(stays), *(_at_several_schools(stays) if told else ()), *year.settled_students()}
    absent, held = [_no_days()], [_nothing_held()]
    for marks in marks_of(session, year, students):
        numbered = kinds.number(marks)
        here = numbered.join(stays, on=_CHILD).filter(pl.col("date").is_between(pl.col("first"), pl.col("last")))
        held.append(kinds.holding(here))
        decided = kinds.decide(here.filter(pl.col("date") <= pl.col("counted_to")).join(days, on=["calendar", "date"]))
        odd.update(decided.filter(pl.col("halves").is_null())["student_id"])
        absent.append(_add_up(decided))
    whole = _together(stays, pl.concat(absent), pl.concat(held))
    asked = odd if students is None else odd.intersection(students)
    return Sums(whole.filter(~pl.col("student_id").is_in(list(odd))), frozenset(asked))


@dataclass(frozen=True)
class Missed:
    """What ``missed_days`` left to its caller: how many children had school on each date, and who has to be looked at one by one."""

    membership: pl.DataFrame
    """school_id, date, children; without the odd ones."""
    odd: frozenset[str]


def missed_days(
    session: Session,
    year: SchoolYear,
    profile_at: Callable[[str], Profile],
    told: LastDays,
    enrolled: Mapping[str, Collection[str]],
    add: Callable[[pl.DataFrame], None],
) -> Missed:
    """Hand over every day missed at the schools where children are *enrolled* (child → schools), some thousand whole children at a time.

    Columns: student_id, school_id, date, verdict, halves; place (the number of the date among its calendar's days) and is_last (whether
    it is the last of the child's days that may be told).
    """
    calendars = _Calendars(year)
    everywhere = _stays(session, year, calendars, None, told)
    odd = {*_overlapping(everywhere), *_at_several_schools(everywhere), *year.settled_students()}
    days = calendars.days().sort("calendar", "date").with_columns(pl.int_range(pl.len()).over("calendar").alias("place"))
    stays = _with_last(everywhere.join(_pairs(enrolled), on=_CHILD, how="semi"), days)
    kinds, within = Kinds(year, profile_at), pl.col("date").is_between(pl.col("first"), pl.col("counted_to"))
    for marks in marks_of(session, year):
        here = kinds.number(marks).join(stays, on=_CHILD).filter(within)
        decided = kinds.decide(here.join(days, on=["calendar", "date"]))
        odd.update(decided.filter(pl.col("halves").is_null())["student_id"])
        missed = decided.filter(pl.col("verdict").is_in(ABSENT), ~pl.col("student_id").is_in(list(odd)))
        where = missed.join(stays, on=_CHILD).filter(within).join(days.select("calendar", "date", "place"), on=["calendar", "date"])
        is_last = (pl.col("date") == pl.col("last_day")).fill_null(value=False).alias("is_last")
        add(where.select(*_CHILD, "date", "verdict", "halves", "place", is_last))
    plain = stays.filter(~pl.col("student_id").is_in(list(odd))).group_by("school_id", "calendar", "first", "counted_to").len("children")
    membership = plain.join(days, on="calendar").filter(within).group_by("school_id", "date").agg(pl.col("children").sum())
    return Missed(membership, frozenset(odd))


def _pairs(enrolled: Mapping[str, Collection[str]]) -> pl.DataFrame:
    rows = [(student_id, school_id) for student_id, schools in enrolled.items() for school_id in schools]
    return pl.DataFrame(rows, schema=dict.fromkeys(_CHILD, pl.String), orient="row")


def _with_last(stays: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Stays with the last school day of each child at its school as ``last_day``, in the child's latest stay alone."""
    ends = stays.select("calendar", "counted_to").unique().sort("counted_to")
    dates = days.select("calendar", pl.col("date").alias("last_day")).sort("last_day")
    found = ends.join_asof(dates, left_on="counted_to", right_on="last_day", by="calendar", strategy="backward", check_sortedness=False)
    latest = pl.col("first") == pl.col("first").max().over(_CHILD)
    last_day = pl.when(latest).then("last_day")
    return stays.join(found, on=["calendar", "counted_to"], how="left").with_columns(last_day.alias("last_day"))


class _Calendars:
    """The calendars that stays lie in, each with a number."""

    def __init__(self, year: SchoolYear) -> None:
        self._year = year
        self._numbers: dict[int, int] = {}
        self._known: list[SchoolCalendar] = []

    def number(self, school_id: str, track: str, grade: str) -> tuple[int, SchoolCalendar]:
        """The calendar of a track and grade, and its number."""
        calendar = self._year.calendar(school_id, track, grade)
        if id(calendar) not in self._numbers:
            self._numbers[id(calendar)] = len(self._known)
            self._known.append(calendar)
        return self._numbers[id(calendar)], calendar

    def days(self) -> pl.DataFrame:
        """Every membership day with its minutes, whether a present mark leaves it unknown, and whether no mark does."""
        rows = [
            (number, day, calendar.minutes.get(day), day in calendar.unknown, day in calendar.in_doubt)
            for number, calendar in enumerate(self._known)
            for day in calendar.days
        ]
        schema = {"calendar": pl.Int32, "date": pl.Date, "day_minutes": pl.Int32, "unsure": pl.Boolean, "doubted": pl.Boolean}
        return pl.DataFrame(rows, schema=schema, orient="row")


def _stays(
    session: Session, year: SchoolYear, calendars: _Calendars, students: Collection[str] | None, told: LastDays | None
) -> pl.DataFrame:
    """What each child's enrolments cover of the year, with the calendar and what it alone says of the days."""
    found = pl.concat(_enrolments(session, year, students))
    year.expect(found["school_id"].unique().to_list())
    rows = []
    for place in found.select(*_PLACE).unique().rows():
        enrolment = _Enrolment(*place)
        covered = stay_in(year, enrolment)
        if covered is None:
            continue
        number, calendar = calendars.number(enrolment.school_id, enrolment.track, enrolment.grade)
        counted_to, until = _limits(calendar, covered, enrolment.school_id, told)
        dates = calendar.between(covered.first, counted_to)
        in_doubt = len(calendar.in_doubt.intersection(dates)) if calendar.in_doubt else 0
        rows.append((*place, covered.first, covered.last, counted_to, until, number, calendar.known, len(dates), in_doubt))
    places = pl.DataFrame(rows, schema=_PLACE | _STAY, orient="row")
    return found.join(places, on=list(_PLACE), nulls_equal=True).select(*_CHILD, *_STAY)


def _limits(calendar: SchoolCalendar, covered: Stay, school_id: str, told: LastDays | None) -> tuple[date, date]:
    """The last day of a stay that is counted, and the day up to which the count may be said to reach (``gates.last_day``)."""
    if told is None:
        return covered.last, covered.last
    dates = calendar.between(covered.first, covered.last)
    if dates and dates[-1] > told.told(school_id):
        return told.told(school_id), told.told(school_id)
    return covered.last, told.today(school_id)


@dataclass
class _Enrolment:
    """A place as plain values; its fields are those of ``_PLACE``."""

    school_id: str
    entry_date: date
    exit_date: date | None
    exit_type: str
    source: str
    track: str
    grade: str


def _enrolments(session: Session, year: SchoolYear, students: Collection[str] | None) -> Iterator[pl.DataFrame]:
    schema = {"student_id": pl.String, **_PLACE}
    yield pl.DataFrame(schema=schema)
    if students is None:
        yield bulk.read(session, enrolments(year), schema)
        return
    for some in slices(students):
        yield bulk.read(session, enrolments(year).where(Enrolment.student_id.in_(some)), schema)


def _overlapping(stays: pl.DataFrame) -> pl.Series:
    """The children with a date in two stays: at two schools it counts once, and only if both say absent."""
    several = stays.filter(pl.col("student_id").is_duplicated(), pl.col("first") <= pl.col("last")).sort("student_id", "first")
    before = pl.col("last").cum_max().shift(1).over("student_id")
    return several.filter(pl.col("first") <= before)["student_id"]


def _at_several_schools(stays: pl.DataFrame) -> pl.Series:
    """The children for whom the day up to which they may be told hangs on more than one school."""
    return stays.group_by("student_id").agg(pl.col("school_id").n_unique()).filter(pl.col("school_id") > 1)["student_id"]


def _add_up(decided: pl.DataFrame) -> pl.DataFrame:
    """Half days of each kind for a child at a school, and by how much its marks change the number of days in doubt."""
    unknown = (pl.col("verdict") == Verdict.UNKNOWN) | ((pl.col("verdict") == Verdict.PRESENT) & pl.col("unsure"))
    kinds = [pl.col("halves").filter(pl.col("verdict") == verdict).sum().alias(verdict.value) for verdict in ABSENT]
    doubt = (unknown.cast(pl.Int64) - pl.col("doubted").cast(pl.Int64)).sum().alias("doubt")
    return decided.group_by(_CHILD).agg(*kinds, doubt)


def _no_days() -> pl.DataFrame:
    return pl.DataFrame(schema={**dict.fromkeys(_CHILD, pl.String), **dict.fromkeys(ABSENT, pl.Int64), "doubt": pl.Int64})


def _nothing_held() -> pl.DataFrame:
    return pl.DataFrame(schema={**dict.fromkeys(_CHILD, pl.String), "held_code": pl.String})


def _together(stays: pl.DataFrame, absent: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """One row per child and school: what its calendar says, what its marks say, and the first code that holds."""
    base = stays.group_by(_CHILD).agg(pl.col("enrolled", "in_doubt").sum(), pl.col("known").all(), pl.col("until").min())
    joined = base.join(absent, on=_CHILD, how="left").join(held, on=_CHILD, how="left")
    return joined.select(
        *_CHILD,
        "enrolled",
        "known",
        "until",
        (pl.col("in_doubt") + pl.col("doubt").fill_null(0)).alias("unknown"),
        pl.col("held_code").fill_null(""),
        *[pl.col(verdict).fill_null(0) for verdict in ABSENT],
    ).sort(_CHILD)
