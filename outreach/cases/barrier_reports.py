"""What stands in a child's way, as it is heard: from a family's text, from its page, or written down by a person; and its seal.

A sealed reason closes the words of its conversation from that moment on to everybody but the person who looks after the case
(``seals``), and takes them out of the search for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.cases import searching
from outreach.cases.barrier_words import shipped
from outreach.cases.help_states import BarrierState, SaidBy, Severity, move
from outreach.cases.help_tables import Barrier
from outreach.cases.tables import Case, CaseEvent
from outreach.replies.reasons import CATEGORY_OF, Intent
from outreach.replies.tables import Inbound


def hear(session: Session, case: Case, inbound: Inbound, also: Sequence[str] = ()) -> list[Barrier]:
    """Keep the reasons that a family gives: that of its text, and those that it chose *also*; return those that are new in the case.

    Call it before the text becomes an event of the case: a sealed one must never be searched. A day's illness that a family reports is
    an absence, and stands in nobody's way. What the family had called better and names again is in the way again.
    """
    reasons = [reason for reason in dict.fromkeys((inbound.barrier, *also)) if reason in CATEGORY_OF]
    if shipped().sealed.intersection(reasons):
        seal(session, case, inbound.received_at)
    found = [] if inbound.intent == Intent.REPORT_ABSENCE else [_hear(session, case, inbound, reason) for reason in reasons]
    route(session, case)
    return [row for row in found if row is not None]


def _hear(session: Session, case: Case, inbound: Inbound, reason: str) -> Barrier | None:
    sealed = reason in shipped().sealed
    if (standing := stands(session, case.id, reason, sealed=sealed)) is not None:
        standing.state, standing.said_yes_at = move(BarrierState(standing.state), BarrierState.OPEN).value, None
        return None
    said_by, at = SaidBy.TEXT if inbound.phone else SaidBy.PAGE, inbound.received_at
    row = new_barrier(case, reason, said_by, at, sealed=sealed, urgent=inbound.urgent, inbound_id=inbound.id)
    session.add(row)
    return row


def stands(session: Session, case_id: int, reason: str, *, sealed: bool) -> Barrier | None:
    """The row by which a case has this reason already, and which nobody has closed; a sealed and an open one are two."""
    reasons = {reason, shipped().kept_as.get(reason, reason)}
    mine = Barrier.case_id == case_id, Barrier.reason.in_(reasons), Barrier.sealed == sealed, Barrier.state != BarrierState.CLOSED.value
    return session.scalars(select(Barrier).where(*mine).order_by(Barrier.id).limit(1)).first()


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
