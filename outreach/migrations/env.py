"""Alembic's entry: runs the migrations inside the connection that ``Database.prepare`` opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from outreach.database import UtcDateTime
from outreach.tables import metadata


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:  # noqa: ANN401 - Alembic hands over anything
    """Write our instant type as the plain one, so that a migration needs nothing of the program."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
