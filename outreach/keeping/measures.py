"""What a service is measured by while it runs, from the district's own rows: whichever process is asked says the same.

Numbers only: no name, number, word or id of a family.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance.tables import FeedSource
from outreach.attention import runs
from outreach.attention.tables import AttentionItem
from outreach.clock import local_date, start_of_day
from outreach.delivery import instance
from outreach.delivery.filtering import FILTERED
from outreach.delivery.tables import WebhookEvent
from outreach.planning import spending
from outreach.planning.states import Channel, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

_DAY = timedelta(days=1)
_FAILED = (State.FAILED, State.UNDELIVERED)
_ENDED = (*_FAILED, State.SENT, State.DELIVERED)
_FEWEST = 20
"""Texts that ended in a day, below which a share says nothing."""
_MANY_FAILED, _SOME_FAILED = 0.25, 0.1
_SOME_FILTERED = 0.03
"""A filter that begins to stop a sender's texts goes on until somebody looks; a few in a hundred are its beginning."""
_TWICE = 2
_TEXT = PlannedMessage.channel == Channel.SMS


@dataclass(frozen=True)
class Measure:
    """One number: its name without the prefix, what it means, and its labels."""

    name: str
    about: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Failing:
    """Texts that ended without arriving, today and in the week before."""

    share: float
    before: float
    ended: int
    filtered: int
    """Of those of the last day: stopped by a carrier's filter."""
    filtered_before: float
    """The share that filters stopped in the week before."""

    @property
    def rises(self) -> bool:
        """Whether a person should look: a quarter fails, or one in ten and twice the usual, or the filters' part begins to grow."""
        if self.ended < _FEWEST:
            return False
        grown = self.share >= _SOME_FAILED and self.share >= _TWICE * self.before
        filtered = self.filtered / self.ended
        return self.share >= _MANY_FAILED or grown or (filtered >= _SOME_FILTERED and filtered >= _TWICE * self.filtered_before)


def measures(session: Session, settings: Settings, now: datetime) -> Iterator[Measure]:
    """Everything that is measured, in the order of names."""
    yield from _jobs(session)
    yield from _messages(session, settings, now)
    for source, last in last_deliveries(session):
        yield Measure("feed_last_delivery_timestamp_seconds", "When a feed last came", last.timestamp(), (("source", source),))
    items = select(AttentionItem.kind, func.count()).where(AttentionItem.resolved_at.is_(None)).group_by(AttentionItem.kind)
    for kind, number in session.execute(items.order_by(AttentionItem.kind)):
        yield Measure("attention_open", "Things that wait for a person", number, (("kind", kind),))
    waiting = session.scalar(select(func.count()).select_from(WebhookEvent).where(WebhookEvent.processed_at.is_(None))) or 0
    yield Measure("webhooks_waiting", "Requests of the carrier that nobody has worked on", waiting)
    yield Measure("held", "1 where nothing leaves because this is a copy", float(instance.is_held(session)))


def _jobs(session: Session) -> Iterator[Measure]:
    found = runs.all_runs(session)
    for run in found:
        ended = run.ended_at.timestamp() if run.ended_at else 0.0
        yield Measure("job_last_success_timestamp_seconds", "When a job last came to its good end", ended, (("job", run.job),))
    for run in found:
        yield Measure("job_failures", "How often in a row a job has failed", run.failures, (("job", run.job),))


def _messages(session: Session, settings: Settings, now: datetime) -> Iterator[Measure]:
    states = select(PlannedMessage.channel, PlannedMessage.state, func.count()).group_by(PlannedMessage.channel, PlannedMessage.state)
    for channel, state, number in session.execute(states.order_by(PlannedMessage.channel, PlannedMessage.state)):
        yield Measure("messages", "Messages by channel and state", number, (("channel", channel), ("state", state)))
    oldest = session.scalar(select(func.min(PlannedMessage.due_at)).where(PlannedMessage.state == State.PLANNED, _TEXT))
    late = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    yield Measure("oldest_due_seconds", "For how long the oldest text that may leave has waited", late)
    failed = failing(session, now)
    yield Measure("texts_failed_ratio", "Share of the last day's texts that did not arrive", failed.share)
    today = start_of_day(local_date(now, settings.zone), settings.zone)
    yield Measure("texts_filtered", "Texts of the last day that a carrier's filter stopped", failed.filtered)
    yield Measure("segments_today", "Segments asked of the carrier today", spending.segments(session, today))
    yield Measure("spent_today_dollars", "What today's capped texts cost", spent(session, settings, now))
    yield Measure("daily_spending_cap_dollars", "What they may cost", float(settings.daily_spending_cap))


def last_deliveries(session: Session) -> list[tuple[str, datetime]]:
    """Each feed by name, and when it last came."""
    return [(source.name, source.last_delivered_at) for source in session.scalars(select(FeedSource).order_by(FeedSource.name))]


def failing(session: Session, now: datetime) -> Failing:
    """How many texts did not arrive in the last day, and in the seven days before it."""
    today, week = (_ended(session, start, end) for start, end in ((now - _DAY, now), (now - 8 * _DAY, now - _DAY)))
    return Failing(today.share_of(today.failed), week.share_of(week.failed), today.ended, today.filtered, week.share_of(week.filtered))


@dataclass(frozen=True)
class _Ended:
    """Texts of some days that came to an end."""

    ended: int
    failed: int
    filtered: int

    def share_of(self, some: int) -> float:
        return some / self.ended if self.ended else 0.0


def _ended(session: Session, start: datetime, end: datetime) -> _Ended:
    when = _TEXT, PlannedMessage.claimed_at >= start, PlannedMessage.claimed_at < end
    found = dict(session.execute(select(PlannedMessage.state, func.count()).where(*when).group_by(PlannedMessage.state)).all())
    stopped = select(func.count()).select_from(PlannedMessage).where(*when, PlannedMessage.error_code == FILTERED)
    ended, failed = (sum(found.get(state, 0) for state in states) for states in (_ENDED, _FAILED))
    return _Ended(ended, failed, session.scalar(stopped) or 0)


def spent(session: Session, settings: Settings, now: datetime) -> float:
    """What today's capped texts cost, in dollars."""
    return float(settings.daily_spending_cap - spending.purse(session, settings, now).left)
