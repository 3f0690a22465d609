"""A district that sends OneRoster packages, and attendance from somewhere else, is counted like one that sends plain files."""

from __future__ import annotations

import gzip
import os
import shutil
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.importing import ImportReport
from outreach.attendance.refusal import RefusedError
from outreach.database import Database
from outreach.feeds.taking import is_due
from tests.adapters.grand_bend_roster import Files, package_of, write_package
from tests.adapters.taking import NOW, Taker, source
from tests.attendance.grand_bend import grand_bend
from tests.attendance.loading import Loader
from tests.stages.test_counts_grand_bend import check

GIVEN = os.environ.get("OUTREACH_GRAND_BEND")
"""Read here, because tests see none of the machine's settings."""
CHANGED = "2026-10-05T01:00:00.000Z"


@pytest.fixture
def sample() -> Path:
    """The sample district's folder."""
    return grand_bend(GIVEN)


@pytest.fixture
def taker(database: Database, tmp_path: Path) -> Taker:
    """Takes into a fresh database."""
    return Taker(database, tmp_path / "home")


def attendance(sample: Path, folder: Path) -> Path:
    """The second source: attendance alone, under its own name, with the district's ids."""
    told = tomllib.loads((sample / "source.toml").read_text(encoding="utf-8"))
    source(folder, {"name": "marks", "columns": {"attendance": told["columns"]["attendance"]}, "codes": told["codes"]})
    shutil.copyfile(sample / "attendance.csv", folder / "attendance.csv")
    return folder


@pytest.mark.parametrize(("version", "zipped"), [("1.1", False), ("1.2", True)])
def test_a_package_and_attendance_are_counted_like_the_files(
    taker: Taker, tmp_path: Path, sample: Path, version: str, zipped: bool
) -> None:
    """The calendar stands beside the package, for OneRoster has none; the same again changes nothing."""
    folder = source(tmp_path / "roster", {"name": "roster", "oneroster": {}})
    shutil.copyfile(sample / "calendar.csv", folder / "calendar.csv")
    write_package(folder / "roster.zip" if zipped else folder, package_of(sample, version), version, zipped=zipped)
    assert not taker.take(folder).needs_a_person
    marks = attendance(sample, tmp_path / "marks")
    assert not taker.take(marks).needs_a_person
    check(Loader(taker.database, tmp_path))
    assert taker.take(folder).unchanged
    assert "never to be kept" not in str(Loader(taker.database, tmp_path).dump())


SMALL: Files = {
    "orgs": [{"sourcedId": "S1", "name": "Lincoln", "type": "school", "identifier": "001"}],
    "academicSessions": [
        {"sourcedId": "Y", "title": "Y", "type": "schoolYear", "startDate": "2026-08-17", "endDate": "2027-05-28", "schoolYear": "2027"}
    ],
    "classes": [{"sourcedId": "C", "title": "C", "classType": "homeroom", "schoolSourcedId": "S1", "termSourcedIds": "Y"}],
    "users": [
        {"sourcedId": "u1", "role": "student", "orgSourcedIds": "S1", "givenName": "Ana", "familyName": "Reyes", "identifier": "007",
         "agentSourcedIds": "g1", "grades": "03"},
        {"sourcedId": "u2", "role": "student", "orgSourcedIds": "S1", "givenName": "Ben", "familyName": "Reyes", "identifier": "008",
         "grades": "05"},
        {"sourcedId": "g1", "role": "parent", "orgSourcedIds": "S1", "givenName": "Eva", "familyName": "Reyes", "sms": "+13125550142",
         "agentSourcedIds": "u2"},
    ],
    "enrollments": [
        {"sourcedId": "e1", "classSourcedId": "C", "schoolSourcedId": "S1", "userSourcedId": "u1", "role": "student"},
        {"sourcedId": "e2", "classSourcedId": "C", "schoolSourcedId": "S1", "userSourcedId": "u2", "role": "student",
         "beginDate": "2026-09-01", "endDate": "2026-12-01"},
    ],
}  # fmt: skip


def small(folder: Path, files: Files | None = None, *, delta: bool = False, version: str = "1.1", **options: Any) -> Path:
    """A folder with a small package."""
    source(folder, {"name": "roster", "calendar": "from-events", "oneroster": options})
    write_package(folder / "roster.zip", SMALL if files is None else files, version, delta=delta)
    return folder


def stays(taker: Taker, tmp_path: Path) -> list[tuple[str, str, date, date | None]]:
    """Child, school, first and last day of every stay."""
    return [tuple(row[:4]) for row in Loader(taker.database, tmp_path).dump(without=frozenset({("enrolments", "id")}))["enrolments"]]


def test_a_stay_is_told_by_classes_and_terms(taker: Taker, tmp_path: Path) -> None:
    """A date that an enrolment lacks is that of the class's term; ties are read from either side."""
    assert not taker.take(small(tmp_path / "roster")).needs_a_person
    rows = Loader(taker.database, tmp_path).dump()
    assert stays(taker, tmp_path) == [
        ("u1", "S1", date(2026, 8, 17), date(2027, 5, 28)),
        ("u2", "S1", date(2026, 9, 1), date(2026, 12, 1)),
    ]
    assert sorted(row[1:4] for row in rows["student_contacts"]) == [("u1", "g1", "parent"), ("u2", "g1", "parent")]


def test_local_ids_can_be_the_ones_attendance_speaks_of(taker: Taker, tmp_path: Path) -> None:
    """They keep their zeros."""
    taker.take(small(tmp_path / "roster", student_id="identifier", school_id="identifier"))
    assert {row[:2] for row in stays(taker, tmp_path)} == {("007", "001"), ("008", "001")}


def test_a_child_without_any_date_is_listed_or_taken_from_the_start_of_the_year(taker: Taker, tmp_path: Path) -> None:
    """Nobody may guess when it came, unless the district says so."""
    bare = {name: rows for name, rows in SMALL.items() if name not in {"classes", "enrollments"}}
    report = taker.take(small(tmp_path / "roster", bare))
    assert report.files["enrollments"].rejected == 2
    assert set(report.problems.filter(report.problems["action"] == "rejected")["problem"]) == {"entry_date is empty"}
    taker.take(small(tmp_path / "roster", bare, undated_enrollments="year-start"))
    assert {row[2] for row in stays(taker, tmp_path)} == {date(2026, 8, 17)}


def test_a_delta_changes_and_deletes_what_it_names_and_nothing_else(taker: Taker, tmp_path: Path) -> None:
    """An older delta that comes late changes nothing back."""
    taker.take(small(tmp_path / "roster"))
    named = {"status": "active", "dateLastModified": CHANGED}
    delta: Files = {
        "users": [
            {**SMALL["users"][0], **named, "familyName": "Reyes Cruz"},
            {**SMALL["users"][1], **named, "status": "tobedeleted"},
        ],
        "enrollments": [{**SMALL["enrollments"][1], **named, "status": "tobedeleted"}],
    }
    taker.take(small(tmp_path / "roster", delta, delta=True))
    assert names(taker, tmp_path) == {"u1": "Reyes Cruz"}
    assert [row[0] for row in stays(taker, tmp_path)] == ["u1"]
    late: Files = {"users": [{**SMALL["users"][0], **named, "dateLastModified": "2026-10-04T01:00:00.000Z", "familyName": "Old"}]}
    taker.take(small(tmp_path / "roster", late, delta=True))
    assert names(taker, tmp_path) == {"u1": "Reyes Cruz"}
    taker.take(small(tmp_path / "roster"))
    assert names(taker, tmp_path) == {"u1": "Reyes", "u2": "Reyes"}


def names(taker: Taker, tmp_path: Path) -> dict[str, str]:
    """Child → family name, of those who are here."""
    rows = Loader(taker.database, tmp_path).counts(date(2026, 10, 6), "student")
    here = {row["student_id"] for row in rows}
    return {row[0]: row[2] for row in Loader(taker.database, tmp_path).dump()["students"] if row[0] in here}


def test_marks_whose_ids_fit_no_child_are_listed(taker: Taker, tmp_path: Path) -> None:
    """Ids are matched exactly: nobody guesses that 7 is 007."""
    taker.take(small(tmp_path / "roster", student_id="identifier"))
    marks = source(tmp_path / "marks", {"name": "marks", "calendar": "from-events", "codes": {"A": {"kind": "absent"}}})
    (marks / "attendance.csv").write_text("student_id,school_id,date,code\n007,S1,2026-09-01,A\n7,S1,2026-09-01,A\n008 ,S1,2026-09-02,A\n")
    report = taker.take(marks)
    assert report.files["attendance"].held == 1
    assert report.problems.filter(report.problems["action"] == "held").row(0)[:4] == ("attendance.csv", 3, "student_id", "7")


def test_a_package_is_kept_as_it_was_received(taker: Taker, tmp_path: Path) -> None:
    """Beside the canonical files that were made of it, readable by the service's user only."""
    folder = small(tmp_path / "roster")
    taker.take(folder)
    rows = [row for row in Loader(taker.database, tmp_path).dump()["kept_files"] if row[1] == "package/roster.zip"]
    (copy,) = [taker.settings.home / "feeds" / f"{row[3]}.gz" for row in rows]
    assert gzip.decompress(copy.read_bytes()) == (folder / "roster.zip").read_bytes()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (taker.settings.home / "feeds").rglob("*") if path.is_file())


def test_rows_of_a_package_that_cannot_be_read_are_listed_with_their_line(taker: Taker, tmp_path: Path) -> None:
    """The rest is loaded, and the same again lists them again."""
    folder = small(tmp_path / "roster", {**SMALL, "users": [*SMALL["users"], {"givenName": "nobody"}]})
    for _ in range(2):
        report = taker.take(folder)
        assert report.needs_a_person
        assert report.files["package/users.csv"].rejected == 1
        assert report.problems.filter(report.problems["action"] == "rejected").rows() == [
            ("package/users.csv", 5, "", "", "sourcedId is empty", "rejected")
        ]
    assert len(names(taker, tmp_path)) == 2


def _cut(folder: Path) -> None:
    whole = (folder / "roster.zip").read_bytes()
    (folder / "roster.zip").write_bytes(whole[: len(whole) // 2])


def _rename(folder: Path) -> None:
    (folder / "roster.zip").unlink()
    write_package(folder, SMALL, "1.1", zipped=False)
    text = (folder / "users.csv").read_text()
    (folder / "users.csv").write_text(text.replace("familyName", "lastName", 1))


def _second(folder: Path) -> None:
    shutil.copyfile(folder / "roster.zip", folder / "another.zip")


def _contradict(folder: Path) -> None:
    (folder / "roster.zip").unlink()
    write_package(folder, SMALL, "1.1", zipped=False)
    (folder / "users.csv").unlink()


TROUBLE = [
    pytest.param(_cut, "roster.zip is no whole zip file", id="a half-written zip"),
    pytest.param(_rename, "users.csv of roster, line 1: the column 'familyName' is missing; the header has", id="a renamed column"),
    pytest.param(_second, "holds 2 zip files; say in source.toml which one is meant", id="two packages"),
    pytest.param(_contradict, "calls users bulk, but users.csv is missing", id="a file that the manifest promises"),
]


@pytest.mark.parametrize(("spoil", "sentence"), TROUBLE)
def test_a_spoilt_package_is_one_sentence_and_the_next_night_works(taker: Taker, tmp_path: Path, spoil: Any, sentence: str) -> None:
    """Nothing is lost, and nothing of it stays."""
    taker.take(small(tmp_path / "roster"))
    before = Loader(taker.database, tmp_path).dump()
    spoil(small(tmp_path / "roster"))
    with pytest.raises(RefusedError, match=sentence):
        taker.take(tmp_path / "roster")
    assert Loader(taker.database, tmp_path).dump() == before
    shutil.rmtree(tmp_path / "roster")
    changed = {**SMALL, "users": [{**user, "familyName": "Cruz"} for user in SMALL["users"]]}
    taker.take(small(tmp_path / "roster", changed))
    assert set(names(taker, tmp_path).values()) == {"Cruz"}


def test_a_delta_without_a_bulk_before_it_is_refused(taker: Taker, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"brings only changes of users\.csv, and it never came whole"):
        taker.take(small(tmp_path / "roster", {"users": SMALL["users"]}, delta=True))


def test_what_could_not_be_loaded_is_not_kept_either(taker: Taker, tmp_path: Path) -> None:
    """A delta that was refused is not in the copy, so it can come again."""
    folder = small(tmp_path / "roster")
    (folder / "source.toml").write_text('name = "roster"\n[oneroster]\n')
    with pytest.raises(RefusedError, match=r"holds no calendar\.csv"):
        taker.take(folder)
    named = {"status": "active", "dateLastModified": CHANGED}
    with pytest.raises(RefusedError, match="never came whole"):
        taker.take(small(tmp_path / "roster", {"users": [{**SMALL["users"][0], **named}]}, delta=True))


def test_the_service_unpacks_a_package_once(taker: Taker, tmp_path: Path) -> None:
    """And again when it changed."""
    folder = small(tmp_path / "roster")

    def due() -> bool:
        return is_due(taker.database, folder, settings=taker.settings, now=NOW)

    def loaded() -> ImportReport:
        return taker.take(folder)

    assert due()
    loaded()
    assert not due()
    small(tmp_path / "roster", {**SMALL, "users": SMALL["users"][:1]})
    assert due()
