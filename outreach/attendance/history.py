"""What was known about a child's days after an earlier import, and what has changed since.

Marks are kept in every version, so they are told as they were, and with them the days on which a school had reported at all.
Enrolments, calendars, schedules, source settings and people's own words are not versioned: they are taken as they are now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.queries import explain
from outreach.attendance.tables import FeedImport, Mark, MarkVersion
from outreach.attendance.verdicts import Day
from outreach.district import overlays


@dataclass(frozen=True)
class DayChange:
    """A child's day at a school that counts otherwise than it did; None is present, or no school day."""

    date: date
    school_id: str
    then: Day | None
    now: Day | None
    import_id: int | None
    """The newest import that touched a mark of that day; None where the school's silence before or after it decides."""


def import_before(session: Session, instant: datetime) -> int | None:
    """The newest import that was done at *instant*; None before the first."""
    return session.scalar(select(FeedImport.id).where(FeedImport.finished_at <= instant).order_by(FeedImport.id.desc()).limit(1))


def changes(session: Session, student_id: str, as_of: date, since: int) -> list[DayChange]:
    """The days up to *as_of* that count otherwise now than after the import *since*, by date and school."""
    then = {(day.date, day.school_id): day for day in explain(session, student_id, as_of, known_at=since)}
    now = {(day.date, day.school_id): day for day in explain(session, student_id, as_of)}
    imports = touched(session, student_id, since)
    return [
        DayChange(*key, then.get(key), now.get(key), imports.get(key))
        for key in sorted(then.keys() | now.keys())
        if _counts_as(then.get(key)) != _counts_as(now.get(key))
    ]


def touched(session: Session, student_id: str, since: int) -> dict[tuple[date, str], int]:
    """The days whose marks changed after the import *since*, by (date, school): the newest import that changed one."""
    ids, ended = overlays.merged(session).ids([student_id]), MarkVersion.ended_import_id
    came = select(Mark.date, Mark.school_id, Mark.import_id).where(Mark.student_id.in_(ids), Mark.import_id > since)
    went = select(MarkVersion.date, MarkVersion.school_id, ended).where(MarkVersion.student_id.in_(ids), ended > since)
    found: dict[tuple[date, str], int] = {}
    for statement in (came, went):
        for day, school_id, import_id in session.execute(statement):
            found[day, school_id] = max(import_id, found.get((day, school_id), 0))
    return found


def _counts_as(day: Day | None) -> tuple[object, ...]:
    return (day.verdict, day.missed) if day else ()
