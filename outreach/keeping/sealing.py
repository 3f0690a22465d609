"""A whole home encrypted with the newest key, or written plain again: the database, its copies, kept files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from outreach import kept_files, keyring, sqlite_files
from outreach.delivery import instance
from outreach.keeping import snapshots
from outreach.keyring import Ring
from outreach.settings import Settings
from outreach.sqlite_files import InUseError

_COPIES = "feeds/copies/*.db"


@dataclass(frozen=True)
class Renewed:
    """What was done."""

    files: int
    databases: int
    """The database, copies of it from before an upgrade, and copies of sources."""
    in_use: bool
    """Whether they were left as they are, because somebody works with the database."""
    older_snapshots: int
    """That only another key opens."""


def renew(settings: Settings, ring: Ring, *, plain: bool = False) -> Renewed:
    """Encrypt with the newest key what is not, or with *plain* write it all plain. Again does what was left; a kill loses nothing.

    Files are done while the service runs, databases only when nobody else has them open. Raises KeyringError, SealedError, OSError.
    """
    home = settings.home
    keyring.check(ring, home)
    files, databases, in_use = kept_files.renew(home, ring, plain=plain), 0, False
    live = database_file(settings)
    try:
        with sqlite_files.alone(live) if live is not None and live.exists() else nullcontext():
            for path in _all(live, home):
                ready = partial(instance.written_anew, path)
                databases += sqlite_files.make_plain(path, ring, ready) if plain else sqlite_files.renew(path, ring, home, ready)
    except InUseError:
        in_use = True
    keyring.note_used(home, _needed(live, home, ring))
    return Renewed(files, databases, in_use, snapshots.needing(settings.backups, set() if plain else {ring.newest}))


def database_file(settings: Settings) -> Path | None:
    """The file of the database; None where it is PostgreSQL's."""
    url = make_url(settings.database)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:" else None


def _all(live: Path | None, home: Path) -> Iterator[Path]:
    """The database, where it is SQLite's, and the other files of the kind; what is not there is no trouble."""
    own = [live, *sorted(live.parent.glob(f"{live.name}.before-*"))] if live is not None else []
    for path in (*own, *sorted(home.glob(_COPIES))):
        if not path.name.endswith(sqlite_files.SIDES):
            yield path


def _needed(live: Path | None, home: Path, ring: Ring) -> frozenset[str]:
    """Ids of the keys that anything here needs."""
    found = set(kept_files.needed(home))
    for path in filter(Path.exists, _all(live, home)):
        with suppress(*sqlite_files.ERRORS):  # a source that is just being read; its copy can be made again
            found.add(sqlite_files.key_of(path, ring))
    return frozenset(found - {""})
