"""What the carrier told while the database was not to be had: one file each, until it is taken in.

The files lie in the home's ``arrivals`` folder. They hold families' words, so only the service's own user can read them, and a
name is the hash of what happened: the same event twice is one file.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import mkstemp

from outreach import keyring
from outreach.keyring import Ring

_NO_KEYS = Ring({})
_FOLDER, _SUFFIX, _UNREADABLE, _UNDER_WAY = "arrivals", ".json", ".unreadable", ".arriving-"
_GIVEN_UP_SECONDS = 3600
"""A file still under way after this was begun by a process that died before it answered the carrier."""


@dataclass(frozen=True)
class Arrival:
    """One signed request of the carrier, as it came."""

    kind: str
    dedup_key: str
    params: dict[str, str] = field(repr=False)
    """May hold a family's words and number."""
    ref: str
    received_at: datetime

    @property
    def file_name(self) -> str:
        """A name that says nothing and is the same for the same event."""
        return hashlib.sha256(f"{self.kind}:{self.dedup_key}".encode()).hexdigest() + _SUFFIX


@dataclass(frozen=True)
class Waiting:
    """What lies in the folder: readable events by their files, the earliest first, and files that nobody can read."""

    events: dict[Path, Arrival]
    unreadable: tuple[Path, ...]


def put(home: Path, arrival: Arrival, ring: Ring = _NO_KEYS) -> None:
    """Keep *arrival* durably: when this returns, neither a crash nor a power cut loses it. Raises OSError when it cannot be kept.

    Where keys are set it is encrypted.
    """
    folder = home / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / arrival.file_name).exists():
        return
    descriptor, fresh = mkstemp(dir=folder, prefix=_UNDER_WAY)  # readable by this user only
    told = json.dumps(asdict(arrival) | {"received_at": arrival.received_at.isoformat()}).encode()
    if ring.newest:
        keyring.note_used(home, keyring.used(home) | {ring.newest})
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(keyring.seal(ring, told, arrival.file_name))
        stream.flush()
        os.fsync(stream.fileno())
    Path(fresh).replace(folder / arrival.file_name)
    _sync(folder)


def is_waiting(home: Path) -> bool:
    """Whether anything lies there that has not been taken in."""
    return any(name.endswith(_SUFFIX) for name in _names(home))


def read(home: Path, ring: Ring = _NO_KEYS) -> Waiting:
    """Read all that waits; a file that another process takes away meanwhile is passed over."""
    events: dict[Path, Arrival] = {}
    unreadable: list[Path] = []
    for name in _names(home):
        path = home / _FOLDER / name
        if name.startswith(_UNDER_WAY):
            _forget_if_given_up(path)
        elif name.endswith(_SUFFIX):
            try:
                events[path] = _arrival(keyring.open_sealed(ring, path.read_bytes(), name).decode())
            except FileNotFoundError:
                continue
            except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, keyring.KeyringError):
                unreadable.append(path)
    in_order = sorted(events.items(), key=lambda item: (item[1].received_at, item[0].name))
    return Waiting(dict(in_order), tuple(sorted(unreadable)))


def remove(paths: Iterable[Path]) -> None:
    """Forget files whose events are committed rows now."""
    for path in paths:
        path.unlink(missing_ok=True)


def put_aside(path: Path) -> None:
    """Keep a file that nobody can read, for IT; it no longer counts as waiting."""
    with suppress(OSError):  # another process was quicker, or the folder is not ours: then nothing is sent until somebody looks
        path.replace(path.with_suffix(_UNREADABLE))


def _names(home: Path) -> list[str]:
    try:
        return os.listdir(home / _FOLDER)  # noqa: PTH208 - asked before every send: names are enough
    except FileNotFoundError:
        return []


def _arrival(text: str) -> Arrival:
    told = json.loads(text)
    kind, key, ref = (_text(told[name]) for name in ("kind", "dedup_key", "ref"))
    params = {_text(name): _text(value) for name, value in told["params"].items()}
    received_at = datetime.fromisoformat(told["received_at"])
    if received_at.tzinfo is None:
        message = "an instant without a zone"
        raise ValueError(message)
    return Arrival(kind, key, params, ref, received_at)


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        message = "not a text that a database stores"
        raise TypeError(message)
    value.encode()  # half a surrogate pair is no text either
    return value


def _forget_if_given_up(path: Path) -> None:
    try:
        if time.time() - path.stat().st_mtime > _GIVEN_UP_SECONDS:
            path.unlink()
    except FileNotFoundError:
        return


def _sync(folder: Path) -> None:
    """Make the new name durable, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
