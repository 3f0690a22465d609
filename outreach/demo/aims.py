"""What the invented district wants to reach, with last week's figures kept, so that goals and the public page have something to show."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.evidence import goals, snapshots
from outreach.evidence.goals import EVERYBODY, Measure, Wanted
from outreach.settings import Settings

_JUNE = date(2027, 6, 4)
_GOALS = (("", Measure.CHRONIC, 120), ("", Measure.ATTENDANCE, 950), ("M1", Measure.CHRONIC, 150))
"""School, measure, thousandths."""


def bring_in(session: Session, by: str, settings: Settings, now: datetime) -> None:
    """Keep the last Friday and today, set goals, and show the figures to everybody."""
    today = local_date(now, settings.zone)
    for day in (today - timedelta(days=today.weekday() + 3), today):
        snapshots.keep(session, snapshots.add_up(session, settings, day, now), now)
    for school, measure, permille in _GOALS:
        goals.put(session, Wanted(school, EVERYBODY, "", measure, permille, _JUNE), by=by, today=today, now=now)
    goals.make_public(session, is_on=True, by=by, now=now)
