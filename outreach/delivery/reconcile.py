"""Messages without a clear answer are looked up in the carrier's list: found, they are adopted; missing twice, asked once more.

Protocol: never resend at once, because a request whose answer was lost may well have been taken.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item
from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery.provider import Listed, Provider
from outreach.delivery.receipts import adopt
from outreach.delivery.tables import Attempt
from outreach.planning.states import State, move
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

FIRST_LOOK = timedelta(minutes=2)
"""A message just taken may not be in the list yet."""
BETWEEN_LOOKS = timedelta(minutes=10)
_CLOCKS_DIFFER = timedelta(minutes=5)
"""The carrier's clock and ours need not agree to the second."""
_CLEAN_PASSES = 2


@dataclass
class ReconcileReport:
    """What a reconciliation did."""

    adopted: int = 0
    requeued: int = 0
    for_a_person: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class _Doubtful:
    planned_id: int
    attempt_id: int
    phone: str
    body: str
    started_at: datetime


def reconcile(database: Database, provider: Provider, settings: Settings, clock: Clock) -> ReconcileReport:
    """Look every uncertain message up whose time for a look has come. The carrier is asked outside any transaction."""
    del settings
    report = ReconcileReport()
    for doubtful in _due(database, clock.now()):
        try:
            listed = provider.sent_to(doubtful.phone, doubtful.started_at - _CLOCKS_DIFFER)
        except OSError:
            report.waiting += 1
            continue
        with database.write() as session:
            _settle(session, doubtful, listed, clock.now(), report)
    return report


def _due(database: Database, now: datetime) -> list[_Doubtful]:
    found = []
    with database.read() as session:
        rows = session.execute(
            select(PlannedMessage, Attempt)
            .join(Attempt, Attempt.planned_id == PlannedMessage.id)
            .where(PlannedMessage.state == State.UNCERTAIN, Attempt.outcome == "uncertain", Attempt.clean_passes < _CLEAN_PASSES)
            .order_by(Attempt.id)
        )
        for row, attempt in rows:
            wait = attempt.started_at + FIRST_LOOK if attempt.last_pass_at is None else attempt.last_pass_at + BETWEEN_LOOKS
            if wait <= now:
                found.append(_Doubtful(row.id, attempt.id, row.phone, row.body, attempt.started_at))
    return found


def _settle(session: Session, doubtful: _Doubtful, listed: list[Listed], now: datetime, report: ReconcileReport) -> None:
    row = session.get_one(PlannedMessage, doubtful.planned_id, with_for_update=True)
    attempt = session.get_one(Attempt, doubtful.attempt_id)
    if row.state != State.UNCERTAIN:
        return
    named = set(
        session.scalars(select(PlannedMessage.provider_sid).where(PlannedMessage.phone == row.phone, PlannedMessage.provider_sid != ""))
    )
    mine = next((message for message in listed if message.body == row.body and message.sid not in named), None)
    if mine is not None:
        adopt(session, row, mine.sid, mine.status, mine.error_code, now)
        report.adopted += 1
        return
    attempt.clean_passes, attempt.last_pass_at = attempt.clean_passes + 1, now
    if attempt.clean_passes < _CLEAN_PASSES:
        report.waiting += 1
    elif row.requeued == 0:
        attempt.outcome, attempt.ended_at = "not_sent", now
        row.state, row.reason, row.changed_at = move(State.UNCERTAIN, State.PLANNED), "", now
        row.requeued, row.due_at = 1, now
        report.requeued += 1
    else:
        row.reason = "the carrier never answered twice; a person decides"
        sentence = "A text was given to the carrier twice without an answer and stands in no list. Ask the family another way."
        raise_item(
            session,
            kind="uncertain",
            key=f"uncertain:{row.id}",
            sentence=sentence,
            now=now,
            school_id=row.school_id,
            detail={"planned": row.id},
        )
        report.for_a_person += 1


def unsettled(session: Session, phones: Collection[str]) -> dict[int, tuple[str, str]]:
    """Texts to *phones* that may be with the carrier without our knowing: row → number, words.

    The carrier's list names no reference of ours. Of two such texts with the same words it could not tell which one it shows, so the
    second waits until the first is settled.
    """
    rows = (
        select(PlannedMessage.id, PlannedMessage.phone, PlannedMessage.body)
        .join(Attempt, Attempt.planned_id == PlannedMessage.id)
        .where(PlannedMessage.phone.in_(phones), *doubts(PlannedMessage, Attempt))
    )
    return {row: (phone, body) for row, phone, body in session.execute(rows)}


def doubts(message: type[PlannedMessage], attempt: type[Attempt]) -> tuple[ColumnElement[bool], ...]:
    """What is true of a text, and of its attempt, that may be with the carrier without our knowing."""
    asked = attempt.outcome.in_(("open", "uncertain")), attempt.clean_passes < _CLEAN_PASSES
    return (message.state.in_((State.SENDING, State.UNCERTAIN)), *asked)
