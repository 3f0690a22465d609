"""Promises 1, 3, 4 and 6 under ``kill -9``: nothing lost, nothing doubled, nothing to who must not hear, no number that was not true."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from outreach.database import Database
from tests.chaos.storm import storm


def test_a_short_storm_loses_and_doubles_nothing(database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = storm(database, tmp_path, seed=random.SystemRandom().getrandbits(32), workers=2, kills=6, families=5, rounds=2)
    with capsys.disabled():
        print(f"\n{found}")  # noqa: T201 - the seed and the totals are for whoever runs it
    assert found.verdict.wrong == [], str(found)
    assert found.verdict.texts > 10, str(found)


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_long_storm_loses_and_doubles_nothing(
    database: Database, tmp_path: Path, workers: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """84 kills on each database with one, two and four senders: 504 in all."""
    found = storm(database, tmp_path, seed=random.SystemRandom().getrandbits(32), workers=workers, kills=84, families=40, rounds=12)
    with capsys.disabled():
        print(f"\n{found}")  # noqa: T201 - the seed and the totals are for whoever runs it
    assert found.verdict.wrong == [], str(found)


@pytest.mark.long
def test_the_storm_notices_senders_that_leave_out_the_last_read(sqlite_database: Database, tmp_path: Path) -> None:
    """What it proves of ours rests on this: a text that was released before a stop or a correction, and asked for after it, is found."""
    found = storm(sqlite_database, tmp_path, seed=7, workers=4, kills=60, families=40, rounds=6, blind=True)
    assert found.verdict.silenced or found.verdict.untrue, str(found)
