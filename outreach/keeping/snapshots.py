"""Snapshots of an embedded database with all that lies in its home: one packed file that proves itself.

The database is copied by SQLite's own online backup while the service runs: readers and writers go on, and the copy is one moment's state,
encrypted as the database is.
What lies in the home is written once and never changed (kept feeds, photos, recordings) or tiny (keys, settings), so copying it
after the database never misses what a row names. A snapshot holds children's data and the keys: only its owner can read it.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Collection, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from outreach import keyring, sqlite_files
from outreach.database import Database
from outreach.keeping.files import SEALED, SNAPSHOTS, KeepingError, hash_of, must_be, of_home, verify
from outreach.keyring import Ring, SealedWriter

_NAMED = "outreach-%Y%m%dT%H%M%SZ.tar.gz"
_DATABASE = "outreach.db"
_MANIFEST = "manifest.json"
_FORMAT = "outreach snapshot 1"
_PURPOSE = "snapshot"
_NO_KEYS = Ring({})


def make(database: Database, home: Path, folder: Path, *, now: datetime, kept: int, ring: Ring = _NO_KEYS) -> Path:
    """Write a snapshot of *database* and *home* into *folder* and return it; of all snapshots there only the newest *kept* stay (0: all).

    It is written to the side and renamed when whole. Where a key is set it is encrypted as it is written: nothing plain lies in
    *folder*. Raises KeepingError for PostgreSQL, OSError where the disk is full.
    """
    if not database.is_sqlite or not database.url.database:
        sentence = (
            "The database is PostgreSQL's: its own tools make the snapshots (pg_dump, or point-in-time recovery; see docs/operations.md). "
            "'outreach export FOLDER' writes everything in open formats from either database."
        )
        raise KeepingError(sentence)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{now.astimezone(UTC).strftime(_NAMED)}{SEALED if ring.newest else ''}"
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as place,
        tempfile.TemporaryDirectory(dir=home if ring.newest else folder, prefix=".copying-") as beside,
    ):
        copy, packed = Path(beside) / _DATABASE, Path(place) / target.name
        database.copy_to(copy, ring.newest)
        _pack(packed, [(_DATABASE, copy), *of_home(home, database)], now, ring)
        packed.replace(target)
    if kept:
        for old in sorted(folder.glob(SNAPSHOTS))[:-kept]:
            old.unlink()
    return target


def newest(folder: Path) -> datetime | None:
    """When the newest snapshot of *folder* was made."""
    found = sorted(folder.glob(SNAPSHOTS))
    return datetime.strptime(found[-1].name.removesuffix(SEALED), _NAMED).replace(tzinfo=UTC) if found else None


def unpack(snapshot: Path, home: Path, database: Path, ring: Ring = _NO_KEYS) -> None:
    """Put a snapshot's files into the empty *home* and its database at *database*, after every byte was compared with its manifest.

    Raises KeepingError, or KeyringError where it is encrypted with a key that *ring* does not have, with nothing put in place.
    """
    if database.exists():
        sentence = f"{database} is there already; a snapshot is restored into an empty home only (choose another OUTREACH_HOME)."
        raise KeepingError(sentence)
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restoring-") as place:
        inside = Path(place)
        try:
            plain = _opened(snapshot, inside, ring)
            with tarfile.open(plain, "r:gz") as archive:
                archive.extractall(inside, filter="data")
            if plain != snapshot:
                plain.unlink()
            _verify(inside)
            if ring.newest:
                sqlite_files.renew(inside / _DATABASE, ring, home)
        except (tarfile.TarError, EOFError, OSError, ValueError, KeyError) as error:
            sentence = f"{snapshot} is not a whole snapshot of this program: {error}. Nothing was restored."
            raise KeepingError(sentence) from error
        for file in sorted(path for path in (inside / "home").rglob("*") if path.is_file()):
            target = home / file.relative_to(inside / "home")
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
        database.parent.mkdir(parents=True, exist_ok=True)
        (inside / _DATABASE).replace(database)  # last: a restore that was broken off is no database yet


def needing(folder: Path, key_ids: Collection[str]) -> int:
    """How many snapshots of *folder* open with none of these keys."""
    found = [keyring.key_of(path) for path in folder.glob(SNAPSHOTS)]
    return sum(bool(key_id) and key_id not in key_ids for key_id in found)


def _opened(snapshot: Path, place: Path, ring: Ring) -> Path:
    """The snapshot itself, or its plain copy in *place* where it is encrypted."""
    if not keyring.key_of(snapshot):
        return snapshot
    plain = place / ".plain"
    with snapshot.open("rb") as sealed, plain.open("xb") as out:
        for chunk in keyring.opened(ring, sealed, _PURPOSE):
            out.write(chunk)
    return plain


def _pack(packed: Path, files: Iterable[tuple[str, Path]], now: datetime, ring: Ring) -> None:
    """Write the archive: the files, and last the manifest of what was written."""
    sums: dict[str, str] = {}
    descriptor = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(descriptor, "wb") as raw,
        SealedWriter(raw, ring, _PURPOSE) if ring.newest else nullcontext(raw) as out,
        tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive,
    ):
        for name, path in files:
            sums[name] = hash_of(path)
            archive.add(path, name, recursive=False)
        told = json.dumps({"format": _FORMAT, "made_at": now.isoformat(), "sha256": sums}, indent=1).encode()
        entry = tarfile.TarInfo(_MANIFEST)
        entry.size = len(told)
        archive.addfile(entry, io.BytesIO(told))
        archive.close()
        out.flush() if out is raw else out.close()
        raw.flush()
        os.fsync(raw.fileno())


def _verify(inside: Path) -> None:
    manifest = json.loads((inside / _MANIFEST).read_bytes())
    must_be(_FORMAT, manifest["format"])
    verify(inside, manifest["sha256"], besides={_MANIFEST})
