"""What lies in a home beside the database and belongs to the district: kept feeds, photos, recordings, keys, settings."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from outreach.database import Database

SNAPSHOTS = "outreach-*.tar.gz*"
"""Those that are encrypted end in SEALED."""
SEALED = ".sealed"
_LEFT_OUT = ("samples", "backups", "feeds/copies", "feeds/inbox", "demo-clock.json")
"""What can be made again, is somebody's for a day, or is a snapshot itself."""


class KeepingError(RuntimeError):
    """A snapshot or an export cannot be made, read or put in place."""


def of_home(home: Path, database: Database) -> Iterator[tuple[str, Path]]:
    """Name below ``home/`` and place of each file, in the order of names; the database and what is being written are left out."""
    live = Path(database.url.database).name if database.is_sqlite and database.url.database else None
    for path in sorted(home.rglob("*")):
        name = PurePosixPath(path.relative_to(home).as_posix())
        hidden = any(part.startswith((".", "arriving-")) or part.endswith(".new") for part in name.parts)
        left_out = any(name.is_relative_to(one) for one in _LEFT_OUT) or path.match(SNAPSHOTS)
        is_database = live is not None and path.name.startswith(live)
        if path.is_file() and not (hidden or left_out or is_database):
            yield f"home/{name}", path


def hash_of(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def must_be(ours: str, told: str) -> None:
    """Raise ValueError where a manifest is of another format than *ours*."""
    if told != ours:
        sentence = f"its format is {told!r}"
        raise ValueError(sentence)


def verify(inside: Path, sums: dict[str, str], besides: Collection[str]) -> None:
    """Compare every file below *inside*, besides some, with its sha256; raises ValueError with the name of the first that differs."""
    there = {path.relative_to(inside).as_posix() for path in inside.rglob("*") if path.is_file()} - set(besides)
    if there != set(sums):
        sentence = f"its files are not those of its manifest: {', '.join(sorted(there ^ set(sums))[:3])}"
        raise ValueError(sentence)
    for name, told in sums.items():
        if hash_of(inside / name) != told:
            sentence = f"{name} was changed"
            raise ValueError(sentence)
