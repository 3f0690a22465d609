"""A small district as each released version kept it; ``python -m tests.stages.released VERSION`` writes that of one about to leave."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from outreach.database import Database
from outreach.settings import load_settings
from tests.rules.house import ROOT
from tests.web.seed import seed

FOLDER = ROOT / "tests" / "schemas"


def dumped(folder: Path) -> str:
    """The made-up district of the web tests in the schema of today, as SQL."""
    database = Database(f"sqlite:///{folder / 'district.db'}")
    database.prepare(upgrade=True)
    seed(database, load_settings(home=folder / "home", timezone="America/Chicago"), folder / "feed")
    database.engine.dispose()
    with closing(sqlite3.connect(folder / "district.db")) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def loaded(sql: str, file: Path) -> Database:
    """A database as its version left it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(sql)
    return Database(f"sqlite:///{file}")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        (FOLDER / f"{sys.argv[1]}.sql").write_text(dumped(Path(name)), encoding="utf-8")
