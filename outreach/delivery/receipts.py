"""Status callbacks: in any order, repeated, late, or about messages we do not know. The history keeps all, the state only grows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.delivery.errors import Action, meaning_of
from outreach.delivery.outcomes import act_on, answer_key, number_key
from outreach.delivery.tables import Attempt, CarrierStatus
from outreach.planning.states import State, may_move, move
from outreach.planning.tables import PlannedEpisode, PlannedMessage

STATES: Mapping[str, State] = {
    "accepted": State.ACCEPTED,
    "scheduled": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.UNDELIVERED,
    "failed": State.FAILED,
    "canceled": State.CANCELLED,
}
"""Twilio's word → our state."""
_RANKS = ("scheduled", "accepted", "queued", "sending", "sent", "undelivered", "failed", "canceled", "delivered", "read")
"""Twilio's words from the first to the last; what it says later in this order is not taken back by what it said before."""
UNCONFIRMED_AFTER = timedelta(hours=72)
"""Not every carrier sends receipts: a text that is only ``sent`` after this long is shown as unconfirmed, never as delivered."""


def take_status(session: Session, params: Mapping[str, str], ref: str, now: datetime) -> None:
    """Take one status callback in; *ref* is our reference from its address, by which a message whose answer was lost is found."""
    sid, word = params.get("MessageSid", ""), params.get("MessageStatus", "")
    if not sid or not word:
        return
    row = _message(session, sid, ref)
    code = params.get("ErrorCode", "") or ""
    if not _is_new(session, sid, word, CarrierStatus(ref=ref, planned_id=row.id if row else None, error_code=code, received_at=now)):
        return
    if row is not None:
        adopt(session, row, sid, word, code, now)


def adopt(session: Session, row: PlannedMessage, sid: str, word: str, code: str, now: datetime) -> None:
    """Let *row* be the carrier's message *sid* with its status *word*; a step back is ignored."""
    row.provider_sid = row.provider_sid or sid
    _call_back(session, row, now)
    for attempt in session.scalars(select(Attempt).where(Attempt.planned_id == row.id, Attempt.outcome.in_(("open", "uncertain")))):
        attempt.outcome, attempt.ended_at = "accepted", now
    state = STATES.get(word, State.ACCEPTED)
    if row.state == state:
        row.carrier_status = max(row.carrier_status, word, key=_rank)
    if row.state == state or not may_move(State(row.state), state):
        return
    late = state == State.DELIVERED and row.state in {State.UNDELIVERED, State.FAILED}
    row.state, row.carrier_status, row.changed_at = state.value, word, now
    row.sent_at = row.sent_at or now
    if state in {State.UNDELIVERED, State.FAILED}:
        meaning = meaning_of(code)
        row.error_code, row.reason = code, meaning.words
        act_on(session, row, meaning, now)
    else:
        row.reason = ""
    if late:
        _take_back_what_follows(session, row, now)


def _rank(word: str) -> int:
    return _RANKS.index(word) if word in _RANKS else -1


def _take_back_what_follows(session: Session, row: PlannedMessage, now: datetime) -> None:
    """The text arrived after all: what was planned in its place and has not left does not leave, and nobody need call."""
    if row.error_code and meaning_of(row.error_code).action == Action.SUPPRESS:
        consent.record(session, row.phone, Kind.UNSUPPRESSED, source=Source.CARRIER, by="carrier", now=now, note="a text arrived after all")
        resolve_key(session, number_key(row), by="receipt", now=now)
    row.error_code = ""
    following = PlannedMessage.retry_of_id == row.id, PlannedMessage.state.in_((State.PLANNED, State.HELD))
    for follower in session.scalars(select(PlannedMessage).where(*following).with_for_update()):
        follower.state, follower.changed_at = move(State(follower.state), State.CANCELLED), now
        follower.reason = "not needed: the first text arrived after all"
        if follower.channel == row.channel:  # the crossing was told by the first one
            mine = update(PlannedEpisode).where(PlannedEpisode.planned_id == follower.id)
            session.execute(mine.values(planned_id=row.id))
    for key in (answer_key(row), f"unreached:{row.id}"):
        resolve_key(session, key, by="receipt", now=now)


def _call_back(session: Session, row: PlannedMessage, now: datetime) -> None:
    """Keep a message from being asked for again that was given up as never taken, and was taken after all."""
    if row.state in {State.PLANNED, State.HELD, State.SKIPPED}:
        if row.state == State.SKIPPED:
            row.state = move(State.SKIPPED, State.PLANNED)
        row.state = move(move(State(row.state), State.SENDING), State.ACCEPTED)
        row.reason, row.changed_at, row.sent_at = "", now, row.sent_at or now
        newest = select(Attempt).where(Attempt.planned_id == row.id).order_by(Attempt.id.desc()).limit(1)
        for attempt in session.scalars(newest):
            attempt.outcome, attempt.ended_at = "accepted", now
    elif row.state == State.CANCELLED:
        resolve_key(session, answer_key(row), by="receipt", now=now)
        sentence = "A text that was cancelled after the carrier gave no answer did reach the carrier. The delivery page has its history."
        raise_item(
            session, kind="uncertain", key=f"uncertain:{row.id}", sentence=sentence, now=now, school_id=row.school_id,
            detail={"planned": row.id},
        )  # fmt: skip


def unconfirmed(now: datetime) -> Select[PlannedMessage]:
    """Texts that were sent long ago and never confirmed."""
    return select(PlannedMessage).where(PlannedMessage.state == State.SENT, PlannedMessage.sent_at < now - UNCONFIRMED_AFTER)


def _message(session: Session, sid: str, ref: str) -> PlannedMessage | None:
    """The message of a callback: by the carrier's name for it, else by our reference while it has no name yet."""
    named = or_(PlannedMessage.provider_sid == sid, (PlannedMessage.ref == ref) & (PlannedMessage.provider_sid == ""))
    return session.scalars(select(PlannedMessage).where(named).limit(1).with_for_update()).first()


def _is_new(session: Session, sid: str, word: str, values: CarrierStatus) -> bool:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = (
        insert(CarrierStatus)
        .values(
            provider_sid=sid,
            status=word,
            ref=values.ref,
            planned_id=values.planned_id,
            error_code=values.error_code,
            received_at=values.received_at,
        )
        .on_conflict_do_nothing(index_elements=["provider_sid", "status"])
        .returning(CarrierStatus.id)
    )
    return session.scalar(statement) is not None
