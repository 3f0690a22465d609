"""A paper for a team: headings, figures, lists and tables, and the PDF that the frame ``templates/papers/paper.typ`` makes of them.

All that is printed enters as JSON values and never as markup. The standard PDF/UA-1 makes a letter that no font has an error: it becomes a
question mark, for one odd name must not cost a team its packet.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from outreach.messages.letters import FONTS, fonts
from outreach.resources import data_folder

LONGEST = 160
"""Letters of one cell: names, mostly. What is longer is cut, with an ellipsis."""
_SPACES = re.compile(r"[ \t\r\n\v\f]+")
"""Not the space that keeps a date on one line."""
_ENDLESS = re.compile(r"(\S{18})(?=\S)")
"""So many letters in a row need a place to break the line."""
_UNPRINTABLE = frozenset({"Cc", "Cs", "Co", "Cn"})
_NO_FONT = re.compile(r'text (?:contains the disallowed codepoint )?`"(.*?)"`', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
_TRIES = 40
_SIZES = (9.5, 8.8, 8.1)
"""Points of the words; the first is the usual."""
_BREAK = "\u200b"
_UNKNOWN = "?"


@dataclass(frozen=True)
class Figure:
    """One number that stands out, with what it counts beneath it."""

    value: str
    words: str


@dataclass(frozen=True)
class Table:
    """Rows under a head; *widths* are shares of the line."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    numbers: frozenset[int] = frozenset()
    """Columns of numbers, which stand at the right."""
    shares: tuple[float, ...] = ()
    """For each row how long the bar in its last column is, 0 to 1; empty without bars. The numbers beside it say the same."""


@dataclass(frozen=True)
class Section:
    """What stands under one heading."""

    heading: str
    words: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    table: Table | None = None
    points: tuple[str, ...] = ()
    """A list."""
    note: str = ""
    """Small print after it."""
    new_page: bool = False


@dataclass(frozen=True)
class Paper:
    """One document."""

    title: str
    school: str
    district: str
    lines: tuple[str, ...]
    """What stands beneath the title: as of when, by whom."""
    foot: str
    """At the foot of every page, before its number."""
    sections: tuple[Section, ...]
    one_page: bool = False
    """In smaller type where it would not fit on one."""
    wide: bool = False
    """Across the paper: rows need the room."""


class PaperError(RuntimeError):
    """The paper cannot be set. Tell whoever looks after the service."""


def pdf(paper: Paper, *, now: datetime, font_folder: str = "") -> bytes:
    """Set *paper* as PDF/UA-1 on US Letter; the same paper and *now* give the same bytes. Raises PaperError."""
    values = _values(paper)
    for size in _SIZES if paper.one_page else _SIZES[:1]:
        content, pages = _set(json.dumps(values | {"size": size}, ensure_ascii=False), now, font_folder, count=paper.one_page)
        if pages == 1:
            break
    return content


def _set(text: str, now: datetime, font_folder: str, *, count: bool) -> tuple[bytes, int]:
    """The PDF, and how many pages it has where somebody must *count* them; letters that no font has are replaced."""
    told: dict[str, Any] = {"root": _frame().parent, "font_paths": fonts(font_folder)}
    for _ in range(_TRIES):
        try:
            data = {"data": text}
            content = typst.compile(_frame(), **told, sys_inputs=data, pdf_standards=["ua-1"], timestamp=now.replace(microsecond=0))
            pages = json.loads(typst.query(_frame(), "<end>", field="value", **told, sys_inputs=data)) if count else [1]
        except typst.TypstError as error:
            missing = _without_font(error.message)
            if not missing & set(text):
                raise PaperError from error
            text = text.translate(dict.fromkeys(map(ord, missing), _UNKNOWN))
        else:
            return content, pages[-1]
    raise PaperError


def printable(text: str, longest: int | None = None) -> str:
    """Text as it can be set: on one line, with places to break a long word, and cut after *longest* letters. Pure."""
    kept = "".join(_UNKNOWN if unicodedata.category(letter) in _UNPRINTABLE else letter for letter in _SPACES.sub(" ", text).strip())
    short = kept if longest is None or len(kept) <= longest else f"{kept[: longest - 1]}…"
    return _ENDLESS.sub(rf"\1{_BREAK}", short)


def _values(paper: Paper) -> dict[str, Any]:
    """The paper as the frame reads it."""
    return {
        "title": printable(paper.title, LONGEST),
        "school": printable(paper.school, LONGEST),
        "district": printable(paper.district, LONGEST),
        "lines": [printable(line) for line in paper.lines],
        "foot": printable(paper.foot),
        "wide": paper.wide,
        "fonts": FONTS,
        "sections": [_section(one) for one in paper.sections],
    }


def _section(one: Section) -> dict[str, Any]:
    return {
        "heading": printable(one.heading, LONGEST),
        "words": [printable(words) for words in one.words],
        "figures": [{"value": printable(each.value, LONGEST), "words": printable(each.words, LONGEST)} for each in one.figures],
        "table": _table(one.table) if one.table and one.table.rows else None,
        "points": [printable(point) for point in one.points],
        "note": printable(one.note),
        "new_page": one.new_page,
    }


def _table(one: Table) -> dict[str, Any]:
    return {
        "head": [printable(name, LONGEST) for name in one.head],
        "rows": [[printable(cell, LONGEST) for cell in row] for row in one.rows],
        "widths": one.widths,
        "numbers": sorted(one.numbers),
        "shares": [float(share) for share in one.shares],
    }


def _without_font(message: str) -> set[str]:
    """The letters that Typst names in its refusal."""
    found = _NO_FONT.search(message)
    if found is None:
        return set()
    return set(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), found[1])) - set(' \\"')


def _frame() -> Path:
    return data_folder("templates") / "papers" / "paper.typ"
