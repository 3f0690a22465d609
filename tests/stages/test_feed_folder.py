"""The watched folder: what comes into it is loaded by a process of its own, and what is refused is put before a person."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.attendance.queries import last_attendance_at
from outreach.attendance.tables import FeedImport
from outreach.attention.tables import AttentionItem
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import Settings
from scheduler import feeding
from tests.attendance.feeds import write_feed
from tests.attendance.loading import Loader
from tests.attendance.small import LAST, feed


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


def test_without_a_folder_nothing_is_watched(services: Services) -> None:
    feeding.take_feeds(replace(services, settings=services.settings.model_copy(update={"feed_folder": ""})))
    assert items(services.database) == []
