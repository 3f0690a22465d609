"""Families pointed to who can help: offered, accepted, helped or not; what comes to nothing goes back to the owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import actions, barriers, referrals, resource_actions
from outreach.cases.actions import CaseError
from outreach.cases.barriers import Told
from outreach.cases.help_states import IllegalMoveError, ReferralState, StepState
from outreach.cases.help_tables import Step
from outreach.cases.referrals import Offer
from outreach.cases.resource_actions import Entry, ResourceError
from outreach.cases.resource_tables import Referral, Resource
from outreach.cases.states import CaseState, Queue
from outreach.cases.tables import Case
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.test_barriers import open_case, person
from tests.web.seed import LINCOLN, ROOSEVELT, case_of

TODAY, NEXT_WEEK = date(2026, 10, 6), date(2026, 10, 13)
PANTRY = Entry("Food pantry", ("food",), "Ask for Jo", schools=(LINCOLN,), capacity=1)


def listed(session: Session, entry: Entry = PANTRY, checked_on: date = TODAY) -> Resource:
    return resource_actions.save(session, entry, person(session, "boss"), today=checked_on, now=NOON)


def hungry(session: Session, case: Case | None = None) -> tuple[Case, int]:
    case = case or open_case(session)
    return case, barriers.note(session, case, Told("food"), by="ana@example.org", now=NOON).id


def offered(session: Session, settings: Settings, case: Case, barrier_id: int, resource: Resource) -> Referral:
    wanted, ana = Offer(barrier_id, resource.id, NEXT_WEEK), person(session, "ana")
    return referrals.offer(session, case, wanted, account_id=ana.id, by=ana.email, settings=settings, now=NOON)


def came(session: Session, settings: Settings, case: Case, row: Referral, to: ReferralState, why: str = "") -> Step:
    referrals.move_on(session, case, row.id, to, why, by="ana@example.org", settings=settings, now=NOON)
    return session.get_one(Step, row.step_id)


def test_a_referral_is_offered_accepted_and_helps(session: Session, settings: Settings) -> None:
    case, barrier_id = hungry(session)
    row = offered(session, settings, case, barrier_id, listed(session))
    step = session.get_one(Step, row.step_id)
    assert (step.state, step.due_on, step.words, step.barrier_id) == (StepState.PLANNED, NEXT_WEEK, "Food pantry", barrier_id)
    assert came(session, settings, case, row, ReferralState.ACCEPTED).state == StepState.DONE
    assert came(session, settings, case, row, ReferralState.HELPED).state == StepState.DONE
    with pytest.raises(IllegalMoveError):
        came(session, settings, case, row, ReferralState.DECLINED, "No")


@pytest.mark.parametrize(
    "way", [[ReferralState.DECLINED], [ReferralState.ACCEPTED, ReferralState.DECLINED], [ReferralState.ACCEPTED, ReferralState.NOT_HELPED]]
)
def test_a_referral_that_comes_to_nothing_reopens_its_step_and_goes_back_with_the_reason(
    session: Session, settings: Settings, way: list[ReferralState]
) -> None:
    case, barrier_id = hungry(session, open_case(session, owner_id=person(session, "ana").id, waiting_since=None))
    row = offered(session, settings, case, barrier_id, listed(session))
    for to in way[:-1]:
        came(session, settings, case, row, to)
    actions.close(session, case, by="ana@example.org", now=NOON)
    with pytest.raises(CaseError, match="Say why"):
        came(session, settings, case, row, way[-1])
    step = came(session, settings, case, row, way[-1], "Too far away")
    assert (step.state, step.due_on, step.outcome) == (StepState.PLANNED, TODAY, "Too far away")
    assert (case.state, case.queue, case.waiting_since) == (CaseState.OPEN, Queue.NEEDS_ME, NOON)
    assert case.owner_id == person(session, "ana").id


def test_the_last_place_goes_to_one_family_and_is_free_again_when_it_is_declined(session: Session, settings: Settings) -> None:
    case, barrier_id = hungry(session)
    other, their_barrier = hungry(session, case_of(session, NOON))
    pantry = listed(session)
    row = offered(session, settings, case, barrier_id, pantry)
    (choice,) = referrals.choices(session, other, "food", settings, NOON)
    assert choice.why_not.startswith("Full")
    with pytest.raises(CaseError, match="Full"):
        offered(session, settings, other, their_barrier, pantry)
    came(session, settings, case, row, ReferralState.DECLINED, "They have one")
    assert offered(session, settings, other, their_barrier, pantry).state == ReferralState.OFFERED


def test_what_nobody_checked_for_ninety_days_is_offered_only_after_a_check(session: Session, settings: Settings) -> None:
    case, barrier_id = hungry(session)
    pantry = listed(session, checked_on=TODAY - timedelta(days=91))
    with pytest.raises(CaseError, match="Nobody has checked it for more than 90 days"):
        offered(session, settings, case, barrier_id, pantry)
    resource_actions.check(session, pantry.id, person(session, "ana"), today=TODAY, now=NOON)
    assert offered(session, settings, case, barrier_id, pantry).state == ReferralState.OFFERED


def test_what_fits_another_school_or_has_ended_is_not_offered(session: Session, settings: Settings) -> None:
    case, barrier_id = hungry(session)
    elsewhere = listed(session, replace(PANTRY, schools=(ROOSEVELT,)))
    assert referrals.choices(session, case, "food", settings, NOON) == []
    with pytest.raises(CaseError, match="other schools"):
        offered(session, settings, case, barrier_id, elsewhere)
    gone = listed(session)
    resource_actions.end(session, gone.id, person(session, "boss"), now=NOON)
    with pytest.raises(CaseError, match="no such resource"):
        offered(session, settings, case, barrier_id, gone)


def test_a_coordinator_writes_the_resources_of_her_own_schools_alone(session: Session) -> None:
    ana = person(session, "ana")
    for schools in ((), (ROOSEVELT,), (LINCOLN, ROOSEVELT)):
        with pytest.raises(ResourceError, match="schools of yours"):
            resource_actions.save(session, replace(PANTRY, schools=schools), ana, today=TODAY, now=NOON)
    mine = resource_actions.save(session, PANTRY, ana, today=TODAY, now=NOON)
    theirs = listed(session, replace(PANTRY, schools=()))
    with pytest.raises(ResourceError, match="schools of yours"):
        resource_actions.save(session, PANTRY, ana, today=TODAY, now=NOON, resource_id=theirs.id)
    with pytest.raises(ResourceError):
        resource_actions.end(session, theirs.id, ana, now=NOON)
    assert [row.id for row in session.scalars(select(Resource).where(Resource.checked_by == ana.email))] == [mine.id]


def test_a_resource_needs_a_name_and_a_reason(session: Session) -> None:
    for entry in (replace(PANTRY, name=" "), replace(PANTRY, needs=()), replace(PANTRY, needs=("laziness",))):
        with pytest.raises(ResourceError, match="name and at least one reason"):
            listed(session, entry)
