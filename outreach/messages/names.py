"""Names and other values as they may stand in a message: composed, on one line, free of invisible controls, safe in any direction."""

from __future__ import annotations

import unicodedata

_KEPT = {"\u200c", "\u200d"}
"""Joiners: Urdu and Persian spelling needs them; they cannot turn the text around."""

_FIRST_STRONG, _LEFT_TO_RIGHT, _END = "\u2068", "\u2066", "\u2069"


def clean(value: str) -> str:
    """Return *value* in NFC, on one line, without control, format and bidi characters (Unicode Cc, Cf, Cs, Co, Cn).

    A name from a feed could otherwise turn the rest of a text around or hide words in it.
    """
    composed = unicodedata.normalize("NFC", value)
    if composed.isprintable():  # neither control nor format character, and no space but the plain one
        return " ".join(composed.split())
    spaced = (" " if character.isspace() else character for character in composed)
    visible = (c for c in spaced if c in _KEPT or not unicodedata.category(c).startswith("C"))
    return " ".join("".join(visible).split())


def isolate(value: str, *, rtl: bool) -> str:
    """Put a name into a directional isolate where its direction may differ from the text's, so that neither scrambles the other."""
    if rtl or (not value.isascii() and any(unicodedata.bidirectional(c) in {"R", "AL"} for c in value)):
        return f"{_FIRST_STRONG}{value}{_END}"
    return value


def isolate_phone(phone: str, *, rtl: bool) -> str:
    """Keep the groups of a phone number in order inside right-to-left text."""
    return f"{_LEFT_TO_RIGHT}{phone}{_END}" if rtl else phone
