"""The pairs of source and translation as files and web stand now: what a person may approve."""

from __future__ import annotations

import hashlib
from pathlib import Path

from outreach.messages.compose import Pair
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.templates import Source, sources
from outreach.messages.translations import Translations
from outreach.messages.wording import NOTHING_WRITTEN, Overlay


def current_pairs(home: Path | None = None, overlay: Overlay = NOTHING_WRITTEN, *, school_id: str = "") -> list[tuple[Source, Pair]]:
    """Return every pair as it stands now: each English text with itself, and with each of its translations.

    With *school_id* only those of which that school has a copy of its own.
    """
    known = Translations(home)
    return [
        (source, Pair(source.message, source.channel, locale, source.text, words))
        for source in sources(home, overlay, school_id=school_id)
        for locale in languages()
        if (words := source.text if locale == DEFAULT else _translation(source, locale, known, overlay))
    ]


def _translation(source: Source, locale: str, known: Translations, overlay: Overlay) -> str:
    """The translation of exactly this text: the one written in the web, else the file's; empty where there is none."""
    written = overlay.words(source.message, source.channel, locale=locale, school_id=source.school_id)
    return written.text if written is not None and written.source_hash == digest(source.text) else known.of(source, locale)


def digest(text: str) -> str:
    """Name a text by its content (SHA-256, hexadecimal)."""
    return hashlib.sha256(text.encode()).hexdigest()
