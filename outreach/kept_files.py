"""Files of strangers and families, kept in private folders of the home: a random name that tells nothing, readable by the service alone."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9_-]{20,60}")


def write(folder: Path, content: bytes) -> str:
    """Keep bytes and return the name they have in *folder* from now on. Raises OSError."""
    name = secrets.token_urlsafe(24)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return name


def read(folder: Path, name: str) -> bytes | None:
    """The bytes kept under *name*; None where there is no such file, and for what is no name of ours."""
    path = _path(folder, name)
    return path.read_bytes() if path is not None and path.is_file() else None


def delete(folder: Path, name: str) -> None:
    """Delete what is kept under *name*; nothing happens where it is gone already."""
    if (path := _path(folder, name)) is not None:
        path.unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path | None:
    return folder / name if _NAME.fullmatch(name) else None
