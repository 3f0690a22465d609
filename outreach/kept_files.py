"""Files of strangers and families, kept in private folders of the home: a random name that tells nothing, readable by the service alone.

Where keys are set (``keyring``) they are encrypted, each for its own name, so that no file opens in the place of another.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from outreach import keyring
from outreach.keyring import Ring

FOLDERS = ("media", "documents")
"""Of the home, in which such files lie."""
_NAME = re.compile(r"[A-Za-z0-9_-]{20,60}")
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


def renew(home: Path, ring: Ring) -> int:
    """Encrypt with the newest key whatever is not, file by file while the service runs; return how many. Again changes nothing.

    Raises KeyringError, SealedError at the first file that does not open; those before it are done.
    """
    if not ring.newest:
        return 0
    keyring.note_used(home, keyring.used(home) | {ring.newest})
    done = 0
    for folder in (home / name for name in FOLDERS):
        for path in sorted(folder.glob("*")):
            if _NAME.fullmatch(path.name) and keyring.key_of(path) != ring.newest:
                draft = folder / f".{path.name}"
                draft.unlink(missing_ok=True)
                _put(draft, keyring.seal(ring, keyring.open_sealed(ring, path.read_bytes(), path.name), path.name))
                if path.exists():  # a photo may have been deleted meanwhile, and stays deleted
                    draft.replace(path)
                draft.unlink(missing_ok=True)
                done += 1
    keyring.note_used(home, frozenset(key for folder in FOLDERS for path in (home / folder).glob("*") if (key := keyring.key_of(path))))
    return done


def _put(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _path(folder: Path, name: str) -> Path | None:
    return folder / name if _NAME.fullmatch(name) else None
