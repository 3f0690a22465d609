"""Files that somebody drops into a folder: whether they came completely, and what is inside the packed ones.

A file that is still being written looks like a short one. So nothing is read before it has stood still, and a refusal is never
the answer to something that is on its way.
"""

from __future__ import annotations

import gzip
import lzma
import os
import re
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Annotated

from pydantic import Field

from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import SETTINGS_FILE
from outreach.feeds.options import Strict

_ON_ITS_WAY = re.compile(r"\.(part|partial|filepart|tmp|temp|crdownload|download|upload|uploading|writing)$|~$", re.IGNORECASE)
"""Names under which programs write a file that they rename once it is whole."""
_TEXTS = frozenset({".csv", ".txt", ".tsv"})
PACKED = frozenset({".zip", ".gz"})
DAMAGED = (
    zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, UnicodeDecodeError,
)  # fmt: skip
"""What comes out of the libraries where a packed file is damaged, cut off, locked, or has a name that is no text."""
_LARGEST = 4 << 30
"""Bytes of one unpacked file: a district of a million children stays well below."""
_PIECE = 1 << 20
_UNENDED = 10
"""A text whose last line has no end is given so many times as long: a writer that stalls stops in the middle of a line."""


class UnfinishedError(RefusedError):
    """The files have not come completely yet; nothing was loaded, and nothing is wrong so far."""


class Drop(Strict):
    """How a delivery shows that it is whole, and when it is expected: the table ``[drop]`` of ``source.toml``."""

    done_file: Annotated[str, Field(pattern=r"^[^/\\]*$")] = ""
    """A file that is written last; nothing is read before it is there and newer than all others."""
    expected_by: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = ""
    """The district's hour by which it has come on a school day; empty: nobody waits for it."""


def is_on_its_way(name: str) -> bool:
    """Whether a file's name says that it is not whole yet."""
    return _ON_ITS_WAY.search(name) is not None


def unfinished(folder: Path, drop: Drop, settle: float) -> str:
    """What *folder* still waits for, as the end of a sentence; empty once all that lies there has come completely.

    *settle* is how many seconds files must have stood still, by the moment at which the system last changed anything about them:
    a copying program sets the time of writing to what it likes.
    """
    seen = {path: path.stat() for path in sorted(folder.iterdir()) if path.is_file()}
    if going := next((path.name for path in seen if is_on_its_way(path.name)), None):
        return f"{going} is still being written"
    files = {path: there.st_ctime for path, there in seen.items() if path.name not in {SETTINGS_FILE, drop.done_file}}
    if drop.done_file:
        marker = seen.get(folder / drop.done_file)
        if marker is None or any(changed > marker.st_ctime for changed in files.values()):
            return f"{drop.done_file}, which is written when all is there, has not come"
    quiet = time.time() - max([folder.stat().st_mtime, *(there.st_ctime for there in seen.values())])
    if quiet < settle:
        return "its files were changed a moment ago"
    return next((said for path in files if (said := _cut_off(path, quiet < settle * _UNENDED))), "")


def _cut_off(path: Path, may_go_on: bool) -> str:
    """Why a file looks as if its end were missing; empty where it does not."""
    if path.suffix.lower() == ".zip" and not _is_whole_zip(path):
        return f"{path.name} is no whole zip file"
    if path.suffix.lower() in _TEXTS and may_go_on and path.stat().st_size:
        with path.open("rb") as stream:
            stream.seek(-min(4, path.stat().st_size), os.SEEK_END)
            if stream.read().rstrip(b"\x00")[-1:] not in {b"\n", b"\r"}:
                return f"the last line of {path.name} has no end"
    return ""


def _is_whole_zip(path: Path) -> bool:
    """Whether its list of contents, which is written last, can be read."""
    try:
        with zipfile.ZipFile(path):
            return True
    except (zipfile.BadZipFile, OSError, ValueError):  # a name in it may be no text
        return False


def holds_packed(folder: Path) -> bool:
    """Whether *folder* holds files that must be unpacked before they can be read."""
    return any(path.suffix.lower() in PACKED for path in folder.iterdir() if path.is_file())


def unpack(folder: Path, place: Path) -> None:
    """Put the plain files of *folder* into *place* under the names they have there or inside their zip or gz.

    Raises RefusedError for a name that comes twice, and for packed files that are damaged.
    """
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        match path.suffix.lower():
            case ".gz":
                with _reading(path), gzip.open(path, "rb") as packed:
                    _put(place / path.stem, path.name, packed)
            case ".zip":
                with _reading(path), zipfile.ZipFile(path) as zipped:
                    for member in _members(zipped):
                        with zipped.open(member) as packed:
                            _put(place / PurePosixPath(member.filename).name, path.name, packed)
            case _:
                with _reading(path), path.open("rb") as plain:
                    _put(place / path.name, folder.name, plain)


def _members(zipped: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """The files of a zip, wherever in it they stand, without what a Mac adds to them."""
    for member in zipped.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if not member.is_dir() and "__MACOSX" not in path.parts and not path.name.startswith("."):
            yield member


def _put(target: Path, where: str, packed: IO[bytes] | gzip.GzipFile) -> None:
    if target.exists():
        sentence = f"{target.name} is there twice, once in {where}; leave only the newer one. Nothing was loaded."
        raise RefusedError(sentence)
    with target.open("wb") as plain:
        while piece := packed.read(_PIECE):
            if plain.tell() > _LARGEST:
                sentence = (
                    f"{target.name} in {where} holds more than {_LARGEST >> 30} GiB unpacked, which is no export. Nothing was loaded."
                )
                raise RefusedError(sentence)
            plain.write(piece)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        sentence = f"{path.name} is damaged, or has not come completely; send it again. Nothing was loaded."
        raise RefusedError(sentence) from error
    except OSError as error:
        sentence = f"{path.name} cannot be unpacked: {error.strerror}. Nothing was loaded."
        raise RefusedError(sentence) from error
