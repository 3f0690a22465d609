"""When the attendance of a day is in, and what counts until then: tables and properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from outreach.attendance.calendars import Said
from outreach.attendance.counting import SchoolRecord, count
from outreach.attendance.deceased import says_so
from outreach.attendance.gates import Today, last_day, past, up_to
from outreach.attendance.profiles import profile
from outreach.attendance.source_settings import SchoolOverride, SourceSettings
from outreach.attendance.verdicts import Day, Verdict

DAY = date(2026, 10, 6)
EVE = DAY - timedelta(days=1)
IN, OUT, SUBMITTED, MISSING = True, False, (Said.SUBMITTED,), (Said.NOT_SUBMITTED,)

TODAYS: list[tuple[str, bool, int, int, bool, tuple[Said, ...], bool]] = [
    # what, affirmative, expected, reported, past the cut-off, said, in
    ("exceptions only, before its hour", False, 0, 0, False, (), OUT),
    ("exceptions only, after its hour", False, 0, 0, True, (), IN),
    ("exceptions only, submitted before its hour", False, 0, 0, False, SUBMITTED, IN),
    ("exceptions only, not submitted after its hour", False, 0, 0, True, MISSING, OUT),
    ("affirmative, no mark however late", True, 100, 0, True, (), OUT),
    ("affirmative, one mark too few", True, 100, 94, True, (), OUT),
    ("affirmative, just enough before any hour", True, 100, 95, False, (), IN),
    ("affirmative, 19 of 20 are 95 of a hundred", True, 20, 19, False, (), IN),
    ("affirmative, 18 of 19 are less", True, 19, 18, False, (), OUT),
    ("affirmative, all", True, 3, 3, False, (), IN),
    ("affirmative, nobody has school", True, 0, 0, False, (), IN),
    ("affirmative, submitted with few marks", True, 100, 3, False, SUBMITTED, IN),
    ("affirmative, not submitted with all marks", True, 100, 100, True, MISSING, OUT),
    ("both said: the more careful word", True, 100, 100, True, (*SUBMITTED, *MISSING), OUT),
    ("another word says nothing of it", False, 0, 0, False, (Said.SCHOOL_DAY,), OUT),
]


@pytest.mark.parametrize(
    ("affirmative", "expected", "reported", "late", "said", "is_in"), [row[1:] for row in TODAYS], ids=[r[0] for r in TODAYS]
)
def test_a_day_counts_once_its_attendance_is_in(
    affirmative: bool, expected: int, reported: int, late: bool, said: tuple[Said, ...], is_in: bool
) -> None:
    today = Today(DAY, affirmative, 95, late, expected, reported, said)
    assert (today.is_in, today.last_day) == (is_in, DAY if is_in else EVE)


@given(expected=st.integers(0, 3000), percent=st.integers(1, 100), data=st.data())
def test_one_more_mark_never_closes_the_gate_and_all_marks_open_it(expected: int, percent: int, data: st.DataObject) -> None:
    reported = data.draw(st.integers(0, expected))
    gate = [
        Today(DAY, affirmative=True, expected_percent=percent, past_cut_off=False, expected=expected, reported=number).is_in
        for number in (reported, min(reported + 1, expected), expected)
    ]
    assert gate == sorted(gate)
    assert gate[-1]
    assert gate[0] is (reported >= percent * expected / 100), "the share, worked out another way"


HOURS = [
    ("10:30", datetime(2026, 10, 6, 15, 29, tzinfo=UTC), "America/Chicago", False),
    ("10:30", datetime(2026, 10, 6, 15, 30, tzinfo=UTC), "America/Chicago", True),
    ("10:30", datetime(2026, 10, 6, 15, 30, tzinfo=UTC), "America/Denver", False),
    ("10:30", datetime(2026, 10, 6, 15, 30, tzinfo=UTC), "America/New_York", True),
    ("10:30", datetime(2026, 11, 2, 16, 30, tzinfo=UTC), "America/Chicago", True),  # winter time began the day before
    ("10:30", datetime(2026, 11, 2, 15, 30, tzinfo=UTC), "America/Chicago", False),
    ("00:00", datetime(2026, 10, 6, 5, 0, tzinfo=UTC), "America/Chicago", True),
    ("24:00", datetime(2026, 10, 7, 4, 59, tzinfo=UTC), "America/Chicago", False),
]


@pytest.mark.parametrize(("cut_off", "now", "zone", "is_past"), HOURS)
def test_a_cut_off_is_an_hour_on_the_schools_own_clock(cut_off: str, now: datetime, zone: str, is_past: bool) -> None:
    assert past(cut_off, now, zone) is is_past


def _record(school: str, days: list[date], absent: tuple[date, ...] = ()) -> SchoolRecord:
    missed = tuple(Day(day, school, Verdict.UNEXCUSED, (), "") for day in absent)
    return SchoolRecord("lia", school, tuple(days), missed, calendar_known=True)


SATURDAY = date(2026, 10, 10)
LAST_DAYS: list[tuple[str, dict[str, list[date]], dict[str, date], date]] = [
    ("its school is in", {"A": [EVE, DAY]}, {"A": DAY}, DAY),
    ("its school is not in", {"A": [EVE, DAY]}, {"A": EVE}, EVE),
    ("of two the earlier", {"A": [EVE, DAY], "B": [EVE, DAY]}, {"A": DAY, "B": EVE}, EVE),
    ("a school it has left has no say", {"A": [EVE, DAY], "B": [EVE]}, {"A": DAY, "B": EVE}, DAY),
    ("a school that is closed today has no say", {"A": [EVE], "B": [EVE, DAY]}, {"A": EVE, "B": DAY}, DAY),
    ("nothing to wait for", {"A": []}, {"A": EVE}, DAY),
]  # fmt: skip


@pytest.mark.parametrize(("schools", "told", "expected"), [row[1:] for row in LAST_DAYS], ids=[row[0] for row in LAST_DAYS])
def test_a_childs_last_day_is_that_of_the_schools_that_have_a_say(
    schools: dict[str, list[date]], told: dict[str, date], expected: date
) -> None:
    records = [_record(school, days) for school, days in schools.items()]
    assert last_day(records, lambda _school: DAY, told.__getitem__) == expected


def test_a_childs_last_day_is_never_after_its_own_schools_today() -> None:
    """Around midnight it is tomorrow already at another school of the district."""
    assert last_day([_record("west", [EVE, DAY])], lambda _school: EVE, lambda _school: EVE) == EVE


days_of_a_year = st.lists(st.dates(date(2026, 8, 1), date(2027, 6, 1)), unique=True, max_size=40).map(sorted)


@given(days=days_of_a_year, data=st.data())
def test_a_record_up_to_a_day_counts_exactly_the_days_up_to_it(days: list[date], data: st.DataObject) -> None:
    absent = tuple(sorted(data.draw(st.sets(st.sampled_from(days)) if days else st.just(set()))))
    last = data.draw(st.dates(date(2026, 7, 1), date(2027, 7, 1)))
    whole = _record("A", days, absent)
    found, federal = up_to(whole, last), profile("federal")
    assert count(found, federal).enrolled == sum(day <= last for day in days)
    assert count(found, federal).absent == sum(day <= last for day in absent)
    assert up_to(found, last) == found
    assert up_to(whole, date(2027, 7, 1)) is whole, "nothing to leave out costs nothing"


def test_a_code_that_asks_for_quiet_today_is_heard_though_today_does_not_count_yet() -> None:
    held = SchoolRecord("lia", "A", (EVE, DAY), (), calendar_known=True, held_code="B")
    assert up_to(held, EVE).held_code == "B"


def test_gates_are_settings_of_a_source_and_of_each_school() -> None:
    plain = SourceSettings(name="sis")
    assert (plain.cut_off, plain.expected_percent) == ("10:00", 95)
    own = SourceSettings(name="sis", schools={"7": SchoolOverride(cut_off="24:00", expected_percent=80)})
    assert (own.at("7").cut_off, own.at("7").expected_percent) == ("24:00", 80)
    assert (own.at("8").cut_off, own.at("8").expected_percent) == ("10:00", 95)


@pytest.mark.parametrize(
    "wrong", [{"cut_off": "9:30"}, {"cut_off": "24:01"}, {"cut_off": "noon"}, {"expected_percent": 0}, {"expected_percent": 101}]
)
def test_a_gate_that_can_never_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SourceSettings(name="sis", **wrong)


DIED = [
    "Deceased",
    "DECEASED",
    "Died or is permanently incapacitated",
    "Student died 10/5",
    "W8-Death of Student",
    "1923",
    "01923",
    " death ",
    "Fallecida",
]
LIVES = ["", "Transferred", "No show", "Expelled", "Moved after a death in the family", "Diedrich Academy", "3", "Deathly ill", "19230"]


@pytest.mark.parametrize(("text", "died"), [*((text, True) for text in DIED), *((text, False) for text in LIVES)])
def test_an_exit_type_says_that_a_child_has_died_in_the_words_of_the_field(text: str, died: bool) -> None:
    assert says_so(text) is died


def test_a_source_adds_the_words_of_its_own_system() -> None:
    assert not says_so("W-12")
    assert says_so("w 12", ["W-12"])
