"""The light markup of letters: paragraphs, ``**bold**``, lists with ``-``, and one table whose last row is repeated per child.

The markup is read from the approved template before any value is put in, so a name is never markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from outreach.messages.placeholders import Part, fill, parse

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_RULE = re.compile(r"\|(\s*:?-+:?\s*\|)+")
_TABLE_LINES = 3


class LetterTextError(ValueError):
    """A letter's text uses markup that letters do not have."""


class Kind(StrEnum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"


@dataclass(frozen=True)
class Run:
    """Words of one weight."""

    text: str
    bold: bool = False


Line = tuple[Run, ...]


@dataclass(frozen=True)
class Block:
    """A paragraph (one row of one cell), a list (a row of one cell per item), or a table (its head, then its rows)."""

    kind: Kind
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True)
class _Span:
    parts: tuple[Part, ...]
    bold: bool


_Cell = tuple[_Span, ...]


@dataclass(frozen=True)
class Shape:
    """A block of the template, with its placeholders still empty."""

    kind: Kind
    rows: tuple[tuple[_Cell, ...], ...]


@lru_cache(maxsize=256)
def blocks(text: str) -> tuple[Shape, ...]:
    """Read a letter's template; raises LetterTextError or TemplateError naming what cannot be read."""
    return tuple(_shape(chunk.strip("\n")) for chunk in re.split(r"\n[ \t]*\n", text.strip()) if chunk.strip())


def filled(text: str, values: Mapping[str, str], children: Sequence[Mapping[str, str]]) -> tuple[Block, ...]:
    """Put values in; *children* holds the values of each child for the table's rows. Raises as ``blocks``, and MissingValueError."""
    return tuple(_filled(shape, values, children) for shape in blocks(text))


def _filled(shape: Shape, values: Mapping[str, str], children: Sequence[Mapping[str, str]]) -> Block:
    def put(known: Mapping[str, str]) -> Callable[[_Cell], Line]:
        return lambda cell: tuple(Run(fill(span.parts, known), span.bold) for span in cell)

    if shape.kind is not Kind.TABLE:
        return Block(shape.kind, tuple(tuple(map(put(values), row)) for row in shape.rows))
    head, row = shape.rows
    each = tuple(tuple(map(put({**values, **child}), row)) for child in children)
    return Block(shape.kind, (tuple(map(put(values), head)), *each))


def _shape(chunk: str) -> Shape:
    lines = [line.strip() for line in chunk.splitlines()]
    if all(line.startswith("- ") for line in lines):
        return Shape(Kind.LIST, tuple((_cell(line.removeprefix("- ")),) for line in lines))
    if lines[0].startswith("|"):
        return _table(lines)
    if bad := next((line for line in lines if line.startswith(("#", "- ", "|", ">", "```", "!["))), None):
        message = f"{bad[:40]!r}: letters have paragraphs, **bold**, lists with '- ' and one table; leave an empty line between them"
        raise LetterTextError(message)
    return Shape(Kind.PARAGRAPH, ((_cell(" ".join(lines)),),))


def _table(lines: list[str]) -> Shape:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if len(lines) != _TABLE_LINES or not _RULE.fullmatch(lines[1]) or len({len(row) for row in rows}) != 1:
        message = "a table is a head, a line of |---|, and one row that is repeated for each child, all with as many cells"
        raise LetterTextError(message)
    return Shape(Kind.TABLE, (tuple(map(_cell, rows[0])), tuple(map(_cell, rows[2]))))


def _cell(text: str) -> _Cell:
    pieces = _BOLD.split(text)
    spans = [_Span(parse(piece), bold=bool(position % 2)) for position, piece in enumerate(pieces) if piece]
    if any("**" in part for span in spans for part in span.parts if isinstance(part, str)):
        message = f"{text[:40]!r}: a ** has no partner"
        raise LetterTextError(message)
    return tuple(spans)
