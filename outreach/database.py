"""The database: one declarative base, two kinds of transaction, and the schema kept by migrations.

SQLite is the embedded default (WAL, foreign keys on, ``BEGIN IMMEDIATE`` for writers so that two writers queue instead of
failing); PostgreSQL runs the same schema. A write transaction is short: nothing inside it waits for a network.
"""

from __future__ import annotations

import sqlite3
import time
import weakref
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import DateTime, Engine, MetaData, TypeDecorator, create_engine, event, func, make_url, select
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from outreach import sqlite_files
from outreach.keyring import Ring

NOTICE_SILENCE: Mapping[str, str | int] = MappingProxyType(
    {
        "connect_timeout": 10,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "options": "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30000",
    }
)
"""How libpq and the server notice within half a minute that the other host is gone: a network that swallows packets says nothing, so a
client would wait for hours, and the server would keep the locks of a worker that no longer exists."""
_PATIENCE_SECONDS = 30.0
"""How long a transaction waits for its place unless it says otherwise."""
_AGAIN_SECONDS = 0.02
_MIGRATION_LOCK = 0x6F757472
"""PostgreSQL's advisory lock for schema changes; any number, as long as it stays the same."""
_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaError(RuntimeError):
    """The database's schema is not this program's, and this is not the moment to change it."""


class UnavailableError(RuntimeError):
    """The database does not answer, or another program has been writing to it for longer than one would wait."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC; a naive value is refused because it would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware instant into UTC for storage."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "an instant without a zone cannot be stored"
            raise ValueError(message)
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy hands it over
        """Give stored instants their zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table of the service; constraint names follow one pattern so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime()}


class Database:
    """Opens transactions on one database."""

    def __init__(
        self, url: str, migrations: Path = _MIGRATIONS, *, patience: float = _PATIENCE_SECONDS, ring: Ring = sqlite_files.NO_KEYS
    ) -> None:
        """Prepare an engine for *url*. *patience* is how many seconds a writer waits for its place.

        With keys in *ring* a SQLite file is encrypted, or read as it is where it is plain. Raises KeyringError where none opens it.
        """
        self.patience = patience
        self.url = make_url(url)
        self.migrations = migrations
        self.ring = ring
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.file = Path(self.url.database) if self.is_sqlite and self.url.database and self.url.database != ":memory:" else None
        self.key_id = ""
        """Of the key that a SQLite file is encrypted with; empty where it is plain."""
        self._until_closed = ExitStack()
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._until_closed.enter_context(sqlite_files.in_use(self.file))
            weakref.finalize(self, self._until_closed.close)
            self.key_id = sqlite_files.key_of(self.file, ring)
        self.engine = _sqlite_engine(url, ring, self.key_id) if self.is_sqlite else _postgres_engine(url)

    def close(self) -> None:
        """Close every connection and say that the file is no longer in use."""
        self.engine.dispose()
        self._until_closed.close()

    def copy_to(self, target: Path, key_id: str) -> None:
        """Copy a SQLite file as it is at one moment, while others read and write, encrypted with *key_id* where this one is encrypted."""
        own = self.key_id and key_id
        with (
            closing(sqlite_files.connect(str(self.file), self.ring, self.key_id)) as live,
            closing(sqlite_files.connect(target, self.ring, own)) as copy,
        ):
            live.backup(copy)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that changes nothing."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self, *, patience: float | None = None) -> Iterator[Session]:
        """A transaction that commits when the block ends and rolls back when it raises; on SQLite one writer at a time.

        Raises UnavailableError when SQLite's one place for a writer does not fall free within *patience* seconds.
        """
        engine = self.engine.execution_options(begin="IMMEDIATE", patience=self.patience if patience is None else patience)
        with Session(engine) as session, session.begin():
            try:
                session.connection()
            except OperationalError as error:
                sentence = "The database does not answer, or another program has been writing to it for too long; try again in a minute."
                raise UnavailableError(sentence) from error
            yield session

    def prepare(self, *, upgrade: bool) -> None:
        """Create the schema in an empty database; bring an older one up to date where that is allowed.

        An older SQLite schema is upgraded after a copy of the file was made beside it; an older PostgreSQL schema only with
        *upgrade*, because other machines may still be running the older program. Raises SchemaError, with nothing changed.
        """
        config = Config()
        config.set_main_option("script_location", str(self.migrations).replace("%", "%%"))
        known = ScriptDirectory.from_config(config)
        with self.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if current == known.get_current_head():
            return
        if current is not None:
            if current not in {script.revision for script in known.walk_revisions()}:
                message = "The database was made by a newer version of this program; install that version, or restore a backup."
                raise SchemaError(message)
            if not (self.is_sqlite or upgrade):
                message = "The database was made by an older version; run 'outreach init' once to upgrade it."
                raise SchemaError(message)
        self._bring_up_to_date(config, known.get_current_head())

    def _bring_up_to_date(self, config: Config, head: str | None) -> None:
        """Run the missing migrations in one transaction; of several processes that come at once, one runs them and the others wait."""
        with self.engine.execution_options(begin="IMMEDIATE").connect() as connection, self._keys_at_rest(connection), connection.begin():
            if not self.is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            current = MigrationContext.configure(connection).get_current_revision()
            if current == head:
                return
            if self.is_sqlite and current is not None:
                self._copy_beside(current)  # in its turn as the only writer: one who comes later must not copy the newer schema over it
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if self.is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                message = f"The upgrade would leave {len(broken)} rows that point nowhere; nothing was changed."
                raise SchemaError(message)

    @contextmanager
    def _keys_at_rest(self, connection: Connection) -> Iterator[None]:
        """Rest SQLite's foreign keys: a changed table is made anew under its name, and dropping the old one would break them.

        SQLite takes the switch only outside a transaction, so it goes to the driver, past SQLAlchemy's own BEGIN.
        """
        if not self.is_sqlite:
            yield
            return
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")
        try:
            yield
        finally:
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()

    def _copy_beside(self, revision: str) -> None:
        source = Path(str(self.file))
        self.copy_to(source.with_name(f"{source.name}.before-{revision}"), self.key_id)


def take_turns(session: Session, work: str) -> None:
    """Let only one transaction at a time do *work* (a name): on PostgreSQL the next one waits until this one ends.

    SQLite's writers queue anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(zlib.crc32(work.encode()))))


_CACHE_KIBIBYTES = 32_768
"""At most, of each connection: a night's rows lie scattered over a large district's pages, and each is read once only if it is kept."""


def _postgres_engine(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=dict(NOTICE_SILENCE))


def _sqlite_engine(url: str, ring: Ring, key_id: str) -> Engine:
    engine = create_engine(url, module=sqlite_files.driver(ring), hide_parameters=True, connect_args={"timeout": _PATIENCE_SECONDS})

    @event.listens_for(engine, "connect")
    def _set_up(dbapi_connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        sqlite_files.unlock(cast(sqlite3.Connection, dbapi_connection), ring, key_id)  # before anything else is asked
        cursor = dbapi_connection.cursor()
        _keep_a_journal(cursor)
        for pragma in ("foreign_keys=ON", "synchronous=FULL", f"cache_size=-{_CACHE_KIBIBYTES}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        patience = round(options.get("patience", _PATIENCE_SECONDS) * 1000)
        if connection.info.get("patience") != patience:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
            connection.info["patience"] = patience
        connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")

    return engine


def _keep_a_journal(cursor: DBAPICursor) -> None:
    """Turn a new file into one with a write-ahead log; of several that open it at once SQLite lets nobody wait, so they ask again."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite_files.ERRORS as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


Json = dict[str, Any]
