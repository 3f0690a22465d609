"""The pairs of source and translation as the files stand now: what a person may approve."""

from __future__ import annotations

import hashlib
from pathlib import Path

from outreach.messages.compose import Pair
from outreach.messages.languages import DEFAULT
from outreach.messages.templates import Source, sources
from outreach.messages.translations import Translations


def current_pairs(home: Path | None = None) -> list[tuple[Source, Pair]]:
    """Return every pair the files offer: each English text with itself, and with each of its translations."""
    known = Translations(home)
    return [
        (source, Pair(source.message, source.channel, locale, source.text, words))
        for source in sources(home)
        for locale in [DEFAULT, *(found for found in known.locales() if found != DEFAULT)]
        if (words := source.text if locale == DEFAULT else known.of(source, locale))
    ]


def digest(text: str) -> str:
    """Name a text by its content (SHA-256, hexadecimal)."""
    return hashlib.sha256(text.encode()).hexdigest()
