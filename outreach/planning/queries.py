"""Reads that planning rests on: which crossings wait, which have spoken, and who heard from us lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.planning.nudges import Draft
from outreach.planning.reasons import Reason
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.thresholds.rules import Rule
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode, RuleVersion

_SILENT = (State.SKIPPED, State.CANCELLED)
"""States of rows that told the family nothing."""
_NOT_TOLD = (State.SKIPPED, State.CANCELLED, State.FAILED, State.UNDELIVERED)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Waiting:
    """A running episode that may speak; *baseline* ones wait for a person."""

    episode_id: int
    student_id: str
    rule: Rule
    baseline: bool


def waiting_episodes(session: Session) -> list[Waiting]:
    """Episodes that are open or baseline, each with the rule as it was when it crossed."""
    rows = session.execute(
        select(Episode, RuleVersion)
        .join(RuleVersion, RuleVersion.id == Episode.rule_version_id)
        .where(Episode.state.in_((EpisodeState.OPEN, EpisodeState.BASELINE)))
        .order_by(Episode.id)
    )
    return [Waiting(episode.id, episode.student_id, rule_of(version), episode.state == EpisodeState.BASELINE) for episode, version in rows]


def rule_of(version: RuleVersion) -> Rule:
    """The rule as stored."""
    return Rule(name=version.rule, **version.definition)


def unspoken(session: Session, household: str, channel: str, items: Sequence[Waiting]) -> list[Waiting]:
    """The crossings for which this household was told nothing on this channel yet."""
    spoken = select(PlannedEpisode.episode_id).join(PlannedMessage, PlannedMessage.id == PlannedEpisode.planned_id)
    spoken = spoken.where(
        PlannedEpisode.household == household,
        PlannedEpisode.channel == channel,
        PlannedEpisode.episode_id.in_([item.episode_id for item in items]),
        PlannedMessage.state.not_in(_SILENT),
    )
    done = set(session.scalars(spoken))
    return [item for item in items if item.episode_id not in done]


def earlier_rows(session: Session, draft: Draft, items: Sequence[Waiting]) -> list[PlannedMessage]:
    """Silent rows of the same crossings, household and channel: skips, and messages that were cancelled."""
    statement = (
        select(PlannedMessage)
        .join(PlannedEpisode, PlannedEpisode.planned_id == PlannedMessage.id)
        .where(
            PlannedEpisode.household == draft.household,
            PlannedEpisode.channel == draft.channel,
            PlannedEpisode.episode_id.in_([item.episode_id for item in items]),
        )
        .order_by(PlannedMessage.id)
    )
    return list(session.scalars(statement).unique())


@dataclass
class Rhythm:
    """How lately families heard from us, so that nobody hears too often."""

    now: datetime
    told: dict[tuple[str, str, str, str], datetime] = field(default_factory=dict)
    """(household, channel, student, rule) → when a message about it was planned last."""
    texts: dict[str, list[datetime]] = field(default_factory=dict)
    """Household → when count texts were planned in the last seven days."""
    weekly_cap: int = 1

    def refusal(self, draft: Draft, items: Sequence[Waiting]) -> str:
        """Why it is too soon; empty where it is not. Once per rule and child in its cool-down, and a weekly cap of texts."""
        for item in items:
            last = self.told.get((draft.household, draft.channel, item.student_id, item.rule.name))
            if last is not None and self.now - last < timedelta(days=item.rule.cool_down):
                return Reason.TOO_SOON
        if draft.channel == Channel.SMS and len(self.texts.get(draft.household, ())) >= self.weekly_cap:
            return Reason.TOO_SOON
        return ""

    def spoke(self, row: PlannedMessage) -> None:
        """Remember what this run has planned."""
        if row.state == State.PLANNED and row.channel == Channel.SMS:
            self.texts.setdefault(row.household, []).append(self.now)


def rhythm(session: Session, now: datetime, *, but: int | None = None, weekly_cap: int = 1, longest: int = 366) -> Rhythm:
    """Read who was told what; *but* leaves one message out (the one that asks)."""
    found = Rhythm(now, weekly_cap=weekly_cap)
    statement = (
        select(PlannedMessage, Episode.student_id, Episode.rule)
        .join(PlannedEpisode, PlannedEpisode.planned_id == PlannedMessage.id)
        .join(Episode, Episode.id == PlannedEpisode.episode_id)
        .where(
            PlannedMessage.message_class == MessageClass.NUDGE,
            PlannedMessage.state.not_in(_NOT_TOLD),
            PlannedMessage.created_at > now - timedelta(days=longest),
            PlannedMessage.id != (but or 0),
        )
    )
    seen: set[int] = set()
    for row, student_id, rule in session.execute(statement):
        key = (row.household, row.channel, student_id, rule)
        found.told[key] = max(found.told.get(key, row.created_at), row.created_at)
        if row.channel == Channel.SMS and row.id not in seen and now - row.created_at < _WEEK:
            seen.add(row.id)
            found.texts.setdefault(row.household, []).append(row.created_at)
    return found
