"""Is this database the district's own, in its own place? A restored or copied one is *held*: nothing leaves until a person releases it.

A copy knows less than the carrier: it would tell families again what the original told them. So the database names its place, and the
place is known outside of it:

* SQLite: a note beside the file holds a token, which file it is (the inode, which a copy of the whole folder does not share), and how many
  attempts and consents were seen at least. A file that was put back in the same place has fewer, and is held too.
* PostgreSQL: the server's own identity, its timeline (a new one begins with each recovery to a point in time and each failover, where
  the last moments may be lost) and the database's number there. So any number of hosts share one database.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from outreach.consent.tables import ConsentEntry
from outreach.database import Database, take_turns
from outreach.delivery.instance_tables import Instance
from outreach.delivery.tables import Attempt

HELD = "this database was restored or copied, and a person must release it first (outreach release)"
_ONE = 1
_OTHER_PLACE = "It was made in another place."
_WENT_BACK = "It knows less than it did: an older state was put in its place."
_POSTGRES = """
SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT timeline_id FROM pg_control_checkpoint())
    || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class _Note:
    """What lies beside a SQLite file; *seen* counts attempts and consents."""

    token: str
    file: int
    seen: tuple[int, int]
    next_file: int = 0
    """Which file may have taken its place, where it was to be written anew."""


def settle(database: Database, now: datetime, *, demo: bool) -> bool:
    """Let a new database be at home here, and notice one that is not. Returns whether it is a demo's, as a new one is with *demo*."""
    with database.read() as session:
        row = session.get(Instance, _ONE)
    if row is not None:
        held(database, now)
        return row.demo
    with database.write() as session:
        take_turns(session, "instance")
        if session.get(Instance, _ONE) is None:  # else another process was first
            place = _new_place(database, session)
            session.add(Instance(id=_ONE, place=place, demo=demo, settled_at=now, settled_by="", held_since=None, held_why=""))
    return demo


def held(database: Database, now: datetime) -> str:
    """Why nothing may leave from here, in words that end a sentence; empty at home. What is noticed once holds until ``release``."""
    note = _note(database)  # before the database is asked: what others do meanwhile then only makes it know more
    with database.read() as session:
        row = session.get(Instance, _ONE)
        if row is None:
            return ""
        if row.held_since is not None:
            return HELD
        why = _strange(database, session, row, note)
    if why:
        with database.write() as session:
            row = session.get_one(Instance, _ONE, with_for_update=True)
            row.held_since, row.held_why = row.held_since or now, row.held_why or why
        return HELD
    return ""


def is_held(session: Session) -> bool:
    """Whether somebody noticed already that this is a copy; for those who have no database at hand to look at its place."""
    row = session.get(Instance, _ONE)
    return row is not None and row.held_since is not None


def release(database: Database, session: Session, *, by: str, now: datetime) -> None:
    """Make this the database's home from now on. The caller reconciled it with the carrier, commits, and writes the audit entry."""
    row = session.get_one(Instance, _ONE, with_for_update=True)
    row.place = _new_place(database, session)
    row.settled_at, row.settled_by, row.held_since, row.held_why = now, by, None, ""


def written_anew(file: Path, draft: Path) -> None:
    """Say that *draft*, the same rows under another key, is about to take the place of a SQLite *file*: it is at home there, too."""
    if (note := _note_of(file)) is not None:
        _keep(file, replace(note, next_file=draft.stat().st_ino))


def standing(session: Session) -> Instance | None:
    """The row; None in a database that nobody opened yet."""
    return session.get(Instance, _ONE)


def _strange(database: Database, session: Session, row: Instance, note: _Note | None) -> str:
    if not database.is_sqlite:
        return "" if row.place == _postgres_place(session) else _OTHER_PLACE
    file = _file(database)
    if file is None:
        return ""
    if note is None or note.token != row.place or (own := file.stat().st_ino) not in {note.file, note.next_file}:
        return _OTHER_PLACE
    seen = _seen(session)
    if any(now < before for now, before in zip(seen, note.seen, strict=True)):
        return _WENT_BACK
    if (own, 0, seen) != (note.file, note.next_file, note.seen):
        _keep(file, _Note(note.token, own, seen))
    return ""


def _new_place(database: Database, session: Session) -> str:
    if not database.is_sqlite:
        return _postgres_place(session)
    token, file = secrets.token_hex(16), _file(database)
    if file is not None:
        _keep(file, _Note(token, file.stat().st_ino, _seen(session)))
    return token


def _postgres_place(session: Session) -> str:
    return str(session.scalar(text(_POSTGRES)))


def _seen(session: Session) -> tuple[int, int]:
    attempts, consents = (session.scalar(select(func.max(table.id))) or 0 for table in (Attempt, ConsentEntry))
    return attempts, consents


def _file(database: Database) -> Path | None:
    """The SQLite file; None in memory, where no copy can be."""
    name = database.url.database
    return Path(name) if name and name != ":memory:" else None


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.instance")


def _note(database: Database) -> _Note | None:
    file = _file(database) if database.is_sqlite else None
    return _note_of(file) if file is not None else None


def _note_of(file: Path) -> _Note | None:
    try:
        told = json.loads(_beside(file).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    attempts, consents = told["seen"]
    return _Note(told["token"], told["file"], (attempts, consents), told.get("next_file", 0))


def _keep(file: Path, note: _Note) -> None:
    target = _beside(file)
    draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    draft.write_text(json.dumps(asdict(note)), encoding="ascii")
    draft.replace(target)
