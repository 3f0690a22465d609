"""Rules that people changed: in force on their day, asked of those they concern, and kept by who crossed under an earlier version."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from outreach.database import Database
from outreach.settings import Settings
from outreach.thresholds import editing
from outreach.thresholds.rules import Rule, load_rules
from outreach.thresholds.versions import in_force
from tests.feeds import ROOSEVELT
from tests.stages.nights import Nights

HEAD = "head@example.org"


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A district without children yet."""
    return Nights(database, settings, tmp_path / "feed")


def _save(nights: Nights, *rules: Rule, days: int = 0) -> None:
    with nights.database.write() as session:
        today = editing.today(nights.settings, nights.now)
        editing.save(session, rules, editing.Change(HEAD, nights.now, today + timedelta(days=days)), settings=nights.settings)


def _standing(nights: Nights) -> tuple[Rule, ...]:
    with nights.database.read() as session:
        return in_force(session, nights.settings, nights.now)


def _text(**changes: object) -> Rule:
    return Rule.model_validate({**load_rules()[0].model_dump(), **changes})


def test_a_version_is_in_force_from_its_day_on_and_the_file_before(nights: Nights) -> None:
    assert _standing(nights) == load_rules()
    _save(nights, _text(percent=8), days=3)
    assert _standing(nights) == load_rules()
    nights.now += timedelta(days=3)
    assert _standing(nights) == (_text(percent=8),)


def test_what_is_saved_later_holds_even_where_an_earlier_version_begins_after_it(nights: Nights) -> None:
    _save(nights, _text(percent=8), days=3)
    _save(nights, _text(percent=9))
    nights.now += timedelta(days=4)
    assert _standing(nights) == (_text(percent=9),)


def test_one_press_goes_back_to_an_earlier_version_and_to_the_file(nights: Nights) -> None:
    _save(nights, _text(percent=8))
    _save(nights, _text(percent=9))
    back = []
    for number in (1, 0):
        with nights.database.write() as session:
            editing.return_to(session, number, editing.Change(HEAD, nights.now, date(2026, 1, 1)), settings=nights.settings)
        back.append(_standing(nights))
    assert back == [(_text(percent=8),), load_rules()]


def test_a_rule_of_one_school_asks_nobody_elsewhere_and_begins_with_a_baseline_where_it_is_switched_on(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.district.child("max", absent=4, school=ROOSEVELT)
    nights.load()
    nights.rules = (_text(schools=["S1"]),)
    assert [c.student_id for c in nights.evaluate()] == ["lia"]
    nights.rules = (_text(),)
    assert {c.student_id: (c.state, c.new) for c in nights.evaluate()} == {"lia": ("baseline", False), "max": ("baseline", True)}
    nights.rules = (_text(schools=[ROOSEVELT]),)
    assert [c.student_id for c in nights.evaluate()] == ["max"], "switched off at a school, it is over there"


def test_grades_and_subgroups_narrow_a_rule_and_unexcused_days_are_a_measure(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.load()
    found = []
    for changes in ({"grades": ["12"]}, {"subgroups": ["none such"]}, {"metric": "unexcused"}, {"metric": "unexcused", "days": 5}):
        nights.rules = (_text(**changes),)
        found.append([c.student_id for c in nights.evaluate()])
    assert found == [[], [], ["lia"], []]


def test_a_child_that_waits_as_baseline_follows_the_rule_as_it_is_now(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.load()
    nights.evaluate()
    nights.rules = (_text(percent=50),)
    assert nights.evaluate() == []


def test_nobody_saves_over_a_version_they_have_not_seen(nights: Nights) -> None:
    with nights.database.write() as session:
        seen = editing.base(session, nights.settings).number
    _save(nights, _text(percent=8))
    change = editing.Change(HEAD, nights.now, date(2026, 10, 6), seen=seen)
    with nights.database.write() as session, pytest.raises(editing.ChangedError):
        editing.save(session, [_text(percent=9)], change, settings=nights.settings)


def test_what_a_rule_with_approval_wants_to_send_waits_and_the_rest_leaves(nights: Nights) -> None:
    nights.approve()
    nights.rules = [rule.model_copy(update={"approve": rule.name == "letter_10"}) for rule in load_rules()]
    nights.district.child("lia", absent=5)
    nights.district.adult("anna", ["lia"], phone="(312) 555-0142", address="1 Elm Street")
    nights.open()
    assert [(said.channel, said.state, said.why) for said in nights.plan()] == [
        ("letter", "waiting", "waits for approval"),
        ("sms", "planned", ""),
    ]
