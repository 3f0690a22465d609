"""The carrier's answer to one request goes into the message's row, and what it asks for is done."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item
from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery import drift, filtering
from outreach.delivery.errors import Action, Meaning, meaning_of
from outreach.delivery.provider import Answer, Outcome
from outreach.delivery.report import DispatchReport
from outreach.delivery.tables import Attempt
from outreach.planning.states import MessageClass, State, may_move
from outreach.planning.tables import PlannedMessage

SET_UP = "dispatch:set-up"
"""While an item of this key is open nothing leaves: our own set-up is wrong until a person says that it is mended."""
_BUSY = timedelta(minutes=1)
"""When to ask again after the carrier was too busy to take anything."""


def record(database: Database, planned_id: int, attempt_id: int, answer: Answer, now: datetime, report: DispatchReport) -> None:
    """Write what the carrier answered; a receipt that came first is not undone."""
    with database.write() as session:
        row, attempt = _asked(session, planned_id, attempt_id)
        attempt.outcome, attempt.ended_at = answer.outcome.value, now
        attempt.error_code, attempt.detail = answer.error_code, answer.detail
        match answer.outcome:
            case Outcome.ACCEPTED:
                _accepted(row, answer, now)
            case Outcome.REFUSED:
                _refused(session, row, answer, now, report)
            case Outcome.TRY_LATER:
                _move(row, State.PLANNED, "the carrier is busy; asked again soon", now)
                row.due_at = now + _BUSY
            case Outcome.UNCERTAIN:
                _move(row, State.UNCERTAIN, "no clear answer from the carrier; being looked up", now)
        report.counts[answer.outcome.value] += 1


def _asked(session: Session, planned_id: int, attempt_id: int) -> tuple[PlannedMessage, Attempt]:
    """The message, locked, and the attempt, in one query: this is done for every text."""
    both = select(PlannedMessage, Attempt).join(Attempt, Attempt.id == attempt_id).where(PlannedMessage.id == planned_id)
    row, attempt = session.execute(both.with_for_update(of=PlannedMessage)).one()
    return row, attempt


def _accepted(row: PlannedMessage, answer: Answer, now: datetime) -> None:
    row.provider_sid = answer.sid
    row.sent_at = row.sent_at or now
    row.carrier_status = row.carrier_status or answer.status
    _move(row, State.ACCEPTED, "", now)


def _refused(session: Session, row: PlannedMessage, answer: Answer, now: datetime, report: DispatchReport) -> None:
    meaning = meaning_of(answer.error_code)
    row.error_code = answer.error_code
    if meaning.action in {Action.RETRY, Action.STOP_ALL}:
        # the carrier took nothing, so the message itself is sound and waits
        _move(row, State.PLANNED, meaning.words, now)
        row.due_at = now + _BUSY * 15
    else:
        _move(row, State.FAILED, meaning.words, now)
    act_on(session, row, meaning, now)
    if meaning.action == Action.STOP_ALL:
        report.stopped = meaning.words
    if meaning.action in {Action.STOP_ALL, Action.FIX}:
        report.errors_for_a_person += 1


def act_on(session: Session, row: PlannedMessage, meaning: Meaning, now: datetime) -> None:
    """Do what an error asks for beyond the message itself: suppress the number, note the opt-out, stop the words, call a person."""
    match meaning.action:
        case Action.OPT_OUT:
            drift.note(session, row.phone, now=now)
            consent.record(session, row.phone, Kind.OPT_OUT, source=Source.CARRIER, by="carrier", now=now, note=row.error_code)
        case Action.SUPPRESS:
            consent.record(session, row.phone, Kind.SUPPRESSED, source=Source.CARRIER, by="carrier", now=now, note=meaning.words)
            sentence = f"A number cannot be texted ({meaning.words}). Ask the family for another and correct it in the SIS."
            raise_item(
                session, kind="number", key=number_key(row), sentence=sentence, now=now, school_id=row.school_id,
                detail={"planned": row.id},
            )  # fmt: skip
        case Action.STOP_ALL:
            sentence = f"{meaning.words}. No text leaves until this is mended and marked as done here."
            raise_item(session, kind="dispatch", key=SET_UP, sentence=sentence, now=now, urgent=True)
        case Action.FIX:
            sentence = f"A text could not be sent: {meaning.words}. Look at message {row.message or 'typed by staff'}."
            raise_item(session, kind="words", key=f"words:{row.message}:{row.error_code}", sentence=sentence, now=now)
            filtering.stop_if_filtered(session, row, now)
        case Action.RETRY | Action.FAILED:
            pass
    if row.state in {State.FAILED, State.UNDELIVERED}:
        tell_writer(session, row, meaning.words, now)


def tell_writer(session: Session, row: PlannedMessage, why: str, now: datetime) -> None:
    """Tell whoever typed an answer that it did not reach the family; of other messages the tables know what follows."""
    if row.message_class == MessageClass.ANSWER:
        sentence = f"The answer that {row.created_by} sent to a family did not reach them ({why}). Call them, or write a letter."
        raise_item(
            session, kind="answer", key=answer_key(row), sentence=sentence, now=now, school_id=row.school_id,
            detail={"planned": row.id, "for": row.created_by},
        )  # fmt: skip


def number_key(row: PlannedMessage) -> str:
    """The key of what a person sees while an adult's number cannot be texted."""
    return f"number:{row.contact_id or row.id}"


def answer_key(row: PlannedMessage) -> str:
    """The key of what a person sees while an answer of theirs has not arrived."""
    return f"answer:{row.id}"


def _move(row: PlannedMessage, to: State, reason: str, now: datetime) -> None:
    """Move where the table allows; where a receipt was faster, its state stands."""
    if may_move(State(row.state), to):
        row.state, row.reason, row.changed_at = to.value, reason, now
