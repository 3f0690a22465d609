"""Whose turn it is: no more texts a day than the sender puts out, and at each school no more than its people can answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.clock import local_date, start_of_day
from outreach.planning.checks import CHECKS, Check
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


@dataclass
class Today:
    """How many more count texts may leave at each school today, whatever was planned or held until now."""

    left: dict[str, int]
    """Schools that are not named have no limit."""

    def has_turn(self, message_class: MessageClass, school_id: str) -> bool:
        """Whether the school's people can hear back from one more family; of classes that the check does not bind, always."""
        return Check.TURN not in CHECKS[message_class] or self.left.get(school_id, 1) > 0

    def take(self, message_class: MessageClass, school_id: str) -> None:
        """Take one turn, once the message really leaves."""
        if Check.TURN in CHECKS[message_class] and school_id in self.left:
            self.left[school_id] -= 1


def today(session: Session, schools: Collection[str], settings: Settings, now: datetime) -> Today:
    """Read what may still leave today, by the district's clock, at some schools."""
    left = {school_id: limit for school_id, limit in limits(session, settings).items() if school_id in schools}
    if left:
        gone = (
            select(PlannedMessage.school_id, func.count())
            .where(
                PlannedMessage.claimed_at >= start_of_day(local_date(now, settings.zone), settings.zone),
                PlannedMessage.message_class == MessageClass.NUDGE,
                PlannedMessage.channel == Channel.SMS,
                PlannedMessage.state.not_in(_TO_COME),
                PlannedMessage.school_id.in_(left),
            )
            .group_by(PlannedMessage.school_id)
        )
        for school_id, number in session.execute(gone):
            left[school_id] -= number
    return Today(left)


def _diary(session: Session, settings: Settings, now: datetime) -> Diary:
    """What left today, and what is to leave today and on the days after."""
    this_day = local_date(now, settings.zone)
    texts = PlannedMessage.channel == Channel.SMS, PlannedMessage.message_class == MessageClass.NUDGE
    mine = select(PlannedMessage.school_id, PlannedMessage.segments, PlannedMessage.due_at).where(*texts)
    gone = mine.where(PlannedMessage.claimed_at >= start_of_day(this_day, settings.zone), PlannedMessage.state.not_in(_TO_COME))
    diary = Diary()
    for school_id, segments, _ in session.execute(gone):
        diary.note(school_id, this_day, segments or _TYPICAL_SEGMENTS)
    for school_id, segments, due in session.execute(mine.where(PlannedMessage.state.in_(_TO_COME))):
        diary.note(school_id, max(this_day, local_date(due, settings.zone)), segments or _TYPICAL_SEGMENTS)
    return diary
