"""Night after night, merging what changed gives the copy that reading everything anew gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from outreach.feeds import edfi_rows
from outreach.feeds.edfi_client import Client
from outreach.feeds.edfi_sync import synchronise
from outreach.feeds.options import EdFi
from outreach.feeds.store import opened
from outreach.settings import FeedKey
from outreach.sqlite_files import NO_KEYS
from tests.adapters.grand_bend_ods import YEAR
from tests.adapters.made_up_ods import CHANGES, made_up, make_anew
from tests.adapters.ods import KEY, SECRET, Ods, serving
from tests.adapters.taking import NOW

NIGHTS = 20


@pytest.mark.parametrize("version", ["7.3", pytest.param("7.1", marks=pytest.mark.long)])
def test_merging_changes_equals_reading_everything_anew(tmp_path: Path, version: str) -> None:
    """Inserts, changes, deletes and key changes of twenty nights; on some, rows come and go while we read."""
    random = Random(int(version[2:]))  # noqa: S311 - made-up nights
    ods = made_up(random)
    ods.version = version
    with serving(ods) as url:
        options = EdFi(url=url, school_years=[YEAR], page_size=20)
        read(tmp_path, "merged", options, 0)
        for night in range(1, NIGHTS + 1):
            for _ in range(random.randint(1, 12)):
                random.choice(CHANGES)(ods, random)
            ods.on_page = meddling(ods, random) if night % 3 == 0 else lambda _path: None
            told = read(tmp_path, "merged", options, night)
            ods.on_page = lambda _path: None
            assert told == read(tmp_path, f"anew-{night}", options, night), f"night {night}"
    assert ods.gone
    assert ods.rekeyed


def meddling(ods: Ods, random: Random) -> Callable[[str], None]:
    """A server on which the first pages of a night are changed behind our back."""
    left = iter(range(6))

    def change(_path: str) -> None:
        if next(left, None) is not None:
            random.choice((CHANGES[0], CHANGES[1], make_anew))(ods, random)

    return change


def read(home: Path, name: str, options: EdFi, night: int) -> dict[str, str]:
    """Bring one copy up to date, and return what it would deliver."""
    folder = home / f"{name}-{night}"
    folder.mkdir()
    with opened(home, name, NO_KEYS) as store, Client(options, FeedKey(key=KEY, secret=SECRET)) as client:
        synchronise(store, client, options, now=NOW + timedelta(days=night), progress=lambda _step: None)
        edfi_rows.write(store, folder)
        keys = sorted(json.dumps(item.key) for item in store.items("studentSchoolAttendanceEvents"))
    return {**{path.name: path.read_text() for path in sorted(folder.iterdir())}, "keys": "\n".join(keys)}
