"""Answers for whoever watches the service: is the process up, and can it work."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from outreach.database import Database
from outreach.web.context import services
from outreach.web.permissions import open_to_all

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@open_to_all("watched by machines; says only that the process runs")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "up"}


@blueprint.get("/readyz")
@open_to_all("watched by machines; says only whether the database can be used")
def ready() -> ResponseReturnValue:
    """The database answers and has the schema this program expects; 503 with the reason otherwise."""
    try:
        current = _schema_is_current(services().database)
    except SQLAlchemyError:
        return {"status": "not ready", "reason": "the database does not answer"}, 503
    if not current:
        return {"status": "not ready", "reason": "the database has another schema; run 'outreach init'"}, 503
    return {"status": "ready"}


def _schema_is_current(database: Database) -> bool:
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == ScriptDirectory(str(database.migrations)).get_current_head()
