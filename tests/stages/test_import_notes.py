"""What an import remarks about rows that it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

import outreach.tables  # noqa: F401 - every table must be known before a schema is made
from outreach.database import Database
from tests.attendance.loading import Loader
from tests.attendance.small import LAST, feed, mark, weekdays

DAYS = weekdays()


@pytest.fixture
def loader(sqlite_database: Database, tmp_path: Path) -> Loader:
    """Imports into a fresh database."""
    return Loader(sqlite_database, tmp_path)


def test_many_absences_on_one_closed_date_make_the_calendar_suspect(loader: Loader) -> None:
    """Ten are no slip; each is still one note."""
    found = feed(students=10, marks=[mark(f"s{n}", DAYS[1]) for n in range(1, 11)] + [mark("s1", "2026-08-30")])
    found["files"]["calendar"][1]["event"] = "Holiday"
    said = [row["problem"] for row in loader.load(found).problems.to_dicts()]
    assert [one.endswith("10 marks of that date at this school: is the calendar right?") for one in said] == [True] * 10 + [False]


def test_leaving_and_coming_back_is_no_overlap(loader: Loader) -> None:
    """Nor is coming back on the day of leaving."""
    found = feed(students=1)
    found["files"]["enrollments"][0]["exit_date"] = str(DAYS[5])
    found["files"]["enrollments"].append({"student_id": "s1", "school_id": "1", "entry_date": str(DAYS[5]), "exit_date": ""})
    assert loader.load(found).files["enrollments"].noted == 0
    assert [row["days_enrolled"] for row in loader.counts(LAST, "student")] == ["20"]
