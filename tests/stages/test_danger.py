"""Danger reaches a person at any hour: the chain, its timers, acknowledgement, the seal and the log."""

from __future__ import annotations

import re
from datetime import time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.attention.queries import open_items
from outreach.cases import danger, danger_queries, oncall
from outreach.cases.danger_tables import Incident, IncidentStep, SealedLogError
from outreach.database import Database
from outreach.delivery.mail_tables import Email
from outreach.planning import release
from outreach.planning.release import Go
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from tests.stages.acceptance import serving
from tests.stages.families import PHONE, a_family
from tests.stages.oncall_nights import BOSS, PAT, ROSA, SAM, TWO_AT_NIGHT, WORDS, Night


@pytest.fixture
def night(database: Database, settings: Settings) -> Night:
    """Rosa by day, Sam around the clock, Pat as the last resort; one family."""
    found = Night(database, settings)
    with database.write() as session:
        a_family(session, "C1", {"1": "S1"})
    found.person("rosa", ROSA, begins=time(8), ends=time(16), days=(0, 1, 2, 3, 4))
    found.person("pat", PAT, role=Role.DISTRICT_ADMINISTRATOR, schools=(), last_resort=True)
    found.person("sam", SAM)
    found.person("kim", "+13125550174", begins=time(22), ends=time(6))
    return found


def test_at_two_at_night_each_step_is_on_time_and_on_record_until_the_last_resort_answers(night: Night) -> None:
    night.hear()
    night.pass_minutes(12)
    night.texts(PAT, f"ok {night.code(PAT)}")
    night.pass_minutes(30)
    assert night.log() == [
        ("02:00", "noticed", ""),
        ("02:00", "called", "sam"),
        ("02:00", "family_not_told", ""),  # nobody approved the safety note in this test
        ("02:05", "no_answer", "sam"),
        ("02:05", "called", "kim"),
        ("02:10", "no_answer", "kim"),
        ("02:10", "called", "pat"),
        ("02:12", "acknowledged", "pat@example.org"),
    ]
    assert night.pages(ROSA) == [], "she is on call by day"
    assert night.incident().acknowledged_by == "pat@example.org"


def test_while_nobody_answers_the_chain_begins_again_and_the_district_sees_it(night: Night) -> None:
    night.hear()
    night.pass_minutes(20)
    assert [(at, kind, who) for at, kind, who in night.log() if at >= "02:15"] == [
        ("02:15", "no_answer", "pat"),
        ("02:15", "all_asked", ""),
        ("02:15", "called", "sam"),
        ("02:20", "no_answer", "sam"),
        ("02:20", "called", "kim"),
    ]
    with night.database.read() as session:
        assert [item.key for item in open_items(session, None) if item.urgent][1:] == [f"danger:unanswered:{night.incident().id}"]


def test_a_call_that_could_not_be_delivered_goes_on_at_once(night: Night) -> None:
    night.hear()
    with night.database.write() as session:
        session.execute(update(PlannedMessage).where(PlannedMessage.phone == SAM).values(state=State.FAILED.value))
    night.pass_minutes(1)
    assert night.log()[-2:] == [("02:01", "not_reached", "sam"), ("02:01", "called", "kim")]


def test_a_call_says_nothing_of_the_words_and_no_hour_or_stop_button_keeps_it_back(night: Night) -> None:
    night.hear()
    [page] = night.pages(SAM)
    assert page.message_class == "page"
    assert not any(private in page.body for private in ("kill", "himself", "Rosa", "Ana", PHONE))
    with night.database.read() as session:
        assert isinstance(release.check(session, session.merge(page, load=False), night.settings, night.now), Go)


def test_a_call_goes_by_e_mail_as_well_and_its_words_and_numbers_are_in_no_log(night: Night, capfd: pytest.CaptureFixture[str]) -> None:
    night.hear()
    night.pass_minutes(11)
    with night.database.read() as session:
        emails = session.scalars(select(Email).order_by(Email.id)).all()
        assert [(row.address, row.kind) for row in emails] == [(f"{name}@example.org", "call") for name in ("sam", "kim", "pat")]
        assert not any(private in row.body for row in emails for private in ("kill", "himself", PHONE, night.code(SAM)))
    printed = "".join(capfd.readouterr())
    assert not any(private in printed for private in (SAM, PAT, PHONE, "kill"))


def test_with_nobody_on_call_the_district_is_told_once(database: Database, settings: Settings) -> None:
    night = Night(database, settings)
    night.hear()
    night.pass_minutes(30)
    assert [kind for _, kind, _ in night.log()] == ["noticed", "nobody_on_call", "family_not_told"]
    night.person("sam", SAM)
    night.pass_minutes(6)
    assert night.log()[-1][1:] == ("called", "sam")


def test_a_link_answers_a_call_too_and_a_second_time_changes_nothing(night: Night) -> None:
    night.settings = night.settings.model_copy(update={"public_url": "https://outreach.example.org"})
    night.hear()
    found = re.search(r"https://outreach\.example\.org/on-call/answer/(\S+) or reply", night.pages(SAM)[0].body)
    assert found is not None
    for minute in (1, 2):
        with night.database.write() as session:
            call = oncall.by_token(session, found[1])
            assert call is not None
            danger.answer_call(session, call, how="link", now=night.now + timedelta(minutes=minute))
    assert [step for step in night.log() if step[1] == "acknowledged"] == [("02:01", "acknowledged", "sam@example.org")]


@pytest.mark.parametrize("words", ["0000", "what is this?", ""])
def test_a_text_without_the_code_is_a_familys_text(night: Night, words: str) -> None:
    night.hear()
    night.texts(SAM, words)
    with night.database.read() as session:
        assert len(session.scalars(select(Inbound).where(Inbound.phone == SAM)).all()) == 1
    assert night.incident().acknowledged_at is None


def test_somebody_elses_phone_cannot_answer_a_call(night: Night) -> None:
    night.hear()
    night.texts(PHONE, night.code(SAM))
    assert night.incident().acknowledged_at is None


def test_another_cry_after_the_acknowledgement_calls_the_same_person_first(night: Night) -> None:
    night.hear()
    night.pass_minutes(6)
    night.texts("+13125550174", night.code("+13125550174"))
    night.now += timedelta(minutes=4)
    night.hear("he has a gun")
    night.pass_minutes(5)
    assert night.log()[-4:] == [
        ("02:10", "noticed", ""),
        ("02:10", "called", "kim"),
        ("02:15", "no_answer", "kim"),
        ("02:15", "called", "sam"),
    ]
    assert night.incident().acknowledged_at is None


def test_another_cry_before_anybody_answered_calls_nobody_twice(night: Night) -> None:
    night.hear()
    night.now += timedelta(minutes=1)
    night.hear("he has a gun")
    assert [kind for _, kind, _ in night.log()].count("called") == 1


def test_the_log_is_only_added_to(night: Night) -> None:
    night.hear()
    with night.database.write() as session:
        step = session.scalars(select(IncidentStep).order_by(IncidentStep.id)).first()
        assert step is not None
        step.kind = "closed"
        with pytest.raises(SealedLogError):
            session.flush()
        session.rollback()
    with night.database.write() as session:
        step = session.scalars(select(IncidentStep)).first()
        session.delete(step)
        with pytest.raises(SealedLogError):
            session.flush()
        session.rollback()


def test_a_person_goes_through_the_checklist_and_says_how_it_ended(night: Night) -> None:
    _, case = night.hear()
    with night.database.write() as session:
        incident = session.scalars(select(Incident)).one()
        danger.acknowledge(session, incident, by=BOSS, now=night.now)
        danger.check_item(session, incident, "call", by=BOSS, now=night.now)
        danger.check_item(session, incident, "call", by=BOSS, now=night.now)
        with pytest.raises(danger.DangerError, match="no such step"):
            danger.check_item(session, incident, "invented", by=BOSS, now=night.now)
        danger.note(session, incident, "Spoke with the mother.", by=BOSS, now=night.now)
        with pytest.raises(danger.DangerError, match="how it ended"):
            danger.close(session, incident, " ", by=BOSS, now=night.now)
        danger.close(session, incident, "He is with the counselor.", by=BOSS, now=night.now)
        danger.close(session, incident, "again", by=BOSS, now=night.now)
        assert open_items(session, None) == []
    assert [kind for _, kind, _ in night.log()][-4:] == ["acknowledged", "checked", "note", "closed"]
    night.hear("he wants to kill himself", PHONE)
    with night.database.read() as session:
        assert len(session.scalars(select(Incident)).all()) == 2
    assert case.urgent


def _signed_in(session: Session, name: str, role: Role, *schools: str) -> SignedIn:
    account = staff.add_account(session, email=f"{name}@example.org", name=name, role=role, schools=list(schools), now=TWO_AT_NIGHT)
    return _as_person(session, account)


def _as_person(session: Session, account: Account) -> SignedIn:
    return SignedIn(
        account.id,
        account.email,
        account.name,
        Role(account.role),
        accounts.scope(session, account),
        by_link=False,
        has_password=True,
        has_factor=False,
        session_id="",
    )


@pytest.mark.parametrize(
    ("role", "schools", "sees"),
    [
        (Role.COORDINATOR, ("S1",), True),
        (Role.COORDINATOR, ("S2",), False),
        (Role.SCHOOL_ADMINISTRATOR, ("S1",), True),
        (Role.DISTRICT_ADMINISTRATOR, (), True),
        (Role.ATTENDANCE_CLERK, ("S1",), False),
        (Role.MENTOR, ("S1",), False),
        (Role.TRANSLATOR, ("S1",), False),
        (Role.LANGUAGE_HELPER, ("S1",), False),
        (Role.RECORDS_OFFICER, (), False),
        (Role.EVALUATOR, (), False),
        (Role.IT, (), False),
    ],
)
def test_an_incident_is_found_by_those_who_need_to_know(night: Night, role: Role, schools: tuple[str, ...], sees: bool) -> None:
    night.hear()
    with night.database.write() as session:
        person = _signed_in(session, "lee", role, *schools)
        if sees:
            assert danger_queries.one(session, night.incident().id, person)
        else:
            with pytest.raises(danger_queries.IncidentNotFoundError):
                danger_queries.one(session, night.incident().id, person)
        assert bool(danger_queries.listed(session, person)) is sees


def test_who_was_called_may_read_a_case_of_another_school_and_nobody_elses(night: Night) -> None:
    night.person("zoe", "+13125550175", schools=("S2",))
    night.hear()
    with night.database.write() as session:
        zoe = _as_person(session, session.scalars(select(Account).filter_by(email="zoe@example.org")).one())
        with pytest.raises(danger_queries.IncidentNotFoundError):
            danger_queries.one(session, night.incident().id, zoe)
    night.pass_minutes(10)
    with night.database.write() as session:
        assert danger_queries.one(session, night.incident().id, zoe)


def test_only_who_may_read_it_can_be_on_call_and_only_one_is_the_last_resort(night: Night) -> None:
    with night.database.write() as session:
        clerk = staff.add_account(session, email="c@example.org", name="Clerk", role=Role.ATTENDANCE_CLERK, schools=["S1"], now=night.now)
        with pytest.raises(oncall.OnCallError, match="may not read sealed texts"):
            oncall.add_person(session, clerk, ROSA, by=BOSS, now=night.now)
        boss = staff.add_account(session, email=BOSS, name="Boss", role=Role.DISTRICT_ADMINISTRATOR, schools=[], now=night.now)
        for bad in ("", "call me", "555"):
            with pytest.raises(oncall.OnCallError, match="area code"):
                oncall.add_person(session, boss, bad, by=BOSS, now=night.now)
        row = oncall.add_person(session, boss, "(312) 555-0176", by=BOSS, now=night.now, last_resort=True)
        assert row.phone == "+13125550176"
        with pytest.raises(oncall.OnCallError, match="on call already"):
            oncall.add_person(session, boss, ROSA, by=BOSS, now=night.now)
        session.expire_all()
        assert [person.id for person in oncall.in_chain(session) if person.last_resort] == [row.id]
        oncall.move_up(session, row, by=BOSS, now=night.now)
        assert [person.id for person in oncall.in_chain(session)][-2] == row.id
        oncall.remove(session, row, by=BOSS, now=night.now)
        assert row.id not in [person.id for person in oncall.in_chain(session)]


def test_over_the_wire_a_cry_reaches_a_pager_and_its_answer_comes_back(sqlite_database: Database, tmp_path: Path) -> None:
    """Webhook, outbox, carrier and webhook again: the family hears where help is, Sam is called and answers, and nobody else is called."""
    with serving(sqlite_database, tmp_path) as service:
        service.nights.approve({("safety", "sms", "en"): "{{ district }}: call 911. Call or text 988."})
        night = Night(sqlite_database, service.outbox.settings, service.outbox.now)
        night.person("sam", SAM)
        night.person("pat", PAT, last_resort=True)
        service.hears(WORDS, PHONE)
        service.send()
        assert service.phone(PHONE) == ["Lincoln Schools: call 911. Call or text 988."]
        [call] = service.phone(SAM)
        assert "/on-call/answer/" in call
        service.hears(f"{night.code(SAM)} on my way", SAM)
        night.pass_minutes(20)
        service.send()
        assert service.phone(PAT) == []
        assert night.incident().acknowledged_by == "sam@example.org"
        with sqlite_database.read() as session:
            assert session.scalars(select(Inbound.phone)).all() == [PHONE], "the answer to a call is no family's text"


def test_a_link_and_a_code_from_before_somebody_had_it_stop_no_later_asking(night: Night) -> None:
    night.settings = night.settings.model_copy(update={"public_url": "https://outreach.example.org"})
    night.hear()
    night.pass_minutes(5)
    link, code = _link(night, SAM), night.code(SAM)
    night.texts("+13125550174", night.code("+13125550174"))
    night.now += timedelta(minutes=4)
    night.hear("he has a gun")
    with night.database.write() as session:
        assert oncall.by_token(session, link) is None
    night.texts(SAM, code)
    assert night.incident().acknowledged_at is None
    night.texts("+13125550174", night.code("+13125550174"), sid="SMagain")
    assert night.incident().acknowledged_at == night.now


def _link(night: Night, phone: str) -> str:
    found = re.search(r"answer/(\S+) or", night.pages(phone)[-1].body)
    assert found is not None
    return found[1]
