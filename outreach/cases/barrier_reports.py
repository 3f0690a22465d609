"""What stands in a child's way, as it is heard: from a family's text, from its page, or written down by a person; and its seal.

A sealed reason closes the words of its conversation from that moment on to everybody but the person who looks after the case
(``seals``), and takes them out of the search for good.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.cases import searching
from outreach.cases.barrier_words import shipped
from outreach.cases.help_states import BarrierState, SaidBy, Severity
from outreach.cases.help_tables import Barrier
from outreach.cases.tables import Case, CaseEvent
from outreach.replies.reasons import CATEGORY_OF, Intent
from outreach.replies.tables import Inbound


def hear(session: Session, case: Case, inbound: Inbound) -> Barrier | None:
    """Keep the reason that a family's text gives; None where it gives none, or one that stands open in the case already.

    Call it before the text becomes an event of the case: a sealed one must never be searched. A day's illness that a family reports is
    an absence, and stands in nobody's way.
    """
    if inbound.barrier not in CATEGORY_OF or inbound.intent == Intent.REPORT_ABSENCE:
        return None
    sealed = inbound.barrier in shipped().sealed
    if sealed:
        seal(session, case, inbound.received_at)
    found = None
    if not stands_open(session, case.id, inbound.barrier, sealed=sealed):
        said_by, at = SaidBy.TEXT if inbound.phone else SaidBy.PAGE, inbound.received_at
        found = new_barrier(case, inbound.barrier, said_by, at, sealed=sealed, urgent=inbound.urgent, inbound_id=inbound.id)
        session.add(found)
    route(session, case)
    return found


def stands_open(session: Session, case_id: int, reason: str, *, sealed: bool) -> bool:
    """Whether a case has this reason already, and nobody has closed it; a sealed and an open one are two."""
    reasons = {reason, shipped().kept_as.get(reason, reason)}
    mine = Barrier.case_id == case_id, Barrier.reason.in_(reasons), Barrier.sealed == sealed, Barrier.state != BarrierState.CLOSED.value
    return session.scalar(select(Barrier.id).where(*mine).limit(1)) is not None


def new_barrier(  # noqa: PLR0913 - what a report consists of, by name
    case: Case,
    reason: str,
    said_by: SaidBy,
    heard_at: datetime,
    *,
    severity: Severity = Severity.NOT_SAID,
    words: str = "",
    sealed: bool = False,
    urgent: bool = False,
    inbound_id: int | None = None,
    by: str = "",
) -> Barrier:
    """A report that is new; *by* is the person who wrote it down, and so has looked at it."""
    return Barrier(
        case_id=case.id,
        reason=reason,
        sealed=sealed,
        urgent=urgent,
        severity=severity.value,
        said_by=said_by.value,
        words=words,
        heard_at=heard_at,
        inbound_id=inbound_id,
        confirmed_by=by,
        state=BarrierState.OPEN.value,
        said_yes_at=None,
        closed_at=None,
        closed_by="",
        closed_why="",
    )


def seal(session: Session, case: Case, since: datetime) -> None:
    """Close what was said in a case from *since* on to everybody but its owner, and take it out of the search."""
    case.sealed_since = min(case.sealed_since or since, since)
    session.flush()
    searching.forget(session, case.id)


def route(session: Session, case: Case) -> None:
    """Keep a reason by its milder name as soon as somebody looks after the case: who fears enforcement is in no row by that name.

    The family's own words stay as they are, for their reader alone. Call it wherever a case gets an owner.
    """
    if case.owner_id is None or case.sealed_since is None:
        return
    session.flush()
    texts = select(CaseEvent.inbound_id).where(CaseEvent.case_id == case.id, CaseEvent.inbound_id.is_not(None))
    reported = select(Barrier.inbound_id).where(Barrier.case_id == case.id, Barrier.inbound_id.is_not(None))
    for reason, kept in shipped().kept_as.items():
        session.execute(update(Barrier).where(Barrier.case_id == case.id, Barrier.reason == reason).values(reason=kept))
        mine = Inbound.barrier == reason, Inbound.id.in_(texts.union_all(reported))
        milder = {"barrier": kept, "category": CATEGORY_OF[kept], "why": "barrier: sealed"}
        session.execute(update(Inbound).where(*mine).values(milder), execution_options={"synchronize_session": "fetch"})
