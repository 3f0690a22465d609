"""Section marks, tracks, grades, holding codes, adults at school and the totals of the SIS, from folder to count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import outreach.tables  # noqa: F401 - every table must be known before a schema is made
from outreach.attendance.queries import student_counts
from outreach.attendance.reconciling import compare
from outreach.attendance.refusal import RefusedError
from outreach.database import Database
from tests.attendance.loading import Loader
from tests.attendance.small import FIRST, LAST, feed, mark, weekdays

MONDAYS = [day for day in weekdays() if day.weekday() == 0]


@pytest.fixture
def loader(database: Database, tmp_path: Path) -> Loader:
    """Loads into a fresh database of either kind."""
    return Loader(database, tmp_path)


def place(section: str, **more: str) -> dict[str, str]:
    """A place of s1 in a section all year."""
    found = {"student_id": "s1", "school_id": "1", "section_id": section, "begin_date": str(FIRST), "end_date": str(LAST)}
    return found | {"cycle_days": "", "weekdays": "", "minutes": "60"} | more


def absent(loader: Loader, found: dict[str, Any]) -> tuple[str, str]:
    """Days absent and unknown of s1."""
    loader.load(found)
    row = loader.counts(LAST, "student-school")[0]
    assert row["student_id"] == "s1"
    return row["days_absent"], row["days_unknown"]


def test_the_share_follows_the_sections_that_meet_that_day(loader: Loader) -> None:
    """On Mondays three sections meet, on other days two: missing one is a third of a Monday and half of any other day."""
    found = feed(marks=[mark("s1", day, section_id="math") for day in weekdays()[:5]])
    found["files"]["sections"] = [place("math"), place("art", weekdays="MTWRF"), place("band", weekdays="M")]
    assert absent(loader, found) == ("4", "0")


def test_cycle_days_come_from_the_calendar(loader: Loader) -> None:
    """Lab meets on A days with a double period; where the calendar names no cycle day nobody knows."""
    found = feed(marks=[mark("s1", day, section_id="lab") for day in weekdays()[:3]])
    for row, cycle in zip(found["files"]["calendar"], ["A", "B", ""], strict=False):
        row["cycle_day"] = cycle
    found["files"]["sections"] = [place("lab", cycle_days="A|C", minutes="120"), place("art"), place("gym")]
    assert absent(loader, found) == ("1", "2")


def test_a_section_of_last_term_is_no_part_of_the_day(loader: Loader) -> None:
    """Begin and end dates are both included."""
    days = weekdays()
    found = feed(marks=[mark("s1", days[4], section_id="old"), mark("s1", days[5], section_id="new")])
    found["files"]["sections"] = [place("old", end_date=str(days[4])), place("new", begin_date=str(days[5]))]
    assert absent(loader, found) == ("2", "0")


def test_without_a_schedule_an_absence_from_a_section_is_unknown(loader: Loader) -> None:
    """And a tardy in a section is nothing."""
    assert absent(loader, feed(marks=[mark("s1", FIRST, section_id="math"), mark("s1", LAST, "T", section_id="math")])) == ("0", "1")


@pytest.mark.parametrize("by", ["student-school", "student"])
def test_minutes_of_a_day_that_the_calendar_does_not_measure_are_taken_of_the_childs_own_schedule(loader: Loader, by: str) -> None:
    """Also where no mark of the child speaks of a section: 60 of 120 minutes are half a day, 40 are not; without sections nobody knows."""
    days = weekdays()[:2]
    marks = [mark("s1", days[0], minutes="60"), mark("s1", days[1], minutes="40"), mark("s2", days[0], minutes="60")]
    found = feed(marks=marks, students=2)
    for row in found["files"]["calendar"]:
        row["minutes"] = ""
    found["files"]["sections"] = [place("math"), place("art")]
    loader.load(found)
    assert [(row["days_absent"], row["days_unknown"]) for row in loader.counts(LAST, by)] == [("1", "0"), ("0", "1")]


def test_tracks_and_grades_have_days_of_their_own(loader: Loader) -> None:
    """Track B is off in the first week; the youngest come on three days of the second."""
    found = feed(students=4)
    days = weekdays()
    found["files"]["calendar"] = [
        {"school_id": "1", "date": str(day), "event": "Instructional day", "track": "A" if day in days[:5] else "", "grades": ""}
        for day in days
    ]
    for row in found["files"]["calendar"][5:10]:
        row["grades"] = "1, 2|3" if row["date"] in {str(day) for day in days[5:7]} else ""
    for row, track, grade in zip(found["files"]["enrollments"], "AABB", ["2", "KG", "2", "KG"], strict=True):
        row |= {"track": track, "grade": grade}
    loader.load(found)
    assert [row["days_enrolled"] for row in loader.counts(LAST, "student")] == ["20", "18", "15", "13"]


def test_a_track_of_which_no_calendar_speaks_has_no_calendar(loader: Loader) -> None:
    """Then nothing is known, and zero days are no answer."""
    found = feed(students=1)
    for row in found["files"]["calendar"]:
        row["track"] = "A"
    found["files"]["enrollments"][0]["track"] = "C"
    loader.load(found)
    assert [(row["days_enrolled"], row["chronic"]) for row in loader.counts(LAST, "student")] == [("0", "unknown")]


def test_totals_of_the_sis_are_compared_and_the_setting_that_explains_most_is_named(loader: Loader) -> None:
    """The SIS leaves the exit day out; one child differs for another reason, one is unknown to us."""
    found = feed(students=5)
    for row in found["files"]["enrollments"]:
        row["exit_date"] = "2026-09-11"
    found["files"]["enrollments"].pop()
    theirs = {"s1": ("14", "1"), "s2": ("14", "0.0"), "s3": ("14", "0"), "s4": ("14", "2.5"), "s5": ("14", "0")}
    found["files"]["sis_totals"] = [
        {"student_id": student, "school_id": "1", "as_of": str(LAST), "days_enrolled": enrolled, "days_absent": missed}
        for student, (enrolled, missed) in theirs.items()
    ]
    loader.load(found)
    with loader.database.read() as session:
        result = compare(session)
    assert (result.compared, len(result.differences)) == (5, 5)
    assert [item.ours for item in result.differences] == [(15, 1), (15, 0), (15, 0), (15, 0), None]
    best = result.trials[0]
    assert (best.setting, best.value, best.explained, best.remaining) == ("exit_day", "exclusive", 3, 2)


def test_there_is_nothing_to_compare_without_totals(loader: Loader) -> None:
    """One sentence."""
    loader.load(feed())
    with loader.database.read() as session, pytest.raises(RefusedError, match="sis_totals"):
        compare(session)


def test_adults_at_school_and_other_contacts_are_kept(loader: Loader) -> None:
    """With their source, and gone when their file no longer names them."""
    found = feed()
    found["files"]["student_adults"] = [{"student_id": "s1", "name": "Ms. Ortiz", "role": "mentor"}]
    found["files"]["other_contacts"] = [{"student_id": "s1", "date": str(FIRST), "channel": "robocall", "kind": "absence"}]
    report = loader.load(found)
    assert (report.files["student_adults"].inserted, report.files["other_contacts"].inserted) == (1, 1)
    found["files"]["student_adults"][0]["role"] = "tutor"
    found["files"]["other_contacts"] = [{"student_id": "ghost", "date": str(FIRST), "channel": "robocall", "kind": "absence"}]
    report = loader.load(found)
    assert (report.files["student_adults"].changed, report.files["other_contacts"].held, report.files["other_contacts"].deleted) == (
        1,
        1,
        1,
    )


def test_a_code_that_holds_messages_holds_whatever_it_makes_of_the_day(loader: Loader) -> None:
    """Hospital teaching is no absence, and no time for a message about absences; a stay that is over holds nothing."""
    found = feed(marks=[mark("s1", FIRST, "H"), mark("s2", "2026-08-20", "H")])
    found["settings"]["codes"] = {"H": {"kind": "instructed_elsewhere", "hold": True}}
    loader.load(found)
    with loader.database.read() as session:
        counted = student_counts(session, LAST)
    assert {student: item.held_code for student, item in counted.items()} == {"s1": "H", "s2": ""}
    assert [item.count.absent for item in counted.values()] == [0, 0]
