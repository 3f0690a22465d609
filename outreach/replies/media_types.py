"""What a file is by its bytes; what a sender calls it counts for nothing. Pure."""

from __future__ import annotations

import re

LARGEST = 5 * 1024 * 1024
"""Bytes; carriers pass on no more with a text."""

SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""What a browser shows as a picture; anything else that is kept is downloaded."""
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
}
_SIGNS = (
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("image/heic", re.compile(rb"....ftyp(?:heic|heix|heif|hevc|mif1|msf1)", re.DOTALL)),
    ("application/pdf", re.compile(rb"%PDF-\d")),
)


def type_of(content: bytes) -> str:
    """The type that the first bytes of a picture or a PDF show; empty for whatever else it is."""
    return next((name for name, sign in _SIGNS if sign.match(content)), "")
