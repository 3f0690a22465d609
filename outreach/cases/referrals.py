"""Pointing a family to somebody who can help: offered, accepted, helped or not, declined. A referral that comes to nothing goes back."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import actions, escalation, resource_actions, steps
from outreach.cases.actions import CaseError
from outreach.cases.help_states import ReferralState, StepState, move
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.resource_tables import Referral, Resource
from outreach.cases.resources import Need, Place, why_not, why_not_now
from outreach.cases.saved_replies import locale_of
from outreach.cases.states import CaseState, Queue
from outreach.cases.states import move as move_case
from outreach.cases.steps import Plan
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.settings import Settings
from outreach.staff.actions import audit

KIND = "referral"
_SEPARATORS = re.compile(r"[|;,]")
_TO_NOTHING = frozenset({ReferralState.DECLINED, ReferralState.NOT_HELPED})


@dataclass(frozen=True)
class Choice:
    """One resource for one reason: offered, or why not."""

    resource: Resource
    place: Place
    why_not: str


def choices(session: Session, case: Case, reason: str, settings: Settings, now: datetime) -> list[Choice]:
    """The resources that fit a reason of a case, those that can be offered today first; then those that are full or unchecked.

    What does not fit the child at all is left out.
    """
    need, today = need_of(session, case, reason, settings), local_date(now, settings.zone)
    fitting = [(row, place) for row, place in resource_actions.listed(session) if not why_not(place, need)]
    found = [Choice(row, place, why_not_now(place, today, settings.resource_fresh_days)) for row, place in fitting]
    return sorted(found, key=lambda one: bool(one.why_not))


def need_of(session: Session, case: Case, reason: str, settings: Settings) -> Need:
    """What the child of a case needs, as resources ask for it."""
    child = district.students(session, [case.student_id]).get(case.student_id) if case.student_id else None
    groups = frozenset(part.strip() for part in _SEPARATORS.split(child.subgroups) if part.strip()) if child else frozenset()
    return Need(reason, case.school_id, locale_of(session, case, settings), child.grade if child else "", groups)


@dataclass(frozen=True)
class Offer:
    """One referral as a person makes it."""

    barrier_id: int
    resource_id: int
    due_on: date
    """By when somebody asks whether it came to something."""
    words: str = ""


def offer(session: Session, case: Case, wanted: Offer, *, account_id: int, by: str, settings: Settings, now: datetime) -> Referral:
    """Point a family to a resource, as a planned step of its case. Raises CaseError where it is full, unchecked, or does not fit.

    The resource is locked meanwhile: its last place goes to one family.
    """
    actions.lock(session, case)
    barrier = session.get(Barrier, wanted.barrier_id)
    resource = session.get(Resource, wanted.resource_id, with_for_update=True, populate_existing=True)
    if barrier is None or barrier.case_id != case.id or resource is None or resource.ended_at is not None:
        message = "There is no such resource or reason any more."
        raise CaseError(message)
    place, today = resource_actions.place_of(session, resource), local_date(now, settings.zone)
    refusal = why_not(place, need_of(session, case, barrier.reason, settings)) or why_not_now(place, today, settings.resource_fresh_days)
    if refusal:
        raise CaseError(refusal)
    words = ". ".join(filter(None, (resource.name, wanted.words.strip())))
    step = steps.plan(session, case, Plan(KIND, words, wanted.due_on, barrier.id), account_id=account_id, by=by, now=now)
    row = Referral(
        case_id=case.id,
        step_id=step.id,
        resource_id=resource.id,
        state=ReferralState.OFFERED.value,
        changed_at=now,
        changed_by=by,
        why="",
    )
    session.add(row)
    session.flush()
    return row


def move_on(
    session: Session, case: Case, referral_id: int, to: ReferralState, why: str, *, by: str, settings: Settings, now: datetime
) -> Referral:
    """Say what became of a referral; saying it again changes nothing. Raises CaseError, or IllegalMoveError.

    Accepted, its step is done. Declined, or of no help, the step is due again today, with the reason, and the case needs its owner.
    """
    actions.lock(session, case)
    row = session.get(Referral, referral_id, with_for_update=True)
    if row is None or row.case_id != case.id:
        message = "There is no such referral in this case."
        raise CaseError(message)
    if row.state == to:
        return row
    reason = why.strip()
    if to in _TO_NOTHING and not reason:
        message = "Say why it came to nothing, so that the next step can be another one."
        raise CaseError(message)
    row.state, row.changed_at, row.changed_by, row.why = move(ReferralState(row.state), to).value, now, by, reason
    audit(session, actor=by, action=f"referral.{to}", subject=f"case {case.id}", now=now, detail={"referral": row.id})
    if to is ReferralState.ACCEPTED:
        steps.done(session, case, row.step_id, "Accepted", by=by, now=now)
    elif to in _TO_NOTHING:
        _goes_back(session, case, steps.of(session, case, row.step_id), reason, by=by, settings=settings, now=now)
    return row


def _goes_back(session: Session, case: Case, step: Step, reason: str, *, by: str, settings: Settings, now: datetime) -> None:
    if step.state != StepState.DROPPED:
        steps.open_again(session, case, step, reason, due_on=local_date(now, settings.zone), by=by, now=now)
    if case.state == CaseState.CLOSED:
        with suppress(CaseError):  # the family has a newer case; the step stands in this one for whoever looks
            actions.reopen(session, case, by=by, settings=settings, now=now)
    if case.state != CaseState.CLOSED:
        case.state, case.queue = move_case(CaseState(case.state), CaseState.OPEN).value, Queue.NEEDS_ME.value
        case.snoozed_until, case.waiting_since = None, case.waiting_since or now
        escalation.place(session, case, settings, now)


def of_steps(session: Session, step_ids: Collection[int]) -> Mapping[int, tuple[Referral, Resource]]:
    """Step → its referral, and to whom; other steps are absent."""
    rows = select(Referral, Resource).join(Resource, Resource.id == Referral.resource_id).where(Referral.step_id.in_(step_ids))
    return {row[0].step_id: (row[0], row[1]) for row in session.execute(rows)}
