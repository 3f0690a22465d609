"""A feed is loaded whole or not at all, a row is taken or left with its line, field and reason."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.refusal import RefusedError
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import Settings
from scheduler import feeding
from tests.attendance.feeds import write_feed
from tests.attendance.loading import Loader
from tests.attendance.small import FIRST, LAST, feed, mark, weekdays
from tests.stages import test_import_dirt


@pytest.fixture
def loader(database: Database, tmp_path: Path) -> Loader:
    """Loads into a fresh database of either kind."""
    return Loader(database, tmp_path)


@pytest.fixture
def sqlite_loader(sqlite_database: Database, tmp_path: Path) -> Loader:
    """Loads into a fresh SQLite database."""
    return Loader(sqlite_database, tmp_path)


Bend = Callable[[Path], object]
"""Spoils a feed's folder."""


def remove(name: str) -> Bend:
    """Take a file away."""
    return lambda folder: (folder / name).unlink()


def write(name: str, content: bytes) -> Bend:
    """Replace a file."""
    return lambda folder: (folder / name).write_bytes(content)


def append(name: str, content: bytes) -> Bend:
    """Add to a file's end."""
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + content)


def settings(text: str) -> Bend:
    """Put settings before those of the small feed."""
    return lambda folder: (folder / "source.toml").write_text(text + (folder / "source.toml").read_text())


HEAD = b"student_id,school_id,date,code\n"
REFUSED: list[tuple[str, Bend, str]] = [
    ("no source.toml", remove("source.toml"), "source.toml"),
    ("source.toml is no TOML", write("source.toml", b"name ="), "source.toml cannot be read"),
    ("source.toml has no name", write("source.toml", b"[codes]"), "name"),
    ("an unknown setting", settings('exit_date = "inclusive"\n'), "exit_date"),
    ("a setting of a wrong value", settings('reporting = "sometimes"\n'), "reporting"),
    ("an unknown kind of code", append("source.toml", b'\n[codes.Z]\nkind = "gone"\n'), "kind"),
    ("an unknown profile", settings('profile = "XX"\n'), "XX"),
    ("an unknown encoding", settings('encoding = "utf-9"\n'), "utf-9"),
    ("an encoding that is none of text", settings('encoding = "rot13"\n'), "rot13"),
    ("a date format without a day", settings('date_format = "%Y-%m"\n'), "%Y-%m"),
    ("a window without a length", settings('delivery = "window"\n'), "window_days"),
    ("a file outside the folder", append("source.toml", b'\n[files]\nstudents = "../students.csv"\n'), "../students.csv"),
    ("a named file is not there", append("source.toml", b'\n[files]\ncontacts = "guardians.csv"\n'), "guardians.csv"),
    ("settings of an unknown file", append("source.toml", b'\n[files]\npupils = "p.csv"\n'), "pupils"),
    ("no schools.csv", remove("schools.csv"), "schools.csv"),
    ("no students.csv", remove("students.csv"), "students.csv"),
    ("no enrollments.csv", remove("enrollments.csv"), "enrollments.csv"),
    ("no calendar.csv", remove("calendar.csv"), "calendar.csv"),
    ("no attendance.csv", remove("attendance.csv"), "attendance.csv"),
    ("a required column is missing", write("attendance.csv", b"student_id,school_id,date\ns1,1,2026-08-24\n"), "line 1: the column 'code'"),
    ("a renamed column is missing", append("source.toml", b'\n[columns.attendance]\nreason = "why"\n'), "'why'"),
    ("a column stands twice", write("attendance.csv", b"student_id,school_id,date,code,code\n"), "twice"),
    ("an empty file", write("attendance.csv", b""), "attendance.csv is empty"),
    ("nothing but commas", write("attendance.csv", b",,,\n,,\n"), "attendance.csv is empty"),
    ("undecodable bytes", append("students.csv", b"s9,Mu\xf1oz,Lee\n"), "students.csv, line 4"),
    ("a stray quote that never ends", append("students.csv", b's9,"Ada,Lee\n'), "students.csv, line"),
    ("text after a closing quote", append("students.csv", b's9,"Ada"x,Lee\n'), "students.csv, line 4"),
    ("a UTF-16 mark and half a letter", write("students.csv", b"\xff\xfes\x00t"[:-1]), "students.csv"),
    ("too many bad rows", write("attendance.csv", HEAD + b"s1,1,2026-08-24,A\n" + b"s1,1,soon,A\n" * 101), "101 of 102 rows"),
]


ONLY_AT_FIRST = ("no schools.csv", "no students.csv", "no enrollments.csv", "no calendar.csv")
"""Once a source has brought these, a delivery may leave them out."""


@pytest.mark.parametrize(
    ("bend", "said", "before"),
    [
        pytest.param(bend, said, before, id=name + (", loaded before" if before else ""))
        for name, bend, said in REFUSED
        for before in (False, True)
        if not (before and name in ONLY_AT_FIRST)
    ],
)
def test_a_refused_delivery_leaves_everything_as_it_was(sqlite_loader: Loader, bend: Bend, said: str, before: bool) -> None:
    """The database to the row, and the folder of kept files; one sentence says what to do."""
    if before:
        sqlite_loader.load(feed())
    folder = write_feed(sqlite_loader.folder / "bent", feed(marks=[mark("s2", LAST)]))
    bend(folder)
    dump, kept = sqlite_loader.dump(), sorted((sqlite_loader.folder / "home").rglob("*"))
    with pytest.raises(RefusedError) as refused:
        sqlite_loader.load_folder(folder)
    sentence = str(refused.value)
    assert said in sentence
    assert "\n" not in sentence
    assert sqlite_loader.dump() == dump
    assert sorted((sqlite_loader.folder / "home").rglob("*.gz")) == [path for path in kept if path.suffix == ".gz"]


def test_postgresql_is_left_as_it_was_too(loader: Loader) -> None:
    """The transaction that found too many bad rows had written roster rows by then."""
    loader.load(feed())
    before = loader.dump()
    bad = feed(students=5, marks=[mark("s1", FIRST), *[mark("s1", "never")] * 101])
    with pytest.raises(RefusedError, match="101 of 102"):
        loader.load(bad)
    assert loader.dump() == before


@pytest.mark.parametrize(("bad", "good", "refused"), [(101, 1919, False), (101, 1918, True), (100, 0, False), (100, 1, False)])
def test_rows_are_rejected_singly_up_to_a_twentieth_or_a_hundred(sqlite_loader: Loader, bad: int, good: int, refused: bool) -> None:
    """More than 5 % and more than 100 rows of a file: both."""
    marks = [mark(f"s{n}", FIRST) for n in range(good)] + [mark("s1", "never")] * bad
    if refused:
        with pytest.raises(RefusedError):
            sqlite_loader.load(feed(marks=marks))
    else:
        assert sqlite_loader.load(feed(marks=marks)).files["attendance"].rejected == bad


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [(5000, 4001, False), (5000, 4000, True), (4000, 3000, True), (5001, 4001, False), (1500, 501, False), (1500, 500, True)],
)
@pytest.mark.parametrize("name", ["students", "attendance"])
def test_a_full_file_that_lost_a_fifth_and_a_thousand_rows_is_refused(
    sqlite_loader: Loader, name: str, before: int, after: int, refused: bool
) -> None:
    """Unless a person says that it is right."""

    def sized(rows: int) -> dict[str, Any]:
        found = feed(students=2)
        many = {
            "students": [{"student_id": f"s{n}", "first_name": "Ada", "last_name": "Lee"} for n in range(1, rows + 1)],
            "attendance": [mark(f"s{n}", FIRST) for n in range(1, rows + 1)],
        }
        found["files"][name] = many[name]
        return found

    sqlite_loader.load(sized(before))
    if not refused:
        sqlite_loader.load(sized(after))
        return
    dump = sqlite_loader.dump()
    with pytest.raises(RefusedError, match=f"{after} rows where the last delivery had {before}"):
        sqlite_loader.load(sized(after))
    assert sqlite_loader.dump() == dump
    sqlite_loader.load(sized(after), accept_shrink=True)
    assert sqlite_loader.dump() != dump


def test_a_full_file_without_a_school_that_reported_before_is_refused(loader: Loader) -> None:
    """A truncated file looks like that; a window or a delta may well lack a school."""
    both = [mark("s1", FIRST), mark("s2", FIRST, school="2")]
    loader.load(feed(marks=both))
    with pytest.raises(RefusedError, match="no row of school 2"):
        loader.load(feed(marks=both[:1]))
    loader.load(feed(marks=both[:1], delivery="delta"))
    loader.load(feed(marks=both[:1], delivery="window", window_days=3))
    loader.load(feed(marks=both[:1]), accept_shrink=True)


def test_a_rejected_row_is_told_with_file_line_field_value_problem_and_action(loader: Loader) -> None:
    """The columns of the report, in their order; the sound rows around it are loaded."""
    rows = [mark("s1", FIRST), mark("s1", "8/25/2026"), mark("s2", FIRST), mark("ghost", FIRST), mark("s2", weekdays()[1], "??")]
    report = loader.load(feed(marks=rows))
    assert report.problems.columns == ["file", "line", "field", "value", "problem", "action"]
    assert [(p["file"], p["line"], p["field"], p["value"], p["action"]) for p in report.problems.to_dicts()] == [
        ("attendance.csv", 3, "date", "8/25/2026", "rejected"),
        ("attendance.csv", 5, "student_id", "ghost", "held"),
        ("attendance.csv", 6, "code", "??", "held"),
    ]
    assert [row["days_absent"] for row in loader.counts(LAST, "student")] == ["1", "1"]
    assert [row["days_unknown"] for row in loader.counts(LAST, "student")] == ["0", "1"]


def test_lines_are_counted_through_quoted_line_breaks_and_blank_lines(sqlite_loader: Loader) -> None:
    """The line on which a row begins is the line a person looks for."""
    folder = write_feed(sqlite_loader.folder / "lines", feed())
    (folder / "attendance.csv").write_bytes(b'student_id,school_id,date,code,reason\ns1,1,2026-08-24,A,"a\nb"\n\ns1,1,soon,A,\n')
    assert sqlite_loader.load_folder(folder).problems["line"].to_list() == [5]
    (folder / "attendance.csv").write_bytes(
        b"student_id,school_id,date,code\r\n\r\ns1,1,2026-08-24,A\r\ns1,1,soon,A\r\ns1,1,2026-08-24\r\n"
    )
    assert sqlite_loader.load_folder(folder).problems["line"].to_list() == [4, 5]


def test_every_delivered_file_is_kept_under_its_hash(loader: Loader) -> None:
    """Compressed, byte for byte, readable by this user only; the same bytes are kept once."""
    folder = write_feed(loader.folder / "kept", feed())
    loader.load_folder(folder)
    loader.load(feed(marks=[mark("s2", FIRST), mark("s1", FIRST)]))
    for path in folder.iterdir():
        copy = loader.folder / "home" / "feeds" / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.gz"
        assert gzip.decompress(copy.read_bytes()) == path.read_bytes()
        assert copy.stat().st_mode & 0o077 == 0
    assert len(list((loader.folder / "home" / "feeds").iterdir())) == 7


def test_a_dry_run_writes_nothing_and_says_the_same(loader: Loader) -> None:
    """The numbers and problems of the real run, without it."""
    before = loader.dump()
    bad = feed(marks=[mark("s1", FIRST), mark("s1", "soon")])
    dry = loader.load(bad, dry_run=True)
    assert loader.dump() == before
    assert not list((loader.folder / "home").rglob("*.gz"))
    real = loader.load(bad)
    assert (dry.files, dry.problems.to_dicts()) == (real.files, real.problems.to_dicts())


def test_columns_without_a_place_are_never_stored_nor_told(loader: Loader, capfd: pytest.CaptureFixture[str]) -> None:
    """A number of social security, a password, a diagnosis: dropped at the door, also from the reasons of bad rows."""
    secret = "078-05-1120"
    found = feed(marks=[mark("s1", FIRST, ssn=secret), mark("s1", "soon", ssn=secret)])
    for rows in found["files"].values():
        for row in rows:
            row["ssn"] = secret
    report = loader.load(found)
    assert secret not in repr(loader.dump())
    assert secret not in repr(report.problems.to_dicts())
    out, err = capfd.readouterr()
    assert secret not in out + err


def test_the_watched_folder_logs_nothing_of_what_a_feed_says(
    sqlite_loader: Loader, settings: Settings, clock: FixedClock, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither this process nor the one that loads, of a feed that is taken and of one that is refused."""
    settings = settings.model_copy(update={"feed_folder": str(sqlite_loader.folder / "feeds"), "feed_settle_seconds": 0})
    found = feed(marks=[mark("s1", FIRST, ssn="078-05-1120", reason="asthma"), mark("s1", "078-05-1120")])
    write_feed(sqlite_loader.folder / "feeds" / "taken", found)
    write_feed(sqlite_loader.folder / "feeds" / "refused", feed(marks=[mark("s1", f"078-05-{n}") for n in range(200)]))
    feeding.take_feeds(Services(settings, sqlite_loader.database, clock, None))
    out, err = capfd.readouterr()
    assert "feed loaded" in out + err
    assert "feed refused" in out + err
    assert not any(told in out + err for told in ("078-05", "asthma", "Ada", "Lee"))


def test_each_of_the_28_kinds_of_dirt_has_a_test() -> None:
    """By its number in the reference."""
    numbered = (name.split("_")[1] for name in vars(test_import_dirt) if name.startswith("test_"))
    assert sorted(set(numbered)) == [f"{number:02}" for number in range(1, 29)]


def test_another_source_never_loses_what_it_brought(loader: Loader) -> None:
    """A second source replaces and deletes only its own; a child that both name stays the first one's."""
    loader.load(feed())
    other = feed(marks=[mark("s2", FIRST)], name="other", students=3)
    loader.load(other)
    rows = loader.counts(LAST, "student")
    assert [(row["student_id"], row["days_absent"]) for row in rows] == [("s1", "1"), ("s2", "1"), ("s3", "0")]
    other["files"]["attendance"] = []
    for name in ("students", "enrollments"):
        other["files"][name] = []
    loader.load(other, accept_shrink=True)
    assert [(row["student_id"], row["days_absent"]) for row in loader.counts(LAST, "student")] == [("s1", "1"), ("s2", "0")]


def test_the_same_bytes_are_read_again_when_another_source_has_brought_what_they_lacked(loader: Loader) -> None:
    """A row held for want of its child is taken once the child has come, though its own file is the same as ever."""
    early = feed(students=2)
    early["files"]["student_contacts"] = [{"student_id": "s9", "contact_id": "c1"}]
    early["files"]["contacts"] = [{"contact_id": "c1", "last_name": "Lee"}]
    assert loader.load(early).files["student_contacts"].held == 1
    assert loader.load(early).unchanged
    late = feed(name="late", students=9)
    late["files"]["students"] = late["files"]["students"][8:]
    late["files"]["enrollments"] = late["files"]["enrollments"][8:]
    late["files"]["attendance"] = []
    loader.load(late)
    report = loader.load(early)
    assert (report.files["student_contacts"].inserted, report.files["student_contacts"].held) == (1, 0)


def test_a_mark_outside_membership_is_noted_and_leaves_exit_zero(loader: Loader) -> None:
    """Before entry, on an exclusive exit day, at another school, of a known child enrolled nowhere; a weekend."""
    found = feed(students=3, exit_day="exclusive")
    found["files"]["enrollments"] = [
        {"student_id": "s1", "school_id": "1", "entry_date": str(FIRST + timedelta(days=1)), "exit_date": "2026-09-04"},
        {"student_id": "s2", "school_id": "1", "entry_date": "2025-08-20", "exit_date": ""},
    ]
    found["files"]["attendance"] = [
        mark("s1", FIRST),
        mark("s1", "2026-09-03"),
        mark("s1", "2026-09-04"),
        mark("s1", "2026-09-02", school="2"),
        mark("s1", "2026-08-30"),
        mark("s2", FIRST),
        mark("s3", FIRST),
    ]
    report = loader.load(found)
    assert not report.needs_a_person
    assert report.problems.filter(report.problems["action"] == "noted")["line"].to_list() == [2, 4, 5, 6, 7, 8]
    assert [(row["student_id"], row["days_absent"]) for row in loader.counts(LAST, "student")] == [("s1", "1")]


def test_deleting_a_mark_of_an_unknown_code_is_no_reason_to_hold(loader: Loader) -> None:
    """The delete settles it."""
    loader.load(feed(marks=[mark("s1", FIRST, "??")], delivery="delta"))
    report = loader.load(feed(marks=[mark("s1", FIRST, "??", action="delete")], delivery="delta"))
    assert not report.needs_a_person
    assert (report.files["attendance"].changed, report.files["attendance"].deleted) == (1, 0)
    assert loader.counts(LAST, "student")[0]["days_unknown"] == "0"


@pytest.mark.parametrize("absences", [0, 1])
def test_a_new_school_year_takes_nothing_of_the_last_one_back(loader: Loader, absences: int) -> None:
    """Not even where the first night holds no mark at all, and although a school that reported last year is silent so far."""
    loader.load(feed(marks=[mark("s1", FIRST), mark("s2", FIRST)]))
    fresh = date(2027, 8, 23)
    new = feed(marks=[mark("s2", fresh)][:absences])
    new["files"]["calendar"] = [{"school_id": "1", "date": str(fresh), "event": "Instructional day"}]
    loader.load(new)
    new["files"]["attendance"] = []
    loader.load(new, accept_shrink=True)
    assert sorted((row[0], row[1]) for row in loader.dump()["marks"]) == [("s1", FIRST), ("s2", FIRST)]
