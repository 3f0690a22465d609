"""Reads of cases; who may not see a case does not find it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from outreach.cases.states import WrongState
from outreach.cases.tables import Case, CaseEvent, CaseSchool, WrongCount
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound


@dataclass(frozen=True)
class Correction:
    """What one message told wrongly, and the message that corrects it."""

    told: PlannedMessage
    wrong: tuple[WrongCount, ...]
    message: PlannedMessage | None
    """None while the right number is not known."""

    @property
    def undecided(self) -> bool:
        """Whether a person has to approve or dismiss it."""
        return any(row.state == WrongState.OPEN for row in self.wrong)


class CaseNotFoundError(LookupError):
    """There is no such case, or it belongs to another school."""


def one(session: Session, case_id: int, schools: Collection[str] | None, *, lock: bool = False) -> Case:
    """Return a case that people of *schools* may see (``None``: the whole district, cases of no school included).

    Raises CaseNotFoundError alike for a case that does not exist and for one of another school, so that nothing can be learnt
    from the difference.
    """
    query = select(Case).where(Case.id == case_id)
    if schools is not None:
        query = query.where(of_schools(schools))
    case = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if case is None:
        message = "There is no such case in your schools."
        raise CaseNotFoundError(message)
    return case


def of_schools(schools: Collection[str]) -> ColumnElement[bool]:
    """Whether one of *schools* leads a case or takes part in it."""
    mine = set(schools) - {""}
    return or_(Case.school_id.in_(mine), Case.id.in_(select(CaseSchool.case_id).where(CaseSchool.school_id.in_(mine))))


def last_inbound(session: Session, case_id: int) -> Inbound | None:
    """Return the family's last text in a case."""
    texts = select(Inbound).join(CaseEvent, CaseEvent.inbound_id == Inbound.id).where(CaseEvent.case_id == case_id)
    return session.scalars(texts.order_by(Inbound.received_at.desc(), Inbound.id.desc()).limit(1)).first()


def undecided(session: Session, case_id: int) -> bool:
    """Whether a wrong number of a case still waits for a person's decision."""
    open_ones = select(WrongCount.id).where(WrongCount.case_id == case_id, WrongCount.state == WrongState.OPEN)
    return session.scalar(open_ones.limit(1)) is not None


def corrections(session: Session, case_id: int) -> list[Correction]:
    """The wrong numbers of a case, message by message, in the order they were told."""
    found: defaultdict[int, list[WrongCount]] = defaultdict(list)
    for row in session.scalars(
        select(WrongCount).where(WrongCount.case_id == case_id).order_by(WrongCount.planned_id, WrongCount.student_id)
    ):
        found[row.planned_id].append(row)
    ids = found.keys() | {row.message_id for rows in found.values() for row in rows if row.message_id}
    messages = {row.id: row for row in session.scalars(select(PlannedMessage).where(PlannedMessage.id.in_(ids)))}
    return [
        Correction(messages[told], tuple(rows), messages.get(max((row.message_id or 0 for row in rows), default=0)))
        for told, rows in found.items()
    ]
