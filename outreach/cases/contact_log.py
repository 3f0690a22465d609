"""Calls and visits that staff write down: in the child's case, or in a new one where nobody has written yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import actions, barrier_reports
from outreach.cases.actions import CaseError
from outreach.cases.events import add_event
from outreach.cases.matching import Match, school_of
from outreach.cases.states import CaseState, EventKind, move
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.settings import Settings
from outreach.staff.actions import audit

KINDS = {EventKind.CALL: "Spoke on the phone", EventKind.NO_ANSWER: "Called, no answer", EventKind.VISIT: "Visited"}
"""What can be written down, as people say it."""
_REACHED = frozenset({EventKind.CALL, EventKind.VISIT})
BECAUSE = "logged by staff"


def log(session: Session, case: Case, kind: EventKind, words: str, *, account_id: int, by: str, now: datetime) -> CaseEvent:
    """Write a call or visit into a case. Whoever was spoken with waits no more; where nobody answered, the case stays as it is.

    Raises CaseError.
    """
    actions.lock(session, case)
    if kind not in KINDS:
        message = "Say whether you spoke on the phone, nobody answered, or you visited."
        raise CaseError(message)
    if CaseState(case.state) is CaseState.CLOSED:
        message = "This case is closed; open it again before you write into it."
        raise CaseError(message)
    if kind in _REACHED:
        case.state = move(CaseState(case.state), CaseState.ANSWERED).value
        case.waiting_since, case.snoozed_until = None, None
        case.owner_id = case.owner_id or account_id
        barrier_reports.route(session, case)
    audit(session, actor=by, action=f"case.{kind}", subject=f"case {case.id}", now=now)
    return add_event(session, case, kind, by=by, now=now, text=words.strip())


def case_of_child(session: Session, student_id: str, settings: Settings, now: datetime) -> Case:
    """The open case of a child, the one whose family waits first; a new one where there is none."""
    open_ones = select(Case).where(Case.student_id == student_id, Case.open_key.is_not(None))
    standing = session.scalars(open_ones.order_by(Case.waiting_since.is_(None), Case.waiting_since, Case.id)).first()
    if standing is not None:
        return standing
    school = school_of(session, student_id, local_date(now, settings.zone))
    return actions.open_case(
        session, f"student:{student_id}", Match(student_id=student_id, school_id=school), now, phone="", because=BECAUSE
    )
