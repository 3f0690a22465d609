"""Files of strangers and families, kept in private folders of the home: a random name that tells nothing, readable by the service alone.

Where keys are set (``keyring``) they are encrypted, each for its own name, so that no file opens in the place of another. Feeds as received
and what the carrier told while the database was busy are written elsewhere in the same way.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from outreach import keyring
from outreach.keyring import Ring

_NAME = re.compile(r"[A-Za-z0-9_-]{20,60}")
_HASHED = re.compile(r"[0-9a-f]{64}\.(gz|json)")
FOLDERS = {"media": _NAME, "documents": _NAME, "feeds": _HASHED, "arrivals": _HASHED}
"""Folders of the home in which encrypted files lie, and the names of those."""
_NO_KEYS = Ring({})


def write(folder: Path, content: bytes, ring: Ring = _NO_KEYS) -> str:
    """Keep bytes and return the name they have in *folder*, a folder of the home, from now on. Raises OSError."""
    name = secrets.token_urlsafe(24)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if ring.newest:
        keyring.note_used(folder.parent, keyring.used(folder.parent) | {ring.newest})
    _put(folder / name, keyring.seal(ring, content, name))
    return name


def read(folder: Path, name: str, ring: Ring = _NO_KEYS) -> bytes | None:
    """The bytes kept under *name*; None where there is no such file, and for what is no name of ours. Raises KeyringError, SealedError."""
    path = _path(folder, name)
    return keyring.open_sealed(ring, path.read_bytes(), name) if path is not None and path.is_file() else None


def delete(folder: Path, name: str) -> None:
    """Delete what is kept under *name*; nothing happens where it is gone already."""
    if (path := _path(folder, name)) is not None:
        path.unlink(missing_ok=True)


def renew(home: Path, ring: Ring, *, plain: bool = False) -> int:
    """Encrypt with the newest key whatever is not, file by file while the service runs; return how many. Again changes nothing.

    With *plain* write plain what is encrypted. Raises KeyringError, SealedError at the first file that does not open; those before it
    are done.
    """
    to = Ring({}) if plain else ring
    if to.newest:
        keyring.note_used(home, keyring.used(home) | {to.newest})
    done = 0
    for path in _files(home):
        with suppress(FileNotFoundError):  # deleted meanwhile, and stays deleted
            if keyring.key_of(path) != to.newest:
                draft = path.with_name(f".{path.name}.new")
                draft.unlink(missing_ok=True)
                _put(draft, keyring.seal(to, keyring.open_sealed(ring, path.read_bytes(), path.name), path.name))
                if path.exists():
                    keyring.give_to_owner_of(path, draft)
                    draft.replace(path)
                draft.unlink(missing_ok=True)
                done += 1
    return done


def needed(home: Path) -> frozenset[str]:
    """Ids of the keys that the files need."""
    found = set()
    for path in _files(home):
        with suppress(FileNotFoundError):
            found.add(keyring.key_of(path))
    return frozenset(found - {""})


def _files(home: Path) -> Iterator[Path]:
    for folder, name in FOLDERS.items():
        yield from (path for path in sorted((home / folder).glob("*")) if name.fullmatch(path.name) and path.is_file())


def _put(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _path(folder: Path, name: str) -> Path | None:
    return folder / name if FOLDERS.get(folder.name, _NAME).fullmatch(name) else None
