"""A letter as data: everything that is printed, and nothing that could act as markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from outreach.messages.compose import Facts, Pair, child_values, tag_line, values
from outreach.messages.languages import DEFAULT, language
from outreach.messages.letter_picture import Picture, picture_of
from outreach.messages.letter_text import Block, Kind, LetterTextError, Run, filled
from outreach.messages.names import clean, isolate_phone
from outreach.messages.page_words import wordings
from outreach.messages.phrases import date_phrase
from outreach.messages.placeholders import fill, parse
from outreach.messages.postal import Address, delivery_lines, place_lines

_LONGEST_WORD = 36
FRAME, FRAME_CHANNEL = "letter_frame", "page"
"""The words around those of every letter, approved like all others."""


@dataclass(frozen=True)
class Side:
    """What a letter says in one language."""

    locale: str
    date: str
    blocks: tuple[Block, ...]
    signature: tuple[str, ...]
    """The person who signs, school, district and the number to call."""
    picture: Picture | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Side:
        """Read back what ``asdict`` wrote."""
        drawn = data.get("picture")
        blocks = tuple(_block(block) for block in data["blocks"])
        return cls(data["locale"], data["date"], blocks, tuple(data["signature"]), Picture.from_json(drawn) if drawn else None)


@dataclass(frozen=True)
class Link:
    """The way to the family page: what is said about it, its address in the QR code; or the address to type, and there the code."""

    words: str
    url: str
    typed: str
    code: str


@dataclass(frozen=True)
class LetterContent:
    """One letter. ``to_json`` is kept with the batch, so that the same page can be printed again."""

    letter_id: str
    """Short code at the foot, for returned mail."""
    return_lines: tuple[str, ...]
    address_lines: tuple[str, ...]
    place_lines: tuple[str, ...]
    """Those of the address lines that name the place, not the adults."""
    own: Side
    """In the family's language, as far as its words are approved."""
    copy: Side | None = None
    """The same in English, behind a letter in another language: for whoever helps the family, or asks at school."""
    tag: str = ""
    """A line in *tag_locale*, for a family whose language the letter is not in."""
    tag_locale: str = ""
    link: Link | None = None
    large: bool = False
    """In large print."""

    @property
    def locale(self) -> str:
        """The language of the letter."""
        return self.own.locale

    def to_json(self) -> dict[str, Any]:
        """Return the content as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LetterContent:
        """Read back what ``to_json`` wrote."""
        return cls(
            letter_id=data["letter_id"],
            return_lines=tuple(data["return_lines"]),
            address_lines=tuple(data["address_lines"]),
            place_lines=tuple(data["place_lines"]),
            own=Side.from_json(data["own"]),
            copy=Side.from_json(data["copy"]) if data["copy"] else None,
            tag=data["tag"],
            tag_locale=data["tag_locale"],
            link=Link(**data["link"]) if data["link"] else None,
            large=data["large"],
        )


def build(
    pair: Pair, facts: Facts, address: Address, *, letter_id: str, sender: Sequence[str], day: date, tag: Pair | None = None
) -> LetterContent:
    """Make the content of one letter in the pair's language, dated *day*; *sender* are the lines of ``postal.return_lines``.

    The words around its own are put in by ``framed``.

    Behind words in another language stands their English source, as it was approved with them. *tag* is a line in the family's own
    language, under words that are not in it.

    Raises AddressError, MissingValueError, TemplateError or LetterTextError: then this family gets no letter, and a person the reason.
    """
    _refuse_endless_words(facts)
    return LetterContent(
        letter_id=letter_id,
        return_lines=tuple(sender),
        address_lines=delivery_lines(address),
        place_lines=place_lines(address),
        own=_side(pair.translation, facts, pair.locale, day),
        copy=None if pair.locale == DEFAULT else _side(pair.source, facts, DEFAULT, day),
        tag=tag_line(tag, facts),
        tag_locale=tag.locale if tag else "",
    )


def framed(content: LetterContent, frame: Pair | None, *, url: str = "", typed: str = "", code: str = "") -> LetterContent:
    """The letter with the words around its own: over the months, and beside the way to the family page.

    *frame* is the pair of ``FRAME`` that was approved in the letter's language; what it has no words for is left out. *url* goes into
    the QR code; *typed* is the address to type, and there *code*.
    """
    own, english = (wordings(frame.translation), wordings(frame.source)) if frame else ({}, {})
    rtl = language(content.locale).rtl
    known = {"page_address": isolate_phone(typed, rtl=rtl), "page_code": isolate_phone(code, rtl=rtl)}
    way = own.get("way") if url else None
    return replace(
        content,
        own=_captioned(content.own, own),
        copy=_captioned(content.copy, english) if content.copy else None,
        link=Link(fill(parse(way), known), url, typed, code) if way else None,
    )


def _captioned(side: Side, words: Mapping[str, str]) -> Side:
    caption = words.get("months")
    return replace(side, picture=replace(side.picture, caption=caption) if side.picture and caption else None)


def _side(text: str, facts: Facts, locale: str, day: date) -> Side:
    rtl = language(locale).rtl
    each = [child_values(child, locale, year=True) for child in facts.children]
    phone = clean(facts.school_phone)
    signature = clean(facts.signer), clean(facts.school), clean(facts.district), isolate_phone(phone, rtl=rtl) if phone else ""
    return Side(
        locale=locale,
        date=date_phrase(day, locale, year=True),
        blocks=filled(text, values(facts, locale, year=True), each),
        signature=tuple(filter(None, signature)),
        picture=picture_of(facts.children, locale),
    )


def _refuse_endless_words(facts: Facts) -> None:
    """A word wider than its line would be cut off at the paper's edge, and the count beside it in the table with it."""
    names = (facts.school, facts.district, facts.signer, *facts.adult_names, *(child.name for child in facts.children))
    if any(len(word) > _LONGEST_WORD for name in names for word in clean(name).split()):
        message = f"a name has a word of more than {_LONGEST_WORD} letters, too long for a line of the letter"
        raise LetterTextError(message)


def _block(data: Mapping[str, Any]) -> Block:
    return Block(Kind(data["kind"]), tuple(tuple(tuple(Run(**run) for run in cell) for cell in row) for row in data["rows"]))
