"""``outreach import``, ``counts`` and ``explain`` as a person at a prompt meets them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.attendance.feeds import write_feed
from tests.attendance.small import FIRST, LAST, feed, mark, weekdays
from tests.command import run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The service's folder."""
    return tmp_path / "home"


def rows(text: str) -> list[dict[str, str]]:
    """Printed CSV as dicts."""
    return list(csv.DictReader(io.StringIO(text)))


def test_a_sound_feed_is_loaded_counted_and_explained(home: Path, tmp_path: Path) -> None:
    """Exit 0, rows on stdout only, and the same rows in each format."""
    marks = [mark("s1", FIRST), mark("s1", LAST, "E"), mark("s1", LAST), mark("s2", weekdays()[3], "T")]
    loaded = run(home, "import", str(write_feed(tmp_path / "feed", feed(marks=marks))), "--format", "csv")
    assert loaded.returncode == 0, loaded.stderr
    assert [row["file"] for row in rows(loaded.stdout)] == ["schools", "calendar", "students", "enrollments", "attendance"]
    assert all(row["read"] == row["inserted"] for row in rows(loaded.stdout))

    counted = run(home, "counts", "--as-of", str(LAST), "--format", "csv")
    assert counted.returncode == 0
    assert counted.stdout.splitlines() == [
        (
            "student_id,school_id,days_enrolled,days_absent,days_excused,days_unexcused,days_suspended,days_unspecified,days_conflict,days_unknown,"
            "rate,tier,chronic"
        ),
        "s1,1,20,2,0,1,0,0,1,0,0.1000,moderate,true",
        "s2,1,20,0,0,0,0,0,0,0,0.0000,satisfactory,false",
    ]
    by_json = json.loads(run(home, "counts", "--format", "json").stdout)
    assert [{key: str(value) for key, value in row.items()} for row in by_json] == rows(counted.stdout)
    assert "moderate" in run(home, "counts").stdout

    explained = run(home, "explain", "s1", "--as-of", str(LAST), "--format", "csv")
    assert explained.returncode == 0
    found = rows(explained.stdout)
    assert list(found[0]) == ["date", "school_id", "verdict", "code", "reason", "file", "line", "import_id", "rule"]
    first, last = found
    assert (first["date"], first["verdict"], first["code"], first["reason"]) == (str(FIRST), "absent", "A", "unexcused")
    assert (first["file"], first["line"], first["import_id"]) == ("attendance.csv", "2", "1")
    assert (last["verdict"], last["code"], last["reason"], last["line"]) == ("conflict", "E|A", "excused|unexcused", "3|4")


def test_counts_by_student_and_by_school_have_the_columns_of_the_contract(home: Path, tmp_path: Path) -> None:
    """One row per child with an empty school; one row per school with its sums."""
    run(home, "import", str(write_feed(tmp_path / "feed", feed())))
    by_student = run(home, "counts", "--by", "student", "--format", "csv").stdout.splitlines()
    assert by_student[1] == "s1,,20,1,0,1,0,0,0,0,0.0500,at_risk,false"
    by_school = run(home, "counts", "--by", "school", "--format", "csv").stdout.splitlines()
    assert by_school == [
        (
            "school_id,students,days_enrolled,days_absent,days_excused,days_unexcused,days_suspended,days_unspecified,days_conflict,days_unknown,"
            "rate,chronic_students,unknown_students"
        ),
        "1,2,40,1,0,1,0,0,0,0,0.0250,0,0",
    ]


def test_a_rejected_row_makes_exit_one_and_a_line_of_the_report(home: Path, tmp_path: Path) -> None:
    """The rest is loaded."""
    folder = write_feed(tmp_path / "feed", feed(marks=[mark("s1", FIRST), mark("s1", "soon"), mark("s2", LAST, "??")]))
    report = tmp_path / "problems.csv"
    dry = run(home, "import", str(folder), "--dry-run")
    assert dry.returncode == 1
    assert rows(run(home, "counts", "--format", "csv").stdout) == []
    loaded = run(home, "import", str(folder), "--report", str(report))
    assert loaded.returncode == 1
    assert report.read_text().splitlines() == [
        "file,line,field,value,problem,action",
        "attendance.csv,3,date,soon,is no date of the form %Y-%m-%d,rejected",
        "attendance.csv,4,code,??,this code has no meaning in source.toml; the day counts as unknown until it has one,held",
    ]
    assert [row["days_unknown"] for row in rows(run(home, "counts", "--format", "csv").stdout)] == ["0", "1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "nowhere"], "nowhere is no folder"),
        (["import", "FEED", "--report", "nowhere/problems.csv"], "nowhere is no folder"),
        (["counts", "--as-of", "18.9.2026"], "'18.9.2026' is no date"),
        (["counts", "--profile", "XX"], "no profile 'XX'"),
        (["explain", "s1", "--profile", "XX"], "No such option"),
    ],
)
def test_a_refusal_is_one_sentence_on_stderr_and_exit_two(home: Path, tmp_path: Path, words: list[str], said: str) -> None:
    """Nothing on stdout, no traceback."""
    folder = write_feed(tmp_path / "feed", feed())
    refused = run(home, *[str(folder) if word == "FEED" else word for word in words])
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (home / "feeds").exists()
