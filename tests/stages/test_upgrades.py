"""Whoever runs any released version comes to this one with every row; before the first release that is the schema of today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select, text

from outreach.database import Database
from outreach.tables import metadata
from tests.rules.house import ROOT
from tests.stages.released import FOLDER, dumped, loaded

RELEASED = sorted(FOLDER.glob("*.sql"))


def test_every_released_version_left_its_schema_here() -> None:
    """Write it with ``python -m tests.stages.released VERSION`` before the version leaves."""
    versions = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert {file.stem for file in RELEASED} == set(versions)


@pytest.mark.long
@pytest.mark.parametrize("released", [None, *RELEASED], ids=lambda file: file.stem if file else "today")
def test_a_district_of_a_released_version_is_upgraded_with_every_row(released: Path | None, tmp_path: Path) -> None:
    old = loaded(released.read_text(encoding="utf-8") if released else dumped(tmp_path), tmp_path / "old.db")
    before = _rows(old, _tables(old))
    old.prepare(upgrade=True)

    after = _rows(old, set(before) & set(metadata.tables))
    assert {name: number for name, number in before.items() if after.get(name, 0) < number and name != "alembic_version"} == {}
    assert before["students"] > 0
    with old.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    old.engine.dispose()


def _tables(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))


def _rows(database: Database, tables: set[str]) -> dict[str, int]:
    with database.read() as session:
        return {name: session.scalar(select(func.count()).select_from(text(f'"{name}"'))) or 0 for name in tables}
