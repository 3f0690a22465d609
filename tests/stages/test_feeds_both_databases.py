"""What adapters make is loaded on PostgreSQL as on SQLite; all their other tests run there too, where time does not matter."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from outreach.database import Database
from tests.adapters.grand_bend_ods import YEAR, event
from tests.adapters.made_up_ods import CATEGORIES, SCHOOL, made_up
from tests.adapters.ods import serving
from tests.adapters.taking import NAME, Taker, source
from tests.attendance.loading import Loader
from tests.stages.test_feeds_oneroster import small

pytestmark = pytest.mark.postgres


@pytest.fixture
def taker(postgres_database: Database, tmp_path: Path) -> Taker:
    """Takes into a fresh database."""
    return Taker(postgres_database, tmp_path / "home")


def test_a_package_is_loaded(taker: Taker, tmp_path: Path) -> None:
    folder = small(tmp_path / "roster")
    assert taker.take(folder).files["students"].inserted == 2
    assert taker.take(folder).unchanged


def test_a_server_is_loaded_and_then_what_changed(taker: Taker, tmp_path: Path) -> None:
    ods = made_up(Random(1))  # noqa: S311 - a made-up district
    codes = {code: {"kind": "absent"} for code in CATEGORIES}
    with serving(ods) as url:
        edfi = {"url": url, "school_years": [YEAR], "timeout_seconds": 5}
        folder = source(tmp_path / "feed", {"name": NAME, "edfi": edfi, "codes": codes})
        taker.take(folder)
        before = len(Loader(taker.database, tmp_path).dump()["marks"])
        ods.put("studentSchoolAttendanceEvents", event("c1", SCHOOL, "2010-10-05", CATEGORIES[0]))
        taker.take(folder)
    assert len(Loader(taker.database, tmp_path).dump()["marks"]) == before + 1
