"""Encryption of files at rest, with keys in a file outside the home and the database: AES-256-GCM, in chunks, each bound to its place.

A sealed file is a line that says so, the id of its key, a salt, and chunks of 64 KiB. Each file has a key of its own (HKDF-SHA256 of
the key, the salt and the file's *purpose*), and a chunk's nonce is its number and whether it is the last. So a chunk that was changed,
moved or left out, a file that was cut short, and one that was put in the place of another do not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"outreach sealed 1\n"
USED = "sealed-with"
"""In the home: the ids of keys without which something kept there does not open."""
_KEY, _ID, _SALT, _CHUNK, _TAG = 32, 8, 16, 64 * 1024, 16
_HEADER = len(MAGIC) + 2 * _ID + _SALT


class KeyringError(RuntimeError):
    """Something is encrypted with a key that is not there, or the file of keys cannot be used."""


class SealedError(ValueError):
    """An encrypted file was changed, cut short or put in the place of another."""


@dataclass(frozen=True)
class Ring:
    """Keys by id, the newest first: it encrypts, all of them decrypt."""

    keys: dict[str, bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        """Id of the key that encrypts; empty where none is set."""
        return next(iter(self.keys), "")


def ring_of(file: str, home: Path) -> Ring:
    """Read the keys of *file*, the setting ``encryption_keys``; empty: none. Raises KeyringError.

    A file inside the home would lie in each snapshot beside what it opens, so it is refused.
    """
    if not file:
        return Ring({})
    path = Path(file)
    if path.resolve().is_relative_to(home.resolve()):
        message = f"encryption_keys ({path}) lies inside the home folder, and so in each snapshot; keep it elsewhere."
        raise KeyringError(message)
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        keys = [
            base64.b64decode(line.strip(), altchars=b"-_", validate=True) for line in lines if line.strip() and not line.startswith("#")
        ]
    except (OSError, ValueError, binascii.Error) as error:
        message = f"encryption_keys ({path}) cannot be read: each line is one key, as 'outreach keys new' writes them."
        raise KeyringError(message) from error
    if not keys or any(len(key) != _KEY for key in keys):
        message = f"encryption_keys ({path}) holds no key, or a line that is none; 'outreach keys new' writes them."
        raise KeyringError(message)
    return Ring({id_of(key): key for key in keys})


def add_key(file: Path) -> str:
    """Put a fresh key before those of *file*, which is made where it is missing; return its id. It is never half written."""
    key, before = secrets.token_bytes(_KEY), file.read_bytes() if file.exists() else b""
    draft = file.with_name(f".{file.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(base64.urlsafe_b64encode(key) + b"\n" + before)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
    return id_of(key)


def seal(ring: Ring, content: bytes, purpose: str) -> bytes:
    """*content* encrypted for *purpose*; as it is where no key is set."""
    if not ring.keys:
        return content
    out = io.BytesIO()
    with SealedWriter(out, ring, purpose) as sealed:
        sealed.write(content)
    return out.getvalue()


def open_sealed(ring: Ring, content: bytes, purpose: str) -> bytes:
    """What ``seal`` was given, or *content* as it is where it was never encrypted. Raises KeyringError, SealedError."""
    return b"".join(opened(ring, io.BytesIO(content), purpose)) if content.startswith(MAGIC) else content


class SealedWriter(io.RawIOBase):
    """Encrypts what is written to it into *out*; without ``close`` the file is cut short, and does not open."""

    def __init__(self, out: BinaryIO, ring: Ring, purpose: str) -> None:
        """Write the header."""
        salt = secrets.token_bytes(_SALT)
        self._out, self._number, self._waits = out, 0, bytearray()
        self._cipher = _cipher(ring.keys[ring.newest], salt, purpose)
        out.write(MAGIC + ring.newest.encode("ascii") + salt)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Take bytes in; whole chunks leave, and never the last one."""
        taken = bytes(data)
        self._waits += taken
        while len(self._waits) > _CHUNK:
            self._put(bytes(self._waits[:_CHUNK]), last=False)
            del self._waits[:_CHUNK]
        return len(taken)

    def close(self) -> None:
        """Write the last chunk; again changes nothing. The file below stays open."""
        if not self.closed:
            self._put(bytes(self._waits), last=True)
            self._waits.clear()
            super().close()

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


def opened(ring: Ring, stream: BinaryIO, purpose: str) -> Iterator[bytes]:
    """The chunks of a sealed file, each proved before it is given.

    Raises KeyringError without its key, SealedError where it was touched.
    """
    header = stream.read(_HEADER)
    key_id, salt = _told(header)
    if key_id not in ring.keys:
        raise KeyringError(_lacks(key_id))
    cipher, number, chunk = _cipher(ring.keys[key_id], salt, purpose), 0, stream.read(_CHUNK + _TAG)
    while True:
        following = stream.read(_CHUNK + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        except InvalidTag as error:
            raise SealedError(SealedError.__doc__) from error
        if not following:
            return
        number, chunk = number + 1, following


def key_of(path: Path) -> str:
    """The id of the key that a file was encrypted with; empty where it is not encrypted."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER)
    return _told(header)[0] if header.startswith(MAGIC) else ""


def check(ring: Ring, home: Path) -> None:
    """Refuse to go on without a key that something kept in *home* needs. Raises KeyringError."""
    for key_id in sorted(used(home) - set(ring.keys)):
        raise KeyringError(_lacks(key_id))


def used(home: Path) -> frozenset[str]:
    """Ids of the keys that something kept in *home* needs."""
    noted = home / USED
    return frozenset(noted.read_text(encoding="ascii").split()) if noted.exists() else frozenset()


def note_used(home: Path, key_ids: frozenset[str]) -> None:
    """Write down which keys are needed, before the first file is encrypted with one."""
    if key_ids != used(home):
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f".{USED}.{secrets.token_hex(4)}"
        draft.write_text("".join(f"{key_id}\n" for key_id in sorted(key_ids)), encoding="ascii")
        give_to_owner_of(home, draft)
        draft.replace(home / USED)


def give_to_owner_of(other: Path, path: Path) -> None:
    """Let *path* belong to whom *other* belongs: root may have run the command, and the service must read what it left."""
    if os.geteuid() == 0:
        owner = other.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _told(header: bytes) -> tuple[str, bytes]:
    if len(header) < _HEADER:
        raise SealedError(SealedError.__doc__)
    return header[len(MAGIC) : -_SALT].decode("ascii", "replace"), header[-_SALT:]


def _cipher(key: bytes, salt: bytes, purpose: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY, salt, purpose.encode()).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def id_of(key: bytes) -> str:
    """What a key is called; it tells nothing of the key."""
    return hashlib.sha256(b"outreach key id" + key).hexdigest()[: 2 * _ID]


def _lacks(key_id: str) -> str:
    return (
        f"Something here is encrypted with the key {key_id}, which the file of the setting encryption_keys does not hold. "
        "Bring that file back; without it nothing starts."
    )
