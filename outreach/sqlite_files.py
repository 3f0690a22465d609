"""How a SQLite file is opened: by Python's own driver, or, where keys are set, by SQLCipher, which encrypts every page of it.

With a key set the database, its log and its journals hold no plain byte (AES-256, each page proved by HMAC-SHA512), and what SQLite
puts by for a moment stays in memory. The key of a page is derived from the first key of ``encryption_keys``; it goes to the driver in a
statement of its own and stands in no address. One process uses one driver for a file: two would break each other's locks, and for
the same reason nobody opens such a file by hand to look what it is.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType

import sqlcipher3.dbapi2 as sqlcipher
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from outreach.keyring import KeyringError, Ring, give_to_owner_of, note_used, used

ERRORS = (sqlite3.Error, sqlcipher.Error)
"""What either driver raises."""
NO_KEYS = Ring({})
_PURPOSE = b"outreach database"
_KEY_AND_SALT = 48
SIDES = ("-wal", "-shm", "-journal")
"""What the names of SQLite's own files beside a database end in."""


Ready = Callable[[Path], None]


def _nothing(_draft: Path) -> None:
    pass


class InUseError(KeyringError):
    """The database is in use: stop the service and every other command, and run it again."""


def driver(ring: Ring) -> ModuleType:
    """The driver of all files where these keys are set; it opens plain ones, too."""
    return sqlcipher if ring.keys else sqlite3


def unlock(connection: sqlite3.Connection, ring: Ring, key_id: str) -> None:
    """Give a fresh connection its key; an empty *key_id* leaves it plain."""
    if ring.keys:
        connection.execute("PRAGMA cipher_log_level=NONE")  # it writes to stderr otherwise
        if key_id:
            connection.execute(f'PRAGMA key="{secret(ring, key_id)}"')
            connection.execute("PRAGMA temp_store=MEMORY")


def connect(path: Path | str, ring: Ring = NO_KEYS, key_id: str = "", *, timeout: float = 30.0) -> sqlite3.Connection:
    """A connection of the driver's own, past SQLAlchemy, that says BEGIN itself."""
    connection: sqlite3.Connection = driver(ring).connect(path, isolation_level=None, timeout=timeout)
    unlock(connection, ring, key_id)
    return connection


def key_of(path: Path, ring: Ring) -> str:
    """The id of the key that opens the file; empty where it is plain. One that is not there yet is made with the newest.

    Without any key nothing is looked at, and the file is taken for plain. Raises KeyringError where none of the keys opens it.
    """
    if not ring.keys or not path.exists() or path.stat().st_size == 0:
        return ring.newest
    for key_id in (*ring.keys, ""):
        if _opens(path, ring, key_id):
            return key_id
    sentence = f"{path} opens with none of the keys of encryption_keys. Bring back the file of keys that it was made with."
    raise KeyringError(sentence)


@contextmanager
def in_use(path: Path) -> Iterator[None]:
    """Say that the file is in use until the block ends. Raises InUseError while its key is being changed."""
    with _locked(path, fcntl.LOCK_SH, "The database's key is just being changed; try again when that is done."):
        yield


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep every other process out until the block ends. Raises InUseError where one has the file in use."""
    with _locked(path, fcntl.LOCK_EX, str(InUseError.__doc__)):
        yield


def renew(path: Path, ring: Ring, home: Path, ready: Ready = _nothing) -> bool:
    """Encrypt the file with the newest key, whatever it was before; return whether there was anything to do.

    The new file is written beside it, compared, and takes its place in one step: a kill at any moment leaves the one or the other.
    *ready* hears of the new file before that. The caller keeps others out (``alone``). Raises KeyringError, InUseError, OSError; the
    file is then as it was.
    """
    if not path.exists() or (before := key_of(path, ring)) == ring.newest:
        return False
    note_used(home, used(home) | {ring.newest})
    _exchange(path, ring, before, ring.newest, ready)
    return True


def make_plain(path: Path, ring: Ring, ready: Ready = _nothing) -> bool:
    """Write the file plain again, as ``renew`` does."""
    if not path.exists() or not (before := key_of(path, ring)):
        return False
    _exchange(path, ring, before, "", ready)
    return True


def _opens(path: Path, ring: Ring, key_id: str) -> bool:
    with closing(connect(path, ring, key_id)) as connection:
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlcipher.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                return False
            raise
    return True


def _exchange(path: Path, ring: Ring, before: str, after: str, ready: Ready) -> None:
    draft = path.with_name(f".{path.name}.rekeying")
    for side in ("", *SIDES):  # what a killed run left
        draft.with_name(draft.name + side).unlink(missing_ok=True)
    try:
        with closing(connect(path, ring, before, timeout=0)) as old:
            _close_its_log(old)
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            key = secret(ring, after) if after else ""
            old.execute("ATTACH ? AS renewed KEY ?", (str(draft), key))
            old.execute("SELECT sqlcipher_export('renewed')")
            _compare(old)
            old.execute("DETACH renewed")
        shutil.copymode(path, draft)
        give_to_owner_of(path, draft)
        _sync(draft)
        ready(draft)
        draft.replace(path)
        _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _close_its_log(old: sqlite3.Connection) -> None:
    """Bring the write-ahead log home and remove it: beside another file it would be believed. SQLite lets only a lone user do that."""
    try:
        (mode,) = old.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlcipher.OperationalError as error:
        raise InUseError(InUseError.__doc__) from error
    if mode != "delete":
        raise InUseError(InUseError.__doc__)


def _compare(both: sqlite3.Connection) -> None:
    """Raise KeyringError where the renewed file is not whole, or holds other tables, or another number of rows of one."""
    whole = both.execute("PRAGMA renewed.integrity_check").fetchall() == [("ok",)]
    told = [sorted(both.execute(f"SELECT type, name, sql FROM {file}.sqlite_master").fetchall(), key=repr) for file in ("main", "renewed")]  # noqa: S608 - two names of ours
    tables = [name for kind, name, _ in told[0] if kind == "table"]
    rows = [
        [both.execute(f'SELECT count(*) FROM {file}."{table}"').fetchone() for table in tables]  # noqa: S608 - names from the file's own list
        for file in ("main", "renewed")
    ]
    if not whole or told[0] != told[1] or rows[0] != rows[1]:
        sentence = "The database could not be written anew without a difference; it stays as it was. Run 'outreach doctor', and tell IT."
        raise KeyringError(sentence)


def secret(ring: Ring, key_id: str) -> str:
    """Key and salt as SQLCipher takes them. The salt is fixed, so that two processes that begin a new file at once begin the same one."""
    derived = HKDF(SHA256(), _KEY_AND_SALT, None, _PURPOSE).derive(ring.keys[key_id])
    return f"x'{derived.hex()}'"


@contextmanager
def _locked(path: Path, how: int, sentence: str) -> Iterator[None]:
    lock = path.with_name(f"{path.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        give_to_owner_of(path.parent, lock)
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUseError(sentence) from error
        yield
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
