"""On which coming dates a school is closed: nothing that we begin arrives on a holiday."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from outreach.attendance.calendars import Said
from outreach.attendance.school_year import SchoolYear
from outreach.clock import local_date
from outreach.settings import Settings


def closed_days(session: Session, school_id: str, settings: Settings, now: datetime) -> frozenset[date]:
    """The dates of this school year from *now* on that the calendar, or a person, says are no school days.

    A date of which no calendar says anything is not closed: many calendars name school days only.
    """
    if not settings.school_days_only or not school_id:
        return frozenset()
    today = local_date(now, settings.zone)
    year = SchoolYear.of(session, today)
    open_days = frozenset(year.calendar(school_id, "", "").days)
    closed = {day for day in year.events(school_id) if day not in open_days}
    closed |= {day for day, said in year.said(school_id).items() if Said.CLOSED in said}
    return frozenset(day for day in closed if day >= today)
