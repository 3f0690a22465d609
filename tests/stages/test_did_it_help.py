"""What was done goes back to the family, ten school days later it is asked whether it helps, and its yes is how long help took."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.cases import actions, barriers, did_it_help, referrals, resource_actions, steps
from outreach.cases.actions import CaseError
from outreach.cases.barriers import Told
from outreach.cases.help_states import BarrierState, ReferralState, SaidBy
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.referrals import Offer
from outreach.cases.resource_actions import Entry
from outreach.cases.states import CaseState
from outreach.cases.steps import Plan
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.district.tables import ContactPhone
from outreach.evidence import time_to_help
from outreach.evidence.time_to_help import Waits
from outreach.messages.templates import sources
from outreach.planning.release import Go, check
from outreach.planning.states import MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.families import PHONE, a_family, hear
from tests.stages.nights import approval
from tests.stages.test_barriers import person
from tests.web.seed import people

WORDS = next(source.text for source in sources() if source.message == "did_it_help")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DUE = NOON + 14 * DAY
"""NOON is a Tuesday; ten school days later it is Tuesday again."""


@pytest.fixture
def case_id(database: Database, settings: Settings) -> int:
    """A family that told of the bus, and Ana who looks after it."""
    with database.write() as session:
        people(session, NOON)
        a_family(session, "C1", {"st1": "S1"})
        session.execute(update(ContactPhone).values(consent=True))
        session.add(approval("did_it_help", "sms", "en", WORDS, NOON))
        _, case = hear(session, settings, "The bus never comes to our street")
        actions.assign(session, case, person(session, "ana").id, by="ana@example.org", now=NOON)
        return case.id


def did(session: Session, case_id: int, told: Told | None = None, at: datetime = NOON) -> Step:
    """A step that is done against the bus, or against something that was told besides."""
    case = session.get_one(Case, case_id)
    row = barriers.note(session, case, told, by="ana@example.org", now=at) if told else session.scalars(select(Barrier)).one()
    return steps.record(session, case, Plan("school_change", "A new stop", barrier_id=row.id), account_id=1, by="ana@example.org", now=at)


def asked(database: Database, settings: Settings, now: datetime) -> list[PlannedMessage]:
    did_it_help.ask_due(database, settings, now)
    with database.read() as session:
        return list(session.scalars(select(PlannedMessage).where(PlannedMessage.message == "did_it_help").order_by(PlannedMessage.id)))


def leaves(database: Database, settings: Settings, question: PlannedMessage, now: datetime) -> str:
    """Release the question by all its checks, and return its words."""
    with database.write() as session:
        found = check(session, session.merge(question), settings, now)
        assert isinstance(found, Go), found
        told = {"state": State.DELIVERED, "claimed_at": now, "facts": found.facts}
        session.execute(update(PlannedMessage).where(PlannedMessage.id == question.id).values(told))
        return found.body


# --- the question ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "known", "days"),
    [(date(2026, 10, 20), False, 10), (date(2026, 10, 19), False, 9), (date(2026, 10, 20), True, 9), (date(2026, 10, 6), False, 0)],
)
def test_school_days_are_those_of_the_calendar_or_monday_to_friday(today: date, known: bool, days: int) -> None:
    """On October 12 this school is closed."""
    calendar = [day for n in range(60) if (day := date(2026, 9, 1) + timedelta(days=n)).weekday() < 5 and day != date(2026, 10, 12)]
    assert did_it_help.school_days_since(date(2026, 10, 6), today, calendar, known=known) == days


def test_ten_school_days_after_a_step_the_family_is_asked_once_and_every_check_binds_it(
    database: Database, settings: Settings, case_id: int
) -> None:
    with database.write() as session:
        did(session, case_id)
    assert asked(database, settings, DUE - DAY) == []
    (question,) = asked(database, settings, DUE)
    assert (question.phone, question.message_class, question.student_ids) == (PHONE, MessageClass.CAMPAIGN, ["st1"])
    assert len(asked(database, settings, DUE + DAY)) == 1
    words = leaves(database, settings, question, DUE)
    assert "Reply 1 yes, 2 not yet." in words
    assert "stop" not in words.replace("Reply STOP to stop", ""), "what was done is not said"


@pytest.mark.parametrize(
    "told",
    [
        Told("food", said_by=SaidBy.STAFF, sealed=True),
        Told("community_safety", said_by=SaidBy.STUDENT, sealed=True),
    ],
)
def test_nobody_is_asked_about_what_somebody_else_told_under_a_seal(
    database: Database, settings: Settings, case_id: int, told: Told
) -> None:
    with database.write() as session:
        did(session, case_id, told)
    assert asked(database, settings, DUE) == []


def test_nobody_is_asked_where_danger_was_written_or_the_referral_waits(database: Database, settings: Settings, case_id: int) -> None:
    with database.write() as session:
        case, boss = session.get_one(Case, case_id), person(session, "boss")
        bus = resource_actions.save(session, Entry("Bus desk", ("transportation",)), boss, today=NOON.date(), now=NOON)
        wanted = Offer(session.scalars(select(Barrier.id)).one(), bus.id, date(2026, 10, 9))
        sent = referrals.offer(session, case, wanted, account_id=1, by="x", settings=settings, now=NOON)
        steps.done(session, case, sent.step_id, "", by="x", now=NOON)
        sent_id = sent.id
    assert asked(database, settings, DUE) == []
    with database.write() as session:
        case = session.get_one(Case, case_id)
        case.urgent = True
        referrals.move_on(session, case, sent_id, ReferralState.ACCEPTED, "", by="x", settings=settings, now=NOON)
    assert asked(database, settings, DUE) == []
    with database.write() as session:
        session.get_one(Case, case_id).urgent = False
    assert len(asked(database, settings, DUE)) == 1


# --- the answer -----------------------------------------------------------------------------------------------------------------


def test_a_yes_waits_for_the_owner_reopens_the_case_and_closes_when_seen(database: Database, settings: Settings, case_id: int) -> None:
    with database.write() as session:
        did(session, case_id)
    (question,) = asked(database, settings, DUE)
    leaves(database, settings, question, DUE)
    with database.write() as session:
        actions.close(session, session.get_one(Case, case_id), by="ana@example.org", now=DUE)
        inbound, case = hear(session, settings, "1", at=DUE + HOUR)
        row = session.scalars(select(Barrier)).one()
        assert (inbound.intent, inbound.to_human, row.state, row.said_yes_at) == ("helped", True, BarrierState.SAID_YES, DUE + HOUR)
        assert (case.id, case.state, case.queue) == (case_id, CaseState.OPEN, "needs_me")
        barriers.close(session, case, row.id, "", by="ana@example.org", now=DUE + DAY)
        assert (row.state, row.closed_by, row.said_yes_at) == (BarrierState.CLOSED, "ana@example.org", DUE + HOUR)


def test_not_yet_leaves_it_in_the_way_and_takes_an_earlier_yes_back(database: Database, settings: Settings, case_id: int) -> None:
    with database.write() as session:
        did(session, case_id)
    (question,) = asked(database, settings, DUE)
    with database.write() as session:
        hear(session, settings, "1", at=DUE)
        assert session.scalars(select(Barrier)).one().state == BarrierState.OPEN, "the question has not left"
    leaves(database, settings, question, DUE)
    with database.write() as session:
        hear(session, settings, "1", at=DUE + HOUR)
        hear(session, settings, "2", at=DUE + 2 * HOUR)
        row = session.scalars(select(Barrier)).one()
        assert (row.state, row.said_yes_at) == (BarrierState.OPEN, None)
        with pytest.raises(CaseError, match="Say why"):
            barriers.close(session, session.get_one(Case, case_id), row.id, "", by="ana@example.org", now=DUE)


# --- what we did ----------------------------------------------------------------------------------------------------------------


def test_what_was_done_goes_to_the_family_as_an_answer_that_a_person_sends(database: Database, case_id: int) -> None:
    with database.write() as session:
        case, step = session.get_one(Case, case_id), did(session, case_id)
        plan = steps.plan(session, case, Plan("visit", due_on=date(2026, 10, 9)), account_id=1, by="ana@example.org", now=NOON)
        send = {"account_id": 1, "by": "ana@example.org", "now": NOON, "once": "x", "leaves_in": timedelta()}
        for row, words, why in ((plan, "Done", "when it is done"), (step, "We {{ note }}", "still empty")):
            with pytest.raises(CaseError, match=why):
                steps.tell(session, case, row.id, words, **send)  # type: ignore[arg-type]  # by name
        told = steps.tell(session, case, step.id, "The bus stops at your street now.", **send)  # type: ignore[arg-type]  # the same
        assert (told.message_class, told.state, told.phone, step.told_id) == (MessageClass.ANSWER, State.PLANNED, PHONE, told.id)


# --- time to help ---------------------------------------------------------------------------------------------------------------


def test_time_to_help_is_that_of_the_planted_instants(database: Database, case_id: int) -> None:
    since = datetime(2026, 10, 1, tzinfo=UTC)
    planted = [("food", 0, 3), ("student_job", 1, 8), ("housing", 2, 4), ("bored", 3, None), ("excused_ok", 4, None)]
    with database.write() as session:
        case = session.get_one(Case, case_id)
        session.scalars(select(Barrier)).one().heard_at = since - DAY
        for reason, heard, yes in planted:
            row = barriers.note(session, case, Told(reason), by="x", now=NOON)
            row.heard_at, row.said_yes_at = since + heard * DAY, None if yes is None else since + yes * DAY
            if yes is not None:
                row.state = BarrierState.SAID_YES
            if reason == "excused_ok":
                barriers.close(session, case, row.id, "They know now", by="x", now=NOON)
    with database.read() as session:
        found = time_to_help.barriers(session, since, since + 30 * DAY)
        assert [one.took for one in found] == [3 * DAY, 7 * DAY, 2 * DAY, None, None]
        assert time_to_help.waits(found) == Waits(heard=5, helped=3, closed_without_yes=1, open=1, median=3 * DAY)
        assert time_to_help.by_category(found)["barriers"] == Waits(3, 3, 0, 0, 3 * DAY)
        assert time_to_help.barriers(session, since, since + DAY)[0].school_id == "S1"
        assert time_to_help.barriers(session, since, since + DAY, {"S2"}) == []
