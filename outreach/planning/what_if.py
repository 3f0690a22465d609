"""What other rules would change tonight: the night itself, evaluated and planned twice in a transaction that is thrown away.

Nothing is estimated that the night decides: it is the same code on the same rows, so what is shown is what then happens as long as
nothing else changes meanwhile. It holds the database's one writer for as long as two nights take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.messages.segments import measure
from outreach.messages.tables import Approval
from outreach.planning.actions import plan
from outreach.planning.states import Channel, State
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from outreach.thresholds.actions import Crossing, evaluate, release_baseline
from outreach.thresholds.rules import Rule
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode
from outreach.thresholds.versions import in_force

_EVERYBODY = 10_000_000
_LEAVING = (State.PLANNED, State.WAITING, State.HELD)


@dataclass(frozen=True)
class Told:
    """What one household would hear on one channel, or why nothing."""

    household: str
    channel: str
    student_ids: tuple[str, ...]
    school_id: str
    language: str
    """The family's own, as the row has it."""
    state: str
    reason: str
    price: Decimal
    """In dollars; 0 where nothing leaves."""

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """Whom it is to and about."""
        return self.household, self.channel, self.student_ids

    @property
    def leaves(self) -> bool:
        """Whether a message leaves, or waits for a person's approval only."""
        return self.state in _LEAVING


@dataclass(frozen=True)
class Night:
    """What a night by some rules ends with."""

    told: tuple[Told, ...]
    """Households with a child over a threshold of which nothing left yet: messages, and what is skipped for a reason."""
    once_released: tuple[Told, ...]
    """The same after a person has released all of the baseline."""
    to_people: frozenset[tuple[str, str]]
    """(child, rule) of running crossings that ask for a person."""


@dataclass(frozen=True)
class Difference:
    """Two nights beside each other."""

    before: Night
    after: Night

    @property
    def reached(self) -> list[Told]:
        """Families with a child over a threshold who have none by the rules in force, released or waiting as baseline."""
        return _without(self.after.once_released, self.before.once_released)

    @property
    def dropped(self) -> list[Told]:
        """Families of whom a child is over a threshold by the rules in force only."""
        return _without(self.before.once_released, self.after.once_released)

    @property
    def to_people(self) -> int:
        """How many more crossings ask for a person; fewer where below 0."""
        return len(self.after.to_people) - len(self.before.to_people)


def what_if(database: Database, rules: Sequence[Rule], *, settings: Settings, now: datetime) -> Difference:
    """Try *rules* and those in force on what is known at *now*; nothing of it is kept."""
    with database.write() as session:
        before = _tried(session, in_force(session, settings, now), settings, now)
        after = _tried(session, rules, settings, now)
        session.rollback()
    return Difference(before, after)


def by(found: Collection[Told], what: str) -> list[tuple[str, int]]:
    """How many of some households by ``school_id``, ``language`` or ``channel``, the most first."""
    return sorted(Counter(getattr(told, what) for told in found).items(), key=lambda pair: (-pair[1], pair[0]))


def price(found: Collection[Told]) -> Decimal:
    """What some messages cost, in dollars."""
    return sum((told.price for told in found), Decimal())


def _without(some: Sequence[Told], others: Sequence[Told]) -> list[Told]:
    known = {(told.household, told.channel) for told in others}
    return [told for told in some if (told.household, told.channel) not in known]


def _tried(session: Session, rules: Sequence[Rule], settings: Settings, now: datetime) -> Night:
    """Evaluate and plan by *rules*, read what that led to, and take it back."""
    trial = session.begin_nested()
    crossings = evaluate(session, rules, settings=settings, now=now)
    plan(session, settings=settings, now=now)
    told = standing(session, settings)
    release_baseline(session, _EVERYBODY, by="what if", now=now)
    plan(session, settings=settings, now=now)
    night = Night(told, standing(session, settings), _to_people(crossings, rules))
    trial.rollback()
    session.expire_all()
    return night


def standing(session: Session, settings: Settings) -> tuple[Told, ...]:
    """What is planned or skipped for crossings that run and speak, in order."""
    rows = session.scalars(
        select(PlannedMessage)
        .join(PlannedEpisode, PlannedEpisode.planned_id == PlannedMessage.id)
        .join(Episode, Episode.id == PlannedEpisode.episode_id)
        .where(Episode.state.in_([EpisodeState.OPEN, EpisodeState.BASELINE]), PlannedMessage.state.in_([*_LEAVING, State.SKIPPED]))
        .execution_options(populate_existing=True)
    )
    segments: dict[int | None, int] = {None: 1}
    return tuple(sorted((_told(session, row, settings, segments) for row in {row.id: row for row in rows}.values()), key=repr))


def _told(session: Session, row: PlannedMessage, settings: Settings, segments: dict[int | None, int]) -> Told:
    if row.approval_id not in segments:
        segments[row.approval_id] = measure(session.get_one(Approval, row.approval_id).translation_text).segments
    cost = settings.letter_price if row.channel == Channel.LETTER else settings.segment_price * segments[row.approval_id]
    return Told(
        row.household,
        row.channel,
        tuple(row.student_ids),
        row.school_id,
        row.family_language,
        row.state,
        row.reason,
        cost if row.state in _LEAVING else Decimal(),
    )


def _to_people(crossings: Sequence[Crossing], rules: Sequence[Rule]) -> frozenset[tuple[str, str]]:
    asking = {rule.name for rule in rules if rule.case or rule.action != "message"}
    return frozenset((found.student_id, found.rule) for found in crossings if found.rule in asking)
