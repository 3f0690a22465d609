"""An Ed-Fi server that is away, refuses, forgets or breaks off: one clear sentence, nothing lost, and the next night works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.refusal import RefusedError
from outreach.database import Database
from outreach.feeds.store import opened
from outreach.feeds.taking import is_due
from outreach.sqlite_files import NO_KEYS
from tests.adapters.grand_bend_ods import YEAR, event, student
from tests.adapters.made_up_ods import CATEGORIES, SCHOOL, made_up
from tests.adapters.ods import Ods, serving
from tests.adapters.taking import NAME, NOW, Taker, held, source
from tests.attendance.loading import Loader

EVENTS = "studentSchoolAttendanceEvents"
CERTIFICATE = Path(__file__).parents[1] / "adapters" / "expired.pem"
"""Of 127.0.0.1, its own authority, valid for one day of the year 2020."""


@pytest.fixture
def taker(database: Database, tmp_path: Path) -> Taker:
    """Takes into a fresh database."""
    return Taker(database, tmp_path / "home")


@pytest.fixture
def ods() -> Ods:
    """A small district's server."""
    return made_up(Random(1))  # noqa: S311 - a made-up district


@contextmanager
def district(folder: Path, ods: Ods, **options: Any) -> Iterator[Path]:
    """The running server, and the folder that points to it."""
    with serving(ods) as url:
        yield pointing(folder, url, **options)


def pointing(folder: Path, url: str, **options: Any) -> Path:
    """A folder that points to a server."""
    edfi = {"url": url, "school_years": [YEAR], "timeout_seconds": 5, **options}
    return source(folder / "feed", {"name": NAME, "edfi": edfi, "codes": {code: {"kind": "absent"} for code in CATEGORIES}})


def loaded(taker: Taker, folder: Path) -> tuple[int, int]:
    """How many children and marks the database knows."""
    rows = Loader(taker.database, folder).dump()
    return len(rows["students"]), len(rows["marks"])


class Killed(BaseException):
    """Stands for the end of the process: no handler of ours catches it."""


def stop_at(resource: str) -> Callable[[str], None]:
    """Progress that ends the process after a page of *resource*."""

    def progress(step: str) -> None:
        if resource in step:
            raise Killed

    return progress


@pytest.mark.parametrize("version", ["7.3", "7.1"])
def test_a_broken_off_reading_goes_on_where_it_was(taker: Taker, tmp_path: Path, ods: Ods, version: str) -> None:
    """What was read is not asked for again, and until all is read nothing is loaded."""
    ods.version = version
    with district(tmp_path, ods, page_size=20) as folder:
        with pytest.raises(Killed):
            taker.take(folder, progress=stop_at(EVENTS))
        assert loaded(taker, tmp_path) == (0, 0)
        asked = dict(ods.asked)
        seen = held(taker, EVENTS)
        taker.take(folder)
    assert 0 < len(seen) <= 20
    again = {path for path, times in asked.items() if "/ed-fi/" in path and ods.asked[path] > times}
    assert again == {f"/data/v3/ed-fi/{EVENTS}"}
    pages = -(-len(ods.rows[EVENTS]) // 20)
    assert ods.asked[f"/data/v3/ed-fi/{EVENTS}"] == pages + (0 if version == "7.3" else 1)
    assert loaded(taker, tmp_path) == (30, len(ods.rows[EVENTS]))


def test_a_version_older_than_the_server_keeps_means_reading_all_anew(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    """Deletes of long ago are no longer told, so a row that vanished is found by its absence alone."""
    with district(tmp_path, ods) as folder:
        taker.take(folder)
        ods.delete(EVENTS, next(iter(ods.rows[EVENTS])))
        ods.gone.clear()
        ods.newest += 10
        taker.take(folder)
        assert len(held(taker, EVENTS)) == len(ods.rows[EVENTS]) + 1, "nobody told of it"
        ods.newest += 10
        ods.oldest = ods.newest
        taker.take(folder)
    assert len(held(taker, EVENTS)) == len(ods.rows[EVENTS])


def test_a_server_set_back_to_an_older_copy_is_read_anew(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    with district(tmp_path, ods) as folder:
        taker.take(folder)
        ods.rows[EVENTS].pop(max(ods.rows[EVENTS], key=lambda key: ods.rows[EVENTS][key].version))
        ods.newest -= 1
        taker.take(folder)
    assert len(held(taker, EVENTS)) == len(ods.rows[EVENTS])


def test_everything_is_read_anew_after_some_weeks(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    """A change that was never told is found then at the latest."""
    with district(tmp_path, ods, reload_days=7) as folder:
        taker.take(folder)
        ods.rows[EVENTS].pop(next(iter(ods.rows[EVENTS])))
        taker.take(folder, now=NOW + timedelta(days=6))
        assert len(held(taker, EVENTS)) == len(ods.rows[EVENTS]) + 1
        taker.take(folder, now=NOW + timedelta(days=7))
    assert len(held(taker, EVENTS)) == len(ods.rows[EVENTS])


def test_only_the_school_years_that_were_named_are_read(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    """Another year is read once it is named, and what was read of the first one stays."""
    other = event("c1", 255901001, "2009-10-01", CATEGORIES[0])
    other["sessionReference"]["schoolYear"] = YEAR - 1
    ods.put(EVENTS, other)
    with district(tmp_path, ods) as folder:
        taker.take(folder)
        assert len(held(taker, EVENTS)) == len(ods.rows[EVENTS]) - 1
    with district(tmp_path, ods, school_years=[YEAR - 1, YEAR]) as folder:
        taker.take(folder)
        assert len(held(taker, EVENTS)) == len(ods.rows[EVENTS])


def test_a_server_of_the_new_year_takes_nothing_of_the_last_one_back(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    """One database a year: in August the address leads to another one, which knows no mark yet, and later a few."""
    fresh = made_up(Random(1))  # noqa: S311 - a made-up district
    fresh.rows[EVENTS].clear()
    stay = {"studentReference": student("c1"), "schoolReference": {"schoolId": SCHOOL}, "entryDate": "2011-08-22"}
    fresh.put("studentSchoolAssociations", stay)
    with district(tmp_path, ods) as folder:
        taker.take(folder)
    last_year = loaded(taker, tmp_path)[1]
    assert last_year > 0
    with district(tmp_path, fresh, school_years=[YEAR + 1]) as folder:
        taker.take(folder)
        assert loaded(taker, tmp_path)[1] == last_year
        item = event("c1", SCHOOL, "2011-09-06", CATEGORIES[0])
        item["sessionReference"]["schoolYear"] = YEAR + 1
        fresh.put(EVENTS, item)
        taker.take(folder)
    assert loaded(taker, tmp_path)[1] == last_year + 1


def test_items_that_are_not_what_ed_fi_writes_are_one_sentence(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    """Nothing is guessed where a key is not told whole."""
    key = next(iter(ods.rows[EVENTS]))
    ods.rows[EVENTS][key].item["studentReference"] = {"studentUniqueId": ""}
    with district(tmp_path, ods) as folder, pytest.raises(RefusedError, match=f"tells {EVENTS} \\(items\\) in a way that Ed-Fi does not"):
        taker.take(folder)
    assert loaded(taker, tmp_path) == (0, 0)


def test_snapshots_are_read_where_they_are_and_missed_where_they_are_not(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    with district(tmp_path, ods, snapshot=True) as folder:
        with pytest.raises(RefusedError, match="has no snapshot to read"):
            taker.take(folder)
        ods.snapshots = True
        assert taker.take(folder).files["students"].inserted == 30


def test_a_dry_run_keeps_nothing(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    with district(tmp_path, ods) as folder:
        assert taker.take(folder, dry_run=True).files["students"].inserted == 30
    assert not held(taker, "students")
    assert loaded(taker, tmp_path) == (0, 0)


def test_a_wrong_password_is_one_sentence_and_the_next_night_works(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    """What was loaded stays, and the sentence names neither key nor secret."""
    stranger = Taker(taker.database, tmp_path / "home", secret="something else")
    with district(tmp_path, ods) as folder:
        taker.take(folder)
        with pytest.raises(RefusedError, match=r"127\.0\.0\.1 does not accept the key and secret") as refused:
            stranger.take(folder)
        assert "something else" not in str(refused.value)
        assert loaded(taker, tmp_path) == (30, len(ods.rows[EVENTS]))
        ods.delete(EVENTS, next(iter(ods.rows[EVENTS])))
        taker.take(folder)
    assert loaded(taker, tmp_path) == (30, len(ods.rows[EVENTS]))


def test_an_expired_certificate_is_one_sentence_and_nothing_is_sent(
    taker: Taker, tmp_path: Path, ods: Ods, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with serving(ods, CERTIFICATE) as url, pytest.raises(RefusedError, match=r"certificate of 127\.0\.0\.1 is not valid .*expired"):
        taker.take(pointing(tmp_path, url))
    assert not ods.asked
    with district(tmp_path, ods) as folder:
        taker.take(folder)
    assert loaded(taker, tmp_path) == (30, len(ods.rows[EVENTS]))


def test_a_server_that_is_away_or_something_else_is_one_sentence(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    with serving(ods) as url:
        folder = pointing(tmp_path, f"{url}/oauth")
        with pytest.raises(RefusedError, match="refuses to answer"):
            taker.take(folder)
    with pytest.raises(RefusedError, match="does not answer"):
        taker.take(folder)


def test_the_key_never_travels_in_the_clear_or_stands_in_the_feed(taker: Taker, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="must begin with https://"):
        taker.take(pointing(tmp_path, "http://ods.example.org"))
    with pytest.raises(RefusedError, match="must not hold a password"):
        taker.take(pointing(tmp_path, "https://me:secret@ods.example.org"))


def test_two_processes_never_read_one_source_at_once(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    with district(tmp_path, ods) as folder, opened(taker.settings.home, NAME, NO_KEYS):
        with pytest.raises(RefusedError, match="just being read by another process"):
            taker.take(folder)
        assert not is_due(taker.database, folder, settings=taker.settings, now=NOW)


def test_the_service_asks_a_server_once_a_night_and_an_hour_after_a_failure(taker: Taker, tmp_path: Path, ods: Ods) -> None:
    def due(hours: float) -> bool:
        return is_due(taker.database, folder, settings=taker.settings, now=NOW + timedelta(hours=hours))

    with district(tmp_path, ods) as folder:
        assert due(0)
        with pytest.raises(Killed):
            taker.take(folder, progress=stop_at("students"))
        assert not due(0.5)
        assert due(1)
        taker.take(folder, now=NOW + timedelta(hours=1))
        assert not due(20)
        assert due(21)
