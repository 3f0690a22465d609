"""Sources of the sample district: their ``source.toml``, and taking them in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from outreach.attendance.importing import ImportReport
from outreach.database import Database
from outreach.feeds.store import opened
from outreach.feeds.taking import take_in
from outreach.settings import FeedKey, Settings, load_settings
from outreach.sqlite_files import NO_KEYS
from tests.adapters.ods import KEY, SECRET
from tests.attendance.feeds import toml

NOW = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
NAME = "ods"


def meanings(sample: Path) -> dict[str, Any]:
    """The sample's codes, events and languages."""
    told = tomllib.loads((sample / "source.toml").read_text(encoding="utf-8"))
    return {name: told[name] for name in ("codes", "events", "languages")}


def source(folder: Path, settings: Mapping[str, Any]) -> Path:
    """A folder with nothing but a ``source.toml``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.toml").write_text(toml(settings), encoding="utf-8")
    return folder


class Taker:
    """Takes sources into one database."""

    def __init__(self, database: Database, home: Path, secret: str = SECRET) -> None:
        """Keep copies below *home*."""
        self.database = database
        self.settings: Settings = load_settings(home=home, feed_keys={NAME: FeedKey(key=KEY, secret=secret)})

    def take(self, folder: Path, now: datetime = NOW, **options: Any) -> ImportReport:
        """Take in one folder."""
        return take_in(self.database, folder, settings=self.settings, now=now, **options)


def held(taker: Taker, resource: str) -> set[str]:
    """The ids of our copy of a source."""
    with opened(taker.settings.home, NAME, NO_KEYS) as store:
        return {item.id for item in store.items(resource)}
