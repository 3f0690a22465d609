"""The exports a person uploaded to look at: children's data, kept in a private folder of the home, for a day at most.

One person has one sample. It is gone when it was saved or given up, or a day after the last upload.
"""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from outreach.feeds.choices import Choices
from outreach.feeds.drops import DAMAGED
from outreach.feeds.oneroster_files import FILES as PACKAGE_FILES
from outreach.feeds.sheets import ENDINGS

LARGEST_UPLOAD = 10 * 1024 * 1024
"""Bytes of all files of one upload, as they are sent."""
LARGEST_SAMPLE = 20 * 1024 * 1024
"""Bytes of all files of a sample, unpacked: a small zip may hold a very large file, and a person waits for the counts."""
MOST_FILES = 30
_TOO_MANY = f"A sample holds at most {MOST_FILES} files; choose those that make up the feed."
KEPT_FOR = timedelta(days=1)
_STATE = "state.json"
_FILES = "files"
_SPREADSHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".numbers"})
_PIECE = 1 << 20
_LONGEST_NAME = 100


class _Bytes(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class SampleError(ValueError):
    """A file cannot be taken into the sample."""


class State(BaseModel):
    """What is remembered beside the files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime
    """When files came last; aware."""
    choices: Choices | None = None
    tried: str = ""
    """The last trial, as ``outreach.web.mapping_trial`` writes it down."""


@dataclass(frozen=True)
class Sample:
    """One person's sample."""

    folder: Path

    @property
    def files(self) -> Path:
        """The folder of its exports."""
        return self.folder / _FILES

    @property
    def size(self) -> int:
        """Bytes of its exports."""
        return sum(path.stat().st_size for path in self.files.iterdir())

    @property
    def state(self) -> State | None:
        """What is remembered; None where there is no sample."""
        try:
            return State.model_validate_json((self.folder / _STATE).read_bytes())
        except (OSError, ValidationError):
            return None

    def remember(self, state: State) -> None:
        """Keep *state*, whole or not at all."""
        draft = self.folder / f"{_STATE}.new"
        draft.touch(0o600)
        draft.write_text(state.model_dump_json(), encoding="utf-8")
        draft.replace(self.folder / _STATE)

    def copy_to(self, folder: Path) -> None:
        """Lay its exports into *folder*, each whole: under a name that no watcher takes until then. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.files.iterdir()):
            new = folder / f"{path.name}.part"
            shutil.copyfile(path, new)
            new.replace(folder / path.name)

    def discard(self) -> None:
        """Delete everything of it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def sample_of(home: Path, account: int) -> Sample:
    """The sample of an account; it may hold nothing."""
    return Sample(home / "samples" / str(account))


def sweep(home: Path, now: datetime) -> int:
    """Delete the samples that nobody added to for a day; return how many."""
    gone = 0
    for folder in (home / "samples").glob("*"):
        state = Sample(folder).state
        if state is None or not timedelta() <= now - state.at < KEPT_FOR:
            Sample(folder).discard()
            gone += 1
    return gone


def take(sample: Sample, uploads: list[tuple[str, IO[bytes]]], now: datetime) -> list[str]:
    """Add files to *sample*: plain, gz, or zips of them; return their names. Raises SampleError, and then adds none of them."""
    (sample.folder.parent).mkdir(parents=True, exist_ok=True, mode=0o700)
    sample.folder.mkdir(exist_ok=True, mode=0o700)
    sample.files.mkdir(exist_ok=True, mode=0o700)
    before = sample.state
    sample.remember(before.model_copy(update={"at": now}) if before else State(at=now))  # a sample without its time would be swept
    with TemporaryDirectory(dir=sample.folder) as place:
        new = _Arrival(Path(place), sample.size)
        for name, stream in uploads:
            new.add(_plain_name(name), stream)
        names = sorted(path.name for path in new.folder.iterdir())
        if not names:
            sentence = "There is no file among them that could be an export; it takes .csv, .tsv and .txt, also as .gz or in a .zip."
            raise SampleError(sentence)
        if len({*names, *(path.name for path in sample.files.iterdir())}) > MOST_FILES:
            raise SampleError(_TOO_MANY)
        for path in list(new.folder.iterdir()):
            path.replace(sample.files / path.name)
    return names


@dataclass
class _Arrival:
    """Files on their way into a sample."""

    folder: Path
    size: int
    files: int = 0

    def add(self, name: str, stream: IO[bytes]) -> None:
        ending = Path(name).suffix.lower()
        if ending in _SPREADSHEETS:
            sentence = f"{name} is a spreadsheet. Save each of its sheets as CSV (in Excel: File, Save as, CSV UTF-8) and upload those."
            raise SampleError(sentence)
        if ending == ".zip":
            self._unpack(name, stream)
        elif ending == ".gz":
            with _readable(name), gzip.GzipFile(fileobj=stream) as plain:
                self._keep(name[: -len(".gz")], plain)
        else:
            self._keep(name, stream)

    def _unpack(self, name: str, stream: IO[bytes]) -> None:
        with _readable(name), zipfile.ZipFile(stream) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and "__MACOSX" not in one.filename]
            stems = {PurePosixPath(one.filename).stem for one in members}
            if any(one.filename.startswith("xl/") for one in members):
                sentence = f"{name} is a spreadsheet. Save each of its sheets as CSV and upload those."
                raise SampleError(sentence)
            if {"orgs", "users"} <= stems and stems & set(PACKAGE_FILES):
                sentence = (
                    f"{name} is a OneRoster package, whose columns need no mapping: put it into a folder of the feed folder, beside a "
                    "source.toml with a table [oneroster]. Only its attendance, which comes from elsewhere, is mapped here."
                )
                raise SampleError(sentence)
            for member in members:
                inner = _plain_name(member.filename)
                if Path(inner).suffix.lower() in ENDINGS:
                    with archive.open(member) as plain:
                        self._keep(inner, plain)

    def _keep(self, name: str, stream: _Bytes) -> None:
        if Path(name).suffix.lower() not in ENDINGS:
            sentence = f"{name} cannot be read here; it takes .csv, .tsv and .txt, also as .gz or in a .zip."
            raise SampleError(sentence)
        target = self.folder / name
        self.files += 1
        if self.files > MOST_FILES:
            raise SampleError(_TOO_MANY)
        if target.exists():
            sentence = f"Two of the files are called {name}; rename one, or upload one only."
            raise SampleError(sentence)
        target.touch(0o600)
        with target.open("wb") as file:
            while piece := stream.read(_PIECE):
                self.size += len(piece)
                if self.size > LARGEST_SAMPLE:
                    sentence = f"A sample may be {LARGEST_SAMPLE >> 20} MB in all; some weeks of one school are enough to describe a feed."
                    raise SampleError(sentence)
                file.write(piece)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except (*DAMAGED, OSError) as error:
        sentence = f"{name} cannot be unpacked: it is not whole, or locked with a password."
        raise SampleError(sentence) from error


def _plain_name(name: str) -> str:
    """A file's own name, without folders; raises SampleError where it could mean another place."""
    plain = PurePosixPath(name.replace("\\", "/")).name
    if not plain or plain.startswith(".") or not plain.isprintable() or len(plain) > _LONGEST_NAME:
        sentence = "A file has a name that cannot be used; rename it to something like attendance.csv."
        raise SampleError(sentence)
    return plain
