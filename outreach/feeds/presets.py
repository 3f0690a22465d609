"""What student information systems usually call their columns and codes: data in ``config/feeds`` and ``config/codes``.

A preset only proposes. Nothing here gives a code a meaning; that is said in ``source.toml``, or by a named person.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from outreach.attendance.calendars import SCHOOL_DAY_EVENTS
from outreach.attendance.canonical import FILES, CanonicalFile
from outreach.attendance.source_settings import Meaning
from outreach.resources import data_folder

COMMON = "common"
_Names = Mapping[str, Sequence[str]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Proposal(_Strict):
    names: list[str]
    meaning: Meaning


class _Codes(_Strict):
    proposal: list[_Proposal]


class Preset(_Strict):
    """One system: for each canonical column the names it may have there, the likeliest first."""

    title: str
    exit_day: Literal["inclusive", "exclusive"] = "inclusive"
    only: dict[str, dict[str, list[str]]] = {}
    """Canonical file → column → the values of the rows to read, as ``[only]`` of source.toml, where the column is there."""
    periods: dict[str, str] = {}
    """Column of a wide attendance row → the section it is of, as ``[periods]`` of source.toml, where the column is there."""
    columns: dict[str, dict[str, list[str]]]


class _Common(_Strict):
    """What holds whatever the system is."""

    sensitive: list[str]
    school_days: list[str]
    closed_days: list[str]
    columns: dict[str, dict[str, list[str]]]


@dataclass(frozen=True)
class Recognised:
    """What the header of a file turned out to be."""

    preset: str
    """The preset's name; empty where no system's names are needed."""
    file: str
    """The canonical file."""
    columns: Mapping[str, str]
    """Canonical column → the file's own."""
    left: tuple[str, ...]
    """Columns of the file that nothing is known of."""
    own: int = 0
    """How many columns have the name that the system itself gives them."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Required columns that the header does not seem to have."""
        return tuple(one.name for one in FILES[self.file].columns if one.required and one.name not in self.columns)

    def rank(self, named: str, likely: str) -> tuple[bool, int, bool, int, bool]:
        """How likely it is; the greater, the likelier."""
        return not self.missing, len(self.columns), _plain(self.file) in _plain(named), self.own, self.preset == likely


@cache
def presets() -> Mapping[str, Preset]:
    """Every preset by its name, which is its file's."""
    files = sorted(path for path in _folder().glob("*.toml") if path.stem != COMMON)
    return {path.stem: Preset.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))) for path in files}


@cache
def _common() -> _Common:
    return _Common.model_validate(tomllib.loads((_folder() / f"{COMMON}.toml").read_text(encoding="utf-8")))


def _folder() -> Path:
    return data_folder("config") / "feeds"


@cache
def _codes(name: str) -> Mapping[str, Meaning]:
    path = data_folder("config") / "codes" / f"{name}.toml"
    listed = _Codes.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).proposal
    return {_plain_code(code): one.meaning for one in listed for code in one.names}


def propose(codes: Iterable[str], preset: str) -> dict[str, Meaning | None]:
    """What each code probably means: by the system's own letters, else by common words; None where nobody can say."""
    own = _codes(preset) if preset else {}
    return {code: own.get(_plain_code(code)) or _codes(COMMON).get(_plain_code(code)) for code in codes}


def propose_event(event: str) -> bool | None:
    """Whether a calendar event that has no meaning yet is probably a school day; None where nobody can say."""
    name = _plain_code(event)
    return True if name in _common().school_days else False if name in _common().closed_days else None


def is_built_in(event: str) -> bool:
    """Whether a calendar event has its meaning without anybody's word."""
    return event.strip().casefold() in SCHOOL_DAY_EVENTS


def is_sensitive(column: str) -> bool:
    """Whether a column's name says that it holds what this service must not read."""
    plain = _plain(column)
    return any(word in plain for word in _common().sensitive)


def recognise(header: Sequence[str], named: str = "", likely: str = "") -> Recognised | None:
    """Which canonical file a header is, and of which system; None where no file's required columns are all there.

    Of several the one that explains most columns; canonical and common names are tried with every system's. *named* is the file's
    own name without its ending: it decides between files that explain as much, and *likely*, a preset's name, between systems.
    """
    return next((one for one in possible(header, named, likely) if not one.missing), None)


def possible(header: Sequence[str], named: str = "", likely: str = "") -> list[Recognised]:
    """Everything that a header may be, the likeliest first: what lacks no required column, then what explains most.

    One column among many says nothing: the id of a school stands in most files.
    """
    every = [_as(spec, preset, header) for preset in ("", *presets()) for spec in FILES.values()]
    telling = [one for one in every if len(one.columns) > 1 or 0 < len(one.columns) >= len(header) - 1]
    return sorted(telling, key=lambda one: one.rank(named, likely), reverse=True)


def recognise_as(header: Sequence[str], file: str, likely: str = "") -> Recognised:
    """The columns of a header that a person says is the canonical *file*; some may be missing."""
    return max((_as(FILES[file], preset, header) for preset in ("", *presets())), key=lambda one: one.rank("", likely))


def _as(spec: CanonicalFile, preset: str, header: Sequence[str]) -> Recognised:
    own: _Names = presets()[preset].columns.get(spec.name, {}) if preset else {}
    common: _Names = _common().columns.get(spec.name, {})
    there = {_plain(column): column for column in reversed(header)}
    columns: dict[str, str] = {}
    told = 0
    for column in sorted(spec.columns, key=lambda one: not one.required):
        first = own.get(column.name, ()) if preset else (column.name,)
        names = (*first, column.name, *common.get(column.name, ()))
        theirs = next(
            (there[_plain(name)] for name in names if _plain(name) in there and there[_plain(name)] not in columns.values()), None
        )
        if theirs is not None:
            columns[column.name] = theirs
            told += _plain(theirs) in {_plain(name) for name in first}
    ordered = {column.name: columns[column.name] for column in spec.columns if column.name in columns}
    return Recognised(preset, spec.name, ordered, tuple(one for one in header if one not in columns.values()), told)


def rows_to_read(header: Sequence[str], file: str, preset: str) -> dict[str, list[str]]:
    """Of which rows a system's export must be read, by the columns that *header* has."""
    wanted = presets()[preset].only.get(file, {}) if preset else {}
    there = {_plain(column): column for column in header}
    return {there[_plain(column)]: values for column, values in wanted.items() if _plain(column) in there}


def period_columns(header: Sequence[str], preset: str) -> dict[str, str]:
    """The columns of a wide attendance row that *header* has, each with the section it is of."""
    known = presets()[preset].periods if preset else {}
    there = {_plain(column): column for column in header}
    return {there[_plain(column)]: section for column, section in known.items() if _plain(column) in there}


def _plain(name: str) -> str:
    """A column's name without what exports vary: case, spaces, underscores, a leading ``[1]``."""
    return re.sub(r"[\s_-]+", "", re.sub(r"^\[\d+\]", "", name.strip())).casefold()


def _plain_code(code: str) -> str:
    return " ".join(code.split()).casefold()
