"""The watched folder: what comes into it is loaded by a process of its own, and what is refused is put before a person."""

from __future__ import annotations

import gzip
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from outreach.attendance.importing import ImportReport
from outreach.attendance.queries import last_attendance_at
from outreach.attendance.tables import FeedImport
from outreach.attention.actions import resolve_key
from outreach.attention.queries import open_counts
from outreach.attention.tables import AttentionItem
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.feeds.taking import take_in
from outreach.services import Services
from outreach.settings import Settings
from scheduler import feeding
from tests.attendance.feeds import write_feed
from tests.attendance.loading import Loader
from tests.attendance.small import FIRST, LAST, feed, mark


@pytest.fixture
def services(database: Database, settings: Settings, clock: FixedClock, tmp_path: Path) -> Services:
    """A service that watches a folder."""
    return Services(settings.model_copy(update={"feed_folder": str(tmp_path / "feeds"), "feed_settle_seconds": 0}), database, clock, None)


def items(database: Database) -> list[str]:
    """What a person sees about feeds."""
    with database.read() as session:
        return list(session.scalars(select(AttentionItem.sentence).where(AttentionItem.kind == "feed")))


def test_a_delivery_is_loaded_by_another_process_and_the_same_bytes_start_none(services: Services, tmp_path: Path) -> None:
    write_feed(tmp_path / "feeds" / "sis", feed())
    before = os.times().children_user
    feeding.take_feeds(services)
    loaded = os.times().children_user
    feeding.take_feeds(services)
    assert before < loaded == os.times().children_user
    assert [row["days_absent"] for row in Loader(services.database, tmp_path).counts(LAST, "student")] == ["1", "0"]
    with services.database.read() as session:
        assert len(session.scalars(select(FeedImport.id)).all()) == 1
    assert items(services.database) == []


def test_a_folder_that_nobody_writes_to_grows_stale(services: Services, clock: FixedClock, tmp_path: Path) -> None:
    """Looking at the same files again is no delivery; the same bytes written again are one."""
    write_feed(tmp_path / "feeds" / "sis", feed())
    feeding.take_feeds(services)
    first = clock.now()
    later = replace(services, clock=FixedClock(first + timedelta(days=3)))
    feeding.take_feeds(later)
    assert delivered_at(services.database) == first
    file = tmp_path / "feeds" / "sis" / "attendance.csv"
    os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns + 1_000))
    feeding.take_feeds(later)
    assert delivered_at(services.database) == first + timedelta(days=3)


def delivered_at(database: Database) -> datetime | None:
    """When attendance last came."""
    with database.read() as session:
        return last_attendance_at(session)


def test_a_refused_delivery_says_why_and_the_next_folder_is_loaded(services: Services, tmp_path: Path) -> None:
    """The sentence comes back from the other process."""
    write_feed(tmp_path / "feeds" / "a", feed())
    (tmp_path / "feeds" / "a" / "students.csv").unlink()
    write_feed(tmp_path / "feeds" / "b", feed())
    feeding.take_feeds(services)
    assert items(services.database) == [
        (
            "The feed a was refused: a holds no students.csv, which this feed needs. "
            "It is tried again once its files change, or once this is marked as done."
        )
    ]
    assert len(Loader(services.database, tmp_path).counts(LAST, "student")) == 2


def test_where_no_folder_is_set_the_one_in_the_home_is_watched(services: Services, settings: Settings) -> None:
    here = replace(services, settings=settings.model_copy(update={"feed_folder": "", "feed_settle_seconds": 0}))
    feeding.take_feeds(here)
    assert items(services.database) == [], "there is none yet"
    write_feed(settings.home / "incoming" / "sis", feed())
    feeding.take_feeds(here, lambda within, folder, now: take_in(within.database, folder, settings=within.settings, now=now))
    assert loaded(services.database) == 1


def drop(services: Services) -> Path:
    """The one folder that is watched."""
    return Path(services.settings.feed_folder) / "sis"


def loaded(database: Database) -> int:
    """How many deliveries were loaded."""
    with database.read() as session:
        return len(session.scalars(select(FeedImport.id)).all())


def look(services: Services) -> int:
    """Look once at the folder as the service does, without a process of its own; return how many folders were opened."""
    opened: list[Path] = []

    def load(services: Services, folder: Path, now: datetime) -> ImportReport:
        opened.append(folder)
        return take_in(services.database, folder, settings=services.settings, now=now, by_itself=True)

    feeding.take_feeds(services, load)
    return len(opened)


@pytest.fixture
def one(sqlite_database: Database, settings: Settings, clock: FixedClock, tmp_path: Path) -> Services:
    """The same on SQLite alone: what is told here does not depend on the database."""
    return Services(
        settings.model_copy(update={"feed_folder": str(tmp_path / "feeds"), "feed_settle_seconds": 0}), sqlite_database, clock, None
    )


def at(services: Services, later: timedelta) -> Services:
    """The service some time later."""
    return replace(services, clock=FixedClock(services.clock.now() + later))


def test_files_are_read_once_they_stand_still(one: Services) -> None:
    """The moment at which the system last changed them counts; the time of writing is what a copying program says."""
    write_feed(drop(one), feed())
    for file in drop(one).iterdir():
        os.utime(file, (1_000_000_000, 1_000_000_000))
    look(replace(one, settings=one.settings.model_copy(update={"feed_settle_seconds": 60})))
    assert loaded(one.database) == 0
    look(one)
    assert loaded(one.database) == 1


@pytest.mark.parametrize("how", ["name", "zip", "line", "marker"])
def test_half_a_delivery_is_waited_for_and_after_an_hour_a_person_is_told(one: Services, how: str) -> None:
    folder = write_feed(drop(one), feed(drop={"done_file": "done.txt"} if how == "marker" else {}))
    one = replace(one, settings=one.settings.model_copy(update={"feed_settle_seconds": 0.1}))
    file = folder / "attendance.csv"
    whole, finish = _half(folder, file, how)
    time.sleep(0.11)
    look(one)
    look(at(one, timedelta(minutes=59)))
    assert (loaded(one.database), items(one.database)) == (0, [])
    if how != "line":  # a line without an end is believed after a while
        look(at(one, timedelta(minutes=61)))
        assert items(one.database)[0].startswith("The feed sis has been waited for since 2026-10-06 17:00 UTC: ")
    finish(whole)
    time.sleep(0.11)
    look(one)
    assert loaded(one.database) == 1
    assert open_items(one.database) == 0


def _half(folder: Path, file: Path, how: str) -> tuple[bytes, Callable[[bytes], object]]:
    """Leave half a delivery there; the function completes it."""
    whole = file.read_bytes()
    if how == "name":
        part = file.rename(file.with_suffix(".csv.part"))
        return whole, lambda _whole: part.rename(file)
    if how == "line":
        file.write_bytes(whole[:-1])
        return whole, file.write_bytes
    if how == "zip":
        with zipfile.ZipFile(folder / "export.zip", "w") as zipped:
            zipped.write(file, file.name)
        file.unlink()
        packed = (folder / "export.zip").read_bytes()
        (folder / "export.zip").write_bytes(packed[:-30])
        return packed, (folder / "export.zip").write_bytes
    return b"", (folder / "done.txt").write_bytes


def open_items(database: Database) -> int:
    """How many things about feeds wait for a person."""
    with database.read() as session:
        return sum(open_counts(session, None).values())


def test_what_was_refused_is_not_tried_again_until_it_changes(one: Services) -> None:
    """Neither by a process of its own nor by reading; a new file, or a person who marks it as done, has it tried again."""
    folder = write_feed(drop(one), feed())
    students = (folder / "students.csv").read_bytes()
    (folder / "students.csv").unlink()
    assert look(one)
    assert not look(at(one, timedelta(days=1)))
    with one.database.write() as session:
        resolve_key(session, "feed:sis", by="it@district.example", now=one.clock.now())
    assert look(one)
    assert open_items(one.database) == 1
    assert not look(one)
    (folder / "students.csv").write_bytes(students)
    assert look(one)
    assert (loaded(one.database), open_items(one.database)) == (1, 0)


def test_what_waits_for_another_source_is_tried_again_after_it_came(one: Services) -> None:
    folder = drop(one)
    whole = feed()
    rest = {name: whole["files"].pop(name) for name in ("calendar", "students")}
    write_feed(folder, whole)
    look(one)
    assert open_items(one.database) == 1
    Loader(one.database, folder.parents[1]).load({**feed(name="other"), "files": {**feed()["files"], **rest}})
    look(one)
    assert open_items(one.database) == 0


def test_zip_and_gz_are_unpacked_and_the_same_is_no_news(one: Services) -> None:
    folder = write_feed(drop(one), feed())
    with zipfile.ZipFile(folder / "roster.zip", "w") as zipped:
        zipped.write(folder / "students.csv", "export/students.csv")
    (folder / "students.csv").unlink()
    (folder / "attendance.csv.gz").write_bytes(gzip.compress((folder / "attendance.csv").read_bytes()))
    (folder / "attendance.csv").unlink()
    assert look(one)
    assert loaded(one.database) == 1
    assert not look(one)
    with (folder / "attendance.csv.gz").open("r+b") as stream:
        stream.truncate(20)
    look(one)
    assert items(one.database)[0].startswith("The feed sis was refused: attendance.csv.gz is damaged, or has not come completely;")


def test_a_zip_with_names_that_are_no_text_is_said_and_keeps_no_other_feed_waiting(one: Services) -> None:
    folder, other = write_feed(drop(one), feed()), drop(one).with_name("sis-two")
    with zipfile.ZipFile(folder / "more.zip", "w") as zipped:
        zipped.writestr("é.csv", "x")
    whole = (folder / "more.zip").read_bytes()
    (folder / "more.zip").write_bytes(whole.replace("é".encode(), b"\xff\xff"))
    write_feed(other, feed(name="two"))
    look(one)
    assert loaded(one.database) == 1
    with one.database.read() as session:
        assert session.scalars(select(FeedImport.source)).all() == ["two"]


@pytest.mark.long
def test_a_file_that_source_toml_names_may_lie_in_a_zip(one: Services) -> None:
    """The process that answers pages does not look inside."""
    folder = write_feed(drop(one), feed(files={"students": "kids.csv"}))
    with zipfile.ZipFile(folder / "roster.zip", "w") as zipped:
        zipped.write(folder / "students.csv", "kids.csv")
    (folder / "students.csv").unlink()
    feeding.take_feeds(one)
    assert (loaded(one.database), items(one.database)) == (1, [])


def test_a_name_that_comes_twice_is_refused(one: Services) -> None:
    folder = write_feed(drop(one), feed())
    (folder / "students.csv.gz").write_bytes(gzip.compress((folder / "students.csv").read_bytes()))
    look(one)
    assert "students.csv is there twice" in items(one.database)[0]


def test_two_different_deliveries_in_one_night_are_said(one: Services) -> None:
    """By day a feed may come as often as it likes, and the same bytes again are no second delivery."""
    for hour, second in ((12, 13), (1, 5)):
        for absences, when in ((1, hour), (1, hour), (2, second)):
            write_feed(drop(one), feed(marks=[mark("s1", FIRST), mark("s2", FIRST)][:absences]))
            clock = FixedClock(datetime(2026, 10, 7, when, tzinfo=ZoneInfo("America/Chicago")))
            look(replace(one, clock=clock))
        if hour > second or hour == 12:
            assert items(one.database) == []
    assert items(one.database)[-1].startswith("The feed sis came twice in one night with different contents (imports 3 and 4).")


@pytest.mark.parametrize(("day", "hour", "said"), [(16, 5, False), (16, 7, True), (19, 9, False)])
def test_a_feed_that_did_not_come_by_its_hour_is_told_on_a_school_day(one: Services, day: int, hour: int, said: bool) -> None:
    """The 16th of September is a Wednesday and the 19th a Saturday; it last came on Monday."""
    write_feed(drop(one), feed(drop={"expected_by": "06:00"}))
    look(replace(one, clock=FixedClock(datetime(2026, 9, 14, 12, tzinfo=UTC))))
    late = FixedClock(datetime(2026, 9, day, hour, tzinfo=ZoneInfo("America/Chicago")))
    feeding.say_late(replace(one, clock=late))
    assert items(one.database) == (
        ["The feed small was expected by 06:00 and has not come; it last came on 2026-09-14 at 07:00. Ask whoever sends it."]
        if said
        else []
    )
    (drop(one) / "attendance.csv").touch()
    look(replace(one, clock=late))
    feeding.say_late(replace(one, clock=late))
    assert open_items(one.database) == 0
