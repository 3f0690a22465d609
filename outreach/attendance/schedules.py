"""A child's own schedule of one day: which sections meet then, and which share of the day each of them is.

Rule: DESIGN, feed table (sections.csv): section marks become a share of the student's own schedule that day.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

WEEKDAYS = "MTWRFSU"
"""Monday to Sunday, as schools write them: R is Thursday, U is Sunday."""


@dataclass(frozen=True)
class Meeting:
    """One row of sections.csv: a child's place in a section, and when that section meets; both dates included."""

    section_id: str
    begin: date
    end: date | None
    cycle_days: str = ""
    """Such as ``A|B``; empty meets on every day of the cycle."""
    weekdays: str = ""
    """Such as ``MWF``; empty meets on every weekday."""
    minutes: int | None = None


@dataclass(frozen=True)
class Schedule:
    """What a day was meant to hold. *shares* are by section; *minutes* is the whole, where every meeting says its own.

    *known* is False where it cannot be told: then a section mark says nothing about the day.
    """

    known: bool
    shares: Mapping[str, Fraction] = field(default_factory=dict)
    minutes: int | None = None


NOT_KNOWN = Schedule(known=False)


def on(meetings: Iterable[Meeting], day: date, cycle: Collection[str]) -> Schedule:
    """The schedule of *day*, which is one of the *cycle* days (none where the calendar names none).

    Sections weigh as many minutes as they say; where none of them says any they weigh the same; where only some do, or where a
    section meets by a cycle that the calendar does not tell, nobody knows the shares.
    """
    held = [meeting for meeting in meetings if meeting.begin <= day and (meeting.end is None or day <= meeting.end)]
    held = [meeting for meeting in held if not meeting.weekdays or WEEKDAYS[day.weekday()] in meeting.weekdays.upper()]
    if any(meeting.cycle_days for meeting in held) and not cycle:
        return NOT_KNOWN
    today = {name.casefold() for name in cycle}
    held = [meeting for meeting in held if not meeting.cycle_days or today & set(_names(meeting.cycle_days))]
    told = [meeting.minutes for meeting in held if meeting.minutes]
    if not held or 0 < len(told) < len(held):
        return NOT_KNOWN
    whole = sum(told) or len(held)
    shares: defaultdict[str, Fraction] = defaultdict(Fraction)
    for meeting in held:
        shares[meeting.section_id] += Fraction(meeting.minutes or 1, whole)
    return Schedule(known=True, shares=dict(shares), minutes=sum(told) or None)


def _names(cycle_days: str) -> list[str]:
    return [name.casefold() for name in re.split(r"[|,;\s]+", cycle_days) if name]
