"""The database: its schema, its two kinds of transaction, and what it does with instants."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError, StatementError

import outreach.database
from outreach import sqlite_files
from outreach.cases.tables import CaseEvent
from outreach.database import Database, SchemaError
from outreach.keyring import Ring
from outreach.sqlite_files import NO_KEYS
from outreach.staff.tables import Account, AccountSchool
from outreach.tables import metadata

NOW = datetime(2026, 10, 6, 17, tzinfo=UTC)
MIGRATIONS = Path(outreach.database.__file__).parent / "migrations"
BASE = str(ScriptDirectory(str(MIGRATIONS)).get_current_head())
NEWER = "next"

INSTANTS = st.datetimes(
    min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - the zone is drawn beside
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


def _account(email: str, at: datetime = NOW) -> Account:
    return Account(email=email, name="", role="coordinator", password_hash=None, created_at=at, disabled_at=None)


def _revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _emails(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Account.email).order_by(Account.id)))


def test_the_migrated_schema_equals_the_mapped_one(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert differences == []


def test_preparing_a_prepared_database_changes_nothing(database: Database) -> None:
    with database.write() as session:
        session.add(_account("ana@example.org"))

    database.prepare(upgrade=False)

    assert _emails(database) == ["ana@example.org"]


def test_a_database_in_a_folder_that_does_not_exist_yet_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'home' / 'outreach.db'}")
    database.prepare(upgrade=False)

    assert _emails(database) == []
    database.engine.dispose()


def test_what_is_written_is_there_and_what_raised_is_not(database: Database) -> None:
    with database.write() as session:
        session.add(_account("ana@example.org"))

    def fail() -> None:
        with database.write() as session:
            session.add(_account("ben@example.org"))
            session.flush()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()

    assert _emails(database) == ["ana@example.org"]


def test_a_read_leaves_nothing_behind(database: Database) -> None:
    with database.read() as session:
        session.add(_account("ana@example.org"))
        session.flush()

    assert _emails(database) == []


def test_a_row_that_points_nowhere_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(AccountSchool(account_id=404, school_id="17"))


def test_the_same_key_twice_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.add_all([_account("ana@example.org"), _account("ana@example.org")])


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(instant=INSTANTS)
def test_an_instant_comes_back_as_the_same_instant_in_utc(database: Database, instant: datetime) -> None:
    with database.write() as session:
        session.execute(delete(Account))
        session.add(_account("ana@example.org", at=instant))
    with database.read() as session:
        stored = session.scalars(select(Account.created_at)).one()
        found = session.scalar(select(func.count()).select_from(Account).where(Account.created_at == instant))

    assert (stored, stored.utcoffset(), found) == (instant, timedelta(), 1)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(instants=st.lists(INSTANTS, min_size=2, max_size=6))
def test_the_database_orders_instants_by_time_and_not_by_their_spelling(database: Database, instants: list[datetime]) -> None:
    with database.write() as session:
        session.execute(delete(Account))
        session.add_all(_account(f"{number}@example.org", at=instant) for number, instant in enumerate(instants))
    with database.read() as session:
        ordered = list(session.scalars(select(Account.created_at).order_by(Account.created_at)))

    assert ordered == sorted(instants)


def test_an_instant_without_a_zone_is_refused_because_it_would_be_a_guess(database: Database) -> None:
    with pytest.raises(StatementError, match="an instant without a zone cannot be stored"), database.write() as session:
        session.add(_account("ana@example.org", at=NOW.replace(tzinfo=None)))


def test_an_empty_instant_stays_empty(database: Database) -> None:
    with database.write() as session:
        session.add(_account("ana@example.org"))
    with database.read() as session:
        assert session.scalars(select(Account.disabled_at)).one() is None


def test_sqlite_keeps_a_journal_that_survives_a_power_cut_and_checks_keys(sqlite_database: Database) -> None:
    with sqlite_database.engine.connect() as connection:
        found = [connection.scalar(text(f"PRAGMA {pragma}")) for pragma in ("journal_mode", "foreign_keys", "synchronous")]

    assert found == ["wal", 1, 2]


def test_writers_queue_instead_of_failing(sqlite_database: Database) -> None:
    """A writer that read first and wrote later would fail at once, were the lock not taken at its BEGIN."""
    rounds, names = 10, ("ana", "ben", "cho")
    troubles: list[Exception] = []

    def work(name: str) -> None:
        try:
            for number in range(rounds):
                with sqlite_database.write() as session:
                    seen = session.scalar(select(func.count()).select_from(CaseEvent)) or 0
                    time.sleep(0.002)  # long enough that the others come to wait
                    session.add(_account(f"{name}-{number}-{seen}@example.org"))
        except Exception as trouble:  # noqa: BLE001 - any failure of a thread fails the test
            troubles.append(trouble)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert troubles == []
    assert len(_emails(sqlite_database)) == rounds * len(names)


def test_a_reader_never_waits_for_a_writer(sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        session.add(_account("ana@example.org"))
        session.flush()

        assert _emails(sqlite_database) == []


def _prepared_at_once(url: str, migrations: Path, ring: Ring = NO_KEYS) -> list[Exception]:
    """What went wrong where four come to one database in the same moment, each of which may bring it up to date."""
    troubles: list[Exception] = []
    together = threading.Barrier(4)

    def start() -> None:
        database = Database(url, migrations, ring=ring)
        together.wait()
        try:
            database.prepare(upgrade=True)
        except Exception as trouble:  # noqa: BLE001 - any failure of a thread fails the test
            troubles.append(trouble)
        database.engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return troubles


def test_many_processes_may_open_an_empty_database_at_once(empty_url: str) -> None:
    assert _prepared_at_once(empty_url, MIGRATIONS) == []


def test_many_may_make_an_encrypted_database_at_once_and_it_is_one(tmp_path: Path, sealed_ring: Ring) -> None:
    assert _prepared_at_once(f"sqlite:///{tmp_path / 'empty.db'}", MIGRATIONS, sealed_ring) == []


def test_many_processes_may_upgrade_an_older_database_at_once(database: Database, newer: Path) -> None:
    with database.write() as session:
        session.add(_account("ana@example.org"))
    assert _prepared_at_once(database.url.render_as_string(hide_password=False), newer, database.ring) == []
    assert _revision(database) == NEWER
    with database.read() as session:
        assert session.execute(text("SELECT email, nickname FROM accounts")).all() == [("ana@example.org", "none yet")]
    if database.is_sqlite:
        with closing(sqlite_files.connect(f"{database.url.database}.before-{BASE}", database.ring, database.key_id)) as copy:
            assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(BASE,)]


def test_an_older_sqlite_schema_is_copied_beside_and_upgraded_with_every_row(sqlite_database: Database, newer: Path) -> None:
    with sqlite_database.write() as session:
        session.add(_account("ana@example.org"))
        session.flush()
        session.add(AccountSchool(account_id=1, school_id="17"))
    before = _revision(sqlite_database)

    upgraded = Database(str(sqlite_database.url), newer)
    upgraded.prepare(upgrade=False)

    assert (before, _revision(upgraded)) == (BASE, NEWER)
    assert _emails(upgraded) == ["ana@example.org"]
    with upgraded.read() as session:
        assert session.scalar(text("SELECT nickname FROM accounts")) == "none yet"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
    with closing(sqlite3.connect(f"{upgraded.url.database}.before-{before}")) as copy:
        assert copy.execute("SELECT email FROM accounts").fetchall() == [("ana@example.org",)]
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(before,)]
    upgraded.engine.dispose()


def test_an_upgrade_that_fails_leaves_everything_as_it_was(sqlite_database: Database, newer: Path) -> None:
    migration = newer / "versions" / f"{NEWER}.py"
    migration.write_text(migration.read_text() + "    raise InterruptedError\n")
    with sqlite_database.write() as session:
        session.add(_account("ana@example.org"))

    upgraded = Database(str(sqlite_database.url), newer)
    with pytest.raises(InterruptedError):
        upgraded.prepare(upgrade=True)

    assert _revision(upgraded) == BASE
    assert _emails(upgraded) == ["ana@example.org"]
    upgraded.engine.dispose()


def test_an_older_postgresql_schema_waits_for_init(postgres_database: Database, newer: Path) -> None:
    upgraded = Database(postgres_database.url.render_as_string(hide_password=False), newer)

    with pytest.raises(SchemaError, match="run 'outreach init' once"):
        upgraded.prepare(upgrade=False)
    assert _revision(upgraded) == BASE

    upgraded.prepare(upgrade=True)
    assert _revision(upgraded) == NEWER
    upgraded.engine.dispose()


def test_a_schema_from_the_future_is_refused_and_left_alone(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaError, match="newer version"):
        database.prepare(upgrade=True)

    assert _revision(database) == "9999"
    if database.is_sqlite:
        assert not Path(f"{database.url.database}.before-9999").exists()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    database: Database = request.getfixturevalue("postgres_database")
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return database.url.render_as_string(hide_password=False)


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The migrations as a later version might ship them: one more, which changes a table that others point to."""
    folder = tmp_path / "migrations 100%"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{NEWER}.py").write_text(f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEWER}"
down_revision = "{BASE}"


def upgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("nickname", sa.String(), nullable=False, server_default="none yet"))
        table.create_unique_constraint("uq_accounts_nickname", ["nickname"])
""")
    return folder
