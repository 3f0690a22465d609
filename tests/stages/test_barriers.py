"""What stands in a child's way and what is done about it: kept, sealed, planned, closed, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import actions, barrier_reports, barriers, help_queries, searching, steps
from outreach.cases.actions import CaseError
from outreach.cases.barriers import Told
from outreach.cases.help_states import BarrierState, IllegalMoveError, Layer, SaidBy, Severity, StepState
from outreach.cases.help_tables import Barrier
from outreach.cases.steps import Plan
from outreach.cases.tables import Case, CaseEvent
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Role
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.stages.families import hear
from tests.web.seed import MARIA, case_of, heard

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRIDAY = date(2026, 10, 9)


def person(session: Session, name: str) -> SignedIn:
    account = staff.by_email(session, f"{name}@example.org")
    assert account is not None
    return SignedIn(
        account.id,
        account.email,
        account.name,
        Role(account.role),
        staff.scope(session, account),
        by_link=False,
        has_password=True,
        has_factor=False,
        session_id="",
    )


def open_case(session: Session, **values: object) -> Case:
    return case_of(session, NOON - DAY, phone=MARIA, open_key=f"phone:{MARIA}", **values)


def seen(session: Session, case: Case, name: str) -> list[str]:
    return [one.what for one in help_queries.barriers(session, [case], person(session, name))]


def found(session: Session, query: str) -> list[Case]:
    statement = searching.find(query)
    return [] if statement is None else list(session.scalars(statement))


# --- reports --------------------------------------------------------------------------------------------------------------------


def test_a_familys_text_leaves_one_report_for_one_reason_however_often_it_is_told(session: Session) -> None:
    case = open_case(session)
    for n in range(2):
        heard(session, case, "The bus never comes", NOON - n * HOUR, intent="barrier_report", barrier="transportation")
    heard(session, case, "Luis has a fever today", NOON, intent="report_absence", barrier="illness_acute")
    (found,) = session.scalars(select(Barrier))
    assert (found.reason, found.said_by, found.confirmed_by, found.state) == ("transportation", SaidBy.TEXT, "", BarrierState.OPEN)


def test_what_the_family_called_better_and_names_again_is_in_the_way_again(session: Session) -> None:
    case = open_case(session)
    heard(session, case, "The bus never comes", NOON, intent="barrier_report", barrier="transportation")
    row = session.scalars(select(Barrier)).one()
    row.state, row.said_yes_at = BarrierState.SAID_YES.value, NOON
    heard(session, case, "The bus is gone again", NOON + HOUR, intent="barrier_report", barrier="transportation")
    session.flush()
    session.refresh(row)
    assert row.state == BarrierState.OPEN
    assert row.said_yes_at is None


def test_a_sealed_reason_beside_another_seals_the_words_of_both(session: Session) -> None:
    """On the family page several reasons are chosen at once."""
    case = open_case(session)
    inbound = heard(session, case, "Getting to school; a place to live", NOON, barrier="transportation")
    barrier_reports.hear(session, case, inbound, ["transportation", "housing"])
    assert sorted((row.reason, row.sealed) for row in session.scalars(select(Barrier))) == [("housing", True), ("transportation", False)]
    assert case.sealed_since == NOON


def test_a_person_writes_down_confirms_and_closes_a_reason_and_says_why(session: Session) -> None:
    case, by = open_case(session), "ana@example.org"
    row = barriers.note(session, case, Told("food", Severity.MOST, SaidBy.STUDENT, "No breakfast"), by=by, now=NOON)
    assert row.confirmed_by == "ana@example.org"
    with pytest.raises(CaseError, match="has that reason already"):
        barriers.note(session, case, Told("food"), by=by, now=NOON)
    barriers.confirm(session, case, row.id, "health_care_access", Severity.SOME, by=by, now=NOON)
    assert (row.reason, row.severity) == ("health_care_access", Severity.SOME)
    with pytest.raises(CaseError, match="Say why"):
        barriers.close(session, case, row.id, "  ", by=by, now=NOON)
    barriers.close(session, case, row.id, "They have glasses now", by=by, now=NOON)
    assert (row.state, row.closed_by, row.closed_why) == (BarrierState.CLOSED, "ana@example.org", "They have glasses now")
    barriers.reopen(session, case, row.id, by=by, now=NOON)
    assert (row.state, row.closed_why) == (BarrierState.OPEN, "")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (Told("laziness"), "Choose what makes it hard"),
        (Told("food", said_by=SaidBy.TEXT), "Say who told you"),
    ],
)
def test_what_cannot_be_written_down_is_refused_with_the_reason(session: Session, told: Told, why: str) -> None:
    with pytest.raises(CaseError, match=why):
        barriers.note(session, open_case(session), told, by="ana@example.org", now=NOON)


def test_a_reason_of_another_case_is_not_found(session: Session) -> None:
    mine, theirs = open_case(session), case_of(session, NOON)
    row = barriers.note(session, theirs, Told("food"), by="raj@example.org", now=NOON)
    with pytest.raises(CaseError, match="no such reason"):
        barriers.close(session, mine, row.id, "x", by="ana@example.org", now=NOON)
    with pytest.raises(CaseError, match="no such reason"):
        steps.record(session, mine, Plan("visit", barrier_id=row.id), account_id=1, by="ana@example.org", now=NOON)


# --- steps ----------------------------------------------------------------------------------------------------------------------


def test_a_planned_step_is_the_next_step_until_it_is_done(session: Session) -> None:
    case, ana = open_case(session), person(session, "ana")
    with pytest.raises(CaseError, match="by which day"):
        steps.plan(session, case, Plan("visit"), account_id=ana.id, by=ana.email, now=NOON)
    later = steps.plan(session, case, Plan("conference", due_on=FRIDAY + DAY), account_id=ana.id, by=ana.email, now=NOON)
    row = steps.plan(session, case, Plan("visit", "See the mother", FRIDAY), account_id=ana.id, by=ana.email, now=NOON)
    assert row.layer == Layer.PROBLEM_SOLVING
    assert help_queries.next_steps(session, [case]) == {case.id: (FRIDAY, "Home visit: See the mother")}
    steps.done(session, case, row.id, "She works nights", by=ana.email, now=NOON + DAY)
    assert (row.state, row.done_at, row.outcome) == (StepState.DONE, NOON + DAY, "She works nights")
    assert help_queries.next_steps(session, [case]) == {case.id: (FRIDAY + DAY, "Conference with the family")}
    with pytest.raises(CaseError, match="Say why"):
        steps.drop(session, case, later.id, "", by=ana.email, now=NOON)
    steps.drop(session, case, later.id, "They moved", by=ana.email, now=NOON)
    with pytest.raises(IllegalMoveError):
        steps.done(session, case, later.id, "", by=ana.email, now=NOON)
    assert [(one.what, one.state) for one in help_queries.steps(session, case, [], ana)] == [
        ("Home visit", StepState.DONE),
        ("Conference with the family", StepState.DROPPED),
    ]


# --- sealed reasons -------------------------------------------------------------------------------------------------------------


def test_a_sealed_reason_shows_its_root_cause_to_everybody_but_the_owner(session: Session) -> None:
    case = open_case(session, owner_id=person(session, "ana").id)
    heard(session, case, "We lost our flat", NOON, intent="barrier_report", barrier="housing")
    assert seen(session, case, "ana") == ["Housing"]
    assert [seen(session, case, name) for name in ("raj", "boss", "kim")] == [["Something in the way"]] * 3
    row = steps.plan(
        session, case, Plan("referral", "The shelter", FRIDAY, session.scalars(select(Barrier.id)).one()), account_id=1, by="x", now=NOON
    )
    shown = help_queries.barriers(session, [case], person(session, "boss"))
    (step,) = help_queries.steps(session, case, shown, person(session, "boss"))
    assert (step.id, step.what, step.row, step.due_on) == (row.id, "", None, FRIDAY)
    assert help_queries.next_steps(session, [case]) == {case.id: (FRIDAY, "")}


def test_the_seal_goes_with_the_case_to_whoever_looks_after_it(session: Session) -> None:
    case = open_case(session, owner_id=person(session, "ana").id)
    barriers.note(session, case, Told("food", sealed=True), by="ana@example.org", now=NOON)
    assert (seen(session, case, "ana"), seen(session, case, "boss")) == (["Food"], ["Something in the way"])
    actions.assign(session, case, person(session, "boss").id, by="ana@example.org", now=NOON)
    assert (seen(session, case, "ana"), seen(session, case, "boss")) == (["Something in the way"], ["Food"])


def test_words_under_a_seal_are_found_by_no_search_whenever_they_were_written(session: Session) -> None:
    case = open_case(session, owner_id=person(session, "ana").id)
    actions.note(session, case, "Early giraffe", by="ana@example.org", now=NOON - 2 * HOUR)
    assert found(session, "giraffe") == [case]
    barriers.note(session, case, Told("mental_health_trauma"), by="ana@example.org", now=NOON)
    actions.note(session, case, "Late giraffe", by="ana@example.org", now=NOON + HOUR)
    assert found(session, "giraffe") == []


def test_fear_of_enforcement_is_in_no_row_by_its_name_once_somebody_looks_after_the_case(session: Session, settings: Settings) -> None:
    inbound, case = hear(session, settings, "We are scared ICE is at the school", phone=MARIA)
    assert inbound.barrier == "immigration_fear", "the family's text is read so"
    assert case.sealed_since == inbound.received_at
    actions.assign(session, case, person(session, "ana").id, by="ana@example.org", now=NOON)
    session.expire_all()
    assert (inbound.barrier, inbound.category) == ("community_safety", "barriers")
    assert "ICE" not in inbound.why
    (row,) = session.scalars(select(Barrier))
    assert (row.reason, row.sealed) == ("community_safety", True)


def test_neither_the_trail_nor_an_event_names_a_sealed_reason(session: Session) -> None:
    case, ana = open_case(session, owner_id=person(session, "ana").id), person(session, "ana")
    row = barriers.note(session, case, Told("housing", words="They sleep in a car"), by=ana.email, now=NOON)
    steps.record(session, case, Plan("referral", "Family shelter", barrier_id=row.id), account_id=ana.id, by=ana.email, now=NOON)
    barriers.close(session, case, row.id, "A flat was found", by=ana.email, now=NOON)
    session.flush()
    said = [repr((one.action, one.subject, one.detail)) for one in session.scalars(select(AuditEntry))]
    said += [event.text for event in session.scalars(select(CaseEvent))]
    assert len(said) > 6
    assert not [words for words in said for secret in ("hous", "car", "shelter", "flat", "Referral") if secret in words]
