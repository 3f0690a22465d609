"""Reads that planning rests on: which crossings wait, what was said of them, and who heard from us lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from outreach.district.households import Household
from outreach.district.overlays import merged_away
from outreach.planning.reasons import Reason
from outreach.planning.states import TOLD, Channel, MessageClass, State
from outreach.planning.tables import MessageBatch, PlannedEpisode, PlannedMessage
from outreach.thresholds.rules import Rule
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode, RuleVersion

SILENT = frozenset({State.SKIPPED, State.CANCELLED})
"""States of rows that told the family nothing."""
_PENDING = frozenset({State.PLANNED, State.HELD})
_LOST = frozenset({State.FAILED, State.UNDELIVERED})
"""Told, as far as we are concerned, but it did not arrive: it weighs on nobody's week."""
_RUNNING = (EpisodeState.OPEN, EpisodeState.BASELINE, EpisodeState.PASSED)
_WEEK = timedelta(days=7)
_SCHOOL_YEAR = timedelta(days=300)


@dataclass(frozen=True)
class Waiting:
    """A running episode: an *open* one may speak, a *baseline* one waits for a person, a *passed* one is spoken for by a higher rung."""

    episode_id: int
    student_id: str
    rule: Rule
    state: EpisodeState
    school_year: date
    """Its first day."""

    @property
    def baseline(self) -> bool:
        """Whether it waits for a person's release."""
        return self.state == EpisodeState.BASELINE

    @property
    def passed(self) -> bool:
        """Whether a higher rung speaks in its place."""
        return self.state == EpisodeState.PASSED


def waiting_episodes(session: Session) -> list[Waiting]:
    """The episodes that are not closed, each with the rule as it was when it crossed."""
    return _waiting(session, Episode.state.in_(_RUNNING))


def heard_before(session: Session, planned: PlannedMessage) -> bool:
    """Whether this number, or the adult of a letter, was told the same of one of these children before, within a school year."""
    same = (PlannedMessage.message, planned.message), (PlannedMessage.channel, planned.channel)
    to_whom = PlannedMessage.phone == planned.phone if planned.phone else PlannedMessage.contact_id == planned.contact_id
    told = select(PlannedMessage.student_ids).where(
        *(column == value for column, value in same),
        to_whom,
        PlannedMessage.id != planned.id,
        PlannedMessage.state.in_(TOLD),
        PlannedMessage.created_at > planned.created_at - _SCHOOL_YEAR,
    )
    return any(not set(planned.student_ids).isdisjoint(children) for children in session.scalars(told))


def open_episodes_of(session: Session, planned_id: int) -> list[Waiting]:
    """The crossings a message speaks for that still stand open."""
    mine = select(PlannedEpisode.episode_id).where(PlannedEpisode.planned_id == planned_id)
    return _waiting(session, and_(Episode.id.in_(mine), Episode.state == EpisodeState.OPEN))


def told_in_vain() -> Select[int]:
    """The crossings (their ids) of which no further count is told, because the earlier ones did not help."""
    skipped = select(PlannedEpisode.episode_id).join(PlannedMessage, PlannedMessage.id == PlannedEpisode.planned_id)
    return skipped.where(PlannedMessage.state == State.SKIPPED, PlannedMessage.reason == Reason.TOLD_TWICE)


def taken_back(session: Session, planned: PlannedMessage) -> str:
    """Why the batch of a message waits for a person, whatever way the message came back into the outbox; empty where it does not."""
    batch = session.get(MessageBatch, planned.batch_id) if planned.batch_id is not None else None
    return batch.waits if batch else ""


def _waiting(session: Session, which: ColumnElement[bool]) -> list[Waiting]:
    columns = Episode.id, Episode.student_id, Episode.state, Episode.rule, Episode.rule_version_id, Episode.school_year
    statement = (
        select(*columns, RuleVersion.definition)
        .join(RuleVersion, RuleVersion.id == Episode.rule_version_id)
        .where(which, Episode.student_id.not_in(merged_away()))
        .order_by(Episode.id)
    )
    rules: dict[int, Rule] = {}
    found = []
    for row in session.execute(statement):
        if row.rule_version_id not in rules:
            rules[row.rule_version_id] = Rule(name=row.rule, **row.definition)
        found.append(Waiting(row.id, row.student_id, rules[row.rule_version_id], EpisodeState(row.state), row.school_year))
    return found


@dataclass(frozen=True)
class History:
    """What was planned for the running episodes."""

    rows: Mapping[int, PlannedMessage]
    by_episode: Mapping[tuple[int, str], tuple[tuple[int, str], ...]]
    """(episode, channel) → the rows that speak for it, each with the household it was for."""
    episodes: Mapping[int, frozenset[int]]
    """Row → the running episodes it speaks for."""

    def unspoken(self, household: Household | None, key: str, channel: Channel, items: Iterable[Waiting]) -> list[Waiting]:
        """The crossings of which this household was told nothing on this channel yet."""
        family = marks(household, key)
        return [item for item in items if not any(self._told(row, item, family) for row in self._rows(item, channel))]

    def _rows(self, item: Waiting, channel: Channel) -> Iterable[PlannedMessage]:
        return (self.rows[row_id] for row_id, _ in self.by_episode.get((item.episode_id, channel), ()))

    def _told(self, row: PlannedMessage, item: Waiting, family: frozenset[str]) -> bool:
        """Whether a row spoke (or is about to) of this child to this family, whatever its household was called then."""
        return row.state not in SILENT and item.student_id in row.student_ids and not family.isdisjoint(marks_of(row))

    def earlier(self, key: str, channel: Channel, items: Iterable[Waiting]) -> list[PlannedMessage]:
        """The rows that stand for the same crossings, household and channel, and said nothing of them: skips, cancelled messages."""
        found = {row for item in items for row, household in self.by_episode.get((item.episode_id, channel), ()) if household == key}
        return [self.rows[row] for row in sorted(found)]


def history(session: Session) -> History:
    """Read every row that speaks for an episode that is not closed."""
    statement = (
        select(PlannedMessage, PlannedEpisode.episode_id, PlannedEpisode.household)
        .join(PlannedEpisode, PlannedEpisode.planned_id == PlannedMessage.id)
        .join(Episode, Episode.id == PlannedEpisode.episode_id)
        .where(Episode.state.in_(_RUNNING))
        .execution_options(populate_existing=True)
    )
    rows: dict[int, PlannedMessage] = {}
    by_episode: defaultdict[tuple[int, str], tuple[tuple[int, str], ...]] = defaultdict(tuple)
    episodes: defaultdict[int, frozenset[int]] = defaultdict(frozenset)
    for row, episode_id, household in session.execute(statement):
        rows[row.id] = row
        by_episode[episode_id, row.channel] += ((row.id, household),)
        episodes[row.id] |= {episode_id}
    return History(rows, by_episode, episodes)


def marks(household: Household | None, key: str) -> frozenset[str]:
    """What a family is known by: its household's key, its adults, their numbers. A household may change its key, its people stay."""
    if household is None:
        return frozenset({f"household:{key}"})
    numbers = {f"phone:{phone.e164}" for adult in household.adults for phone in adult.phones if phone.e164}
    return frozenset({f"household:{key}"} | {f"contact:{adult.contact_id}" for adult in household.adults} | numbers)


def marks_of(row: PlannedMessage | Row[*tuple[object, ...]]) -> frozenset[str]:
    """What the family is known by to which a row went."""
    pairs = ("household", row.household), ("contact", row.contact_id), ("phone", row.phone)
    return frozenset(f"{kind}:{value}" for kind, value in pairs if value)


@dataclass
class Rhythm:
    """How lately families heard from us, so that nobody hears too often."""

    now: datetime
    weekly_cap: int
    told: dict[tuple[str, str, str, str], datetime] = field(default_factory=dict)
    """(mark of a family, channel, student, rule) → when it was told last."""
    texts: defaultdict[str, dict[int, datetime]] = field(default_factory=lambda: defaultdict(dict))
    """Mark of a family → when a count text left, or is to leave, in these seven days, by message."""

    def refusal(self, family: frozenset[str], channel: Channel, items: Iterable[Waiting]) -> str:
        """Why it is too soon; empty where it is not. Once per rule and child in its cool-down, and a weekly cap of texts."""
        for item in items:
            lately = (self.told.get((mark, channel, item.student_id, item.rule.name)) for mark in family)
            if any(at is not None and self.now - at < timedelta(days=item.rule.cool_down) for at in lately):
                return Reason.TOO_SOON
        heard = {message for mark in family for message in self.texts.get(mark, ())}
        return Reason.TOO_SOON if channel == Channel.SMS and len(heard) >= self.weekly_cap else ""

    def note(self, family: frozenset[str], channel: Channel, message: int, at: datetime) -> None:
        """Remember a text to a family."""
        if channel == Channel.SMS and self.now - at < _WEEK:
            for mark in family:
                self.texts[mark][message] = at


def rhythm(
    session: Session, now: datetime, *, weekly_cap: int, cool_down: int, of: PlannedMessage | None = None, family: Collection[str] = ()
) -> Rhythm:
    """Read who was told what, as far back as *cool_down* days or a week; what did not arrive, did not weigh.

    For a night's plan, messages that are still to leave weigh as well. At the release *of* one message to a *family*, only what has
    left does: each of the others is asked in its turn.
    """
    found = Rhythm(now, weekly_cap)
    at = func.coalesce(PlannedMessage.sent_at, PlannedMessage.claimed_at, PlannedMessage.due_at)
    columns = PlannedMessage.id, PlannedMessage.household, PlannedMessage.contact_id, PlannedMessage.phone, PlannedMessage.channel
    statement = (
        select(*columns, at.label("at"), Episode.student_id, Episode.rule)
        .join(PlannedEpisode, PlannedEpisode.planned_id == PlannedMessage.id)
        .join(Episode, Episode.id == PlannedEpisode.episode_id)
        .where(
            PlannedMessage.message_class == MessageClass.NUDGE,
            PlannedMessage.state.not_in(SILENT | _LOST | (_PENDING if of else frozenset())),
            at > now - max(_WEEK, timedelta(days=cool_down)),
        )
    )
    if of is not None:
        statement = statement.where(PlannedMessage.id != of.id, known_by(family))
    for row in session.execute(statement):
        told = marks_of(row)
        for mark in told:
            key = (mark, row.channel, row.student_id, row.rule)
            found.told[key] = max(found.told.get(key, row.at), row.at)
        found.note(told, Channel(row.channel), row.id, row.at)
    return found


def known_by(family: Collection[str]) -> ColumnElement[bool]:
    """The condition of a query for what went to a family with these marks."""
    columns = {"household": PlannedMessage.household, "contact": PlannedMessage.contact_id, "phone": PlannedMessage.phone}
    named = [mark.partition(":") for mark in sorted(family)]
    return or_(*(column.in_([value for kind, _, value in named if kind == name]) for name, column in columns.items()))


def longest_cool_down(items: Sequence[Waiting]) -> int:
    """The longest cool-down among the rules of some crossings, in days."""
    return max((item.rule.cool_down for item in items), default=0)
