"""An export holds every row of every table, and builds the same district on an empty machine and on either kind of database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, func, insert, select

from outreach.database import Base, Database
from outreach.delivery import instance
from outreach.keeping import exports
from outreach.keeping.building import build
from outreach.keeping.files import KeepingError
from outreach.settings import Settings
from outreach.staff import seals
from outreach.staff.actions import audit
from outreach.staff.tables import AuditEntry
from outreach.tables import metadata
from tests import command
from tests.conftest import NOON

KEY = "k" * 40
WORDS = 'Ünïcode, "quotes", \'more\', a\nnew line, \t tab, اردو, 🚌, \\n and {"json": null} '
VALUES: dict[str, Callable[[int], object]] = {
    "text": lambda n: f"{WORDS}{n}",
    "integer": lambda n: n,
    "number": lambda n: n / 3,
    "boolean": lambda n: n == 1,
    "date": lambda n: date(2026, 10, n),
    "time": lambda n: time(19, n),
    "instant": lambda n: NOON + timedelta(days=n, microseconds=123_456 + n),
    "json": lambda n: {"b": [n, None, 0.5, "é\n"], "a": {}},
}


def _value(column: Column[Any], number: int) -> object:
    for key in column.foreign_keys:
        return _value(key.column, number)
    if column.nullable and number == 2:
        return None
    return VALUES[exports.type_of(column)](number)


@pytest.fixture
def full(database: Database, settings: Settings) -> Database:
    """A database with two rows in every table, a third of them with nothing where nothing may be, and a sealed audit trail."""
    settings.home.mkdir(parents=True)
    (settings.home / "secret-key").write_text(KEY, encoding="ascii")
    (settings.home / "feeds").mkdir()
    (settings.home / "feeds" / "abc.gz").write_bytes(b"\x1f\x8b a kept feed")
    instance.settle(database, NOON, demo=False)
    with database.write() as session:
        for hour in range(3):
            audit(session, actor="ana", action="case.closed", subject="case 1", now=NOON + timedelta(hours=hour), detail={"é": [1, None]})
        for table in metadata.sorted_tables:
            if table.name not in {"audit_entries", "audit_seals", "instance"}:
                for number in (1, 2):
                    session.execute(insert(table), {column.name: _value(column, number) for column in table.columns})
    with database.write() as session:
        made = seals.seal(session, KEY, NOON + timedelta(hours=2))
        assert made is not None
        seals.note_outside(settings.home, made.id, made.digest)
    return database


def _export(database: Database, settings: Settings, folder: Path) -> dict[str, Any]:
    exports.write(database, settings, folder, now=NOON)
    told: dict[str, Any] = json.loads((folder / exports.MANIFEST).read_bytes())
    return told


def test_a_district_goes_to_either_kind_of_database_and_stays_the_same(
    full: Database, settings: Settings, sqlite_database: Database, postgres_database: Database, tmp_path: Path
) -> None:
    """From SQLite to PostgreSQL and from PostgreSQL to SQLite: every row equal, seals whole, and silent until somebody releases it."""
    target = postgres_database if full.is_sqlite else sqlite_database
    elsewhere = settings.model_copy(update={"home": tmp_path / "elsewhere"})
    told = _export(full, settings, tmp_path / "export")
    build(target, tmp_path / "export", elsewhere.home)
    again = _export(target, elsewhere, tmp_path / "again")
    assert again["tables"] == told["tables"]
    assert {table["rows"] for table in told["tables"] if table["name"] not in {"audit_entries", "audit_seals", "instance"}} == {2}
    with target.read() as session:
        verified = seals.verify(session, KEY, elsewhere.home)
        assert (verified.sealed, list(verified.broken)) == (2, [])
    assert (elsewhere.home / "feeds" / "abc.gz").read_bytes() == b"\x1f\x8b a kept feed"
    assert instance.held(target, NOON)
    with target.write() as session:  # numbers go on where they were
        audit(session, actor="ana", action="case.closed", subject="case 1", now=NOON, detail={})
        assert session.scalar(select(func.max(AuditEntry.id))) == 4


def test_no_table_and_no_type_of_column_can_be_forgotten() -> None:
    mapped = {mapper.local_table for mapper in Base.registry.mappers}
    assert mapped == set(metadata.sorted_tables)
    for table in metadata.sorted_tables:
        assert table.primary_key.columns, f"{table.name} has no key to be ordered by"
        for column in table.columns:
            exports.type_of(column)


def test_the_settings_of_an_export_hold_no_secret(sqlite_database: Database, settings: Settings, tmp_path: Path) -> None:
    secret = {"twilio_auth_token": "t0ken", "smtp_password": "pa55", "secret_key": KEY}
    _export(sqlite_database, settings.model_copy(update=secret), tmp_path / "export")
    told = (tmp_path / "export" / "settings.json").read_text(encoding="utf-8")
    assert json.loads(told)["district_name"] == "Lincoln Schools"
    assert [one for one in secret.values() if one in told] == []


def test_a_changed_export_and_a_full_database_are_refused(sqlite_database: Database, settings: Settings, tmp_path: Path) -> None:
    home, export = tmp_path / "elsewhere", tmp_path / "export"
    with sqlite_database.write() as session:
        audit(session, actor="ana", action="case.closed", subject="case 1", now=NOON, detail={})
    _export(sqlite_database, settings, export)
    with pytest.raises(KeepingError, match="not empty"):
        build(sqlite_database, export, home)
    with pytest.raises(KeepingError, match="empty folder"):
        _export(sqlite_database, settings, export)
    rows = export / "tables" / "audit_entries.jsonl"
    rows.write_text(rows.read_text(encoding="ascii").replace("case 1", "case 2"), encoding="ascii")
    fresh = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    with pytest.raises(KeepingError, match=r"audit_entries.jsonl was changed\. Nothing was restored"):
        build(fresh, export, home)
    fresh.engine.dispose()
    assert not home.exists()


def test_the_commands_build_a_district_in_an_empty_home(tmp_path: Path) -> None:
    assert command.run(tmp_path / "home", "user", "add", "ana@lincoln.invalid", "--name", "Ana", "--role", "it").returncode == 0
    told = command.run(tmp_path / "home", "export", str(tmp_path / "export"), "--format", "csv")
    assert (told.returncode, "accounts,1\n" in told.stdout) == (0, True), told.stderr
    built = command.run(tmp_path / "new", "restore", str(tmp_path / "export"))
    assert built.returncode == 0, built.stderr
    listed = command.run(tmp_path / "new", "audit", "list", "--format", "json")
    assert [entry["action"] for entry in json.loads(listed.stdout)] == ["account.add"]
    assert "Nothing leaves" in command.run(tmp_path / "new", "doctor").stdout
    assert datetime.fromisoformat(json.loads((tmp_path / "export" / "manifest.json").read_bytes())["made_at"]).tzinfo is not None
