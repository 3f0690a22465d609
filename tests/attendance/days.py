"""Marks, schedules, calendars and years of one child as plain values, for tests of pure counting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from outreach.attendance.calendars import Event, SchoolCalendar, from_events
from outreach.attendance.counting import Count, SchoolRecord, Stay, count, record
from outreach.attendance.profiles import Days, profile
from outreach.attendance.schedules import Meeting, Schedule, on
from outreach.attendance.source_settings import Kind, Meaning, Reason
from outreach.attendance.verdicts import DayMark

MONDAY = date(2026, 8, 24)
WHOLE = Stay(MONDAY, MONDAY + timedelta(days=300))


def total(enrolled: int, absent: Days, *, unknown: int = 0, rules: str = "federal") -> Count:
    """A count of so many days."""
    found = profile(rules)
    return Count(
        enrolled, absent, 0, 0, 0, 0, unknown, calendar_known=True, minimum_days=found.minimum_days, present_days=found.present_days
    )


def mark(
    kind: str, reason: str = "unspecified", *, portion: str = "", minutes: int | None = None, section: str = "", on_day: date = MONDAY
) -> DayMark:
    """One mark whose code is its kind."""
    meaning = Meaning(kind=Kind(kind), reason=Reason(reason)) if reason != "unspecified" else Meaning.model_validate({"kind": kind})
    return DayMark(on_day, "1", kind, meaning, portion, minutes, 1, 2, section)


def periods(*minutes: int | None) -> Schedule:
    """A day of sections P1, P2, … of so many minutes."""
    return on([Meeting(f"P{n}", MONDAY, None, minutes=length) for n, length in enumerate(minutes, 1)], MONDAY, ())


def missed(*sections: int) -> list[DayMark]:
    """Absences from some of those sections."""
    return [mark("absent", "unexcused", section=f"P{n}") for n in sections]


SIX, TWO, THREE = periods(*[60] * 6), periods(80, 80), periods(50, 50, 50)
NOTHING = Schedule(known=False)


def calendar(days: int, first: date = MONDAY, **others: str) -> SchoolCalendar:
    """So many weekdays; *others* changes the event of single ones, such as ``d0="Strike"`` for the first."""
    found = [first + timedelta(days=n) for n in range(days * 2) if (first + timedelta(days=n)).weekday() < 5][:days]
    return from_events({day: [Event(day, others.get(f"d{n}", "Instructional day"))] for n, day in enumerate(found)}, {})


def year(stays: Sequence[tuple[Stay, SchoolCalendar]], marks: Sequence[DayMark], school: str = "1", rules: str = "federal") -> SchoolRecord:
    """One child's year at one school."""
    return record("s", school, stays, marks, profile(rules))


def counted(days: SchoolCalendar, marks: Sequence[DayMark], rules: str = "federal") -> Count:
    """The count of a child who is enrolled all year."""
    return count(year([(WHOLE, days)], marks, rules=rules), profile(rules))
