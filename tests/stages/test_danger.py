"""Danger reaches a person at any hour: the chain, its timers, acknowledgement, the seal, the log; and two-way waits for the chain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from outreach.arrivals import Arrival
from outreach.attention.queries import open_items
from outreach.cases import danger, danger_queries, intake, oncall
from outreach.cases.danger_tables import Incident, IncidentStep, SealedLogError
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.planning import release, two_way
from outreach.planning.reasons import Reason
from outreach.planning.release import Go
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff import oncall as rules
from outreach.staff import queries as accounts
from outreach.staff.oncall_tables import OnCallPage, OnCallPerson
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from tests.stages.families import PHONE, a_family, hear

TWO_AT_NIGHT = datetime(2026, 10, 6, 7, 0, tzinfo=UTC)
"""In Chicago, on a Tuesday."""
ROSA, SAM, PAT = "+13125550171", "+13125550172", "+13125550173"
BOSS = "boss@example.org"
WORDS = "he says he wants to kill himself"


@dataclass
class Night:
    """A district with people on call, its clock, and what they are texted."""

    database: Database
    settings: Settings
    now: datetime = TWO_AT_NIGHT
    people: dict[str, int] = field(default_factory=dict)

    def person(self, name: str, phone: str, *, role: Role = Role.COORDINATOR, schools: tuple[str, ...] = ("S1",), **values: object) -> None:
        """Put somebody on call."""
        with self.database.write() as session:
            account = staff.add_account(session, email=f"{name}@example.org", name=name, role=role, schools=list(schools), now=self.now)
            row = oncall.add_person(session, account, phone, by=BOSS, now=self.now, **values)  # type: ignore[arg-type]
            self.people[name] = row.id

    def hear(self, words: str = WORDS, phone: str = PHONE) -> tuple[Inbound, Case]:
        """A family texts."""
        with self.database.write() as session:
            found = hear(session, self.settings, words, phone=phone, at=self.now)
            session.expunge_all()
        return found

    def pass_minutes(self, minutes: int) -> None:
        """Let the clock run, with the job ticking every minute."""
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            danger.escalate(self.database, self.settings, self.now)

    def log(self) -> list[tuple[str, str, str]]:
        """Every step: local time, kind, and whom it was about."""
        names = {number: name for name, number in self.people.items()}
        with self.database.read() as session:
            rows = session.scalars(select(IncidentStep).order_by(IncidentStep.id)).all()
        local = [(row.at - timedelta(hours=5)).strftime("%H:%M") for row in rows]
        return [(at, row.kind, names.get(row.detail.get("person", 0), row.by)) for at, row in zip(local, rows, strict=True)]

    def pages(self, phone: str) -> list[PlannedMessage]:
        """Texts planned for a phone, in order."""
        with self.database.read() as session:
            return list(session.scalars(select(PlannedMessage).filter_by(phone=phone).order_by(PlannedMessage.id)))

    def code(self, phone: str) -> str:
        """The code of the newest call."""
        found = re.search(r"reply (\d{4})", self.pages(phone)[-1].body)
        assert found is not None
        return found[1]

    def texts(self, phone: str, body: str, sid: str = "SMstaff") -> None:
        """Somebody on call answers by text, the way of every text that comes in."""
        params = {"MessageSid": sid, "From": phone, "To": "+13125550100", "Body": body, "NumMedia": "0"}
        intake.take(self.database, self.settings, Arrival("inbound", sid, params, "", self.now), self.now)

    def incident(self) -> Incident:
        """The one incident."""
        with self.database.read() as session:
            return session.scalars(select(Incident)).one()


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
        account.id, account.email, account.name, Role(account.role), accounts.scope(session, account), by_link=False, has_password=True
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


# --- two-way ----------------------------------------------------------------------------------------------------------------------


def _off(night: Night, school: str = "S1") -> Reason | None:
    with night.database.read() as session:
        return two_way.refusal(session, school, night.settings, night.now)


def _test(night: Night, name: str, phone: str) -> None:
    with night.database.write() as session:
        oncall.test(session, session.get_one(OnCallPerson, night.people[name]), night.settings, by=BOSS, now=night.now)
    night.texts(phone, night.code(phone), sid=f"SM{name}{night.now.isoformat()}")


@pytest.fixture
def guarded(night: Night) -> Night:
    """The same night, where two-way needs people on call with the simulator, too."""
    night.settings = night.settings.model_copy(update={"two_way_needs_on_call": "always"})
    return night


def test_two_way_starts_only_with_two_acknowledged_pagers_and_stops_when_their_month_is_over(guarded: Night) -> None:
    assert _off(guarded) == Reason.TWO_WAY_OFF
    _test(guarded, "sam", SAM)
    assert _off(guarded) == Reason.TWO_WAY_OFF
    _test(guarded, "sam", SAM)
    assert _off(guarded) == Reason.TWO_WAY_OFF, "the same person twice is one person"
    _test(guarded, "pat", PAT)
    assert _off(guarded) is None
    guarded.now += rules.HOLDS
    assert _off(guarded) == Reason.TWO_WAY_OFF


def test_two_way_needs_a_last_resort_and_people_whose_accounts_work(guarded: Night) -> None:
    _test(guarded, "sam", SAM)
    _test(guarded, "pat", PAT)
    with guarded.database.write() as session:
        session.execute(update(OnCallPerson).values(last_resort=False))
    assert _off(guarded) == Reason.TWO_WAY_OFF
    with guarded.database.write() as session:
        session.execute(update(OnCallPerson).values(last_resort=True))
        session.execute(update(Account).where(Account.email == "sam@example.org").values(disabled_at=guarded.now))
    assert _off(guarded) == Reason.TWO_WAY_OFF


def test_each_school_needs_somebody_who_answers_its_families(guarded: Night) -> None:
    _test(guarded, "sam", SAM)
    _test(guarded, "pat", PAT)
    assert (_off(guarded, "S1"), _off(guarded, "S2"), _off(guarded, "")) == (None, Reason.NOBODY_ANSWERS, None)
    guarded.person("zoe", "+13125550175", schools=("S2",))
    assert _off(guarded, "S2") is None


def test_an_unanswered_test_counts_for_nothing(guarded: Night) -> None:
    for name in ("sam", "pat"):
        with guarded.database.write() as session:
            oncall.test(session, session.get_one(OnCallPerson, guarded.people[name]), guarded.settings, by=BOSS, now=guarded.now)
    assert _off(guarded) == Reason.TWO_WAY_OFF


@pytest.mark.parametrize(
    ("provider", "base", "needs", "off"),
    [
        ("simulator", "http://127.0.0.1:1", "phones", False),
        ("twilio", "http://127.0.0.1:1", "phones", False),
        ("twilio", "", "phones", True),
        ("simulator", "http://127.0.0.1:1", "always", True),
    ],
)
def test_two_way_is_guarded_wherever_texts_reach_phones(night: Night, provider: str, base: str, needs: str, off: bool) -> None:
    night.settings = night.settings.model_copy(update={"provider": provider, "twilio_api_base": base, "two_way_needs_on_call": needs})
    assert (_off(night) is not None) is off


def test_the_test_is_repeated_by_itself_before_the_month_is_over(guarded: Night) -> None:
    guarded.now = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
    _test(guarded, "sam", SAM)

    def tick() -> list[int]:
        with guarded.database.write() as session:
            return [page.person_id for page in oncall.test_monthly(session, guarded.settings, guarded.now)]

    assert tick() == []
    guarded.now += rules.AGAIN
    assert tick() == [guarded.people["sam"]]
    assert tick() == []
    guarded.now += timedelta(days=1, minutes=1)
    assert tick() == [guarded.people["sam"]], "nobody answered the day before"
    guarded.texts(SAM, guarded.code(SAM), sid="SMagain")
    guarded.now += timedelta(days=2)
    assert tick() == []
    with guarded.database.write() as session:
        session.execute(delete(OnCallPage))
    assert tick() == [], "the first test is a person's to send"
