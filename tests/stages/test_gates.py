"""Families are told of a day once its attendance is in: the same day when rules are evaluated, messages planned and released."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from outreach.attendance import overlays
from outreach.attendance.calendars import Said
from outreach.attendance.queries import student_counts
from outreach.database import Database
from outreach.district.overlays import Act, withdraw
from outreach.planning.reasons import Reason
from outreach.planning.release import Go, Stop
from outreach.settings import Settings
from outreach.thresholds.actions import there_is_news
from outreach.thresholds.counts import counts_to_tell, everybody
from tests.feeds import LINCOLN, ROOSEVELT, SETTINGS
from tests.stages.nights import Nights

ANNA = "+13125550142"
TODAY, EVE = date(2026, 10, 6), date(2026, 10, 5)
EARLY, LATE = datetime(2026, 10, 6, 14, 30, tzinfo=UTC), datetime(2026, 10, 6, 15, 0, tzinfo=UTC)
"""Half past nine and ten in Chicago: before and at the cut-off."""
AFFIRMATIVE = {**SETTINGS, "reporting": "affirmative", "codes": {**SETTINGS["codes"], "P": {"kind": "present"}}}


@pytest.fixture
def nights(sqlite_database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A district on SQLite, for what is decided without the database."""
    return _district(sqlite_database, settings, tmp_path)


@pytest.fixture
def both(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """The same on either database, for what a release reads."""
    return _district(database, settings, tmp_path)


def _district(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Lia, who missed 4 days until yesterday and is marked absent today, and her mother; half past nine."""
    found = Nights(database, settings, tmp_path, now=EARLY)
    found.district.settings = {**SETTINGS}
    found.district.child("lia", absent=4)
    found.district.marks["lia"][TODAY] = "U"
    found.district.adult("anna", ["lia"], phone=ANNA, address="1 Elm Street")
    found.approve()
    return found


def _class(nights: Nights, size: int, marked: int) -> None:
    """Make the school affirmative, with so many children of whom so many have a mark today (Lia's is one)."""
    nights.district.settings = AFFIRMATIVE
    for n in range(size - 1):
        nights.district.child(f"c{n}")
    for number, marks in enumerate(nights.district.marks.values()):
        for day in nights.district.days:
            if day < TODAY or (day == TODAY and number < marked):
                marks.setdefault(day, "P")


def _all_say(nights: Nights) -> tuple[Any, ...]:
    """The last day and number of Lia's that the evaluation, the plan (where it is new) and the release rest on."""
    before = {row.id for row in nights.rows()}
    [crossing] = [c for c in nights.evaluate() if c.student_id == "lia" and c.rule == "text_5"]
    nights.release_baseline()
    nights.plan()
    [row] = nights.rows("sms", "planned")
    [planned] = row.facts["children"]
    go = nights.check(row)
    assert isinstance(go, Go), go
    [released] = go.facts["children"]
    assert row.id in before or planned == released
    assert str(crossing.days_absent) == released["days_absent"]
    assert f"{released['days_absent']} days as of October {int(released['as_of'][-2:])}." in go.body
    return released["as_of"], int(released["days_absent"])


def _say(nights: Nights, said: Said, school: str = LINCOLN) -> int:
    with nights.database.write() as session:
        return overlays.call_day(session, school, TODAY, said, Act("clerk@example.org", nights.now)).id


THROUGH_YESTERDAY, WITH_TODAY = ("2026-10-05", 4), ("2026-10-06", 5)


def test_an_exceptions_only_school_counts_today_from_its_cut_off_on(nights: Nights) -> None:
    nights.load()
    assert _all_say(nights) == THROUGH_YESTERDAY
    nights.now = LATE
    assert _all_say(nights) == WITH_TODAY


def test_a_school_keeps_a_cut_off_of_its_own(nights: Nights) -> None:
    nights.district.settings["cut_off"] = "24:00"
    nights.district.settings["schools"] = {LINCOLN: {"cut_off": "08:00"}}
    nights.load()
    assert _all_say(nights) == WITH_TODAY


def test_a_source_that_comes_at_night_never_counts_today(nights: Nights) -> None:
    nights.district.settings["cut_off"] = "24:00"
    nights.load()
    nights.now = datetime(2026, 10, 6, 23, 0, tzinfo=UTC)
    assert _all_say(nights) == THROUGH_YESTERDAY


def test_a_school_that_has_submitted_counts_before_its_hour(nights: Nights) -> None:
    nights.load()
    said = _say(nights, Said.SUBMITTED)
    assert _all_say(nights) == WITH_TODAY
    with nights.database.write() as session:
        withdraw(session, said, Act("clerk@example.org", nights.now))
    assert _all_say(nights) == THROUGH_YESTERDAY


def test_a_day_that_a_person_called_not_submitted_does_not_count_though_it_is_late(nights: Nights) -> None:
    nights.now = LATE
    nights.load()
    _say(nights, Said.NOT_SUBMITTED)
    assert _all_say(nights) == THROUGH_YESTERDAY


@pytest.mark.parametrize(("marked", "expected"), [(18, THROUGH_YESTERDAY), (19, WITH_TODAY), (20, WITH_TODAY)])
def test_an_affirmative_school_counts_today_once_the_expected_share_is_in(both: Nights, marked: int, expected: tuple[str, int]) -> None:
    _class(both, 20, marked)
    both.load()
    assert _all_say(both) == expected


def test_the_hour_does_not_open_an_affirmative_school(nights: Nights) -> None:
    _class(nights, 20, 1)
    nights.now = LATE
    nights.load()
    assert _all_say(nights) == THROUGH_YESTERDAY


def test_a_school_may_expect_less(nights: Nights) -> None:
    _class(nights, 20, 10)
    nights.district.settings = {**AFFIRMATIVE, "schools": {LINCOLN: {"expected_percent": 50}}}
    nights.load()
    assert _all_say(nights) == WITH_TODAY


def test_a_child_without_a_mark_at_a_school_that_is_in_is_unknown_that_day_and_nothing_leaves(nights: Nights) -> None:
    _class(nights, 20, 20)
    del nights.district.marks["lia"][TODAY]
    nights.load()
    nights.evaluate()
    nights.release_baseline()
    assert [(row.children, row.why) for row in nights.plan()] == [(("lia",), "unknown count")]


def test_children_whose_track_is_off_today_are_not_expected(nights: Nights) -> None:
    _class(nights, 20, 1)
    for child, stays in nights.district.enrolments.items():
        stays[0]["track"] = "A" if child == "lia" else "B"
    feed = nights.district.feed()
    for row in feed["files"]["calendar"]:
        row["track"] = "A" if row["date"] == TODAY.isoformat() else ""
    nights.district.feed = lambda: feed  # type: ignore[method-assign]  # the same district, with a day off for one track
    nights.load()
    assert _all_say(nights) == WITH_TODAY


def test_marks_that_are_withdrawn_before_the_release_close_the_gate_again(both: Nights) -> None:
    _class(both, 20, 20)
    both.load()
    assert _all_say(both) == WITH_TODAY
    for child in ("c0", "c1"):
        del both.district.marks[child][TODAY]
    both.load()
    found = both.check(both.rows("sms", "planned")[0])
    assert isinstance(found, Go)
    assert found.body == "Lincoln Schools: Lia has missed 4 days as of October 5. STOP"


def test_a_gate_that_opens_between_plan_and_release_tells_the_newer_number(both: Nights) -> None:
    both.load()
    assert _all_say(both) == THROUGH_YESTERDAY
    _say(both, Said.SUBMITTED)
    found = both.check(both.rows("sms", "planned")[0])
    assert isinstance(found, Go)
    assert found.body == "Lincoln Schools: Lia has missed 5 days as of October 6. STOP"


def test_a_gate_that_closes_between_plan_and_release_takes_back_a_threshold_that_only_today_reached(both: Nights) -> None:
    both.district.miss("lia", 2)
    both.district.marks["lia"][TODAY] = "U"
    both.now = LATE
    both.load()
    assert _all_say(both) == ("2026-10-06", 3)
    _say(both, Said.NOT_SUBMITTED)
    found = both.check(both.rows("sms", "planned")[0])
    assert isinstance(found, Stop)
    assert found.reason == Reason.BELOW


def test_a_code_of_today_that_asks_for_quiet_is_heard_before_today_counts(nights: Nights) -> None:
    nights.load()
    assert _all_say(nights) == THROUGH_YESTERDAY
    nights.district.marks["lia"][TODAY] = "B"
    nights.load()
    found = nights.check(nights.rows("sms", "planned")[0])
    assert isinstance(found, Stop)
    assert found.reason == Reason.HELD_CODE


def test_a_child_at_two_schools_is_told_up_to_the_earlier_of_both(both: Nights) -> None:
    both.district.enrolments["lia"].append(
        {"student_id": "lia", "school_id": ROOSEVELT, "entry_date": "2026-08-17", "exit_date": "", "primary": "yes"}
    )
    both.district.settings["schools"] = {LINCOLN: {"cut_off": "08:00"}}
    feed = both.district.feed()
    feed["files"]["attendance"] = [
        {"student_id": "lia", "school_id": school, "date": day.isoformat(), "code": "U"}
        for day in both.district.marks["lia"]
        for school in (LINCOLN, ROOSEVELT)
    ]
    both.district.feed = lambda: feed  # type: ignore[method-assign]  # absent at both, which a district of one mark a day cannot say
    both.load()
    assert _all_say(both) == THROUGH_YESTERDAY, "Roosevelt waits for ten o'clock"
    _say(both, Said.SUBMITTED, ROOSEVELT)
    assert _all_say(both) == WITH_TODAY


def test_today_is_the_schools_own_today(both: Nights) -> None:
    """Half past eleven in the evening in Chicago is the next day already in New York."""
    both.district.schools[1]["timezone"] = "America/New_York"
    both.district.child("max", absent=4, school=ROOSEVELT)
    for child in ("lia", "max"):
        both.district.marks[child] = {EVE - timedelta(days=n): "U" for n in (3, 4, 5)} | {TODAY: "U", date(2026, 10, 7): "U"}
    both.district.settings["cut_off"] = "00:00"
    both.load()
    both.now = datetime(2026, 10, 7, 4, 30, tzinfo=UTC)
    with both.database.read() as session:
        found = everybody(session, both.now, both.settings.zone)
    told = {child: (found.until[child], found.by_student[child].count.absent) for child in ("lia", "max")}
    plain = {"lia": _absent(both, TODAY, "lia"), "max": _absent(both, date(2026, 10, 7), "max")}
    assert told == {"lia": (TODAY, plain["lia"]), "max": (date(2026, 10, 7), plain["max"])}
    assert plain["max"] == plain["lia"] + 1


def test_a_child_who_starts_tomorrow_in_the_east_is_at_school_there_when_tomorrow_has_begun(nights: Nights) -> None:
    nights.district.schools[1]["timezone"] = "America/New_York"
    nights.district.child("max", school=ROOSEVELT)
    nights.district.enrolments["max"][0]["entry_date"] = "2026-10-07"
    nights.district.child("eva", school=LINCOLN)
    nights.district.enrolments["eva"][0]["entry_date"] = "2026-10-07"
    nights.load()
    with nights.database.read() as session:
        found = everybody(session, datetime(2026, 10, 7, 4, 30, tzinfo=UTC), nights.settings.zone)
    assert found.enrolled == {"lia": [LINCOLN], "max": [ROOSEVELT]}


def _absent(nights: Nights, day: date, child: str) -> Any:
    with nights.database.read() as session:
        return student_counts(session, day)[child].count.absent


def test_a_cut_off_that_passes_is_news_and_so_is_midnight_in_another_zone(nights: Nights) -> None:
    nights.district.schools[1]["timezone"] = "America/Denver"
    nights.load()
    seen = []
    hours = ["14:30", "14:59", "15:00", "15:01", "16:00", "16:01"]
    for now in [datetime.fromisoformat(f"2026-10-06T{hour}:00+00:00") for hour in hours]:
        nights.now = now
        with nights.database.read() as session:
            seen.append(there_is_news(session, nights.rules, settings=nights.settings, now=now))
        nights.evaluate()
    assert seen == [True, False, True, False, True, False]


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.integers(0, 4 * 24 * 60))
def test_what_is_told_as_of_a_day_is_what_counts_says_of_that_day(nights: Nights, minutes: int) -> None:
    with Session(nights.database.engine.execution_options(begin="IMMEDIATE")) as session:
        if not nights.rows() and not nights.episodes():
            session.rollback()
            nights.district.child("max", absent=7, school=ROOSEVELT)
            nights.district.schools[1]["timezone"] = "America/Los_Angeles"
            nights.load()
            nights.evaluate()
        now = EARLY + timedelta(minutes=minutes)
        found = everybody(session, now, nights.settings.zone)
        told = counts_to_tell(session, now, nights.settings.zone, set(found.by_student))
        assert (told.until, told.enrolled) == (found.until, found.enrolled), "what is evaluated is what is planned and released"
        for child, counted in told.by_student.items():
            plain = student_counts(session, found.until[child], students={child})[child]
            assert (counted.count, counted.days) == (plain.count, plain.days)
            assert found.by_student[child].count == plain.count
            assert found.until[child] <= now.date()
        session.rollback()
