"""The sample district is counted as its README says, however it is delivered."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

import pytest

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.database import Database
from tests.attendance.grand_bend import grand_bend
from tests.attendance.loading import Loader

GIVEN = os.environ.get("OUTREACH_GRAND_BEND")
"""Read here, because tests see none of the machine's settings."""
EXPECTED = {date(2011, 5, 27): (169_920, 1_850, 42), date(2010, 12, 17): (77_760, 969, 41), date(2010, 10, 1): (27_840, 351, 54)}


@pytest.fixture
def sample() -> Path:
    """The sample district's folder."""
    return grand_bend(GIVEN)


@pytest.fixture
def loader(sqlite_database: Database, tmp_path: Path) -> Loader:
    """Loads into a fresh database."""
    return Loader(sqlite_database, tmp_path)


def check(loader: Loader) -> None:
    """960 students, and the README's figures at its three dates; no unknown day."""
    for as_of, expected in EXPECTED.items():
        rows = loader.counts(as_of, "student")
        sums = [sum(int(row[column]) for row in rows) for column in ("days_enrolled", "days_absent")]
        assert (*sums, sum(row["chronic"] == "true" for row in rows)) == expected
        assert len(rows) == 960
        assert sum(int(row["days_unknown"]) for row in rows) == 0
    whole = loader.counts(date(2011, 5, 27), "school")
    assert [sum(int(row[f"days_{kind}"]) for row in whole) for kind in ("excused", "unexcused", "conflict")] == [1077, 773, 0]


def test_it_is_counted_as_its_readme_says(database: Database, tmp_path: Path, sample: Path) -> None:
    """On both databases, with nothing left out; and again from the same bytes."""
    loader = Loader(database, tmp_path)
    report = loader.load_folder(sample)
    assert not report.needs_a_person
    check(loader)
    assert loader.load_folder(sample).unchanged
    check(loader)


def copied(sample: Path, folder: Path, **settings: str) -> list[list[str]]:
    """Copy the feed to a writable folder with other settings; return its attendance, the header first."""
    shutil.copytree(sample, folder)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    text = (folder / "source.toml").read_text()
    assert 'delivery = "full"' in text
    added = "\n".join(f"{name} = {value}" for name, value in settings.items())
    text = text.replace('delivery = "full"', added) if "delivery" in settings else f"{added}\n{text}"
    (folder / "source.toml").write_text(text)
    with (folder / "attendance.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def written(path: Path, rows: list[list[str]]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


Deliver = Callable[[list[list[str]]], list[list[list[str]]]]


def _months(rows: list[list[str]]) -> list[list[list[str]]]:
    return [[row for row in rows if row[2].startswith(month)] for month in sorted({row[2][:7] for row in rows})]


def _windows(rows: list[list[str]]) -> list[list[list[str]]]:
    """A window of 40 days to the end of each month, which also repeats what came before."""
    ends = [max(row[2] for row in month) for month in _months(rows)]
    return [[row for row in rows if row[2] <= end and (date.fromisoformat(end) - date.fromisoformat(row[2])).days < 40] for end in ends]


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        pytest.param({}, lambda rows: [rows, Random(1).sample(rows, len(rows))], id="shuffled after it came in order"),  # noqa: S311
        pytest.param({}, lambda rows: [rows[:900], rows], id="half of it first"),
        pytest.param({}, lambda rows: [rows, rows + rows[:50]], id="rows sent twice"),
        pytest.param({"delivery": '"delta"'}, _months, id="deltas by month", marks=pytest.mark.long),
        pytest.param({"delivery": '"window"', "window_days": "40"}, _windows, id="windows"),
    ],
)
def test_the_way_it_is_delivered_makes_no_difference(
    loader: Loader, sample: Path, tmp_path: Path, settings: dict[str, str], parts: Deliver
) -> None:
    """Whole, shuffled, in deltas, in windows."""
    header, *rows = copied(sample, tmp_path / "delivery", **settings)
    assert header[2] == "event_date"
    for part in parts(rows):
        written(tmp_path / "delivery" / "attendance.csv", [header, *part])
        loader.load_folder(tmp_path / "delivery")
    check(loader)


def test_section_marks_of_a_schedule_count_like_the_daily_marks_they_stand_for(loader: Loader, sample: Path, tmp_path: Path) -> None:
    """Five sections a child: an absent day is an absence from three of them or more, anything else a mark in one or two."""
    random = Random(3)  # noqa: S311 - a made-up schedule
    folder = tmp_path / "delivery"
    header, *rows = copied(sample, folder)
    with (sample / "enrollments.csv").open(encoding="utf-8", newline="") as stream:
        stays = [(row["student_id"], row["school_id"]) for row in csv.DictReader(stream)]
    places = [[student, school, f"P{n}", "2010-07-01", "2011-06-30", "", "", "50"] for student, school in stays for n in range(1, 6)]
    columns = ["student_id", "school_id", "section_id", "begin_date", "end_date", "cycle_days", "weekdays", "minutes"]
    written(folder / "sections.csv", [columns, *places])
    code = header.index("category")
    marks = []
    for row in rows:
        absent = row[code].endswith("Absence")
        missed = random.sample(range(1, 6), random.randint(3, 5) if absent else random.randint(1, 2))
        marks += [[*row, f"P{n}"] for n in missed]
        marks += [[*(cell if at != code else "Tardy" for at, cell in enumerate(row)), f"P{n}"] for n in range(1, 6) if n not in missed]
    written(folder / "attendance.csv", [[*header, "section_id"], *marks])
    assert not loader.load_folder(folder).needs_a_person
    check(loader)
