"""Whose turn it is: no more texts a day than the sender puts out, and at each school no more than its people can answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import SystemRandom

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.clock import local_date, start_of_day
from outreach.planning.days import Asked, Diary, schedule
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.queries import coordinators_of

_TO_COME = (State.PLANNED, State.HELD, State.WAITING)
_TIERS = ("severe", "moderate", "at_risk")
_TYPICAL_SEGMENTS = 2
"""What a text of another night is counted as, while nobody has composed it."""


def rank(tier: str) -> int:
    """The place of a tier: families of children who miss most are written to first."""
    return _TIERS.index(tier) if tier in _TIERS else len(_TIERS)


def limits(session: Session, settings: Settings) -> dict[str, int]:
    """School → how many families its coordinators can hear back from in a school day; one without coordinators has no limit."""
    each = settings.daily_nudges_per_coordinator
    return {school_id: people * each for school_id, people in coordinators_of(session).items()}


def lay_out(session: Session, asked: Sequence[Asked], settings: Settings, now: datetime) -> list[datetime]:
    """Say when each of a night's texts is due, after what is planned already."""
    if not asked:
        return []
    found = limits(session, settings)
    return schedule(asked, _diary(session, settings, now), limits=found, rate=settings.sender_rate, now=now, chance=SystemRandom())


def _diary(session: Session, settings: Settings, now: datetime) -> Diary:
    """What left today, and what is to leave today and on the days after."""
    today = local_date(now, settings.zone)
    texts = PlannedMessage.channel == Channel.SMS, PlannedMessage.message_class == MessageClass.NUDGE
    mine = select(PlannedMessage.school_id, PlannedMessage.segments, PlannedMessage.due_at).where(*texts)
    gone = mine.where(PlannedMessage.claimed_at >= start_of_day(today, settings.zone), PlannedMessage.state.not_in(_TO_COME))
    diary = Diary()
    for school_id, segments, _ in session.execute(gone):
        diary.note(school_id, today, segments or _TYPICAL_SEGMENTS)
    for school_id, segments, due in session.execute(mine.where(PlannedMessage.state.in_(_TO_COME))):
        diary.note(school_id, max(today, local_date(due, settings.zone)), segments or _TYPICAL_SEGMENTS)
    return diary
