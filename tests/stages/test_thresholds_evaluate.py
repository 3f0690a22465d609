"""Counts become crossings: one episode a child, rule and crossing, baseline first, kept single by the database."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from outreach.attendance.importing import import_folder
from outreach.database import Database
from outreach.settings import Settings
from outreach.thresholds.actions import there_is_news
from outreach.thresholds.rules import Rule
from outreach.thresholds.tables import Episode, RuleVersion
from tests.attendance.feeds import Row, write_feed
from tests.feeds import ROOSEVELT, SETTINGS
from tests.stages.nights import Nights


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """An empty district with its clock on a Tuesday noon in October."""
    return Nights(database, settings, tmp_path)


def _states(nights: Nights) -> dict[str, str]:
    return {rule: state for _, rule, _, state in nights.episodes()}


def test_the_first_evaluation_finds_a_baseline_and_later_ones_open_crossings(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.district.child("max", absent=2)
    nights.load()
    first = nights.evaluate()
    assert [(c.student_id, c.rule, c.state, c.new, c.days_absent, c.days_enrolled) for c in first] == [
        ("lia", "text_5", "baseline", True, 4, 37)
    ]
    nights.now += timedelta(days=1)
    nights.district.miss("max", 3)
    nights.load()
    second = nights.evaluate()
    assert [(c.student_id, c.state, c.new) for c in second] == [("lia", "baseline", False), ("max", "open", True)]


def test_evaluating_again_changes_nothing(nights: Nights) -> None:
    nights.district.child("lia", absent=9)
    nights.open()
    before = nights.episodes()
    assert not any(c.new for c in nights.evaluate())
    assert nights.episodes() == before


def test_children_before_their_20th_day_do_not_cross(nights: Nights) -> None:
    nights.district.child("lia", absent=3, until=date(2026, 8, 30))
    nights.now = datetime(2026, 9, 10, 17, tzinfo=UTC)
    nights.load()
    assert nights.evaluate() == [], "19 days enrolled"
    nights.now += timedelta(days=1)
    assert [(c.rule, c.days_enrolled, c.state) for c in nights.evaluate()] == [("text_5", 20, "open")]


def test_at_20_percent_the_upper_letter_speaks_and_the_lower_one_comes_back_after_it(nights: Nights) -> None:
    nights.district.child("lia", absent=8)
    nights.open()
    assert _states(nights) == {"letter_10": "passed", "letter_20": "open", "text_5": "open"}
    nights.district.miss("lia", 7)
    nights.load()
    nights.evaluate()
    assert _states(nights) == {"letter_10": "open", "letter_20": "closed", "text_5": "open"}


def test_a_baseline_child_whose_upper_rung_closes_still_waits_for_its_release(nights: Nights) -> None:
    nights.district.child("lia", absent=8)
    nights.load()
    nights.evaluate()
    assert _states(nights) == {"letter_10": "passed", "letter_20": "baseline", "text_5": "baseline"}
    nights.district.miss("lia", 7)
    nights.load()
    nights.evaluate()
    assert _states(nights) == {"letter_10": "baseline", "letter_20": "closed", "text_5": "baseline"}
    assert nights.release_baseline() == 1
    assert _states(nights) == {"letter_10": "open", "letter_20": "closed", "text_5": "open"}


def test_the_baseline_is_released_in_slices_worst_first(nights: Nights) -> None:
    for child, absent in {"a": 4, "b": 10, "c": 9, "d": 4}.items():
        nights.district.child(child, absent=absent)
    nights.load()
    nights.evaluate()
    released: list[int | str] = []
    for size in (1, 2, 5, 5):
        released.append(nights.release_baseline(size))
        released.append("".join(sorted({child for child, _, _, state in nights.episodes() if state == "open"})))
    assert released == [1, "b", 2, "abc", 1, "abcd", 0, "abcd"]


def test_days_that_become_unknown_close_nothing_and_open_nothing(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.load()
    nights.evaluate()
    nights.district.marks["lia"] = dict.fromkeys(nights.district.marks["lia"], "?")
    nights.load()
    assert [(c.state, c.tier) for c in nights.evaluate()] == [("baseline", "unknown")], "four unknown days may be absences"
    nights.district.marks["lia"] = dict.fromkeys(nights.district.marks["lia"], "U")
    nights.load()
    nights.evaluate()
    assert nights.episodes() == [("lia", "text_5", 1, "baseline")], "nobody has released it, and it is no second crossing"


def test_a_count_that_falls_ends_the_episode_and_a_new_crossing_is_the_next(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.open()
    for absent in (2, 4):
        nights.district.miss("lia", absent)
        nights.load()
        nights.evaluate()
    assert nights.episodes() == [("lia", "text_5", 1, "closed"), ("lia", "text_5", 2, "open")]


def test_a_child_who_leaves_and_returns_has_not_crossed_again(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.open()
    nights.district.move("lia", ROOSEVELT, date(2026, 10, 12))
    nights.district.enrolments["lia"][0]["exit_date"] = "2026-10-05"
    nights.load()
    assert [c.new for c in nights.evaluate()] == [False], "enrolled nowhere for these days"
    nights.now = datetime(2026, 10, 13, 17, tzinfo=UTC)
    nights.evaluate()
    assert nights.episodes() == [("lia", "text_5", 1, "open")]


def test_a_child_whom_the_feed_forgets_for_a_night_keeps_waiting(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.district.child("max", absent=0)
    nights.load()
    nights.evaluate()
    kept = {name: getattr(nights.district, name).pop("lia") for name in ("students", "enrolments", "marks")}
    nights.load()
    assert nights.evaluate() == []
    for name, value in kept.items():
        getattr(nights.district, name)["lia"] = value
    nights.load()
    nights.evaluate()
    assert nights.episodes() == [("lia", "text_5", 1, "baseline")]


def test_a_new_schools_first_evaluation_is_baseline(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.load()
    nights.evaluate()
    nights.district.child("max", absent=4, school=ROOSEVELT)
    nights.district.child("eva", absent=4)
    nights.load()
    assert {c.student_id: c.state for c in nights.evaluate()} == {"lia": "baseline", "max": "baseline", "eva": "open"}


def test_a_roster_without_attendance_is_no_first_evaluation(nights: Nights) -> None:
    nights.district.child("lia")
    everything = nights.district.feed()
    nights.district.settings = {**SETTINGS, "name": "roster", "codes": {}}
    files = {name: rows for name, rows in everything["files"].items() if rows}
    attendance: dict[str, list[Row]] = {}
    from_roster = {"settings": nights.district.settings, "files": files}
    _load_alone(nights, from_roster)
    assert nights.evaluate() == []
    attendance["attendance"] = [{"student_id": "lia", "school_id": "S1", "date": f"2026-09-{day:02}", "code": "U"} for day in (1, 2, 3, 4)]
    _load_alone(nights, {"settings": SETTINGS, "files": attendance})
    assert [c.state for c in nights.evaluate()] == ["baseline"], "going live in autumn writes to nobody before a person says so"


def test_a_school_whose_codes_have_no_meaning_yet_has_not_started(nights: Nights) -> None:
    for child in "abc":
        nights.district.child(child, absent=4)
    nights.district.settings = {**SETTINGS, "codes": {}}
    nights.load()
    assert nights.evaluate() == []
    nights.district.settings = SETTINGS
    nights.load()
    assert {c.state for c in nights.evaluate()} == {"baseline"}


def test_a_new_school_year_closes_what_ran_and_starts_counting_anew(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.open()
    nights.now = datetime(2027, 7, 2, 17, tzinfo=UTC)
    assert nights.evaluate() == []
    assert nights.episodes() == [("lia", "text_5", 1, "closed")]


def _with(nights: Nights, **changes: object) -> tuple[Rule, ...]:
    return tuple(Rule(**{**rule.model_dump(), **(changes if rule.name == "text_5" else {})}) for rule in nights.rules)


def test_a_rule_that_changes_keeps_running_episodes_with_the_rule_they_crossed(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.open()
    nights.rules = _with(nights, percent=8)
    nights.evaluate()
    with nights.database.read() as session:
        [definition] = session.scalars(select(RuleVersion.definition).join(Episode, Episode.rule_version_id == RuleVersion.id))
    assert (definition["percent"], nights.episodes()) == ("5", [("lia", "text_5", 1, "open")])
    nights.rules = _with(nights, percent=50)
    nights.evaluate()
    assert nights.episodes() == [("lia", "text_5", 1, "open")], "it crossed under the earlier rule, and stays until it is below that one"


def test_a_lowered_threshold_finds_a_baseline_and_another_cool_down_does_not(nights: Nights) -> None:
    nights.district.child("lia", absent=2)
    nights.district.child("max", absent=2)
    nights.load()
    nights.evaluate()
    nights.rules = _with(nights, cool_down=60)
    nights.district.miss("max", 3)
    nights.load()
    assert [(c.student_id, c.state) for c in nights.evaluate()] == [("max", "open")]
    nights.rules = _with(nights, days=2)
    assert [(c.student_id, c.state) for c in nights.evaluate()] == [("lia", "baseline"), ("max", "open")]


def test_a_rule_that_is_gone_closes_its_episodes(nights: Nights) -> None:
    nights.district.child("lia", absent=5)
    nights.open()
    nights.rules = [rule for rule in nights.rules if rule.name != "text_5"]
    nights.evaluate()
    assert _states(nights) == {"letter_10": "open", "text_5": "closed"}


def test_a_school_that_reports_every_day_is_counted_until_yesterday_while_today_is_open(nights: Nights) -> None:
    nights.district.settings = {**SETTINGS, "reporting": "affirmative", "codes": {**SETTINGS["codes"], "P": {"kind": "present"}}}
    nights.district.child("lia", absent=4)
    past = [day for day in nights.district.days if day <= date(2026, 10, 5)]
    nights.district.marks["lia"] = {**dict.fromkeys(past, "P"), **nights.district.marks["lia"]}
    nights.load()
    assert [(c.days_absent, c.days_enrolled, c.tier) for c in nights.evaluate()] == [(4, 36, "moderate")]


def test_there_is_news_after_an_import_another_day_a_release_and_other_rules_only(nights: Nights) -> None:
    def news() -> bool:
        with nights.database.read() as session:
            return there_is_news(session, nights.rules, settings=nights.settings, now=nights.now)

    seen = [news()]
    nights.district.child("lia", absent=4)
    nights.load()
    seen.append(news())
    nights.evaluate()
    seen.append(news())
    nights.now += timedelta(days=1)
    seen.append(news())
    nights.evaluate()
    nights.now += timedelta(minutes=1)
    nights.release_baseline()
    seen.append(news())
    nights.now += timedelta(minutes=1)
    nights.evaluate()
    seen.append(news())
    nights.rules = _with(nights, days=9)
    seen.append(news())
    assert seen == [False, True, False, True, True, False, True]


def test_the_database_refuses_a_second_episode_of_the_same_crossing(nights: Nights) -> None:
    nights.district.child("lia", absent=4)
    nights.open()
    with nights.database.read() as session:
        row = session.execute(select(Episode.__table__)).mappings().one()
    twin = {key: value for key, value in row.items() if key != "id"}
    with pytest.raises(IntegrityError), nights.database.write() as session:
        session.execute(insert(Episode).values(**twin))


def test_two_evaluations_at_once_leave_one_episode(nights: Nights) -> None:
    for n in range(20):
        nights.district.child(f"c{n}", absent=4)
    nights.load()
    both = [threading.Thread(target=nights.evaluate) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(nights.episodes()) == 20


def _load_alone(nights: Nights, feed: dict[str, Any]) -> None:
    folder = write_feed(nights.folder / feed["settings"]["name"], feed)
    import_folder(nights.database, folder, home=nights.folder / "home", now=nights.now)
