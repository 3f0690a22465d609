"""Alembic's entry: runs the migrations inside the connection that ``Database.prepare`` opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate import renderers
from alembic.operations.ops import MigrateOperation, MigrationScript

from outreach.database import UtcDateTime
from outreach.tables import metadata
from outreach.translation import guard


class _Guard(MigrateOperation):
    """What no table can say: the triggers of ``translation.guard``."""


@renderers.dispatch_for(_Guard)
def _render_guard(_context: Any, _guard: _Guard) -> str:  # noqa: ANN401 - Alembic hands over anything
    return f"for statement in {dict(guard.STATEMENTS)!r}[op.get_bind().dialect.name]: op.execute(statement)"


def _with_guard(_context: Any, revision: Any, scripts: list[MigrationScript]) -> None:  # noqa: ANN401
    """Write the triggers into the first migration; a later one says itself what it changes of them."""
    if not revision and (upgrade := scripts[0].upgrade_ops) is not None:
        upgrade.ops.append(_Guard())


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
    process_revision_directives=_with_guard,
)
with context.begin_transaction():
    context.run_migrations()
