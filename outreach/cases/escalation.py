"""Giving a family to somebody as it is taken in, and to somebody further up where nobody acts in the set time.

Who gets it is decided by ``routing``; here that is done, and kept with its reason. The set time is counted in the hours of the family's
school (``route_after_school_hours``), from when the family began to wait, it was given to somebody, or somebody last did anything.
Where nobody is left to ask, it is put before the whole district.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.attention.tables import AttentionItem
from outreach.cases import barrier_reports, routing, routing_facts, school_time
from outreach.cases.routing import Route
from outreach.cases.routing_tables import CaseRoute, StaffAbsence
from outreach.cases.states import CaseState, Queue
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date
from outreach.database import Database
from outreach.settings import Settings
from outreach.staff.actions import audit
from outreach.staff.tables import Account

KIND = "unrouted"
_BY = "routing"


def place(session: Session, case: Case, settings: Settings, now: datetime, *, reason: str = "") -> None:
    """See that somebody looks after a case that needs a person. Whoever has it keeps it, unless they are away or gone.

    *reason* is what the family named just now; without one, what the case holds.
    """
    if case.queue != Queue.NEEDS_ME:
        return
    people = routing_facts.people_of(session, case.school_id, settings, now)
    found = routing.route(routing_facts.family_of(session, case, settings, reason), people)
    newest = newest_route(session, case.id)
    if newest is None or not newest.account_id == found.owner == case.owner_id:
        _give(session, case, found, settings, now)
    elif found.owner is not None and newest.due_at is None:
        newest.due_at = _due(session, case, settings, now)


def pass_on(session: Session, case: Case, settings: Settings, now: datetime) -> None:
    """Give a case to somebody whose person left, whether its family waits or not; where nobody can have it, only who waits is told of."""
    found = routing.route(routing_facts.family_of(session, case, settings), routing_facts.people_of(session, case.school_id, settings, now))
    if found.owner is not None or case.waiting_since is not None:
        _give(session, case, found, settings, now)


def escalate(database: Database, settings: Settings, now: datetime) -> int:
    """Move every case on which nobody acted in the set time, or that nobody can act on; return how many another person has now."""
    with database.read() as session:
        ids = session.scalars(select(Case.id).where(_waits(now), or_(_is_due(now), _has_nobody(settings, now))).order_by(Case.id)).all()
        settled = list(_settled(session, now))
    moved = 0
    for case_id in ids:
        with database.write() as session:
            case = session.scalars(select(Case).where(Case.id == case_id, _waits(now)).with_for_update(skip_locked=True)).one_or_none()
            moved += case is not None and _move_on(session, case, settings, now)
    for key in settled:
        with database.write() as session:
            attention.resolve_key(session, key, by=_BY, now=now)
    return moved


def newest_route(session: Session, case_id: int) -> CaseRoute | None:
    """The last decision about a case."""
    return session.scalars(select(CaseRoute).where(CaseRoute.case_id == case_id).order_by(CaseRoute.id.desc()).limit(1)).first()


def why(session: Session, case: Case, reader: int, owner: str) -> str:
    """Why a case is with whoever has it, for the account *reader*; empty where a person decided it. *owner* is the owner's name."""
    newest = newest_route(session, case.id)
    if newest is None or newest.account_id != case.owner_id:
        return ""
    if newest.account_id == reader:
        return f"Yours because you {newest.because}."
    return Route(newest.account_id, newest.because).sentence(owner)


def _move_on(session: Session, case: Case, settings: Settings, now: datetime) -> bool:
    """Give one waiting case to whoever covers, or to the next rung; return whether its owner changed."""
    before, newest = case.owner_id, newest_route(session, case.id)
    if newest is None or newest.due_at is None or newest.due_at > now:
        place(session, case, settings, now)
    elif (again := _due(session, case, settings, _last_sign(session, case, newest))) > now:
        newest.due_at = again
    else:
        newest.due_at = None
        _ask_above(session, case, settings, now)
    return case.owner_id != before


def _ask_above(session: Session, case: Case, settings: Settings, now: datetime) -> None:
    people = routing_facts.people_of(session, case.school_id, settings, now)
    family = routing_facts.family_of(session, case, settings)
    for owner in (person for person in people if person.id == case.owner_id and person.away_until is None):
        family = replace(family, unanswered=owner.rung, waited=f"{settings.route_after_school_hours} school hours")
    found = routing.route(family, people)
    if found.owner is not None or family.unanswered is None:
        _give(session, case, found, settings, now)
    else:  # it stays with whoever was asked last
        _tell(session, case, found, now)


def _give(session: Session, case: Case, found: Route, settings: Settings, now: datetime) -> None:
    if (before := newest_route(session, case.id)) is not None:
        before.due_at = None
    case.owner_id = found.owner
    due = _due(session, case, settings, now) if found.owner is not None else None
    session.add(CaseRoute(case_id=case.id, at=now, account_id=found.owner, because=found.because, due_at=due))
    if found.owner is not None:
        audit(session, actor=_BY, action="case.routed", subject=f"case {case.id}", now=now, detail={"owner": found.owner})
        barrier_reports.route(session, case)
        attention.resolve_key(session, _key(case.id), by=_BY, now=now)
    elif case.school_id:  # a number of no school for certain is before the district already
        _tell(session, case, found, now)


def _tell(session: Session, case: Case, found: Route, now: datetime) -> None:
    sentence = f"A family waits, and {found.because}. Read it, and give it to somebody."
    detail = {"case": case.id}
    attention.raise_item(session, kind=KIND, key=_key(case.id), sentence=sentence, now=now, detail=detail, urgent=case.urgent)


def _key(case_id: int) -> str:
    return f"{KIND}:{case_id}"


def _due(session: Session, case: Case, settings: Settings, start: datetime) -> datetime:
    hours = timedelta(hours=settings.route_after_school_hours)
    return school_time.of(session, case.school_id, settings, start).after(start, hours)


def _last_sign(session: Session, case: Case, newest: CaseRoute) -> datetime:
    """When the set time began: somebody got the case, the family began to wait, or a person did something."""
    acts = select(func.max(CaseEvent.at)).where(CaseEvent.case_id == case.id, CaseEvent.by != "")
    return max(filter(None, (newest.at, case.waiting_since, session.scalar(acts))))


def _waits(now: datetime) -> ColumnElement[bool]:
    """A family waits under *Needs me* for somebody of its school."""
    return and_(
        Case.state == CaseState.OPEN.value,
        Case.queue == Queue.NEEDS_ME.value,
        Case.waiting_since.is_not(None),
        Case.school_id != "",
        or_(Case.snoozed_until.is_(None), Case.snoozed_until <= now),
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    return Case.id.in_(select(CaseRoute.case_id).where(CaseRoute.due_at <= now))


def _has_nobody(settings: Settings, now: datetime) -> ColumnElement[bool]:
    """Nobody ever got it, or could; or whoever has it is away or gone."""
    today = local_date(now, settings.zone)
    given = select(CaseRoute.case_id).where(CaseRoute.case_id == Case.id, CaseRoute.account_id.is_not(None))
    away = select(StaffAbsence.account_id).where(StaffAbsence.begins <= today, StaffAbsence.ends >= today)
    gone = select(Account.id).where(Account.disabled_at.is_not(None))
    return or_(and_(Case.owner_id.is_(None), ~given.exists()), Case.owner_id.in_(away), Case.owner_id.in_(gone))


def _settled(session: Session, now: datetime) -> Iterator[str]:
    """Items about families that wait no more, or in whose case a person has done something since."""
    for item in session.scalars(select(AttentionItem).where(AttentionItem.kind == KIND, AttentionItem.resolved_at.is_(None))):
        since = select(CaseEvent.id).where(CaseEvent.case_id == Case.id, CaseEvent.by != "", CaseEvent.at > item.opened_at)
        waiting = select(Case.id).where(Case.id == item.detail["case"], _waits(now), ~since.exists())
        if session.scalar(waiting) is None:
            yield item.key
