"""Our own copy of what a source has told so far, which deltas and change queries are merged into.

One small SQLite file for each source in the home: it can always be made again by reading everything, so it is no part of
the database, and pages that a server sends slowly never keep the database's writers waiting.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outreach import sqlite_files
from outreach.attendance.refusal import RefusedError
from outreach.keyring import Ring

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    resource TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, generation INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (resource, key), UNIQUE (resource, id)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Item:
    """One thing of a source: *key* says what it is in the source's own terms, *id* is the name its server gave it."""

    key: Mapping[str, str]
    id: str
    body: Mapping[str, Any]


class Store:
    """The copy of one source; while it is open no other process can open it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Work on an open connection; ``opened`` makes one."""
        self._connection = connection

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Commit when the block ends, or forget it all when it raises or nothing is to be kept."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT" if keep else "ROLLBACK")

    def get(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON was put there
        """What is remembered under *name*, or None."""
        row = self._connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set(self, name: str, value: object) -> None:
        """Remember a JSON value under *name*."""
        self._connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, json.dumps(value)))

    def put(self, resource: str, items: Iterable[Item], generation: int = 0) -> None:
        """Insert items, or replace those with the same key or the same id: a new key, or made anew after a deletion."""
        rows = ((resource, _text(item.key), item.id, generation, _text(item.body)) for item in items)
        self._connection.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?)", rows)

    def drop(self, resource: str, ids: Iterable[str]) -> None:
        """Forget items by their ids; unknown ones do not matter."""
        self._connection.executemany("DELETE FROM items WHERE resource = ? AND id = ?", ((resource, one) for one in ids))

    def drop_others(self, generation: int, resource: str | None = None) -> None:
        """Forget what was not seen in *generation*, of one resource or of all."""
        self._connection.execute("DELETE FROM items WHERE generation <> ? AND resource = coalesce(?, resource)", (generation, resource))

    def find(self, resource: str, one: str) -> Item | None:
        """The item with this id."""
        row = self._connection.execute("SELECT key, id, body FROM items WHERE resource = ? AND id = ?", (resource, one)).fetchone()
        return _item(row) if row else None

    def items(self, resource: str) -> Iterator[Item]:
        """All items of a resource, in the order of their keys."""
        for row in self._connection.execute("SELECT key, id, body FROM items WHERE resource = ? ORDER BY key", (resource,)):
            yield _item(row)

    def rename(self, resources: Iterable[str], changes: Iterable[tuple[Mapping[str, str], Mapping[str, str]]]) -> None:
        """Give whatever speaks of old key values the new ones; all are found before any is changed, so names may be exchanged."""
        wanted, found = tuple(resources), []
        for old, new in changes:
            condition = " AND ".join("json_extract(key, ?) = ?" for _ in old)
            values = [value for name, text in old.items() for value in (f"$.{name}", text)]
            places = ", ".join("?" for _ in wanted)
            statement = f"SELECT resource, key, id, generation, body FROM items WHERE resource IN ({places}) AND {condition}"  # noqa: S608 - only placeholders
            found += [(row, new) for row in self._connection.execute(statement, (*wanted, *values))]
        self._connection.executemany("DELETE FROM items WHERE resource = ? AND key = ?", ((row[0], row[1]) for row, _ in found))
        renamed = ((row[0], _text({**json.loads(row[1]), **new}), *row[2:]) for row, new in found)
        self._connection.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?)", renamed)


@contextmanager
def opened(home: Path, source: str, ring: Ring, *, throw_away: bool = False) -> Iterator[Store]:
    """Open the copy of *source*, alone; a *throw_away* one starts like it and is never kept. It is encrypted where keys are set.

    Raises RefusedError where another process has it open. Only this service's user can read the file.
    """
    path = store_path(home, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    key_id = _key_of(path, ring, source)
    with closing(sqlite_files.connect(path, ring, key_id, timeout=0)) as connection:
        _alone(connection, source)
        if not throw_away:
            connection.executescript(_SCHEMA)
            yield Store(connection)
            return
        with closing(sqlite_files.connect("", ring, key_id)) as temporary:
            connection.backup(temporary)
            temporary.executescript(_SCHEMA)
            yield Store(temporary)


def store_path(home: Path, source: str) -> Path:
    """The file of one source's copy."""
    return home / "feeds" / "copies" / f"{hashlib.sha256(source.encode()).hexdigest()[:32]}.db"


def _alone(connection: sqlite3.Connection, source: str) -> None:
    """Take SQLite's lock on the file and hold it until it is closed; the system takes it back from a process that was killed."""
    try:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except sqlite_files.ERRORS as error:
        raise RefusedError(_busy(source)) from error


def _key_of(path: Path, ring: Ring, source: str) -> str:
    try:
        return sqlite_files.key_of(path, ring)
    except sqlite_files.ERRORS as error:
        raise RefusedError(_busy(source)) from error


def _busy(source: str) -> str:
    return f"{source} is just being read by another process; nothing was loaded."


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _item(row: tuple[str, str, str]) -> Item:
    return Item(json.loads(row[0]), row[1], json.loads(row[2]))
