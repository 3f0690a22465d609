"""A district built from its export, on an empty machine and either kind of database."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Table, func, insert, null, select, text
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.keeping.exports import FORMAT, MANIFEST, type_of
from outreach.keeping.files import KeepingError, must_be, verify
from outreach.tables import metadata

_CHUNK = 5_000
_READ: dict[str, Callable[[Any], Any]] = {"date": date.fromisoformat, "time": time.fromisoformat, "instant": datetime.fromisoformat}


def build(database: Database, export: Path, home: Path) -> dict[str, int]:
    """Fill the empty *database* and *home* from *export*, after every byte was compared with its manifest; return the rows of each table.

    All rows come in one transaction. Raises KeepingError with nothing changed.
    """
    tables = _manifest(export)
    database.prepare(upgrade=True)
    with database.engine.connect() as connection:
        schema = MigrationContext.configure(connection).get_current_revision()
    if schema != tables["schema"]:
        sentence = (
            f"The export was made by another version of this program (schema {tables['schema']}, here {schema}). "
            "Restore it with that version, then upgrade."
        )
        raise KeepingError(sentence)
    with database.write() as session:
        for table in metadata.sorted_tables:
            if session.execute(select(table).limit(1)).first() is not None:
                sentence = "The database is not empty; an export is restored into an empty one only."
                raise KeepingError(sentence)
        built = {table.name: _fill(session, table, export) for table in metadata.sorted_tables}
        told = {table["name"]: table["rows"] for table in tables["tables"]}
        if built != told:
            sentence = "The export's tables are not those of its manifest. Nothing was restored."
            raise KeepingError(sentence)
        _put_home(export / "home", home)
    return built


def _manifest(export: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((export / MANIFEST).read_bytes())
        must_be(FORMAT, told["format"])
        verify(export, told["sha256"], besides={MANIFEST})
    except (OSError, ValueError, KeyError) as error:
        sentence = f"{export} is not a whole export of this program: {error}. Nothing was restored."
        raise KeepingError(sentence) from error
    return told


def _fill(session: Session, table: Table, export: Path) -> int:
    rows = 0
    with (export / "tables" / f"{table.name}.jsonl").open(encoding="ascii") as file:
        for chunk in _chunks(_rows(table, file)):
            session.execute(insert(table), chunk)
            rows += len(chunk)
    if session.get_bind().dialect.name != "sqlite":
        _count_on(session, table)
    return rows


def _rows(table: Table, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    read = {column.name: _READ[kind] for column in table.columns if (kind := type_of(column)) in _READ}
    nothing = {column.name for column in table.columns if type_of(column) == "json" and column.nullable}
    for line in lines:
        row: dict[str, Any] = json.loads(line)
        for name, value in row.items():
            if value is None:
                row[name] = null() if name in nothing else None
            elif name in read:
                row[name] = read[name](value)
        yield row


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


def _count_on(session: Session, table: Table) -> None:
    """Let PostgreSQL give the next row of a numbered table the next number."""
    if (numbered := table.autoincrement_column) is not None:
        sequence = session.scalar(select(func.pg_get_serial_sequence(table.name, numbered.name)))
        if sequence and (newest := session.scalar(select(func.max(numbered)))):
            session.execute(text("SELECT setval(CAST(:sequence AS regclass), :newest)"), {"sequence": sequence, "newest": newest})


def _put_home(kept: Path, home: Path) -> None:
    for file in sorted(path for path in kept.rglob("*") if path.is_file()):
        target = home / file.relative_to(kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        target.chmod(0o600)
