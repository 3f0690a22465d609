"""How often a family hears: a yearly dose, what other systems told it, and no third count to no avail."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from outreach.attendance.counting import Count
from outreach.cases.crossings import open_for_crossings
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.district.tables import OtherContact
from outreach.planning.doses import Told
from outreach.settings import Settings
from outreach.thresholds.rules import Rule
from tests.stages.nights import Nights, Said

PHONE = "+13125550142"
RULE = {"percent": 5, "days": 3, "from_day": 20, "channel": "sms", "message": "count", "cool_down": 0}
RULES = [Rule(name=f"rung_{n}", **{**RULE, "days": 3 * n}, rung=n) for n in (1, 2, 3)]


def _said(state: str, why: str = "") -> list[Said]:
    return [Said("anna", ("lia",), "anna", "sms", state, why)]


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A child over the first of three thresholds, whose mother may hear every night."""
    found = Nights(database, settings.model_copy(update={"weekly_nudge_cap": 99}), tmp_path, rules=RULES)
    found.district.child("lia", absent=4)
    found.district.adult("anna", ["lia"], phone=PHONE)
    found.approve()
    return found


def _two_counts(nights: Nights) -> None:
    nights.open()
    nights.plan()
    nights.send(nights.rows()[-1])
    nights.district.miss("lia", 7)
    assert nights.night() == _said("planned")
    nights.send(nights.rows()[-1])


def _other(nights: Nights, kind: str, days_ago: int) -> None:
    with nights.database.write() as session:
        when = nights.now.date() - timedelta(days=days_ago)
        fed = {"source": "sis", "import_id": 1, "line": 2}
        session.add(OtherContact(**fed, student_id="lia", date=when, channel="phone", kind=kind))


def test_after_two_counts_without_improvement_a_case_is_opened_and_never_a_third_message(nights: Nights) -> None:
    _two_counts(nights)
    nights.district.miss("lia", 10)
    assert nights.night() == _said("skipped", "told before to no avail")
    with nights.database.write() as session:
        [case] = open_for_crossings(session, settings=nights.settings, now=nights.now)
        assert (case.student_id, case.opened_because) == ("lia", "crossing: rung_3")
        assert open_for_crossings(session, settings=nights.settings, now=nights.now) == [], "one case"
    nights.night(days=40)
    with nights.database.read() as session:
        assert len(session.scalars(select(Case)).all()) == 1


def test_a_third_count_leaves_where_the_second_helped(nights: Nights) -> None:
    _two_counts(nights)
    nights.now += timedelta(days=56)
    nights.district.miss("lia", 10, until=date(2026, 12, 1))
    nights.district.marks["lia"] = {day: "U" for n, day in enumerate(nights.district.days[:100:4]) if n < 10}
    assert nights.night() == _said("planned"), "three days of forty since then, seven of thirty-seven before"


def test_what_was_decided_at_planning_is_asked_again_at_the_release(nights: Nights) -> None:
    nights.open()
    nights.plan()
    [row] = nights.rows()
    _other(nights, "Truancy notice 1", days_ago=13)
    found = nights.check(row)
    assert (getattr(found, "state", ""), getattr(found, "reason", "").split(":")[0]) == ("held", "truancy notice")


@pytest.mark.parametrize(
    ("kind", "days_ago", "changed", "state", "why"),
    [
        ("robocall", 29, {}, "skipped", "too soon"),
        ("robocall", 30, {}, "planned", ""),
        ("robocall", 1, {"other_contact_days": 0}, "planned", ""),
        ("First TRUANCY letter", 13, {}, "skipped", "truancy notice"),
        ("First TRUANCY letter", 14, {"other_contact_days": 0}, "planned", ""),
        ("truancy", 1, {"other_contact_days": 0, "truancy_quiet_days": 0}, "planned", ""),
    ],
)
def test_what_other_systems_told_a_family_counts(
    nights: Nights, kind: str, days_ago: int, changed: dict[str, int], state: str, why: str
) -> None:
    nights.settings = nights.settings.model_copy(update=changed)
    nights.rules = [RULES[0].model_copy(update={"cool_down": 30})]
    nights.open()
    _other(nights, kind, days_ago)
    assert nights.plan() == _said(state, why)


def test_a_household_hears_no_more_often_in_a_year_than_its_dose(nights: Nights) -> None:
    nights.settings = nights.settings.model_copy(update={"yearly_nudge_dose": 1, "counts_before_case": 9})
    nights.open()
    nights.plan()
    nights.send(nights.rows()[-1])
    nights.district.miss("lia", 7)
    assert nights.night() == _said("skipped", "yearly dose")
    nights.settings = nights.settings.model_copy(update={"yearly_nudge_dose": 2})
    assert nights.night() == _said("planned")


@given(st.integers(1, 90), st.integers(0, 90), st.integers(0, 90), st.integers(0, 90))
def test_telling_helped_exactly_where_a_smaller_share_was_missed_since(enrolled: int, absent: int, more: int, missed: int) -> None:
    absent, missed = min(absent, enrolled), min(missed, more)
    now = Count(enrolled + more, absent + missed, 0, 0, 0, 0, 0, calendar_known=True, minimum_days=10)
    expected = more > 0 and Fraction(missed, more) < Fraction(absent, enrolled)
    assert Told(Fraction(absent), enrolled).helped(now) is expected
