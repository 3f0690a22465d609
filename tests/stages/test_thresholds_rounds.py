"""Rules that fire on a round, rules for a person, and rules that speak once a year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from outreach.cases.crossings import open_for_crossings
from outreach.database import Database
from outreach.settings import Settings
from outreach.thresholds.rounds import days_of_rounds, round_of
from outreach.thresholds.rules import Rule
from tests.stages.nights import Nights, Said

PHONE = "+13125550142"
RULE = {"percent": 5, "days": 3, "from_day": 20, "channel": "sms", "message": "count", "rung": 1}
ROUND = Rule(name="round", fires="round", **RULE)
SECOND_ROUND = date(2026, 11, 12)


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A child over the threshold of a rule that fires on a round, on the eve of the first one."""
    found = Nights(database, settings, tmp_path, rules=[ROUND])
    found.now = datetime(2026, 9, 30, 17, 0, tzinfo=UTC)
    found.district.child("lia", absent=4, until=date(2026, 9, 25))
    found.district.adult("anna", ["lia"], phone=PHONE)
    found.approve()
    return found


def _said(state: str, why: str = "") -> list[Said]:
    return [Said("anna", ("lia",), "anna", "sms", state, why)]


def test_a_round_speaks_on_its_day_and_not_between_two_rounds(nights: Nights) -> None:
    assert nights.night(days=0) == [], "the first round is tomorrow"
    assert nights.night() == _said("planned"), "no baseline: the district chose the day"
    nights.send(nights.rows()[0])
    nights.district.child("max", absent=5, until=date(2026, 10, 2))
    nights.district.adult("ben", ["max"], phone="+13125550143")
    assert nights.night(days=7) == [], "who crosses between two rounds waits for the next"

    nights.now = datetime(2026, 11, 11, 18, 0, tzinfo=UTC)
    assert nights.night(days=0) == []
    said = nights.night()
    assert [(one.children, one.state) for one in said] == [(("lia",), "planned"), (("max",), "planned")]
    assert nights.night() == [], "once a round"
    assert [row[2:] for row in nights.episodes() if row[0] == "lia"] == [(1, "closed"), (2, "open")]


def test_the_district_says_on_which_days_its_rounds_are(nights: Nights) -> None:
    nights.settings = nights.settings.model_copy(update={"rounds": [date(2026, 9, 15), date(2027, 9, 15)]})
    assert nights.night(days=0) == _said("planned")
    assert nights.night(days=60) == []


@pytest.mark.parametrize(("action", "because"), [("case", "crossing: call"), ("call_list", "call list: call")])
def test_a_rule_for_a_person_opens_a_case_and_writes_to_nobody(nights: Nights, action: str, because: str) -> None:
    person = {**RULE, "channel": "person", "message": "", "action": action}
    nights.rules = [Rule.model_validate({"name": "call", **person})]
    nights.open()
    assert nights.plan() == []
    with nights.database.write() as session:
        [case] = open_for_crossings(session, settings=nights.settings, now=nights.now)
        assert (case.student_id, case.opened_because) == ("lia", because)


@pytest.mark.parametrize(("requalify", "again"), [(True, 2), (False, 1)])
def test_a_child_who_falls_below_and_crosses_again_is_told_again_unless_the_rule_says_once(
    nights: Nights, *, requalify: bool, again: int
) -> None:
    nights.rules = [Rule(name="once", requalify=requalify, **RULE)]
    nights.open()
    nights.district.miss("lia", 0)
    nights.night()
    nights.district.miss("lia", 4, until=date(2026, 9, 25))
    nights.night()
    assert len(nights.episodes()) == again


@pytest.mark.parametrize(
    "wrong", [{"message": ""}, {"channel": "person"}, {"action": "case"}, {"action": "case", "channel": "person"}, {"fires": "weekly"}]
)
def test_a_rule_whose_action_and_channel_do_not_fit_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"name": "wrong", **RULE, **wrong})


STARTS = st.dates(date(2020, 6, 1), date(2035, 9, 1))


@given(STARTS, st.integers(200, 360), st.lists(st.dates(date(2020, 1, 1), date(2036, 12, 31)), max_size=4))
def test_rounds_lie_in_their_year_in_order_and_never_in_its_last_two_weeks(start: date, length: int, chosen: list[date]) -> None:
    last = start + timedelta(days=length)
    days = days_of_rounds(start, last, chosen)
    assert all(start <= day <= last - timedelta(days=14) for day in days)
    assert all(a < b for a, b in pairwise(days))
    for day in days:
        assert round_of(days, day) == day
        assert round_of(days, day - timedelta(days=1)) != day


def test_by_default_there_are_five_six_weeks_apart_the_first_before_the_middle_of_october() -> None:
    days = days_of_rounds(date(2026, 7, 1), date(2027, 5, 28))
    assert len(days) == 5
    assert date(2026, 9, 15) <= days[0] <= date(2026, 10, 15)
    assert {b - a for a, b in pairwise(days)} == {timedelta(weeks=6)}
    assert days[1] == SECOND_ROUND
