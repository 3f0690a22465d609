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
from outreach.attention.actions import raise_item, resolve_key
from outreach.attention.tables import AttentionItem
from outreach.clock import local_date, start_of_day
from outreach.delivery import instance
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
_TWICE = 2
_NEAR_CAP = 0.8
_GRACE = timedelta(minutes=15)
_PERIODS = 3
_BY = "watch"
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

    @property
    def rises(self) -> bool:
        """Whether a person should look: a quarter fails, or twice as many as usual and one in ten."""
        return self.ended >= _FEWEST and (self.share >= _MANY_FAILED or (self.share >= _SOME_FAILED and self.share >= _TWICE * self.before))


def measures(session: Session, settings: Settings, now: datetime) -> Iterator[Measure]:
    """Everything that is measured, in the order of names."""
    yield from _jobs(session)
    yield from _messages(session, settings, now)
    for source in session.scalars(select(FeedSource).order_by(FeedSource.name)):
        labels = (("source", source.name),)
        yield Measure("feed_last_delivery_timestamp_seconds", "When a feed last came", source.last_delivered_at.timestamp(), labels)
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
    yield Measure("segments_today", "Segments asked of the carrier today", spending.segments(session, today))
    yield Measure("spent_today_dollars", "What today's capped texts cost", _spent(session, settings, now))
    yield Measure("daily_spending_cap_dollars", "What they may cost", float(settings.daily_spending_cap))


def failing(session: Session, now: datetime) -> Failing:
    """How many texts did not arrive in the last day, and in the seven days before it."""
    today, week = (_share(session, start, end) for start, end in ((now - _DAY, now), (now - 8 * _DAY, now - _DAY)))
    return Failing(today[0], week[0], today[1])


def _share(session: Session, start: datetime, end: datetime) -> tuple[float, int]:
    asked = select(PlannedMessage.state, func.count()).where(_TEXT, PlannedMessage.claimed_at >= start, PlannedMessage.claimed_at < end)
    found = dict(session.execute(asked.group_by(PlannedMessage.state)).all())
    ended = sum(found.get(state, 0) for state in _ENDED)
    return (sum(found.get(state, 0) for state in _FAILED) / ended if ended else 0.0), ended


def _spent(session: Session, settings: Settings, now: datetime) -> float:
    return float(settings.daily_spending_cap - spending.purse(session, settings, now).left)


def watch(session: Session, settings: Settings, now: datetime) -> None:
    """Put before a person what goes wrong with the service itself, and take it back once it is well."""
    for run in runs.all_runs(session):
        waited = now - run.ended_at if run.ended_at else timedelta()
        silent = waited > _PERIODS * timedelta(seconds=run.every_seconds) + _GRACE or (run.ended_at is None and run.failures >= _PERIODS)
        last = f"has not come to a good end since {run.ended_at:%Y-%m-%d %H:%M} UTC" if run.ended_at else "has never come to a good end"
        why = f" It failed {run.failures} times in a row ({run.problem})." if run.problem else ""
        sentence = f"The job {run.job!r} {last}.{why} Tell IT; docs/operations.md says what each job does."
        _say(session, f"job:{run.job}", sentence if silent else "", now, urgent=True)
    failed = failing(session, now)
    sentence = (
        f"{failed.share:.0%} of the last day's {failed.ended} texts did not arrive; in the week before it was {failed.before:.0%}. "
        "Look at the page Delivery for the reasons."
    )
    _say(session, "failing", sentence if failed.rises else "", now)
    spent, cap = _spent(session, settings, now), float(settings.daily_spending_cap)
    near = f"Today's texts have cost ${spent:.2f} of the ${cap:.2f} that they may." if spent >= _NEAR_CAP * cap > 0 else ""
    _say(session, "spending:near", near, now)


def _say(session: Session, key: str, sentence: str, now: datetime, *, urgent: bool = False) -> None:
    """Say what is wrong; an empty sentence says that it is well again."""
    if sentence:
        raise_item(session, kind="service", key=f"service:{key}", sentence=sentence, now=now, urgent=urgent)
    else:
        resolve_key(session, f"service:{key}", by=_BY, now=now)
