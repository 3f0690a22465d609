"""How much room a letter's words take on paper, roughly: where to begin to look for the type size in which they fit.

Typst knows it exactly, but each question costs as much as setting the letter. This costs little, and is right for nineteen of twenty.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from outreach.messages.languages import language
from outreach.messages.letter_content import Side
from outreach.messages.letter_text import Block, Kind, Line

POINTS = 72
WAYS = ((12, True), (11, True), (10.5, True), (11, False), (10.5, False))
"""Points, and whether with the picture: the first that fits is taken; where all does not fit, the words stay and the picture goes."""
_SCALES = {"Arab": 1.15}
"""Amiri looks small beside Noto Sans."""
_CAPITAL, _LEADING, _BETWEEN = 0.714, 0.64, 1.05
"""Height of a line, the space between two lines and between two paragraphs, in em, as the frame sets them."""
_HEADING = 28
_QR_CODE = 0.95 * POINTS
_SMALLER, _GUTTERS, _INDENT = 0.85, 2.4, 1.6
"""The words beside the QR code, the space around them, and the indent of a list, in em."""

_SPACE = 0.26
_LETTERS = {
    c: width
    for width, cs in ((0.27, "ijlI.,;:'!|’ії"), (0.38, "frtJ()-/"), (0.75, "DGHNOQUwжмыюфДНОПШ"), (0.92, "mMW@%шщЖМЩЮ"))
    for c in cs
}
_BLOCKS = ((0x600, 0x780, 0.41), (0x1200, 0x13A0, 0.65), (0x2E80, 0xAC00, 1), (0xAC00, 0xD7B0, 0.92))
"""Letters of other scripts: the first of a block, the first behind it, and their width in em."""


def first_way(side: Side, *, width: float, room: float, beside: str = "", copy: bool = False) -> int:
    """Which of ``WAYS`` is worth trying first, for the words in one language on *width* times *room* inches.

    *beside*: the words that stand with a QR code beside the signature; *copy*: it is the English copy, with its heading.
    """
    left = room * POINTS - (_HEADING if copy else 0)
    sizes = ((size * scale(side.locale), picture) for size, picture in WAYS)
    heights = (_height(side, width * POINTS, size, picture=picture, beside=beside) for size, picture in sizes)
    return next((number for number, height in enumerate(heights) if height <= left), len(WAYS) - 1)


def scale(locale: str) -> float:
    """How much larger a language's letters are set than others in type of the same name."""
    return _SCALES.get(language(locale).script, 1)


def _height(side: Side, width: float, size: float, *, picture: bool, beside: str) -> float:
    """In points."""
    blocks = sum(_block(block, width / size) + _BETWEEN for block in side.blocks)
    counted = any(block.kind is Kind.TABLE for block in side.blocks)
    months = _months(len(side.picture.rows)) if picture and counted and side.picture else 0
    return (_lines(1) + _BETWEEN + blocks + months) * size + _closing(side.signature, beside, width, size)


def _block(block: Block, width: float) -> float:
    """Height of a block in em, *width* in em."""
    if block.kind is Kind.TABLE:
        return len(block.rows) * (_CAPITAL + 1)
    listed = block.kind is Kind.LIST
    height = _lines(sum(_broken(_words(row[0]), width - _INDENT * listed) for row in block.rows))
    return height - (_BETWEEN - _LEADING) * listed  # a list stands close under its paragraph


def _months(rows: int) -> float:
    """Height of the picture in em: its caption, its head, and a row a child, with lower bars where there are several."""
    return 2.22 + rows * (2.36 if rows > 1 else 3.55)


def _closing(signature: Iterable[str], beside: str, width: float, size: float) -> float:
    """Height in points of the signature, and of what stands beside it."""
    lines = list(signature)
    signed = _lines(len(lines)) * size
    if not beside:
        return signed
    room = width - _QR_CODE - (max(map(_width, lines), default=0) + _GUTTERS) * size
    return max(signed, _QR_CODE, _lines(_broken(beside, max(room / size / _SMALLER, 1))) * size * _SMALLER)


def _lines(count: int) -> float:
    return count * (_CAPITAL + _LEADING) - _LEADING


def _words(line: Line) -> str:
    return "".join(run.text for run in line)


def _broken(words: str, width: float) -> int:
    """How many lines of *width* em some words take, broken at spaces; a word that is wider runs on, as Chinese does."""
    lines, filled = 1, 0.0
    for word in words.split(" "):
        taken = _width(word)
        if filled and filled + taken > width:
            lines, filled = lines + 1, 0.0
        more, filled = divmod(filled + taken, width)
        lines += int(more)
        filled += _SPACE
    return lines


@lru_cache(maxsize=16384)
def _width(words: str) -> float:
    return sum(map(_letter, words))


@lru_cache(maxsize=4096)
def _letter(letter: str) -> float:
    """Width in em; an accent takes none."""
    plain = unicodedata.normalize("NFD", letter)[0]
    if plain.isspace():
        return _SPACE
    if unicodedata.category(plain) in {"Mn", "Me", "Cf"}:
        return 0
    if plain in _LETTERS:
        return _LETTERS[plain]
    usual = 0.62 if plain.isupper() else 0.56
    return next((width for first, behind, width in _BLOCKS if first <= ord(letter) < behind), usual)
