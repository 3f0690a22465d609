"""Real imports and real counts for the attendance tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from outreach.attendance.importing import ImportReport, import_folder
from outreach.attendance.tabulating import tabulate
from outreach.database import Base, Database
from tests.attendance.feeds import write_feed

NOW = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
COUNTED_BY = ("student-school", "student", "school")


class Districts:
    """Fresh SQLite databases by copying one that is ready, because making the schema each time would be most of the work."""

    def __init__(self, folder: Path) -> None:
        """Make the database that is copied."""
        self.folder = folder
        self.template = folder / "template.db"
        database = Database(f"sqlite:///{self.template}")
        database.prepare(upgrade=True)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.engine.dispose()

    @contextmanager
    def fresh(self) -> Iterator[Loader]:
        """A loader with an empty database of its own."""
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            folder = Path(place)
            shutil.copy(self.template, folder / "test.db")
            database = Database(f"sqlite:///{folder / 'test.db'}")
            try:
                yield Loader(database, folder)
            finally:
                database.engine.dispose()


class Loader:
    """Loads feeds into one database and reads what was made of them."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Write feeds below *folder*."""
        self.database = database
        self.folder = folder
        self.loads = 0

    def load(self, feed: Mapping[str, Any], **options: Any) -> ImportReport:
        """Import one feed from a folder of its own."""
        self.loads += 1
        folder = write_feed(self.folder / f"feed-{self.loads}", feed)
        return self.load_folder(folder, **options)

    def load_folder(self, folder: Path, **options: Any) -> ImportReport:
        """Import a folder that is there."""
        return import_folder(self.database, folder, home=self.folder / "home", now=NOW, **options)

    def counts(self, as_of: date, by: str, profile: str | None = None) -> list[dict[str, str]]:
        """The rows of ``outreach counts`` as texts."""
        with self.database.read() as session:
            columns, rows = tabulate(session, as_of, by, profile)
        return [dict(zip(columns, map(str, row), strict=True)) for row in rows]

    def all_counts(self, as_of: date) -> list[list[dict[str, str]]]:
        """The rows of ``outreach counts`` in all its three forms."""
        return [self.counts(as_of, by) for by in COUNTED_BY]

    def dump(self, *, without: frozenset[tuple[str, str]] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, in order; *without* names (table, column) pairs to leave out."""
        found = {}
        with self.database.read() as session:
            for table in Base.metadata.sorted_tables:
                columns = [column for column in table.columns if (table.name, column.name) not in without]
                rows = session.execute(select(*columns)) if columns else session.execute(text("SELECT 1"))
                found[table.name] = sorted((tuple(row) for row in rows), key=repr)
        return found
