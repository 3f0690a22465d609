"""School years: from one month and day to the eve of the next."""

from __future__ import annotations

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=10_000)  # asked for every enrolment, and nearly always about the same days
def start_of_year(day: date, month_day: str) -> date:
    """The first day of the school year that contains *day*; *month_day* is such as ``07-01``."""
    month, number = (int(part) for part in month_day.split("-"))
    start = date(day.year, month, number)
    return start if start <= day else start.replace(year=day.year - 1)


@lru_cache(maxsize=10_000)
def end_of_year(day: date, month_day: str) -> date:
    """The last day of the school year that contains *day*."""
    start = start_of_year(day, month_day)
    if start.year >= date.max.year:
        return date.max
    return date.fromordinal(start.replace(year=start.year + 1).toordinal() - 1)
