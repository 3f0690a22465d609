"""What student information systems usually call their columns and codes: data in ``config/feeds`` and ``config/codes``.

A preset only proposes. Nothing here gives a code a meaning; that is said in ``source.toml``, or by a named person.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from outreach.attendance.canonical import FILES, CanonicalFile
from outreach.attendance.source_settings import Meaning
from outreach.resources import data_folder

COMMON = "common"


class _Proposal(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    names: list[str]
    meaning: Meaning


class _Codes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    proposal: list[_Proposal]


class Preset(BaseModel):
    """One system: for each canonical column the names it may have there, the likeliest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    exit_day: Literal["inclusive", "exclusive"] = "inclusive"
    columns: dict[str, dict[str, list[str]]]


@dataclass(frozen=True)
class Recognised:
    """What the header of a file turned out to be."""

    preset: str
    """The preset's name; empty for canonical names."""
    file: str
    """The canonical file."""
    columns: Mapping[str, str]
    """Canonical column → the file's own."""
    left: tuple[str, ...]
    """Columns of the file that nothing is known of."""


@cache
def presets() -> Mapping[str, Preset]:
    """Every preset by its name, which is its file's."""
    files = sorted((data_folder("config") / "feeds").glob("*.toml"))
    return {path.stem: Preset.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))) for path in files}


@cache
def _codes(name: str) -> Mapping[str, Meaning]:
    path = data_folder("config") / "codes" / f"{name}.toml"
    listed = _Codes.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).proposal
    return {_plain_code(code): one.meaning for one in listed for code in one.names}


def propose(codes: Iterable[str], preset: str) -> dict[str, Meaning | None]:
    """What each code probably means: by the system's own letters, else by common words; None where nobody can say."""
    own = _codes(preset) if preset else {}
    return {code: own.get(_plain_code(code)) or _codes(COMMON).get(_plain_code(code)) for code in codes}


def recognise(header: Sequence[str], named: str = "", likely: str = "") -> Recognised | None:
    """Which canonical file a header is, and of which system; None where no file's required columns are all there.

    Of several the one that explains most columns; canonical names are tried with every system's. *named* is the file's own name
    without its ending: it decides between files that explain as much, and *likely*, a preset's name, between systems.
    """
    found = [
        recognised
        for preset in ("", *presets())
        for spec in FILES.values()
        if (recognised := _as(spec, presets()[preset].columns.get(spec.name, {}) if preset else {}, preset, header)) is not None
    ]
    return max(found, key=lambda one: (len(one.columns), _plain(one.file) in _plain(named), one.preset == likely), default=None)


def _as(spec: CanonicalFile, names: Mapping[str, Sequence[str]], preset: str, header: Sequence[str]) -> Recognised | None:
    there = {_plain(column): column for column in reversed(header)}
    columns: dict[str, str] = {}
    for column in spec.columns:
        own = next((there[_plain(name)] for name in (*names.get(column.name, ()), column.name) if _plain(name) in there), None)
        if own is not None and own not in columns.values():
            columns[column.name] = own
        elif column.required:
            return None
    return Recognised(preset, spec.name, columns, tuple(one for one in header if one not in columns.values()))


def _plain(name: str) -> str:
    """A column's name without what exports vary: case, spaces, underscores, a leading ``[1]``."""
    return re.sub(r"[\s_-]+", "", re.sub(r"^\[\d+\]", "", name.strip())).casefold()


def _plain_code(code: str) -> str:
    return " ".join(code.split()).casefold()
