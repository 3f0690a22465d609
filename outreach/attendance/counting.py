"""Exact counts: how many membership days a child had, how many of them it missed, and how many nobody knows.

Integers and fractions only. Sources: DESIGN, Counts; EDFacts FS195; tiers of Attendance Works.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from outreach.attendance.calendars import NOT_REPORTED, SchoolCalendar
from outreach.attendance.profiles import Days, Profile, whole
from outreach.attendance.schedules import NOT_KNOWN, Meeting, on
from outreach.attendance.verdicts import Day, DayMark, Decision, Verdict, decide


class Chronic(StrEnum):
    """Whether a child is chronically absent."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


TOO_EARLY = "too_early"
UNKNOWN = "unknown"
TIERS = (("severe", Fraction(1, 5)), ("moderate", Fraction(1, 10)), ("at_risk", Fraction(1, 20)), ("satisfactory", Fraction(0)))
"""Each tier with the share of days from which it holds, worst first."""
SETTLED = "a person settled this day"
NOTHING_SETTLED: Mapping[date, Verdict] = MappingProxyType({})


@dataclass(frozen=True)
class Stay:
    """An enrolment as far as it counts: both dates included."""

    first: date
    last: date


@dataclass(frozen=True)
class SchoolRecord:
    """A child's year at one school: its membership days, and those that are absent, in conflict or unknown."""

    student_id: str
    school_id: str
    membership: tuple[date, ...]
    days: tuple[Day, ...]
    calendar_known: bool
    held_code: str = ""
    """A code of a live mark that holds messages (bereavement, hospital), whatever it makes of the day; or empty."""


@dataclass(frozen=True)
class Count:
    """What a school year adds up to; ``absent`` is the sum of the five kinds, ``unknown`` lies inside ``enrolled`` only."""

    enrolled: int
    excused: Days
    unexcused: Days
    suspended: Days
    unspecified: Days
    conflict: Days
    unknown: int
    calendar_known: bool
    minimum_days: int
    present_days: int = 0

    @property
    def absent(self) -> Days:
        """Days absent for any reason; a whole number is an int."""
        return whole(self.excused + self.unexcused + self.suspended + self.unspecified + self.conflict)

    @property
    def too_early(self) -> bool:
        """Too few enrolled days, or none attended, for the profile to say anything."""
        return self.enrolled < self.minimum_days or self.enrolled - self.absent < self.present_days

    @property
    def chronic(self) -> Chronic:
        """10 A ≥ E, where unknown days cannot change the answer."""
        if not self.calendar_known:
            return Chronic.UNKNOWN
        if self.too_early:
            return Chronic.FALSE
        if 10 * self.absent >= self.enrolled:
            return Chronic.TRUE
        return Chronic.FALSE if 10 * (self.absent + self.unknown) < self.enrolled else Chronic.UNKNOWN

    @property
    def tier(self) -> str:
        """The tier that holds both with the unknown days present and with them absent; else unknown."""
        if not self.calendar_known:
            return UNKNOWN
        if self.too_early:
            return TOO_EARLY
        least, most = (_tier(days, self.enrolled) for days in (self.absent, self.absent + self.unknown))
        return least if least == most else UNKNOWN

    @property
    def rate(self) -> Fraction | None:
        """Absent ÷ enrolled; None without a single enrolled day."""
        return Fraction(self.absent, self.enrolled) if self.enrolled else None


def _tier(absent: Days, enrolled: int) -> str:
    if not enrolled:
        return TOO_EARLY
    return next((name for name, share in TIERS if absent * share.denominator >= share.numerator * enrolled), TIERS[-1][0])


def record(
    student_id: str,
    school_id: str,
    stays: Iterable[tuple[Stay, SchoolCalendar]],
    marks: Iterable[DayMark],
    profile: Profile,
    meetings: Sequence[Meeting] = (),
    settled: Mapping[date, Verdict] = NOTHING_SETTLED,
) -> SchoolRecord:
    """Decide every membership day of a child at one school.

    Each stay comes with the calendar of its track and grade; *marks* are the child's live marks at the school,
    *meetings* its places in sections there, *settled* the days of which a person said what they were: that wins over marks.
    """
    by_date: defaultdict[date, list[DayMark]] = defaultdict(list)
    for mark in marks:
        by_date[mark.date].append(mark)
    membership: list[Sequence[date]] = []
    days: dict[date, Day] = {}
    known, held = True, set[str]()
    for stay, calendar in stays:
        known = known and calendar.known
        dates = calendar.between(stay.first, stay.last)
        membership.append(dates)
        held.update(_holding(by_date, stay))
        for day in _worth_a_look(stay, dates, calendar, {**by_date, **settled}):
            found = _settled(settled[day]) if day in settled else _decide(day, by_date.get(day, ()), calendar, profile, meetings)
            if found.verdict != Verdict.PRESENT:
                places = tuple(sorted(by_date.get(day, ()), key=_place))
                told = Day(day, school_id, found.verdict, places, found.rule, found.missed)
                days[day] = max(told, days.get(day, told), key=_strength)
    in_order = tuple(days[day] for day in sorted(days))
    return SchoolRecord(student_id, school_id, _together(membership), in_order, known, min(held, default=""))


def _strength(day: Day) -> tuple[bool, Days, str, str]:
    """Where stays overlap, each with a calendar of its own: absent beats unknown, the longer the shorter, never the first row."""
    return day.verdict.absent, day.missed, day.verdict.value, day.rule


def _holding(by_date: dict[date, list[DayMark]], stay: Stay) -> Iterable[str]:
    """The codes that hold messages among the marks inside a stay, on school days or not."""
    inside = (marks for day, marks in by_date.items() if stay.first <= day <= stay.last)
    return (mark.code for marks in inside for mark in marks if mark.meaning and mark.meaning.hold)


def _together(spans: Sequence[Sequence[date]]) -> tuple[date, ...]:
    """The dates of all stays in order, each once; nearly every child has one stay, whose dates are that already."""
    return tuple(spans[0]) if len(spans) == 1 else tuple(sorted({day for span in spans for day in span}))


def _worth_a_look(stay: Stay, dates: Sequence[date], calendar: SchoolCalendar, by_date: Mapping[date, object]) -> Iterable[date]:
    """The days that may be anything but present; of an exceptions-only school that is a handful of a year."""
    if calendar.affirmative:
        return dates
    known = (*by_date, *(day for day in calendar.unknown if day not in by_date))
    return [day for day in known if stay.first <= day <= stay.last and day in calendar.all_days]


def _settled(verdict: Verdict) -> Decision:
    return Decision(verdict, SETTLED, 1 if verdict.absent else 0)


def _decide(day: date, marks: Sequence[DayMark], calendar: SchoolCalendar, profile: Profile, meetings: Sequence[Meeting]) -> Decision:
    schedule = on(meetings, day, calendar.cycle.get(day, ())) if meetings else NOT_KNOWN
    found = decide(marks, calendar.minutes.get(day), profile, schedule)
    if found.verdict == Verdict.PRESENT and day in calendar.unknown:
        return Decision(Verdict.UNKNOWN, calendar.unknown[day], 1)
    if calendar.affirmative and not marks and day not in calendar.submitted:
        return Decision(Verdict.UNKNOWN, NOT_REPORTED, 1)
    return found


def _place(mark: DayMark) -> tuple[int, int, str]:
    return mark.import_id, mark.line, mark.code


def count(record: SchoolRecord, profile: Profile) -> Count:
    """Add up one child's year at one school."""
    return _count(len(record.membership), record.days, profile, calendar_known=record.calendar_known)


def count_across(records: Sequence[SchoolRecord], profile: Profile) -> tuple[Count, tuple[Day, ...]]:
    """Add up one child's year over all its schools: a date counts once, absent only if absent at every school of that date.

    A school without a calendar leaves the whole count unknown. Returns the count and the days behind it.
    """
    if len(records) == 1:
        return count(records[0], profile), records[0].days
    schools_on: Counter[date] = Counter(day for record in records for day in record.membership)
    found: defaultdict[date, list[Day]] = defaultdict(list)
    for record in records:
        for day in record.days:
            found[day.date].append(day)
    days = tuple(_across(found[day]) for day in sorted(found) if len(found[day]) == schools_on[day])
    known = all(record.calendar_known for record in records)
    return _count(len(schools_on), days, profile, calendar_known=known), days


def _across(days: list[Day]) -> Day:
    """One date at several schools, none of which says present."""
    if any(day.verdict == Verdict.UNKNOWN for day in days):
        return next(day for day in days if day.verdict == Verdict.UNKNOWN)
    named = {day.verdict for day in days} - {Verdict.UNSPECIFIED}
    least = min(day.missed for day in days)
    if len(named) <= 1:
        return next((day for day in days if day.verdict in named), days[0])._replace(missed=least)
    marks = tuple(mark for day in days for mark in day.marks)
    return Day(days[0].date, days[0].school_id, Verdict.CONFLICT, marks, "absent; the schools give different reasons", least)


def _count(enrolled: int, days: Iterable[Day], profile: Profile, *, calendar_known: bool) -> Count:
    tally: defaultdict[Verdict, Days] = defaultdict(int)
    for day in days:
        tally[day.verdict] += day.missed
    return Count(
        enrolled=enrolled,
        excused=whole(tally[Verdict.EXCUSED]),
        unexcused=whole(tally[Verdict.UNEXCUSED]),
        suspended=whole(tally[Verdict.SUSPENDED]),
        unspecified=whole(tally[Verdict.UNSPECIFIED]),
        conflict=whole(tally[Verdict.CONFLICT]),
        unknown=int(tally[Verdict.UNKNOWN]),
        calendar_known=calendar_known,
        minimum_days=profile.minimum_days,
        present_days=profile.present_days,
    )
