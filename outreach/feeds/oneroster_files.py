"""A OneRoster package as it was delivered: which files it holds, in which mode, and their rows.

Shapes: OneRoster 1.1 and 1.2, CSV binding. Columns that are not named here (passwords, races, birthplaces and whatever vendors
add) are dropped at the door.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import polars as pl

from outreach.attendance.reading import FAULT, LINE, read_frame
from outreach.attendance.refusal import RefusedError
from outreach.feeds.options import OneRoster

MANIFEST = "manifest"
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "orgs": ("sourcedId", "name", "type"),
    "academicSessions": ("sourcedId", "type", "startDate", "endDate"),
    "users": ("sourcedId", "givenName", "familyName"),
    "roles": ("sourcedId", "userSourcedId", "role", "orgSourcedId"),
    "enrollments": ("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
    "classes": ("sourcedId", "schoolSourcedId", "termSourcedIds"),
    "demographics": ("sourcedId", "birthDate"),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "orgs": ("identifier", "parentSourcedId"),
    "academicSessions": (),
    "users": ("identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "preferredGivenName", "orgSourcedIds", "role"),
    "roles": ("roleType", "beginDate", "endDate"),
    "enrollments": ("beginDate", "endDate"),
    "classes": (),
    "demographics": (),
}
_DELTA = ("status", "dateLastModified")
FILES = tuple(_REQUIRED)
_V11_USERS = ("orgSourcedIds", "role")
_TOO_MANY_FAULTS = 100
_TOO_LARGE_SHARE = 0.05


@dataclass(frozen=True)
class Package:
    """An opened package. *modes* has bulk or delta for each file that is there."""

    name: str
    version: str
    """1.1 or 1.2."""
    modes: Mapping[str, str]
    paths: Mapping[str, Path]
    received: tuple[Path, ...]
    """The files as they were delivered: the zip, or what lay there unpacked."""

    def rows(self, name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of one file as texts, and its rows that cannot be read (``line``, ``problem``).

        Raises RefusedError when a required column is missing, or when too many rows cannot be read.
        """
        required = (*_REQUIRED[name], *(_V11_USERS if name == "users" and self.version == "1.1" else ()))
        required = (*required, *(_DELTA if self.modes[name] == "delta" else ()))
        wanted = dict.fromkeys((*required, *_OPTIONAL[name], *_DELTA))
        raw = read_frame(self.paths[name], encoding="utf-8", delimiter=",", header=None, wanted=list(wanted))
        for column in required:
            if column not in raw.columns:
                there = ", ".join(one for one in raw.columns if not one.startswith("__"))
                sentence = f"{name}.csv of {self.name}, line 1: the column {column!r} is missing; the header has {there}."
                raise RefusedError(sentence)
        texts = [
            (pl.col(one).fill_null("").str.strip_chars().str.normalize("NFC") if one in raw.columns else pl.lit("")).alias(one)
            for one in wanted
        ]
        unnamed = pl.when(pl.col(FAULT) == "").then(pl.lit("sourcedId is empty")).otherwise(pl.col(FAULT))
        rows = raw.select(LINE, FAULT, *texts)
        bad = (pl.col(FAULT) != "") | (pl.col("sourcedId") == "")
        faults = rows.filter(bad).select(pl.col(LINE).alias("line"), unnamed.alias("problem"))
        if faults.height > _TOO_MANY_FAULTS and faults.height > _TOO_LARGE_SHARE * rows.height:
            line, problem = faults.row(0)
            sentence = (
                f"{name}.csv of {self.name}: {faults.height} of {rows.height} rows cannot be taken, the first on line {line}: "
                f"{problem}; nothing was loaded."
            )
            raise RefusedError(sentence)
        return rows.filter(~bad).drop(LINE, FAULT), faults


@contextmanager
def opened_package(folder: Path, options: OneRoster) -> Iterator[Package]:
    """Open the zip in *folder*, or the files that lie there unpacked; raises RefusedError with one sentence."""
    archive = _archive(folder, options)
    if archive is None:
        paths = {path.stem: path for path in sorted(folder.glob("*.csv")) if path.stem in {MANIFEST, *FILES}}
        yield _package(folder.name, paths, tuple(paths.values()))
        return
    with TemporaryDirectory(prefix="oneroster-") as place:
        yield _package(archive.name, _unpacked(archive, Path(place)), (archive,))


def _archive(folder: Path, options: OneRoster) -> Path | None:
    if options.file:
        path = folder / Path(options.file).name
        if not path.is_file():
            sentence = f"{folder.name} holds no {path.name}, which source.toml names."
            raise RefusedError(sentence)
        return path
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".zip")
    if len(found) > 1:
        sentence = f"{folder.name} holds {len(found)} zip files; say in source.toml which one is meant ([oneroster] file)."
        raise RefusedError(sentence)
    return found[0] if found else None


def _unpacked(archive: Path, place: Path) -> dict[str, Path]:
    """Unpack the files that are read, wherever in the zip they stand; their own checksums tell a zip that is not whole."""
    found: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(archive) as zipped:
            for member in zipped.infolist():
                name = PurePosixPath(member.filename)
                if name.suffix != ".csv" or name.stem not in {MANIFEST, *FILES} or "__MACOSX" in name.parts:
                    continue
                if name.stem in found:
                    sentence = f"{archive.name} holds {name.name} twice; nothing was loaded."
                    raise RefusedError(sentence)
                found[name.stem] = place / name.name
                with zipped.open(member) as packed, found[name.stem].open("wb") as unpacked:
                    while piece := packed.read(1 << 20):
                        unpacked.write(piece)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, zlib.error) as error:
        sentence = f"{archive.name} is no whole zip file; it may not have come completely yet. Nothing was loaded."
        raise RefusedError(sentence) from error
    return found


def _package(name: str, paths: dict[str, Path], received: tuple[Path, ...]) -> Package:
    told = _manifest(paths.pop(MANIFEST)) if MANIFEST in paths else {}
    modes = {one: told.get(f"file.{one}", "bulk" if not told else "absent").lower() for one in FILES}
    for one, mode in modes.items():
        if mode not in {"absent", "bulk", "delta"}:
            sentence = f"manifest.csv of {name} calls {one} {mode!r}; known are absent, bulk and delta."
            raise RefusedError(sentence)
        if told and (mode == "absent") != (one not in paths):
            sentence = (
                f"manifest.csv of {name} calls {one} {mode}, but {one}.csv is {'there' if one in paths else 'missing'}; nothing was loaded."
            )
            raise RefusedError(sentence)
    if not paths:
        sentence = f"{name} holds no file of a OneRoster package (orgs.csv, users.csv, ...)."
        raise RefusedError(sentence)
    version = told.get("oneroster.version", "1.2" if "roles" in paths else "1.1")
    if version not in {"1.1", "1.2"}:
        sentence = f"{name} says it is OneRoster {version}; 1.1 and 1.2 can be read."
        raise RefusedError(sentence)
    return Package(name, version, {one: modes[one] for one in paths}, paths, received)


def _manifest(path: Path) -> dict[str, str]:
    frame = read_frame(path, encoding="utf-8", delimiter=",", header=None, wanted=["propertyName", "value"])
    if not {"propertyName", "value"} <= set(frame.columns):
        sentence = "manifest.csv has no columns propertyName and value."
        raise RefusedError(sentence)
    return {name.strip(): (value or "").strip() for name, value in frame.select("propertyName", "value").iter_rows() if name}
