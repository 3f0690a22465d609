"""Reads of cases; who may not see a case does not find it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.tables import Case, CaseEvent
from outreach.replies.tables import Inbound


class CaseNotFoundError(LookupError):
    """There is no such case, or it belongs to another school."""


def one(session: Session, case_id: int, schools: Collection[str] | None, *, lock: bool = False) -> Case:
    """Return a case that people of *schools* may see (``None``: the whole district, cases of no school included).

    Raises CaseNotFoundError alike for a case that does not exist and for one of another school, so that nothing can be learnt
    from the difference.
    """
    query = select(Case).where(Case.id == case_id)
    if schools is not None:
        query = query.where(Case.school_id.in_(set(schools) - {""}))
    case = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if case is None:
        message = "There is no such case in your schools."
        raise CaseNotFoundError(message)
    return case


def last_inbound(session: Session, case_id: int) -> Inbound | None:
    """Return the family's last text in a case."""
    texts = select(Inbound).join(CaseEvent, CaseEvent.inbound_id == Inbound.id).where(CaseEvent.case_id == case_id)
    return session.scalars(texts.order_by(Inbound.received_at.desc(), Inbound.id.desc()).limit(1)).first()
