"""What the frame ``templates/letters/letter.typ`` is told of each letter, as JSON values: nothing of it is read as markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import zxingcpp

from outreach.messages.languages import language
from outreach.messages.letter_content import LetterContent, Link, Side
from outreach.messages.letter_room import POINTS, scale

_SENDER, _ADDRESS = (9, 8, 7), (10.5, 10, 9, 8)
"""Points of the lines in the windows: the first in which they fit."""
_WIDE = frozenset("MWm@%&")
_PLAIN = 0.8
"""Width in em of any letter but the wide ones, at most."""
_LINE = 1.06
"""Height of a line in a window, in em, at most."""

Windows = tuple[tuple[float, float], tuple[float, float]]
"""Width and height, in inches, of the windows of sender and address."""
Way = tuple[float, bool]
"""Points, and whether with the picture."""
LARGE: Way = (18, True)


@dataclass(frozen=True)
class Pages:
    """Pages of one letter in its document: its first, the last in its own language, and its last."""

    first: int
    own_end: int
    last: int

    def foot(self, letter_id: str, page: int) -> str:
        """What stands at the foot of a page that is not the letter's first."""
        return f"{letter_id} · {page - self.first + 1}/{self.last - self.first + 1}"


def described(content: LetterContent, windows: Windows, ways: tuple[Way, Way], pages: Pages | None) -> dict[str, object]:
    """Say all that is printed of one letter, in JSON values and dataclasses of them; *ways* are those of its own language and of the copy.

    Without *pages* it is left open how many the letter takes.
    """
    link = content.link
    own, copy = (LARGE, LARGE) if content.large else ways
    return {
        "letter_id": content.letter_id,
        "barcode": bar_code(content.letter_id),
        "sender": _window(content.return_lines, windows[0], _SENDER),
        "address": _window(content.address_lines, windows[1], _ADDRESS),
        "own": _side(content.own, own),
        "copy": _side(content.copy, copy) if content.copy else None,
        "tag": {"text": content.tag, **_tongue(content.tag_locale)} if content.tag else None,
        "link": {"pieces": list(_pieces(link)), "url": link.url, "svg": qr_code(link.url)} if link else None,
        "copy_foot": pages.foot(content.letter_id, pages.last) if pages and not content.large else "",
        "own_end": pages.own_end if pages else None,
        "copy_end": pages.last if pages else None,
    }


def _window(lines: Sequence[str], window: tuple[float, float], sizes: Sequence[float]) -> dict[str, object]:
    """Lines with the sizes that may do for them: one where they surely fit, for the frame must measure where there are several."""
    em = POINTS / sizes[0]
    widths = (sum(1 if letter in _WIDE else _PLAIN for letter in line) for line in lines)
    sure = all(map(str.isascii, lines)) and max(widths, default=0) <= window[0] * em and len(lines) * _LINE <= window[1] * em
    return {"lines": lines, "sizes": sizes[:1] if sure else sizes}


def _pieces(link: Link) -> Iterator[dict[str, object]]:
    """The words about the family page, cut where something is to be typed, which is never broken between two lines."""
    rest = link.words
    while rest:
        places = {rest.find(typed): typed for typed in (link.code, link.typed) if typed in rest}
        first = min(places, default=len(rest))
        whole = places.get(first, "")
        yield from ({"text": text, "whole": text is whole} for text in (rest[:first], whole) if text)
        rest = rest[first + len(whole) :]


def _side(side: Side, way: Way) -> dict[str, object]:
    size, picture = way
    drawn = side.picture if picture else None
    return {**vars(side), **_tongue(side.locale), "scale": scale(side.locale), "size": size, "picture": drawn}


def _tongue(locale: str) -> dict[str, object]:
    """A language as Typst wants to hear of it."""
    chosen = language(locale)
    lang, _, rest = locale.partition("-")
    return {"lang": lang, "region": rest if len(rest) == len("BR") else None, "script": chosen.script.lower(), "rtl": chosen.rtl}


def qr_code(text: str) -> str:
    """A QR code as SVG, which survives a fold and a stain (error correction M)."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return zxingcpp.write_barcode_to_svg(code, add_quiet_zones=False)


def bar_code(text: str) -> str:
    """A Code 128 bar code as SVG."""
    return zxingcpp.write_barcode_to_svg(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128), add_quiet_zones=False)
