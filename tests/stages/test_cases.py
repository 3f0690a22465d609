"""A family's text reaches a person: one case, nobody forgotten, only theirs."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from outreach.attention.queries import open_items
from outreach.cases import actions, danger, queries
from outreach.cases.crossings import open_for_crossings
from outreach.cases.states import CaseState, IllegalMoveError, move
from outreach.cases.tables import Case, CaseEvent
from outreach.database import Database
from outreach.planning.actions import plan_answer
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.tables import AuditEntry
from outreach.thresholds.tables import Episode, RuleVersion
from tests.conftest import NOON
from tests.stages.families import PHONE, a_family, hear

LATER = NOON + timedelta(hours=2)
ANA = "ana@example.org"


def test_texts_of_one_number_are_one_case_that_waits_since_the_first(database: Database, settings: Settings) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1"})
        _, first = hear(session, settings, "the bus never comes")
        _, second = hear(session, settings, "and it is cold", at=LATER)

        assert second.id == first.id
        assert (first.queue, first.waiting_since, first.student_id, first.school_id) == ("needs_me", NOON, "1", "S1")
        kinds = session.scalars(select(CaseEvent.kind).where(CaseEvent.case_id == first.id).order_by(CaseEvent.id)).all()
        assert kinds == ["opened", "inbound", "inbound"]


def test_the_same_text_taken_in_again_changes_nothing(database: Database, settings: Settings) -> None:
    with database.write() as session:
        inbound, case = hear(session, settings, "call me")
        again = actions.take_in(session, inbound, settings, LATER)

        assert again.id == case.id
        assert len(session.scalars(select(CaseEvent).where(CaseEvent.inbound_id == inbound.id)).all()) == 1


def test_thanks_waits_under_information_until_something_needs_a_person(database: Database, settings: Settings) -> None:
    with database.write() as session:
        _, case = hear(session, settings, "thank you")
        assert (case.state, case.queue, case.waiting_since) == ("open", "information", None)
        hear(session, settings, "please call me", at=LATER)
        assert (case.queue, case.waiting_since) == ("needs_me", LATER)


def test_danger_is_an_urgent_item_at_once_without_words_or_numbers(database: Database, settings: Settings) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1"})
        _, case = hear(session, settings, "Rosa has a gun in her backpack")

        [item] = open_items(session, {"S1"})
        assert (item.kind, item.urgent, item.detail) == ("danger", True, {"case": case.id})
        assert not any(private in item.sentence for private in ("Rosa", "gun", PHONE))


def test_an_unknown_number_belongs_to_the_district_and_is_put_before_it(database: Database, settings: Settings) -> None:
    with database.write() as session:
        _, case = hear(session, settings, "when does school start?", phone="+13125550199")
        assert (case.student_id, case.school_id) == ("", "")
        assert [item.kind for item in open_items(session, None)] == ["unmatched_reply"]
        with pytest.raises(queries.CaseNotFoundError):
            queries.one(session, case.id, {"S1", ""})


def test_a_number_that_two_households_share_is_about_no_child_in_particular(database: Database, settings: Settings) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1"})
        a_family(session, "C2", {"2": "S2"})
        _, case = hear(session, settings, "the bus never comes")
        assert (case.household, case.contact_id, case.student_id, case.school_id) == ("", "", "", "")


def test_siblings_at_one_school_leave_the_child_open_but_not_the_school(database: Database, settings: Settings) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1", "2": "S1"})
        _, case = hear(session, settings, "the bus never comes")
        assert (case.household, case.contact_id, case.student_id, case.school_id) == ("C1", "C1", "", "S1")


def test_a_reply_is_about_the_child_of_the_last_text(database: Database, settings: Settings) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1", "2": "S2"})
        for student_id, school_id in (("1", "S1"), ("2", "S2")):
            plan_answer(
                session,
                phone=PHONE,
                body="Hello",
                inbound_id=None,
                household="C1",
                contact_id="C1",
                student_ids=[student_id],
                school_id=school_id,
                created_by=ANA,
                now=NOON,
            )
        _, case = hear(session, settings, "the bus never comes", at=LATER)
        assert (case.student_id, case.school_id) == ("2", "S2")


def test_a_case_of_another_school_is_not_found(database: Database, settings: Settings) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1"})
        _, case = hear(session, settings, "call me")

        assert queries.one(session, case.id, {"S1"}).id == case.id
        assert queries.one(session, case.id, None).id == case.id
        for schools in ({"S2"}, set()):
            with pytest.raises(queries.CaseNotFoundError, match="no such case in your schools"):
                queries.one(session, case.id, schools)


def test_an_answer_is_a_planned_message_and_the_case_then_waits_for_nobody(database: Database, settings: Settings) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1"})
        inbound, case = hear(session, settings, "the bus never comes")
        planned = actions.answer(session, case, " We will look into it. ", account_id=7, by=ANA, now=LATER, once="form-1")
        again = actions.answer(session, case, "We will look into it.", account_id=7, by=ANA, now=LATER, once="form-1")

        assert again.id == planned.id
        assert (planned.phone, planned.body, planned.reply_to_id) == (PHONE, "We will look into it.", inbound.id)
        assert (planned.student_ids, planned.school_id, planned.created_by) == (["1"], "S1", ANA)
        assert (case.state, case.waiting_since, case.owner_id) == ("answered", None, 7)
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.actor == ANA)).all() == ["case.answered"]


def test_thanks_for_an_answer_comes_back_under_information(database: Database, settings: Settings) -> None:
    with database.write() as session:
        _, case = hear(session, settings, "call me")
        actions.answer(session, case, "We will.", account_id=7, by=ANA, now=LATER)
        hear(session, settings, "thanks", at=LATER)
        assert (case.state, case.queue, case.waiting_since) == ("open", "information", None)


def test_empty_words_are_no_answer_and_a_closed_case_is_not_answered(database: Database, settings: Settings) -> None:
    with database.write() as session:
        _, case = hear(session, settings, "call me")
        with pytest.raises(actions.CaseError, match="Write something"):
            actions.answer(session, case, "  ", account_id=7, by=ANA, now=LATER)
        actions.close(session, case, by=ANA, now=LATER)
        with pytest.raises(actions.CaseError, match="closed"):
            actions.answer(session, case, "Hello", account_id=7, by=ANA, now=LATER)
        assert session.scalars(select(PlannedMessage)).all() == []


def test_a_person_notes_takes_closes_and_reopens_and_all_of_it_is_on_record(database: Database, settings: Settings) -> None:
    with database.write() as session:
        _, case = hear(session, settings, "call me")
        actions.note(session, case, "Spoke with the aunt.", by=ANA, now=LATER)
        actions.assign(session, case, 7, by=ANA, now=LATER)
        actions.assign(session, case, None, by=ANA, now=LATER)
        actions.close(session, case, by=ANA, now=LATER)
        actions.close(session, case, by="ben@example.org", now=LATER)
        assert (case.state, case.closed_by, case.open_key) == ("closed", ANA, None)
        actions.reopen(session, case, by=ANA, settings=settings, now=LATER)
        assert (case.state, case.queue, case.closed_at) == ("open", "needs_me", None)

        done = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert done == ["case.noted", "case.taken", "case.given_back", "case.closed", "case.reopened"]


def test_a_new_text_opens_a_closed_case_again(database: Database, settings: Settings) -> None:
    with database.write() as session:
        _, case = hear(session, settings, "he has a knife")
        with pytest.raises(actions.CaseError, match="may mean danger"):
            actions.close(session, case, by=ANA, now=LATER)
        incident = danger.open_incident(session, case.id)
        assert incident is not None
        danger.close(session, incident, "A toy. The principal spoke with the family.", by=ANA, now=LATER)
        actions.close(session, case, by=ANA, now=LATER)
        _, same = hear(session, settings, "call me", at=LATER)
        assert same.id == case.id
        assert (case.state, case.queue, case.waiting_since, case.urgent) == ("open", "needs_me", LATER, False)


def test_two_texts_at_the_same_instant_make_one_case(database: Database, settings: Settings) -> None:
    start, ids = threading.Barrier(4), []

    def worker() -> None:
        start.wait()
        with database.write() as session:
            ids.append(hear(session, settings, "call me")[1].id)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    ("rule_asks", "state", "cases"), [(True, "open", 1), (False, "open", 0), (True, "baseline", 0), (True, "passed", 0)]
)
def test_a_crossing_opens_a_case_where_its_rule_asks_for_one(
    database: Database, settings: Settings, rule_asks: bool, state: str, cases: int
) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1"})
        version = RuleVersion(rule="letter_20", digest="d", definition={"case": rule_asks}, first_seen_at=NOON)
        session.add(version)
        session.flush()
        episode = Episode(
            student_id="1", rule="letter_20", rule_version_id=version.id, school_year=date(2026, 7, 1), episode=1, state=state
        )
        episode.tier, episode.days_absent, episode.days_enrolled, episode.as_of = "severe", "9", 30, date(2026, 10, 5)
        episode.opened_at, episode.released_at, episode.released_by, episode.closed_at = NOON, None, "", None
        session.add(episode)
        session.flush()

        assert len(open_for_crossings(session, settings=settings, now=NOON)) == cases
        assert open_for_crossings(session, settings=settings, now=LATER) == []
        if cases:
            [case] = session.scalars(select(Case)).all()
            assert (case.student_id, case.school_id, case.queue, case.phone) == ("1", "S1", "needs_me", "")
            _, joined = hear(session, settings, "the bus never comes", at=LATER)
            assert (joined.id, joined.phone) == (case.id, PHONE)


def test_a_case_moves_only_along_its_table() -> None:
    assert move(CaseState.OPEN, CaseState.ANSWERED) is CaseState.ANSWERED
    assert move(CaseState.CLOSED, CaseState.CLOSED) is CaseState.CLOSED
    with pytest.raises(IllegalMoveError, match="closed"):
        move(CaseState.CLOSED, CaseState.ANSWERED)
