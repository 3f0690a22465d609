"""The district's list of who can help: written by staff, checked again and again, and ended where it is no more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.cases.help_states import ReferralState
from outreach.cases.resource_tables import Referral, Resource
from outreach.cases.resources import Place
from outreach.replies.reasons import CATEGORY_OF
from outreach.staff.actions import audit
from outreach.staff.queries import SignedIn

_TAKEN = (ReferralState.OFFERED.value, ReferralState.ACCEPTED.value)


class ResourceError(RuntimeError):
    """What was asked of the list of resources cannot be done."""


@dataclass(frozen=True)
class Entry:
    """One resource as a person writes it; an empty list means everybody."""

    name: str
    needs: tuple[str, ...]
    how: str = ""
    schools: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    capacity: int | None = None


def may_edit(person: SignedIn, schools: Collection[str]) -> bool:
    """Whether a resource of *schools* (none: every school's) is this person's to write."""
    return person.schools is None or (bool(schools) and set(schools) <= person.schools)


def save(session: Session, entry: Entry, person: SignedIn, *, today: date, now: datetime, resource_id: int | None = None) -> Resource:
    """Write a resource, new or known; whoever saves it says that it is so today. Raises ResourceError."""
    if not entry.name.strip() or not set(entry.needs) <= set(CATEGORY_OF) or not entry.needs:
        message = "A resource needs a name and at least one reason that it helps with."
        raise ResourceError(message)
    row = session.get(Resource, resource_id, with_for_update=True) if resource_id is not None else None
    if not may_edit(person, entry.schools) or (row is not None and not may_edit(person, row.schools)):
        message = "Choose schools of yours; a resource of others, or of the whole district, is the district's to write."
        raise ResourceError(message)
    if row is None:
        row = Resource(ended_at=None)
        session.add(row)
    row.name, row.how, row.capacity = entry.name.strip(), entry.how.strip(), entry.capacity
    row.needs, row.schools, row.languages = list(entry.needs), list(entry.schools), list(entry.languages)
    row.grades, row.subgroups = list(entry.grades), list(entry.subgroups)
    row.checked_on, row.checked_by = today, person.email
    session.flush()
    audit(session, actor=person.email, action="resource.saved", subject=f"resource {row.id}", now=now)
    return row


def check(session: Session, resource_id: int, person: SignedIn, *, today: date, now: datetime) -> Resource:
    """Say that everything of a resource still is so. Raises ResourceError."""
    row = _of(session, resource_id)
    row.checked_on, row.checked_by = today, person.email
    audit(session, actor=person.email, action="resource.checked", subject=f"resource {row.id}", now=now)
    return row


def end(session: Session, resource_id: int, person: SignedIn, *, now: datetime) -> Resource:
    """Say that a resource is no more: it is offered to nobody, and what was offered goes on. Raises ResourceError."""
    row = _of(session, resource_id)
    if not may_edit(person, row.schools):
        message = "A resource of other schools, or of the whole district, is the district's to end."
        raise ResourceError(message)
    row.ended_at = row.ended_at or now
    audit(session, actor=person.email, action="resource.ended", subject=f"resource {row.id}", now=now)
    return row


def _of(session: Session, resource_id: int) -> Resource:
    row = session.get(Resource, resource_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        message = "There is no such resource any more."
        raise ResourceError(message)
    return row


def listed(session: Session) -> list[tuple[Resource, Place]]:
    """Every resource that has not ended, by name, with what decides whether it is offered."""
    taken = dict(
        session.execute(select(Referral.resource_id, func.count()).where(Referral.state.in_(_TAKEN)).group_by(Referral.resource_id)).all()
    )
    rows = session.scalars(select(Resource).where(Resource.ended_at.is_(None)).order_by(Resource.name, Resource.id))
    return [(row, _place(row, taken.get(row.id, 0))) for row in rows]


def place_of(session: Session, row: Resource) -> Place:
    """What decides whether one resource is offered."""
    taken = select(func.count()).where(Referral.resource_id == row.id, Referral.state.in_(_TAKEN))
    return _place(row, session.scalar(taken) or 0)


def _place(row: Resource, taken: int) -> Place:
    left = None if row.capacity is None else max(0, row.capacity - taken)
    return Place(row.needs, row.schools, row.languages, row.grades, row.subgroups, left, row.checked_on)
