"""A delivered folder: which file is which, its bytes' hash, and the copy that is kept."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from outreach import keyring
from outreach.attendance.canonical import FILES
from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import SETTINGS_FILE, SourceSettings, read_settings
from outreach.keyring import Ring, SealedWriter


@dataclass(frozen=True)
class Delivery:
    """A folder with its settings; *files* maps canonical names to the files that are there."""

    folder: Path
    settings: SourceSettings
    files: dict[str, Path]
    hashes: dict[str, str]
    """Canonical name (and ``source.toml``) → sha256 of the bytes."""
    looks: list[list[object]]
    """How the folder looked before it was read: what is written while it is read is another delivery."""

    @property
    def digest(self) -> str:
        """One hash over everything delivered: equal digests mean the same bytes under the same settings."""
        listed = "\n".join(f"{name} {self.hashes[name]}" for name in sorted(self.hashes))
        return hashlib.sha256(listed.encode()).hexdigest()


def open_delivery(folder: Path) -> Delivery:
    """Find the canonical files of *folder*; raises RefusedError when the folder or a file that source.toml names is not there."""
    if not folder.is_dir():
        sentence = f"{folder} is no folder."
        raise RefusedError(sentence)
    looks = looks_of(folder)
    settings = read_settings(folder, frozenset(FILES))
    files: dict[str, Path] = {}
    for name in FILES:
        path = folder / settings.files.get(name, f"{name}.csv")
        if path.is_file():
            files[name] = path
        elif name in settings.files:
            sentence = f"{folder.name} holds no {path.name}, which source.toml names as {name}."
            raise RefusedError(sentence)
    hashes = {name: hash_of(path) for name, path in {**files, SETTINGS_FILE: folder / SETTINGS_FILE}.items()}
    return Delivery(folder, settings, files, hashes, looks)


def looks_of(folder: Path) -> list[list[object]]:
    """By what touched files are told without reading them: name, size and time of each."""
    found = ((path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file())
    return [[name, seen.st_size, seen.st_mtime_ns] for name, seen in found]


def missing_files(delivery: Delivery, *, already_brought: Collection[str], brings_attendance: bool) -> list[str]:
    """The required files that neither this delivery nor an earlier one of any source holds.

    *brings_attendance* says that this source delivered attendance before.
    """
    settings = delivery.settings
    needed = {"schools", "students", "enrollments"} - set(already_brought)
    if settings.calendar == "file" and "calendar" not in already_brought:
        needed.add("calendar")
    if brings_attendance or settings.brings_attendance:
        needed.add("attendance")
    return sorted(needed - set(delivery.files))


def kept(delivery: Delivery, home: Path, ring: Ring) -> AbstractContextManager[Callable[[], None]]:
    """Keep every delivered file and its ``source.toml``, as ``kept_files`` does."""
    paths = {**delivery.files, SETTINGS_FILE: delivery.folder / SETTINGS_FILE}
    return kept_files({path: delivery.hashes[name] for name, path in paths.items()}, home, ring)


@contextmanager
def kept_files(hashes: Mapping[Path, str], home: Path, ring: Ring) -> Iterator[Callable[[], None]]:
    """Compress every file whose bytes are not kept yet; the function it gives puts the copies in their place.

    Call that as the last thing before the commit: a refused delivery then leaves nothing behind, and an applied one is never
    without its files. Only this service's user can read them, for a feed may hold columns that the service does not take in; where
    keys are set they are encrypted, each for its name.
    """
    folder = home / "feeds"
    folder.mkdir(parents=True, exist_ok=True)
    if ring.newest:
        keyring.note_used(home, keyring.used(home) | {ring.newest})
    with tempfile.TemporaryDirectory(dir=folder, prefix="arriving-") as arriving:
        fresh: dict[Path, Path] = {}
        for path, sha256 in hashes.items():
            target = folder / f"{sha256}.gz"
            if not target.exists():
                fresh[target] = Path(arriving) / target.name
                _compress(path, fresh[target], target.name, ring)

        def put() -> None:
            for target, copy in fresh.items():
                copy.replace(target)

        yield put


def _compress(path: Path, target: Path, name: str, ring: Ring) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        path.open("rb") as source,
        os.fdopen(descriptor, "wb") as raw,
        SealedWriter(raw, ring, name) if ring.newest else nullcontext(raw) as out,
        gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=1, mtime=0) as copy,
    ):
        shutil.copyfileobj(source, copy)


def hash_of(path: Path) -> str:
    """The sha256 of a file's bytes; raises RefusedError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        sentence = f"{path.name} cannot be read: {error.strerror}."
        raise RefusedError(sentence) from error
