"""Whose eyes the words of a conversation are for: two seals, of danger and of a reason that only one person needs to know.

From the first text that may mean danger on, only those named for a danger read (``danger_queries``). From the first sealed reason on,
only the person who looks after the case reads; the people named for a danger read its own texts, and the rest while its incident is open:
a life goes first. Everybody else sees that something is sealed, and the root cause.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from outreach.cases import danger_queries as danger
from outreach.cases.danger_tables import Incident
from outreach.cases.tables import Case
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission

SEALED = "Sealed: only the person who looks after this case can read it."


@dataclass(frozen=True)
class Seals:
    """From when on the words of one case are closed to one person; None where they are not."""

    reads_danger: bool
    danger: datetime | None = None
    reason: datetime | None = None
    incident: datetime | None = None
    """Since when an incident is open that this person reads."""

    def over(self, at: datetime, *, urgent: bool = False) -> str:
        """What stands in the place of words of an instant; empty where this person may read them."""
        if not self.reads_danger and (urgent or (self.danger is not None and at >= self.danger)):
            return danger.SEALED
        if urgent or self.reason is None or at < self.reason or (self.incident is not None and at >= self.incident):
            return ""
        return SEALED


def of_cases(session: Session, cases: Collection[Case], person: SignedIn) -> Mapping[int, Seals]:
    """Case → what is closed to a person in it; it asks the database only where something is."""
    reads = person.may(Permission.DANGER_READ)
    dangers = {} if reads else danger.sealed_since(session, [case.id for case in cases])
    sealed = {case.id: case.sealed_since for case in cases if case.sealed_since is not None and case.owner_id != person.id}
    incidents: Mapping[int, datetime] = _open_incidents(session, sealed.keys()) if sealed and reads else {}
    return {case.id: Seals(reads, dangers.get(case.id), sealed.get(case.id), incidents.get(case.id)) for case in cases}


def of_case(session: Session, case: Case, person: SignedIn) -> Seals:
    """What is closed to a person in one case."""
    return of_cases(session, [case], person)[case.id]


def phone_sealed_since(session: Session, phone: str, person: SignedIn) -> datetime | None:
    """Since when what was written to a number is for the person alone who looks after its case; None where it is not closed to *person*."""
    theirs = or_(Case.owner_id.is_(None), Case.owner_id != person.id)
    return session.scalar(select(func.min(Case.sealed_since)).where(Case.phone == phone, Case.phone != "", theirs))


def _open_incidents(session: Session, case_ids: Collection[int]) -> Mapping[int, datetime]:
    first = select(Incident.case_id, func.min(Incident.opened_at)).where(Incident.case_id.in_(case_ids), Incident.closed_at.is_(None))
    return dict(session.execute(first.group_by(Incident.case_id)).all())
