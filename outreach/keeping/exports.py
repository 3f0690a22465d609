"""Everything a district owns as plain files that any tool reads: one JSON Lines file for each table, made from the mapped tables.

No table can be forgotten, because nothing here names one. Every file is written in one reading of the database, so rows of different
tables fit together while the service runs. ``building`` makes the same district from it again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, String, Table, Time, collate, select
from sqlalchemy.engine import Connection

from outreach import keyring
from outreach.database import Base, Database, UtcDateTime
from outreach.keeping.files import KeepingError, hash_of, of_home
from outreach.keyring import Ring
from outreach.resources import data_folder
from outreach.settings import Settings
from outreach.tables import metadata

FORMAT = "outreach export 1"
MANIFEST = "manifest.json"
_README = "README.md"
_CHUNK = 5_000
_TYPES = {
    String: "text", Integer: "integer", Float: "number", Boolean: "boolean",
    Date: "date", Time: "time", UtcDateTime: "instant", JSON: "json",
}  # fmt: skip
"""Each type of column, as the manifest calls it; a mapped type that is not here cannot be exported, and a test says so."""
_ABOUT = """# An export of attendance outreach

Everything the service knows, in files that any tool reads. `manifest.json` names each table with its columns, types, number of rows and the
sha256 of its file, and the sha256 of every other file.

- `tables/NAME.jsonl`: one row a line, a JSON object of column and value, UTF-8, in the order of the primary key.
  Types: text, integer, number, boolean, json as JSON has them; date `2026-10-06`; time `19:00:00`; instant
  `2026-10-06T17:00:00+00:00`, in UTC.
- `settings.json`: the settings in force, without passwords and keys.
- `home/`: what lies beside the database: feeds as received (gzip), photos and voice messages of families, your own `settings.toml` and the
  key that signs cookies and the audit trail. Whoever has this folder has children's data and that key.
- `shipped/`: the message templates, translations and tables of the version that made the export. What was approved and sent stands in the
  tables `approvals` and `planned_messages`.

`outreach restore FOLDER` builds the same district on an empty machine, in SQLite or, with OUTREACH_DATABASE_URL, in PostgreSQL.

## Tables

"""


def write(database: Database, settings: Settings, folder: Path, *, now: datetime) -> dict[str, int]:
    """Export into the empty *folder*; return how many rows each table has. The manifest is written last: without it there is no export.

    Raises KeepingError where the folder holds something; whatever else goes wrong (a full disk) leaves the folder empty.
    """
    if folder.exists() and any(folder.iterdir()):
        sentence = f"{folder} is not empty; an export is written into an empty folder."
        raise KeepingError(sentence)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        return _write(database, settings, folder, now)
    except BaseException:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def _write(database: Database, settings: Settings, folder: Path, now: datetime) -> dict[str, int]:
    (folder / "tables").mkdir()
    with database.engine.connect() as plain:
        connection = plain if database.is_sqlite else plain.execution_options(isolation_level="REPEATABLE READ")
        tables = [_write_table(connection, table, folder) for table in metadata.sorted_tables]
        schema = MigrationContext.configure(connection).get_current_revision()
    _write_settings(settings, folder / "settings.json")
    for name, path in [*of_home(settings.home, database), *_shipped()]:
        if path == settings.home / keyring.USED:
            continue  # of an export nothing is encrypted
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_opened(path, target, database.ring)
    (folder / _README).write_text(_ABOUT + _described(), encoding="utf-8")
    sums = {path.relative_to(folder).as_posix(): hash_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    told = {"format": FORMAT, "schema": schema, "made_at": now.isoformat(), "tables": tables, "sha256": sums}
    (folder / MANIFEST).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return {table["name"]: table["rows"] for table in tables}


def _copy_opened(path: Path, target: Path, ring: Ring) -> None:
    """Copy a file, plain where it is encrypted at home: an export opens without our keys."""
    if not keyring.key_of(path):
        shutil.copyfile(path, target)
        return
    with path.open("rb") as sealed, target.open("xb") as out:
        out.writelines(keyring.opened(ring, sealed, path.name))


def type_of(column: Column[Any]) -> str:
    """A column's type as the manifest calls it; raises KeyError for one that nobody thought of."""
    return next((name for kind, name in _TYPES.items() if isinstance(column.type, kind)), "") or _TYPES[type(column.type)]


def _write_table(connection: Connection, table: Table, folder: Path) -> dict[str, Any]:
    name, rows, digest = f"tables/{table.name}.jsonl", 0, hashlib.sha256()
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for line in _lines(connection, table):
            file.write(line)
            digest.update(line)
            rows += 1
    columns = [
        {
            "name": column.name,
            "type": type_of(column),
            "empty": bool(column.nullable),
            "key": column.primary_key,
            "of": [key.target_fullname for key in column.foreign_keys],
        }
        for column in table.columns
    ]
    return {"name": table.name, "file": name, "rows": rows, "sha256": digest.hexdigest(), "columns": columns}


def _lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Each row as a line, in the order of the key: that of bytes on either database."""
    by_bytes = "BINARY" if connection.dialect.name == "sqlite" else "C"
    order = [collate(key, by_bytes) if isinstance(key.type, String) else key for key in table.primary_key.columns]
    names = [column.name for column in table.columns]
    encode = json.JSONEncoder(separators=(",", ":"), default=_iso).encode
    found = connection.execution_options(yield_per=_CHUNK).execute(select(table).order_by(*order))
    for row in found:
        yield f"{encode(dict(zip(names, row, strict=True)))}\n".encode("ascii")


def _iso(value: object) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _write_settings(settings: Settings, target: Path) -> None:
    public = {name for name, field in Settings.model_fields.items() if field.repr}
    target.write_text(settings.model_dump_json(include=public, indent=1) + "\n", encoding="utf-8")


def _shipped() -> Iterator[tuple[str, Path]]:
    for part in ("config", "templates", "translations"):
        folder = data_folder(part)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield f"shipped/{part}/{path.relative_to(folder).as_posix()}", path


def _described() -> str:
    """A line for each table: what one of its rows is, as its class says."""
    lines = {}
    for mapper in Base.registry.mappers:
        said = (mapper.class_.__doc__ or "").strip().partition("\n")[0]
        lines[mapper.local_table.name] = f"- `{mapper.local_table.name}`: {said}"  # type: ignore[attr-defined] # every class here has a table
    return "\n".join(lines[name] for name in sorted(lines)) + "\n"
