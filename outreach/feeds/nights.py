"""Nights in which feeds come, and feeds that were expected and did not come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.school_year import SchoolYear
from outreach.attendance.source_settings import SourceSettings
from outreach.attendance.tables import FeedSource
from outreach.attention.actions import raise_item, resolve_key
from outreach.district.tables import Enrolment
from outreach.feeds.drops import Drop
from outreach.feeds.options import read_options

EVENING, MORNING = time(18), time(8)
_EARLIER = timedelta(days=1)
"""What came within this time before the expected hour is the delivery that was expected."""


def night_of(instant: datetime, zone: str) -> date | None:
    """The date on which the night ends that holds *instant*; None by day, when feeds may come as often as they like."""
    local = instant.astimezone(ZoneInfo(zone))
    if local.time() < MORNING:
        return local.date()
    return local.date() + timedelta(days=1) if local.time() >= EVENING else None


@dataclass(frozen=True)
class Expected:
    """A source that somebody waits for."""

    name: str
    by: time
    """The district's local hour."""
    last: datetime | None
    """When it last came."""


def is_late(one: Expected, now: datetime, zone: str) -> bool:
    """Whether the hour of today is over and nothing came in the day before it; whether today counts is not asked here."""
    local = now.astimezone(ZoneInfo(zone))
    due = datetime.combine(local.date(), one.by, tzinfo=ZoneInfo(zone))
    return local >= due and (one.last is None or one.last < due - _EARLIER)


def expected(session: Session) -> list[Expected]:
    """The sources with an hour by which they come."""
    found = []
    for source in session.scalars(select(FeedSource).order_by(FeedSource.name)):
        by = read_options(Drop, "drop", SourceSettings.model_validate(source.settings).drop or {}).expected_by
        if by:
            found.append(Expected(source.name, time.fromisoformat(by), source.last_delivered_at))
    return found


def is_school_day(session: Session, day: date) -> bool:
    """Whether any school with pupils has a school day."""
    year = SchoolYear(session, day)
    attended = session.scalars(select(Enrolment.school_id).distinct())
    return any(day in year.calendar(school, "", "").days for school in attended)


def say_late(session: Session, waited_for: Iterable[Expected], *, now: datetime, zone: str) -> list[str]:
    """Put sources before a person that did not come by their hour on a school day, take it back of those that came; return the late."""
    waiting = list(waited_for)
    late = [one for one in waiting if is_late(one, now, zone)]
    if late and not is_school_day(session, now.astimezone(ZoneInfo(zone)).date()):
        late = []
    for one in waiting:
        key = f"feed-late:{one.name}"
        if one in late:
            last = f"it last came on {one.last.astimezone(ZoneInfo(zone)):%Y-%m-%d at %H:%M}" if one.last else "it has never come"
            sentence = f"The feed {one.name} was expected by {one.by:%H:%M} and has not come; {last}. Ask whoever sends it."
            raise_item(session, kind="feed", key=key, sentence=sentence, now=now)
        elif one.last is not None and now - one.last < _EARLIER:
            resolve_key(session, key, by="feeds", now=now)
    return [one.name for one in late]
