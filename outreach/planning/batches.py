"""What one planning run wants to send, as one batch: a mass-send waits for a second person, and a person can take a batch back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.clock import local_date, start_of_day
from outreach.district.tables import Enrolment
from outreach.planning.reasons import Reason
from outreach.planning.states import Channel, MessageClass, State, move
from outreach.planning.tables import MessageBatch, PlannedMessage
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.thresholds.tables import Episode

_USUAL_DAYS = 20
"""What is usual is the mean of so many planning days, …"""
_ENOUGH_DAYS = 5
"""… and unknown before there were so many."""
_LOOK_BACK = timedelta(days=60)


class SecondPersonError(PermissionError):
    """Somebody else must let these messages go: you released the children whom they are about."""


class NoSuchBatchError(LookupError):
    """There is no such batch."""


def is_mass_send(today: int, usual: Fraction | None, enrolled: int, settings: Settings) -> bool:
    """Whether *today*'s messages are so many that a second person must look: pure.

    *usual* is how many a day has; None where that is not known yet. *enrolled* is how many children the district has.
    """
    if today <= settings.breaker_minimum:
        return False
    return (usual is not None and today > settings.breaker_times * usual) or 100 * today > settings.breaker_percent * enrolled


def gather(
    session: Session,
    rows: Sequence[PlannedMessage],
    episodes: Sequence[int],
    settings: Settings,
    now: datetime,
    by: str,
    *,
    asks: bool = False,
    started_by: Sequence[str] = (),
) -> None:
    """Put the messages of one planning run into a batch, and let it wait where a person must look first; skips belong to none.

    *rows* are not written yet; *episodes* are the crossings they speak for; *asks* says that their rules want a person to look;
    *started_by* are further people of whom none lets a mass-send go.
    """
    leaving = [row for row in rows if row.state == State.PLANNED]
    if not leaving:
        return
    batch = MessageBatch(
        planned_at=now, planned_by=by, messages=len(leaving), started_by=sorted({*_released_by(session, episodes), *started_by})
    )
    batch.waits = _waits(session, len(leaving), settings, now) or (Reason.BATCH_WAITS.value if asks else "")
    batch.mass_send, batch.decided_at, batch.decided_by = batch.waits == Reason.MASS_SEND, None, ""
    session.add(batch)
    session.flush()
    for row in leaving:
        row.batch_id = batch.id
        if batch.waits:
            row.state, row.reason = move(State.PLANNED, State.WAITING), batch.waits
    if batch.waits:
        sentence = (
            f"{batch.messages:,} messages wait for a person before they leave ({batch.waits.split(':')[0]}). Look at the page Sending."
        )
        raise_item(session, kind="batch", key=_key(batch.id), sentence=sentence, now=now, urgent=batch.waits == Reason.MASS_SEND)


def approve(session: Session, batch_id: int, *, by: str, now: datetime) -> int:
    """Let a waiting batch go, and return how many messages that frees. Raises SecondPersonError, NoSuchBatchError.

    A text that has waited long gets as much time to leave as it had; all are checked again before they do.
    """
    batch = _locked(session, batch_id)
    if batch.mass_send and staff.addresses(session, by) & set(batch.started_by):
        raise SecondPersonError(SecondPersonError.__doc__)
    if not batch.waits:
        return 0
    waited = now - (batch.decided_at or batch.planned_at)
    ours = {reason.value for reason in Reason}  # letters may also wait with a batch of their own, which has other words for it
    rows = [row for row in _rows(session, batch_id, State.WAITING) if row.reason in ours]
    for row in rows:
        row.state, row.reason, row.changed_at = move(State.WAITING, State.PLANNED).value, "", now
        if row.expires_at and row.message_class != MessageClass.CAMPAIGN:  # a campaign keeps its own last day
            row.expires_at += waited
    batch.waits, batch.decided_at, batch.decided_by = "", now, by
    resolve_key(session, _key(batch_id), by=by, now=now)
    return len(rows)


def take_back(session: Session, batch_id: int, *, by: str, now: datetime) -> int:
    """Hold what has not left of a batch until a person lets it go again, and return how many messages that holds."""
    batch = _locked(session, batch_id)
    rows = _rows(session, batch_id, State.PLANNED, State.HELD)
    for row in rows:
        row.state, row.reason, row.changed_at = move(State(row.state), State.WAITING).value, Reason.TAKEN_BACK.value, now
    batch.waits, batch.decided_at, batch.decided_by = Reason.TAKEN_BACK.value, now, by
    sentence = f"{len(rows):,} messages were taken back and wait until a person lets them go again. Look at the page Sending."
    raise_item(session, kind="batch", key=_key(batch_id), sentence=sentence, now=now)
    return len(rows)


def call_off(session: Session, batch_id: int, *, by: str, now: datetime) -> int:
    """Cancel what has not left of a batch, for good, and return how many messages that is."""
    batch = _locked(session, batch_id)
    rows = _rows(session, batch_id, State.PLANNED, State.HELD, State.WAITING)
    for row in rows:
        row.state, row.reason, row.changed_at = move(State(row.state), State.CANCELLED).value, Reason.DISMISSED.value, now
    batch.waits, batch.decided_at, batch.decided_by = "", now, by
    resolve_key(session, _key(batch_id), by=by, now=now)
    return len(rows)


def waiting_texts(session: Session) -> dict[str, int]:
    """Why texts wait for a person → how many."""
    held = PlannedMessage.state == State.WAITING, PlannedMessage.channel == Channel.SMS
    found = select(PlannedMessage.reason, func.count()).where(*held).group_by(PlannedMessage.reason)
    return {row.reason: row[1] for row in session.execute(found)}


def _locked(session: Session, batch_id: int) -> MessageBatch:
    batch = session.get(MessageBatch, batch_id, with_for_update=True)
    if batch is None:
        raise NoSuchBatchError(NoSuchBatchError.__doc__)
    return batch


def _rows(session: Session, batch_id: int, *states: State) -> Sequence[PlannedMessage]:
    """The rows of a batch in some states; what a sender holds at this moment is on its way and is waited for."""
    mine = PlannedMessage.batch_id == batch_id, PlannedMessage.state.in_(states)
    return session.scalars(select(PlannedMessage).where(*mine).order_by(PlannedMessage.id).with_for_update()).all()


def _waits(session: Session, messages: int, settings: Settings, now: datetime) -> str:
    zone = settings.zone
    since = start_of_day(local_date(now - _LOOK_BACK, zone), zone)
    by_day: Counter[object] = Counter()
    for row in session.execute(select(MessageBatch.planned_at, MessageBatch.messages).where(MessageBatch.planned_at >= since)):
        by_day[local_date(row.planned_at, zone)] += row.messages
    today = by_day.pop(local_date(now, zone), 0) + messages
    if today > settings.breaker_minimum and is_mass_send(today, _usual(by_day), _enrolled(session, settings, now), settings):
        return Reason.MASS_SEND.value
    return Reason.BATCH_WAITS.value if settings.batches_wait else ""


def _usual(by_day: Counter[object]) -> Fraction | None:
    lately = [by_day[day] for day in sorted(by_day, key=str)[-_USUAL_DAYS:]]
    return Fraction(sum(lately), len(lately)) if len(lately) >= _ENOUGH_DAYS else None


def _enrolled(session: Session, settings: Settings, now: datetime) -> int:
    today = local_date(now, settings.zone)
    here = Enrolment.entry_date <= today, Enrolment.exit_date.is_(None) | (Enrolment.exit_date >= today)
    return session.scalar(select(func.count(Enrolment.student_id.distinct())).where(*here)) or 0


def _released_by(session: Session, episodes: Sequence[int], size: int = 500) -> list[str]:
    """The people who released the baselines behind some crossings."""
    found: set[str] = set()
    for some in (episodes[start : start + size] for start in range(0, len(episodes), size)):
        people = select(Episode.released_by).where(Episode.id.in_(some), Episode.released_by != "").distinct()
        found.update(session.scalars(people))
    return sorted(found)


def _key(batch_id: int) -> str:
    return f"batch:{batch_id}"
