"""The schema that migrations make is the one the program maps, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from outreach.database import Database
from outreach.tables import metadata


def test_the_migrated_schema_equals_the_mapped_one(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert differences == []
