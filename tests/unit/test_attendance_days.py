"""What a day is where the field's edge cases leave it open, as the feed contract settles it."""

from __future__ import annotations

import pytest

from outreach.attendance.profiles import profile
from outreach.attendance.schedules import Schedule
from outreach.attendance.verdicts import DayMark, Verdict, decide
from tests.attendance.days import MONDAY, NOTHING, SIX, mark, missed, periods, total


@pytest.mark.parametrize(
    ("marks", "scheduled", "schedule", "verdict"),
    [
        pytest.param([mark("absent", "excused"), mark("absent", "unexcused")], None, NOTHING, "conflict", id="two named reasons"),
        pytest.param([mark("absent"), mark("absent", "excused")], None, NOTHING, "excused", id="a named one beats unspecified"),
        pytest.param(
            [mark("absent", "excused"), mark("present", "unexcused")], None, NOTHING, "excused", id="a tardy's reason is no reason"
        ),
        pytest.param(
            [mark("absent", "unexcused", portion="0.25"), mark("partial", "excused", portion="0.25")], None, NOTHING, "conflict", id="both"
        ),
        pytest.param([mark("absent", portion="0.49")], None, NOTHING, "present", id="an absence of less than half a day"),
        pytest.param([mark("absent", minutes=100)], None, NOTHING, "unknown", id="minutes of a day of unknown length"),
        pytest.param([mark("absent", minutes=100)], None, periods(100, 100), "unspecified", id="minutes of the child's own day"),
        pytest.param([mark("partial")], None, NOTHING, "present", id="a partial that says no part"),
        pytest.param([DayMark(MONDAY, "1", "?", None)], None, NOTHING, "unknown", id="a code without a meaning"),
        pytest.param([DayMark(MONDAY, "1", "?", None), mark("absent")], None, NOTHING, "unspecified", id="absent beats unknown"),
        pytest.param(missed(1), None, NOTHING, "unknown", id="a section mark without a schedule"),
        pytest.param(missed(9), None, SIX, "unknown", id="a section that is not on the schedule"),
        pytest.param(missed(1), None, periods(60, None), "unknown", id="a schedule that says some minutes only"),
        pytest.param(missed(1), None, periods(None, None), "unexcused", id="sections without minutes weigh the same"),
        pytest.param(missed(1, 1, 1), None, SIX, "present", id="a section missed thrice is missed once"),
        pytest.param([mark("absent", portion="0.3"), *missed(1, 2)], None, SIX, "present", id="the day and its sections are never added"),
        pytest.param([mark("partial", minutes=30, section="P1")], None, periods(60, 60, 60), "present", id="minutes of a section"),
        pytest.param([mark("partial", minutes=90, section="P1")], None, periods(90, 90), "unspecified", id="a whole block by its minutes"),
        pytest.param([mark("present"), *missed(1, 2, 3)], None, SIX, "unexcused", id="absent sections beat a present day"),
    ],
)
def test_more_days(marks: list[DayMark], scheduled: int | None, schedule: Schedule, verdict: str) -> None:
    """Whatever the order of the marks."""
    assert decide(marks, scheduled, profile("federal"), schedule).verdict == Verdict(verdict)
    assert decide(marks[::-1], scheduled, profile("federal"), schedule).verdict == Verdict(verdict)


@pytest.mark.parametrize(
    ("unknown", "chronic", "tier"),
    [(0, "false", "satisfactory"), (1, "false", "unknown"), (10, "false", "unknown"), (11, "unknown", "unknown")],
)
def test_unknown_days_leave_only_what_they_cannot_change(unknown: int, chronic: str, tier: str) -> None:
    """200 E, 9 A and some days that nobody knows."""
    found = total(200, 9, unknown=unknown)
    assert (found.chronic, found.tier) == (chronic, tier)
    assert (total(200, 39, unknown=1).chronic, total(200, 39, unknown=1).tier) == ("true", "unknown")


@pytest.mark.parametrize("marks", [[mark("partial", minutes=400)], [mark("absent", portion="0.9")]], ids=["minutes", "portion"])
@pytest.mark.parametrize(("rules", "verdict"), [("federal", "unspecified"), ("CA", "present"), ("TX", "present"), ("OH", "unspecified")])
def test_nearly_all_of_a_day_is_not_the_day_where_only_whole_days_count(marks: list[DayMark], rules: str, verdict: str) -> None:
    """California: there when attendance was taken; Texas: there at the snapshot."""
    assert decide(marks, 420, profile(rules), NOTHING).verdict == Verdict(verdict)
