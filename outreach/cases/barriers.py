"""What a person does with the reasons that stand in a child's way: writes one down, looks at what software read, and closes one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.cases import actions, barrier_reports
from outreach.cases.actions import CaseError
from outreach.cases.barrier_words import shipped
from outreach.cases.events import add_event
from outreach.cases.help_states import BarrierState, SaidBy, Severity, move
from outreach.cases.help_tables import Barrier
from outreach.cases.states import EventKind
from outreach.cases.tables import Case
from outreach.replies.reasons import CATEGORY_OF
from outreach.staff.actions import audit

BY_PEOPLE = (SaidBy.FAMILY, SaidBy.STUDENT, SaidBy.STAFF)
"""Who can have said what a person writes down."""

_SAID = {"noted": "written down", "confirmed": "looked at", "closed": "no longer in the way", "opened": "still in the way"}
"""What was done with a reason, as the conversation tells it."""


@dataclass(frozen=True)
class Told:
    """What a person writes down of one reason."""

    reason: str
    severity: Severity = Severity.NOT_SAID
    said_by: SaidBy = SaidBy.FAMILY
    words: str = ""
    sealed: bool = False
    """The person wants it for the eyes of whoever looks after the case; some reasons are so anyway."""


def note(session: Session, case: Case, told: Told, *, by: str, now: datetime) -> Barrier:
    """Write a reason down that somebody told. Raises CaseError."""
    actions.lock(session, case)
    if told.reason not in CATEGORY_OF:
        message = "Choose what makes it hard to come to school."
        raise CaseError(message)
    if told.said_by not in BY_PEOPLE:
        message = "Say who told you: the family, the student, or somebody of the school."
        raise CaseError(message)
    sealed = told.sealed or told.reason in shipped().sealed
    if barrier_reports.stands(session, case.id, told.reason, sealed=sealed) is not None:
        message = "This case has that reason already; look at it there."
        raise CaseError(message)
    if sealed:
        barrier_reports.seal(session, case, now)
    row = barrier_reports.new_barrier(
        case, told.reason, told.said_by, now, severity=told.severity, words=told.words.strip(), sealed=sealed, by=by
    )
    session.add(row)
    _written(session, case, row, "noted", by=by, now=now)
    barrier_reports.route(session, case)
    return row


def confirm(session: Session, case: Case, barrier_id: int, reason: str, severity: Severity, *, by: str, now: datetime) -> Barrier:
    """Say what the reason is, having looked: as software read it, or another. A seal stays. Raises CaseError."""
    row = _of(session, case, barrier_id)
    if reason not in CATEGORY_OF:
        message = "Choose what makes it hard to come to school."
        raise CaseError(message)
    if reason in shipped().sealed and not row.sealed:
        row.sealed = True
        barrier_reports.seal(session, case, row.heard_at)
    row.reason, row.severity, row.confirmed_by = reason, severity.value, by
    _written(session, case, row, "confirmed", by=by, now=now)
    barrier_reports.route(session, case)
    return row


def close(session: Session, case: Case, barrier_id: int, why: str, *, by: str, now: datetime, yes: bool = False) -> Barrier:
    """Close a reason: the family said yes and *by* saw it, or *by* says why. Closing a closed one changes nothing. Raises CaseError.

    *yes* says that the family told *by* so itself, on the phone or at the door; what it told by text stands in the row already.
    """
    row = _of(session, case, barrier_id)
    if row.state == BarrierState.CLOSED:
        return row
    words = why.strip()
    if row.state == BarrierState.OPEN and not (words or yes):
        message = "Say why this is no longer in the way: the family has not said yes to it."
        raise CaseError(message)
    row.state = move(BarrierState(row.state), BarrierState.CLOSED).value
    row.closed_at, row.closed_by, row.closed_why = now, by, words
    row.said_yes_at = row.said_yes_at or (now if yes else None)
    _written(session, case, row, "closed", by=by, now=now)
    return row


def reopen(session: Session, case: Case, barrier_id: int, *, by: str, now: datetime) -> Barrier:
    """Say that a reason still stands in the way, or does again. Raises CaseError."""
    row = _of(session, case, barrier_id)
    row.state = move(BarrierState(row.state), BarrierState.OPEN).value
    row.said_yes_at, row.closed_at, row.closed_by, row.closed_why = None, None, "", ""
    _written(session, case, row, "opened", by=by, now=now)
    return row


def _of(session: Session, case: Case, barrier_id: int) -> Barrier:
    actions.lock(session, case)
    row = session.get(Barrier, barrier_id, with_for_update=True)
    if row is None or row.case_id != case.id:
        message = "There is no such reason in this case."
        raise CaseError(message)
    return row


def _written(session: Session, case: Case, row: Barrier, what: str, *, by: str, now: datetime) -> None:
    """An event and an entry of the trail; neither names the reason, for many read them."""
    session.flush()
    add_event(session, case, EventKind.BARRIER, by=by, now=now, text=_SAID[what])
    audit(session, actor=by, action=f"barrier.{what}", subject=f"case {case.id}", now=now, detail={"barrier": row.id})
