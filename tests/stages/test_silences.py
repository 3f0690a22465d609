"""Children of whom nothing is sent: those who have died, and those whom the school itself sent home."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.attendance.deceased import deceased, mark_deceased
from outreach.attention import actions as attention
from outreach.attention.tables import AttentionItem
from outreach.database import Database
from outreach.district.overlays import Act, Kind, holding, withdraw
from outreach.planning import actions
from outreach.planning.reasons import Reason
from outreach.planning.release import Go, Stop
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from tests.conftest import NOON
from tests.feeds import ROOSEVELT, SETTINGS, District
from tests.stages.nights import Nights, Said

ANNA = "+13125550142"


@pytest.fixture
def nights(sqlite_database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A district on SQLite, for what is decided without the database."""
    return _district(sqlite_database, settings, tmp_path)


@pytest.fixture
def both(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """The same on either database, for what a release reads."""
    return _district(database, settings, tmp_path)


def _district(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Lia and her brother Max, both over the threshold of a text and of a letter, and their mother Anna."""
    found = Nights(database, settings, tmp_path)
    found.district.settings = {**SETTINGS, "codes": {**SETTINGS["codes"], "S": {"kind": "suspended_out"}, "I": {"kind": "suspended_in"}}}
    found.district.child("lia", absent=7)
    found.district.child("max", absent=5)
    found.district.adult("anna", ["lia", "max"], phone=ANNA, address="1 Elm Street")
    found.approve()
    return found


def _exit(word: str) -> Callable[[District], object]:
    return lambda district: district.enrolments["lia"][0].update(exit_date="2026-10-05", exit_type=word)


def _flag(district: District) -> None:
    district.students["lia"]["subgroups"] = "lunch|Deceased"


def _own_word(district: District) -> None:
    district.settings = {**district.settings, "deceased_exits": ["W-12"]}
    _exit("W-12")(district)


def _exit_and_open(district: District) -> None:
    _exit("Deceased")(district)
    district.enrolments["lia"].append(_stay(ROOSEVELT))


SAYINGS: list[tuple[str, Callable[[District], object]]] = [
    ("an exit type", _exit("Died or is permanently incapacitated")),
    ("an exit type, and enrolled at another school", _exit_and_open),
    ("an exit type of an enrolment left open", lambda d: d.enrolments["lia"][0].update(exit_type="Deceased")),
    ("the code of its own system", _own_word),
    ("a flag", _flag),
]


def _stay(school: str) -> dict[str, str]:
    return {"student_id": "lia", "school_id": school, "entry_date": "2026-08-17", "exit_date": ""}


@pytest.mark.parametrize("say", [row[1] for row in SAYINGS], ids=[row[0] for row in SAYINGS])
def test_a_feed_that_says_that_a_child_has_died_silences_all_that_was_planned_about_it(
    nights: Nights, say: Callable[[District], object]
) -> None:
    nights.open()
    nights.plan()
    text, letter = nights.rows("sms", "planned")[0], nights.rows("letter", "planned")[0]
    assert (text.student_ids, letter.student_ids) == (["lia"], ["lia", "max"])
    answer = _answer(nights, "lia")
    say(nights.district)
    nights.load()
    for row in (text, answer):
        assert nights.check(row) == Stop(State.CANCELLED, Reason.DECEASED)
    of_the_brother = nights.check(letter)
    assert isinstance(of_the_brother, Go)
    assert of_the_brother.student_ids == ("max",)
    assert of_the_brother.letter is not None
    assert "Lia" not in str(of_the_brother.letter.to_json())


def test_nothing_is_ever_planned_again_about_a_child_who_has_died(both: Nights) -> None:
    both.open()
    _exit("Deceased")(both.district)
    both.load()
    skipped = [row for row in both.plan() if row.children == ("lia",)]
    assert {(row.state, row.why) for row in skipped} == {("skipped", "deceased")}
    both.district.enrolments["lia"] = [_stay(ROOSEVELT)]
    both.load()
    assert {(row.state, row.why) for row in both.night() if "lia" in row.children} == {("skipped", "deceased")}, "the feed forgot"
    assert both.rows("sms", "planned")[0].student_ids == ["max"]


def test_a_night_at_which_the_only_child_of_a_letter_died_cancels_it(both: Nights) -> None:
    del both.district.students["max"], both.district.enrolments["max"], both.district.marks["max"]
    del both.district.ties["max", "anna"]
    both.open()
    both.plan()
    _exit("Deceased")(both.district)
    both.load()
    assert both.check(both.rows("letter", "planned")[0]) == Stop(State.CANCELLED, Reason.DECEASED)


def test_staff_see_it_once_and_no_name(nights: Nights) -> None:
    _exit("Deceased")(nights.district)
    for _ in range(2):
        nights.load()
        nights.district.students["max"]["preferred_name"] = "Maxi"
    [item] = _items(nights, "deceased")
    assert (item.school_id, item.times_seen, item.detail) == ("S1", 1, {"student": "lia"})
    assert "Lia" not in item.sentence


def test_a_mistake_that_a_person_takes_back_is_not_believed_again_while_the_feed_repeats_it(both: Nights) -> None:
    both.open()
    _exit("Deceased")(both.district)
    both.district.enrolments["lia"].append(_stay(ROOSEVELT))
    both.load()
    act = Act("head@example.org", both.now, "another child of that name")
    with both.database.write() as session:
        [row] = holding(session, Kind.DECEASED)
        withdraw(session, row.id, act)
    both.district.students["max"]["preferred_name"] = "Maxi"
    both.load()
    assert _deceased(both) == frozenset()
    assert {"lia", "max"} in [set(row.children) for row in both.plan()], "one letter of both again"
    both.district.enrolments["lia"][0]["exit_type"] = "Died"
    both.load()
    assert _deceased(both) == {"lia"}, "another word is another word"


def test_a_person_may_say_it_before_any_feed(nights: Nights) -> None:
    nights.open()
    nights.plan()
    row = nights.rows("sms", "planned")[0]
    with nights.database.write() as session:
        mark_deceased(session, "lia", Act("head@example.org", nights.now, "the family called"))
    assert nights.check(row) == Stop(State.CANCELLED, Reason.DECEASED)


def _deceased(nights: Nights) -> frozenset[str]:
    with nights.database.read() as session:
        return deceased(session, {"lia", "max"})


def _answer(nights: Nights, child: str) -> PlannedMessage:
    with nights.database.write() as session:
        actions.plan_answer(
            session, phone=ANNA, body="I will call you.", inbound_id=None, household="anna", contact_id="anna", student_ids=[child],
            school_id="S1", created_by="ana@example.org", now=nights.now,
        )  # fmt: skip
    return nights.rows("sms", "planned")[-1]


def _items(nights: Nights, kind: str) -> list[AttentionItem]:
    with nights.database.read() as session:
        found = list(session.scalars(select(AttentionItem).where(AttentionItem.kind == kind).order_by(AttentionItem.id)))
        session.expunge_all()
        return found


def _suspend(nights: Nights, days: int, code: str = "S") -> None:
    """Make the first of Lia's absences suspensions."""
    marks = nights.district.marks["lia"]
    for day in sorted(marks)[:days]:
        marks[day] = code


@pytest.mark.parametrize(
    ("absent", "suspended", "why"),
    [(8, 4, "mostly suspended"), (8, 3, ""), (7, 4, "mostly suspended"), (7, 3, ""), (5, 5, "mostly suspended"), (5, 0, "")],
)
def test_where_half_or_more_of_the_days_are_suspensions_a_person_decides(nights: Nights, absent: int, suspended: int, why: str) -> None:
    nights.district.miss("lia", absent)
    _suspend(nights, suspended)
    nights.open()
    assert {row.why for row in nights.plan() if row.channel == "sms" and "lia" in row.children} == {why}
    assert [item.detail for item in _items(nights, "suspension")] == ([{"student": "lia"}] if why else [])


def test_days_suspended_in_school_are_present_days_and_decide_nothing(nights: Nights) -> None:
    nights.district.miss("lia", 8)
    _suspend(nights, 4, "I")
    nights.open()
    assert "mostly suspended" not in {row.why for row in nights.plan()}
    assert _items(nights, "suspension") == []


def test_the_sibling_is_told_while_a_person_decides_about_the_other(nights: Nights) -> None:
    _suspend(nights, 7)
    nights.open()
    found = nights.plan()
    assert Said("anna", ("max",), "anna", "letter", "planned", "") in found
    assert Said("anna", ("max",), "anna", "sms", "planned", "") in found


def test_marks_that_become_suspensions_before_the_release_stop_the_message_and_the_next_planning_asks_a_person(both: Nights) -> None:
    both.open()
    both.plan()
    row = both.rows("sms", "planned")[0]
    _suspend(both, 4)
    both.load()
    found = both.check(row)
    assert found == Stop(State.SKIPPED, Reason.SUSPENDED)
    both.become(row, state="skipped", reason=str(found.reason))
    both.plan()
    assert [item.resolved_at for item in _items(both, "suspension")] == [None]


def test_a_person_is_asked_once_for_each_crossing_and_no_longer_than_it_matters(both: Nights) -> None:
    _suspend(both, 7)
    both.open()
    both.plan()
    both.plan()
    [item] = _items(both, "suspension")
    assert item.times_seen == 1
    with both.database.write() as session:
        attention.resolve(session, item.id, by="ana@example.org", now=both.now)
    both.plan()
    assert len(_items(both, "suspension")) == 1, "it was decided"
    both.district.miss("lia", 12)
    _suspend(both, 12)
    both.night()
    second = _items(both, "suspension")[1]
    assert second.resolved_at is None, "the letter of the next rung is a new question"
    both.district.miss("lia", 12, until=date(2026, 10, 6))
    both.night()
    [_, second] = _items(both, "suspension")
    assert second.resolved_by == "plan", "the suspensions were a mistake"


def test_noon_is_past_every_gate_of_these_tests(nights: Nights) -> None:
    nights.open()
    nights.plan()
    assert nights.now == NOON
    assert nights.rows("sms")[0].facts["children"][0]["as_of"] == "2026-10-06"
