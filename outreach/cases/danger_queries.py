"""Reads of incidents; who may not know does not find them, and of their conversations sees only that they are sealed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from outreach.cases.danger_tables import Incident, IncidentStep
from outreach.cases.tables import Case, CaseEvent
from outreach.replies.tables import Inbound
from outreach.staff.oncall_tables import OnCallPage, OnCallPerson
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission
from outreach.staff.tables import Account

SEALED = "Sealed: only the people named for a danger can read this."


class IncidentNotFoundError(LookupError):
    """There is no such incident, or this person need not know of it."""


def one(session: Session, incident_id: int, person: SignedIn) -> Incident:
    """Return an incident that *person* may see. Raises IncidentNotFoundError alike where there is none and where it is sealed."""
    mine = select(Incident).join(Case, Case.id == Incident.case_id).where(Incident.id == incident_id, *_may_see(person))
    incident = session.scalars(mine).one_or_none()
    if incident is None:
        message = "There is no such incident for you."
        raise IncidentNotFoundError(message)
    return incident


def of_case(session: Session, case_id: int, person: SignedIn) -> Incident | None:
    """The newest incident of a case that *person* may see; None where there is none."""
    mine = select(Incident).join(Case, Case.id == Incident.case_id).where(Incident.case_id == case_id, *_may_see(person))
    return session.scalars(mine.order_by(Incident.id.desc()).limit(1)).first()


def words(session: Session, incident: Incident) -> list[Inbound]:
    """What the family wrote while the incident was open, the oldest first: what they write of later is not for those called then."""
    mine = select(Inbound).join(CaseEvent, CaseEvent.inbound_id == Inbound.id).where(CaseEvent.case_id == incident.case_id)
    if incident.closed_at is not None:
        mine = mine.where(Inbound.received_at <= incident.closed_at)
    return list(session.scalars(mine.where(Inbound.received_at >= incident.opened_at).order_by(Inbound.received_at, Inbound.id)))


def people(session: Session, person_ids: Collection[int]) -> Mapping[int, str]:
    """Names of those who are or were on call."""
    rows = select(OnCallPerson.id, Account.name, Account.email).join(Account, Account.id == OnCallPerson.account_id)
    return {row.id: row.name or row.email for row in session.execute(rows.where(OnCallPerson.id.in_(person_ids)))}


def listed(session: Session, person: SignedIn, *, limit: int = 100) -> list[tuple[Incident, Case]]:
    """The incidents that a person may see: open ones first, those that nobody has before the rest, then the newest."""
    rows = select(Incident, Case).join(Case, Case.id == Incident.case_id).where(*_may_see(person))
    order = Incident.closed_at.is_not(None), Incident.acknowledged_at.is_not(None), Incident.id.desc()
    return [(row[0], row[1]) for row in session.execute(rows.order_by(*order).limit(limit))]


def unanswered(session: Session, person: SignedIn) -> int:
    """How many open incidents that *person* may see nobody has yet."""
    rows = select(func.count()).select_from(Incident).join(Case, Case.id == Incident.case_id)
    return session.scalar(rows.where(Incident.closed_at.is_(None), Incident.acknowledged_at.is_(None), *_may_see(person))) or 0


def steps(session: Session, incident_id: int) -> list[IncidentStep]:
    """Everything that happened, the first thing first."""
    return list(session.scalars(select(IncidentStep).where(IncidentStep.incident_id == incident_id).order_by(IncidentStep.id)))


def sealed_since(session: Session, case_ids: Collection[int]) -> Mapping[int, datetime]:
    """Case → since when its conversation is sealed; cases without danger are absent. A seal stays when the incident is closed."""
    first = select(Incident.case_id, func.min(Incident.opened_at)).where(Incident.case_id.in_(case_ids)).group_by(Incident.case_id)
    return dict(session.execute(first).all())


def phone_sealed_since(session: Session, phone: str) -> datetime | None:
    """Since when what was written to and from a number is sealed; None where no danger was written from it."""
    first = select(func.min(Incident.opened_at)).join(Case, Case.id == Incident.case_id).where(Case.phone == phone, Case.phone != "")
    return session.scalar(first)


def _may_see(person: SignedIn) -> list[ColumnElement[bool]]:
    """Need to know: the role reads sealed texts, and it is their school's, or they were called about it."""
    if not person.may(Permission.DANGER_READ):
        return [Incident.id.is_(None)]
    if person.schools is None:
        return []
    called = (
        select(OnCallPage.incident_id)
        .join(OnCallPerson, OnCallPerson.id == OnCallPage.person_id)
        .where(OnCallPerson.account_id == person.id, OnCallPage.incident_id.is_not(None))
    )
    return [or_(Case.school_id.in_(person.schools - {""}), Incident.id.in_(called))]
