"""Up to which day a school's attendance may be told: its own today once the attendance of today is in, else the day before. Pure.

Counts as such know no gates: ``outreach counts`` is the plain calendar. Crossings and messages rest on what has passed them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.attendance.calendars import Said
from outreach.attendance.counting import SchoolRecord


@dataclass(frozen=True)
class Today:
    """What is known at one moment of a school's attendance of its own *day*."""

    day: date
    affirmative: bool
    expected_percent: int
    past_cut_off: bool
    expected: int = 0
    """Children who have school that day; only asked for at affirmative schools."""
    reported: int = 0
    """Those of them with any mark of that day."""
    said: Collection[Said] = ()
    """What a person said of the day."""

    @property
    def is_in(self) -> bool:
        """Whether the day's attendance is in: a person's word first, then the share of marks, or the hour."""
        if Said.NOT_SUBMITTED in self.said:
            return False
        if Said.SUBMITTED in self.said:
            return True
        if self.affirmative:
            return 100 * self.reported >= self.expected_percent * self.expected
        return self.past_cut_off

    @property
    def last_day(self) -> date:
        """The last day that counts."""
        return self.day if self.is_in else self.day - timedelta(days=1)


def past(cut_off: str, now: datetime, zone: str) -> bool:
    """Whether a clock in *zone* (IANA) shows *cut_off* (``10:30``) or later; ``24:00`` is never reached on the day itself."""
    return now.astimezone(ZoneInfo(zone)).strftime("%H:%M") >= cut_off


def last_day(records: Iterable[SchoolRecord], today: Callable[[str], date], told: Callable[[str], date]) -> date:
    """The last day that counts for a child, by its schools: *today* is a school's date, *told* the last day that has passed its gate.

    Of two schools the earlier one decides; a school where the child has no school on the days in question has no say.
    """
    kept = list(records)
    waiting = [told(record.school_id) for record in kept if record.membership and record.membership[-1] > told(record.school_id)]
    return min([*waiting, *(today(record.school_id) for record in kept)])


def up_to(record: SchoolRecord, last: date) -> SchoolRecord:
    """The record without the days after *last*; a code that asks for quiet asks for it at once, so that stays."""
    if not record.membership or record.membership[-1] <= last:
        return record
    days = tuple(day for day in record.days if day.date <= last)
    return replace(record, membership=record.membership[: bisect_right(record.membership, last)], days=days)
