"""The days of a school year on which rules of a round look at every child: pure.

Letters some weeks apart through the year helped most in trials (Rogers & Feller 2018: about 6 % fewer days missed); a last one that
nobody can act on any more helps nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

ROUNDS = 5
_FIRST = (10, 1)
"""Month and day: late enough for a count to mean something, before the middle of October."""
_APART = timedelta(weeks=6)
_QUIET_END = timedelta(weeks=2)


def days_of_rounds(start: date, last_day: date | None, chosen: Collection[date] = ()) -> list[date]:
    """The rounds of the school year that begins with *start* and has its *last_day* of school then (None: not known).

    *chosen* are the district's own days, of any year; without one in this year they are five, six weeks apart. None lies in the last
    two weeks.
    """
    end = start + timedelta(days=365)
    mine = sorted({day for day in chosen if start <= day < end})
    if not mine:
        first = date(start.year, *_FIRST)
        first = first if first >= start else first.replace(year=start.year + 1)
        mine = [first + n * _APART for n in range(ROUNDS)]
    return [day for day in mine if last_day is None or day <= last_day - _QUIET_END]


def round_of(days: Collection[date], today: date) -> date | None:
    """The round that *today* belongs to: the last that has begun; None before the first."""
    return max((day for day in days if day <= today), default=None)
