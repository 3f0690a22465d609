"""What changed between two wordings, word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

_WORDS = re.compile(r"(?:\{\{[^{}]*\}\}|\[[^\[\]\n]*\]|\w+(?:['’]\w+)*|[^\w\s])\s*|\s+")
"""A word goes with the space after it: otherwise every space between two changed words would be one that stayed."""


_MOST_WORDS = 600
"""Compared word by word; finding the way through more, all of them alike, would take minutes. More than that counts as all new."""


@dataclass(frozen=True)
class Piece:
    """Some words that stayed, went or came."""

    kind: Literal["same", "gone", "new"]
    text: str


def differences(old: str, new: str) -> tuple[Piece, ...]:
    """Return the pieces of which *old* (without ``new`` ones) and *new* (without ``gone`` ones) are made; a placeholder is one word."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    pieces = [("same", before[:head], before[:head]), *_changes(*middle), ("same", before[len(before) - tail :], [])]
    return tuple(piece for kind, was, now in pieces for piece in _pieces(kind, was, now))


def _changes(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    if max(len(before), len(after)) > _MOST_WORDS:
        return [("replace", before, after)]
    found = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [("same" if what == "equal" else what, before[i:j], after[k:m]) for what, i, j, k, m in found]


def _pieces(kind: str, was: Sequence[str], now: Sequence[str]) -> Iterator[Piece]:
    if kind == "same":
        yield from [Piece("same", "".join(was))] if was else []
        return
    if was:
        yield Piece("gone", "".join(was))
    if now:
        yield Piece("new", "".join(now))


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
