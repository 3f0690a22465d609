"""Subgroups of a child, as feeds write them."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[|;,]")


def subgroups(text: str) -> tuple[str, ...]:
    """The names in a ``subgroups`` column, in order and each once; feeds part them by a bar, a semicolon or a comma."""
    return tuple(dict.fromkeys(word.strip() for word in _SEPARATORS.split(text) if word.strip()))
