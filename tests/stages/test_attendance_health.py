"""What keeps counts unknown is found, each thing once, with the children and dates it touches."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from outreach.attendance import overlays
from outreach.attendance.calendars import Said
from outreach.attendance.health import Finding, StudentDay, Trouble, left_out, look
from outreach.attendance.verdicts import Verdict
from outreach.database import Database
from outreach.district.overlays import Act, merge
from tests.attendance.loading import NOW, Loader
from tests.attendance.small import FIRST, LAST, feed, mark, weekdays

ROSA = Act("rosa@lincoln.invalid", NOW)


@pytest.fixture
def loader(sqlite_database: Database, tmp_path: Path) -> Loader:
    """An empty district."""
    return Loader(sqlite_database, tmp_path)


def found(loader: Loader, **scope: Any) -> list[Finding]:
    """What is to be put right on the last day."""
    with loader.database.read() as session:
        return sorted(look(session, LAST, **scope).findings, key=lambda finding: (finding.trouble, finding.name))


def in_short(finding: Finding) -> tuple[Trouble, str, int, list[date]]:
    """A finding as a test compares it."""
    return finding.trouble, finding.name, len(finding.students), list(finding.days)


def test_a_sound_school_has_nothing_to_put_right(loader: Loader) -> None:
    loader.load(feed())
    assert found(loader) == []


def test_a_school_without_a_calendar_is_named_with_all_its_children(loader: Loader) -> None:
    delivery = feed(students=3)
    delivery["files"]["calendar"] = []
    loader.load(delivery)
    assert [in_short(one) for one in found(loader)] == [(Trouble.NO_CALENDAR, "", 3, [])]


def test_a_silent_run_is_one_finding_with_every_child_and_date(loader: Loader) -> None:
    days = weekdays(FIRST, date(2026, 10, 16))
    delivery = feed(students=120, marks=[mark("s1", day, "T") for day in days[:25]])
    delivery["files"]["calendar"] = [{"school_id": "1", "date": str(day), "event": "Instructional day"} for day in days]
    loader.load(delivery)
    with loader.database.read() as session:
        [finding] = look(session, days[-1]).findings
    assert in_short(finding) == (Trouble.SILENT_RUN, "", 120, days[25:])
    assert set(finding.days.values()) == {120}


def test_days_of_an_affirmative_school_are_told_apart_by_whether_any_mark_came(loader: Loader) -> None:
    marks = [mark(child, day, "T") for day in weekdays() if day != FIRST for child in ("s1", "s2") if (child, day) != ("s2", LAST)]
    loader.load(feed(marks=marks, reporting="affirmative"))
    assert [in_short(one) for one in found(loader)] == [
        (Trouble.MARKS_MISSING, "", 1, [LAST]),
        (Trouble.NOT_REPORTED, "", 2, [FIRST]),
    ]


def test_a_day_that_is_not_in_a_strange_code_and_minutes_that_cannot_be_weighed(loader: Loader) -> None:
    loader.load(feed(marks=[mark("s1", FIRST, "X"), mark("s2", FIRST, "X"), mark("s2", LAST, "A", minutes="30")]))
    with loader.database.write() as session:
        overlays.call_day(session, "1", weekdays()[3], Said.NOT_SUBMITTED, ROSA)
    code, not_in, parts = found(loader)
    assert (in_short(code), code.source, code.marks) == ((Trouble.CODE, "X", 2, [FIRST]), "small", 2)
    assert in_short(not_in) == (Trouble.NOT_SUBMITTED, "", 2, [weekdays()[3]])
    assert (parts.trouble, parts.students, list(parts.days)) == (Trouble.UNWEIGHED, frozenset({"s2"}), [LAST])
    assert found(loader, schools={"2"}) == []


def test_a_conflict_is_a_day_of_the_child_under_the_id_that_was_kept(loader: Loader) -> None:
    loader.load(feed(marks=[mark("s1", FIRST, "A"), mark("s2", FIRST, "E"), mark("s1", LAST, "A")]))
    with loader.database.write() as session:
        merge(session, "s2", "s1", ROSA)
        assert look(session, LAST).student_days == (StudentDay("s1", "1", FIRST, ("A", "E"), Verdict.CONFLICT),)
        overlays.settle_day(session, "s1", "1", LAST, Verdict.EXCUSED, ROSA, marked=Verdict.PRESENT)
        _conflict, gainsaid = look(session, LAST).student_days
    assert (gainsaid.date, gainsaid.marked, gainsaid.settled) == (LAST, Verdict.UNEXCUSED, Verdict.EXCUSED)


def test_rows_left_out_for_the_same_reason_stand_together_and_codes_do_not_repeat(loader: Loader) -> None:
    loader.load(feed(marks=[mark("s1", FIRST, "X"), *(mark(f"nobody{n}", LAST) for n in range(7)), mark("", LAST)]))
    with loader.database.read() as session:
        rows = left_out(session)
    assert [(row.file, row.field, row.action, row.rows, row.lines) for row in rows] == [
        ("attendance.csv", "student_id", "held", 7, (3, 4, 5, 6, 7)),
        ("attendance.csv", "student_id", "rejected", 1, (10,)),
    ]
