"""What people do about a child's absence: planned for a day, done, or dropped, each step in one of the three layers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from outreach.cases import actions
from outreach.cases.actions import CaseError
from outreach.cases.barrier_words import shipped
from outreach.cases.events import add_event
from outreach.cases.help_states import StepState, move
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.states import EventKind
from outreach.cases.tables import Case
from outreach.planning.tables import PlannedMessage
from outreach.staff.actions import audit


@dataclass(frozen=True)
class Plan:
    """One step as a person writes it down."""

    kind: str
    words: str = ""
    due_on: date | None = None
    """The school's local date; None for what is done already."""
    barrier_id: int | None = None


def plan(session: Session, case: Case, wanted: Plan, *, account_id: int, by: str, now: datetime) -> Step:
    """Plan a step for a day. Raises CaseError."""
    if wanted.due_on is None:
        message = "Say by which day, so that it comes back to you."
        raise CaseError(message)
    return _write(session, case, wanted, StepState.PLANNED, account_id=account_id, by=by, now=now)


def record(session: Session, case: Case, wanted: Plan, *, account_id: int, by: str, now: datetime) -> Step:
    """Write a step down that is done. Raises CaseError."""
    return _write(session, case, wanted, StepState.DONE, account_id=account_id, by=by, now=now)


def done(session: Session, case: Case, step_id: int, outcome: str, *, by: str, now: datetime) -> Step:
    """Say that a planned step is done; saying it again changes nothing. Raises CaseError."""
    row = of(session, case, step_id)
    if row.state != StepState.DONE:
        row.state, row.done_at, row.outcome = move(StepState(row.state), StepState.DONE).value, now, outcome.strip()
        _written(session, case, row, by=by, now=now)
    return row


def drop(session: Session, case: Case, step_id: int, why: str, *, by: str, now: datetime) -> Step:
    """Drop a planned step, and say why. Raises CaseError."""
    row = of(session, case, step_id)
    if not why.strip():
        message = "Say why this step is dropped."
        raise CaseError(message)
    row.state, row.outcome = move(StepState(row.state), StepState.DROPPED).value, why.strip()
    _written(session, case, row, by=by, now=now)
    return row


def tell(  # noqa: PLR0913 - what an answer about a step consists of, by name
    session: Session, case: Case, step_id: int, text: str, *, account_id: int, by: str, now: datetime, once: str, leaves_in: timedelta
) -> PlannedMessage:
    """Tell the family what was done, in words that a person sends, by the way of every answer. Raises CaseError."""
    row = of(session, case, step_id)
    if row.state != StepState.DONE:
        message = "Tell the family when it is done."
        raise CaseError(message)
    told = actions.answer(session, case, text, account_id=account_id, by=by, now=now, once=once, leaves_in=leaves_in)
    row.told_id = told.id
    return told


def open_again(session: Session, case: Case, row: Step, why: str, *, due_on: date, by: str, now: datetime) -> None:
    """Bring a step back that came to nothing: it is due again, with the reason."""
    row.state, row.outcome = move(StepState(row.state), StepState.PLANNED).value, why
    row.done_at, row.due_on, row.asked_id = None, due_on, None
    _written(session, case, row, by=by, now=now)


def of(session: Session, case: Case, step_id: int) -> Step:
    """A step of a case, locked with it. Raises CaseError."""
    actions.lock(session, case)
    row = session.get(Step, step_id, with_for_update=True)
    if row is None or row.case_id != case.id:
        message = "There is no such step in this case."
        raise CaseError(message)
    return row


def _write(session: Session, case: Case, wanted: Plan, state: StepState, *, account_id: int, by: str, now: datetime) -> Step:
    actions.lock(session, case)
    kind = shipped().kinds.get(wanted.kind)
    if kind is None:
        message = "Choose what you do."
        raise CaseError(message)
    against = session.get(Barrier, wanted.barrier_id) if wanted.barrier_id is not None else None
    if wanted.barrier_id is not None and (against is None or against.case_id != case.id):
        message = "There is no such reason in this case."
        raise CaseError(message)
    row = Step(
        case_id=case.id,
        barrier_id=wanted.barrier_id,
        kind=kind.name,
        layer=kind.layer.value,
        words=wanted.words.strip(),
        owner_id=account_id,
        state=state.value,
        due_on=wanted.due_on,
        planned_at=now,
        planned_by=by,
        done_at=now if state is StepState.DONE else None,
        outcome="",
        told_id=None,
        asked_id=None,
    )
    session.add(row)
    _written(session, case, row, by=by, now=now)
    return row


def _written(session: Session, case: Case, row: Step, *, by: str, now: datetime) -> None:
    """An event and an entry of the trail; of a sealed reason's step neither says what it is."""
    session.flush()
    against = session.get(Barrier, row.barrier_id) if row.barrier_id is not None else None
    sealed = against is not None and (against.sealed or against.urgent)
    text = "" if sealed else ": ".join(filter(None, (shipped().kind(row.kind), row.state, row.outcome)))
    add_event(session, case, EventKind.STEP, by=by, now=now, text=text)
    audit(session, actor=by, action=f"step.{row.state}", subject=f"case {case.id}", now=now, detail={"step": row.id})
