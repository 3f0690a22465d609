"""A district on an Ed-Fi server is counted like one that sends files, whatever happens while it is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.database import Database
from outreach.feeds.edfi_client import Client
from outreach.feeds.edfi_sync import synchronise
from outreach.feeds.options import EdFi
from outreach.feeds.store import opened
from outreach.settings import FeedKey
from outreach.sqlite_files import NO_KEYS
from tests.adapters.grand_bend_ods import YEAR, fill
from tests.adapters.ods import KEY, SECRET, Ods, serving
from tests.adapters.taking import NAME, NOW, Taker, meanings, source
from tests.attendance.grand_bend import grand_bend
from tests.attendance.loading import Loader
from tests.stages.test_counts_grand_bend import check

EVENTS = "studentSchoolAttendanceEvents"
GIVEN = os.environ.get("OUTREACH_GRAND_BEND")
"""Read here, because tests see none of the machine's settings."""


@pytest.fixture
def sample() -> Path:
    """The sample district's folder."""
    return grand_bend(GIVEN)


@pytest.fixture
def taker(database: Database, tmp_path: Path) -> Taker:
    """Takes into a fresh database."""
    return Taker(database, tmp_path / "home")


@contextmanager
def district(sample: Path, folder: Path, ods: Ods, **options: Any) -> Iterator[Path]:
    """The sample on a running server, and the folder that points to it."""
    if not ods.rows["schools"]:
        fill(ods, sample)
    with serving(ods) as url:
        edfi = {"url": url, "school_years": [YEAR], "page_size": 500, **options}
        yield source(folder / "feed", {"name": NAME, "edfi": edfi, **meanings(sample)})


@pytest.mark.parametrize(
    "ods",
    [
        pytest.param(Ods(token_lasts=7), id="version 7.3 by cursor, tokens end early"),
        pytest.param(Ods(version="6.1", standard="4.0.0", busy_every=45), id="version 6 by offset, parents, too many requests"),
        pytest.param(Ods(version="5.3", standard="3.3.1-b", change_queries=False), id="version 5 without change queries"),
    ],
)
def test_an_ed_fi_server_is_counted_like_the_files(taker: Taker, tmp_path: Path, sample: Path, ods: Ods) -> None:
    """Every version's names and ways of paging; and again, with nothing new."""
    with district(sample, tmp_path, ods) as folder:
        assert not taker.take(folder).needs_a_person
        check(Loader(taker.database, tmp_path))
        assert taker.take(folder).unchanged


def test_it_tells_the_same_people_as_the_files(taker: Taker, tmp_path: Path, sample: Path) -> None:
    """Every child, adult, number, tie and language, row by row, on the server's side as in the files."""
    with district(sample, tmp_path, Ods()) as folder:
        taker.take(folder)
    from_server = Loader(taker.database, tmp_path).dump(without=TOLD_DIFFERENTLY)
    plain = Database(f"sqlite:///{tmp_path / 'plain.db'}")
    plain.prepare(upgrade=True)
    try:
        Loader(plain, tmp_path).load_folder(sample)
        from_files = Loader(plain, tmp_path).dump(without=TOLD_DIFFERENTLY)
    finally:
        plain.engine.dispose()
    for table in ("students", "contacts", "contact_phones", "student_contacts", "enrolments", "marks"):
        assert from_server[table] == from_files[table], table


TOLD_DIFFERENTLY = frozenset(
    (table, column)
    for table in ("students", "contacts", "contact_phones", "student_contacts", "enrolments", "marks")
    for column in ("id", "source", "line", "import_id")
)


@pytest.mark.parametrize("version", ["7.3", "7.1"])
def test_rows_deleted_and_changed_while_paging_are_neither_missed_nor_kept(tmp_path: Path, sample: Path, version: str) -> None:
    """What is deleted on the way shifts the pages; what remains is exactly what the server holds at the end."""
    ods, random = Ods(version=version), Random(7)  # noqa: S311 - made-up changes
    fill(ods, sample)

    def meddle(path: str) -> None:
        if not path.endswith(f"/{EVENTS}") or len(ods.gone) > 60:
            return
        for key in random.sample(sorted(ods.rows[EVENTS]), 6):
            ods.delete(EVENTS, key)
        for key in random.sample(sorted(ods.rows[EVENTS]), 6):
            ods.put(EVENTS, {**ods.rows[EVENTS][key].item, "attendanceEventReason": "looked at again"})

    ods.on_page = meddle
    with serving(ods) as url, opened(tmp_path, NAME, NO_KEYS) as store:
        options = EdFi(url=url, school_years=[YEAR], page_size=200)
        with Client(options, FeedKey(key=KEY, secret=SECRET)) as client:
            synchronise(store, client, options, now=NOW, progress=lambda _step: None)
        copy = {item.id: item.body.get("reason", "") for item in store.items(EVENTS)}
    assert len(ods.gone) > 60
    assert copy == {row.id: row.item.get("attendanceEventReason", "") for row in ods.rows[EVENTS].values()}
