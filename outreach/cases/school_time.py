"""When somebody at a school reads: its hours on the days of its calendar, and how an hour of them is counted. Pure but for ``of``."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.attendance.school_year import SchoolYear
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.planning.situation import zone_of
from outreach.settings import Settings

_WEEKEND = 5
_HOLIDAYS = 21
"""Days in a row without school after which a calendar says no more of the days to come: the summer, or the end of what was sent."""


@dataclass(frozen=True)
class SchoolTime:
    """The hours of one school in its own zone."""

    opens: time
    closes: time
    zone: ZoneInfo
    days: AbstractSet[date] | None = None
    """Its school days; None counts Monday to Friday."""

    def is_open(self, instant: datetime) -> bool:
        """Whether somebody reads at *instant*."""
        local = instant.astimezone(self.zone)
        return self.opens <= local.time() < self.closes and self.is_school_day(local.date())

    def is_school_day(self, day: date) -> bool:
        """Whether the calendar, or the week, says so."""
        return day.weekday() < _WEEKEND if self.days is None else day in self.days

    def after(self, start: datetime, length: timedelta) -> datetime:
        """The instant by which *length* of these hours has passed since *start*, in UTC.

        Beyond three weeks without school Monday to Friday count: a family that writes in summer does not wait for the autumn.
        """
        local, left, without = start.astimezone(self.zone), length, 0
        day = local.date()
        while True:
            counts = self.is_school_day(day) or (without >= _HOLIDAYS and day.weekday() < _WEEKEND)
            without = 0 if self.is_school_day(day) else without + 1
            begins = max(start, datetime.combine(day, self.opens, self.zone).astimezone(UTC))
            ends = datetime.combine(day, self.closes, self.zone).astimezone(UTC)
            if counts and ends > begins:
                if begins + left <= ends:
                    return begins + left
                left -= ends - begins
            day += timedelta(days=1)


def of(session: Session, school_id: str, settings: Settings, instant: datetime) -> SchoolTime:
    """The hours of a school in the school year of *instant*.

    A school whose calendar is not known, or is made from the marks it sends, is taken to be open from Monday to Friday; so is the
    district, for a number of no school.
    """
    school = district.schools(session, [school_id]).get(school_id) if school_id else None
    zone, days = zone_of(school, settings), None
    if school is not None:
        year = SchoolYear.of(session, local_date(instant, zone))
        calendar = year.calendar(school_id, "", "")
        if calendar.known and year.settings(school_id).calendar == "file":
            days = frozenset(calendar.all_days)
    return SchoolTime(settings.school_opens, settings.school_closes, ZoneInfo(zone), days)
