"""Which dates are school days of a school, and on which of them its silence means that nobody knows.

Rules: DESIGN, Import (events) and Counting (unknown days).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

SCHOOL_DAY_EVENTS: Mapping[str, bool] = {
    "instructional day": True,
    "make-up day": True,
    "student late arrival/early dismissal": True,
    "holiday": False,
    "teacher only day": False,
    "weather day": False,
    "emergency day": False,
    "strike": False,
    "non-instructional day": False,
    "other": False,
}
"""What the built-in calendar events mean; ``[events]`` of a source overrides them. Names are compared without letter case."""

UNLISTED_EVENT = "the calendar event has no meaning in source.toml"
NOT_REPORTED = "the school sent no mark that day"
SILENT_RUN = "the school sent no mark for longer than it ever had"
NOT_SUBMITTED = "the school's attendance of that day is not in"


class Said(StrEnum):
    """What a person here may say of a date at a school."""

    CLOSED = "closed"
    SCHOOL_DAY = "school_day"
    SUBMITTED = "submitted"
    """Its attendance is in, so silence is presence."""
    NOT_SUBMITTED = "not_submitted"
    """Its attendance is not in, so silence is unknown."""


_SILENT_DAYS = 5
_DAYS_WITH_MARKS_BEFORE = 20
_ENROLLED_AT_LEAST = 100


@dataclass(frozen=True)
class Event:
    """One calendar row."""

    date: date
    event: str
    minutes: int | None = None
    track: str = ""
    grades: str = ""
    cycle_day: str = ""


@dataclass(frozen=True)
class SchoolCalendar:
    """The membership days of one school, track and grade, in order.

    *unknown* names the days on which presence cannot be told, with the reason; *affirmative* schools tell presence by a mark.
    *known* is False where no calendar says anything: then nothing can be counted.
    """

    days: tuple[date, ...]
    known: bool
    affirmative: bool = False
    unknown: Mapping[date, str] = field(default_factory=dict)
    minutes: Mapping[date, int] = field(default_factory=dict)
    cycle: Mapping[date, frozenset[str]] = field(default_factory=dict)
    """The cycle days (A, B, …) that a date is, where the calendar says."""
    submitted: frozenset[date] = frozenset()
    """The days that are known to be in, so that a child without a mark was present even in an affirmative school."""

    @cached_property
    def all_days(self) -> frozenset[date]:
        """The membership days, to ask for one of them."""
        return frozenset(self.days)

    @cached_property
    def in_doubt(self) -> frozenset[date]:
        """The membership days on which a child without a mark is unknown."""
        silent = self.all_days - self.submitted if self.affirmative else frozenset[date]()
        return silent | (self.all_days & self.unknown.keys())

    def between(self, first: date, last: date) -> Sequence[date]:
        """The membership days from *first* to *last*, both included."""
        return self.days[bisect_left(self.days, first) : bisect_right(self.days, last)]


def meaning_of(event: str, own: Mapping[str, bool]) -> bool | None:
    """Whether an event makes a school day; None where nobody said what it means. *own* has lower-case names."""
    name = event.strip().casefold()
    return own.get(name, SCHOOL_DAY_EVENTS.get(name))


def chain(school_id: str, parents: Mapping[str, str]) -> Iterator[str]:
    """The school and the organisations above it; a circle of parents ends where it closes."""
    seen: set[str] = set()
    current = school_id
    while current and current not in seen:
        seen.add(current)
        yield current
        current = parents.get(current, "")


def nearest(by_organisation: Mapping[str, Mapping[date, Sequence[Event]]], organisations: Iterable[str]) -> dict[date, Sequence[Event]]:
    """The events of a school, date by date from the nearest of its *organisations* (the school first, then above)."""
    found: dict[date, Sequence[Event]] = {}
    for organisation in organisations:
        for day, events in by_organisation.get(organisation, {}).items():
            found.setdefault(day, events)
    return found


def from_events(events: Mapping[date, Sequence[Event]], own: Mapping[str, bool], *, track: str = "", grade: str = "") -> SchoolCalendar:
    """Decide each date: one school-day event makes it a school day; an unlisted one alone makes an enrolled, unknown day."""
    days: list[date] = []
    unknown: dict[date, str] = {}
    minutes: dict[date, int] = {}
    cycle: dict[date, frozenset[str]] = {}
    known = False
    for day in sorted(events):
        mine = [event for event in events[day] if _concerns(event, track, grade)]
        known = known or bool(mine)
        meanings = [meaning_of(event.event, own) for event in mine]
        if True not in meanings and (False in meanings or None not in meanings):
            continue
        days.append(day)
        if True not in meanings:
            unknown[day] = UNLISTED_EVENT
        scheduled = [event.minutes for event, meaning in zip(mine, meanings, strict=True) if meaning and event.minutes]
        if scheduled:
            minutes[day] = min(scheduled)
        if named := frozenset(event.cycle_day for event in mine if event.cycle_day):
            cycle[day] = named
    return SchoolCalendar(tuple(days), known=known, unknown=unknown, minutes=minutes, cycle=cycle)


def from_marks(reported: Iterable[date]) -> SchoolCalendar:
    """The calendar of a school whose days are those on which it sent any mark."""
    days = tuple(sorted(set(reported)))
    return SchoolCalendar(days, known=bool(days))


def opened_and_closed(calendar: SchoolCalendar, said: Mapping[date, frozenset[Said]]) -> SchoolCalendar:
    """The calendar with the dates that a person called closed or a school day."""
    closed = {day for day, words in said.items() if Said.CLOSED in words}
    opened = {day for day, words in said.items() if Said.SCHOOL_DAY in words}
    if not closed and not opened:
        return calendar
    unknown = {day: why for day, why in calendar.unknown.items() if day not in closed and day not in opened}
    return replace(calendar, days=tuple(sorted((calendar.all_days - closed) | opened)), unknown=unknown)


def submissions(said: Mapping[date, frozenset[Said]]) -> tuple[frozenset[date], dict[date, str]]:
    """The dates whose attendance a person called in, and those where it is not, each with the reason."""
    submitted = frozenset(day for day, words in said.items() if Said.SUBMITTED in words)
    return submitted, {day: NOT_SUBMITTED for day, words in said.items() if Said.NOT_SUBMITTED in words}


def _concerns(event: Event, track: str, grade: str) -> bool:
    if event.track and track and event.track.casefold() != track.casefold():
        return False
    grades = {part.casefold() for part in re.split(r"[|;,\s]+", event.grades) if part}
    return not grades or not grade or grade.casefold() in grades


def silent_days(days: Sequence[date], reported: frozenset[date], enrolled_on: Callable[[date], int]) -> dict[date, str]:
    """The days of an exceptions-only school on which its silence is not presence.

    *days* are its school days up to the last one that matters, in order; *reported* those with any mark; *enrolled_on* how many
    children were enrolled on a day (asked for the first day of a run). A run of mark-free days longer than 5 and than the
    longest run before it is unknown throughout, after 20 days with marks, in a school of 100 or more.
    """
    unknown: dict[date, str] = {}
    longest = heard = 0
    run: list[date] = []

    def close() -> None:
        nonlocal longest
        long_enough = len(run) > max(_SILENT_DAYS, longest)
        if run and long_enough and heard >= _DAYS_WITH_MARKS_BEFORE and enrolled_on(run[0]) >= _ENROLLED_AT_LEAST:
            unknown.update(dict.fromkeys(run, SILENT_RUN))
        longest = max(longest, len(run))
        run.clear()

    for day in days:
        if day in reported:
            close()
            heard += 1
        else:
            run.append(day)
    close()
    return unknown
