"""How many SMS segments a text takes, counted as Twilio's calculator counts, and the small normaliser that keeps texts cheap.

GSM 03.38: 160 septets in one segment, 153 in each of several. Any character outside it makes the whole text UCS-2: 70 and 67 units
of 16 bits. Neither an escape pair nor a grapheme is cut in two, so a division by 153 or 67 counts too few.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import regex

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _EXTENDED
_GRAPHEME = regex.compile(r"\X")
_JOINING = regex.compile(r"[^\p{GCB=Other}\p{GCB=Control}\p{GCB=LF}\p{GCB=LV}\p{GCB=LVT}]")
"""A character that may be one grapheme with its neighbours. Where there is none, each is its own, and most texts have none (UAX 29)."""

# Only marks and spaces, never letters: an accent is part of a name.
_PLAIN = {
    ord(mark): plain
    for plain, marks in {
        "'": "\u2018\u2019\u201a\u201b\u2032\u2039\u203a\u0060\u00b4",
        '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb",
        "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u00b7",
        "...": "\u2026",
        " ": "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000\t",
        "": "\u200b\u2060\ufeff\u00ad",
    }.items()
    for mark in marks
}


class Encoding(StrEnum):
    """How a text travels."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


_ONE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_EACH = {Encoding.GSM7: 153, Encoding.UCS2: 67}

MOST_SEGMENTS = {Encoding.GSM7: 2, Encoding.UCS2: 4}
"""What one message may cost."""


@dataclass(frozen=True)
class Size:
    """What a text costs: its encoding, its units (septets or 16-bit units) and its segments."""

    encoding: Encoding
    units: int
    segments: int

    @property
    def fits(self) -> bool:
        """Within what one message may cost."""
        return self.segments <= MOST_SEGMENTS[self.encoding]


def normalise(text: str) -> str:
    """Return *text* in NFC, with typographic marks made plain where that lets it travel as GSM-7.

    Decomposed accents are destroyed on the way, so NFC comes first. Where other letters need UCS-2 anyway, straight quotes would
    save nothing, and the marks stay as the translator wrote them. Letters are never changed.
    """
    composed = unicodedata.normalize("NFC", text)
    outside = set(composed) - _GSM
    return composed.translate(_PLAIN) if outside and all(ord(mark) in _PLAIN for mark in outside) else composed


def measure(text: str) -> Size:
    """Count the segments of *text* as it stands."""
    encoding = Encoding.GSM7 if _is_gsm(text) else Encoding.UCS2
    units = _septets(text) if encoding is Encoding.GSM7 else len(text.encode("utf-16-le", "surrogatepass")) // 2
    return Size(encoding, units, 1 if units <= _ONE[encoding] else _several(text, encoding, units))


def _several(text: str, encoding: Encoding, units: int) -> int:
    """Segments of a text that is too long for one; where every unit is a grapheme, they are filled to the last."""
    each = _EACH[encoding]
    if units == len(text) and (encoding is Encoding.GSM7 or not _JOINING.search(text)):
        return -(-units // each)
    return _packed(_gsm_weights(text) if encoding is Encoding.GSM7 else _ucs2_weights(text), each)


def outside_gsm(text: str) -> tuple[str, ...]:
    """Return the characters that make a text UCS-2, each once, in their order."""
    return tuple(dict.fromkeys(character for character in text if not _is_gsm(character)))


def _is_gsm(text: str) -> bool:
    return _GSM.issuperset(text)


def _septets(text: str) -> int:
    return len(text) if _EXTENDED.isdisjoint(text) else sum(_gsm_weights(text))


def _gsm_weights(text: str) -> Iterable[int]:
    return (2 if character in _EXTENDED else 1 for character in text)


def _ucs2_weights(text: str) -> Iterable[int]:
    for grapheme in _GRAPHEME.findall(text):
        # a line's two ends are one grapheme and two characters
        yield from (1, 1) if grapheme == "\r\n" else (len(grapheme.encode("utf-16-le", "surrogatepass")) // 2,)


def _packed(weights: Iterable[int], room: int) -> int:
    segments, used = 1, 0
    for weight in weights:
        if used + weight > room:
            segments, used = segments + 1, 0
        used += weight
    return segments
