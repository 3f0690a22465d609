"""Families are invited to write only while two people on call have shown that a call reaches them, and somebody answers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import delete, update

from outreach.cases import oncall
from outreach.database import Database
from outreach.planning import two_way
from outreach.planning.reasons import Reason
from outreach.settings import Settings
from outreach.staff import oncall as rules
from outreach.staff.oncall_tables import OnCallPage, OnCallPerson
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from tests.stages.families import a_family
from tests.stages.oncall_nights import BOSS, PAT, ROSA, SAM, Night


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
