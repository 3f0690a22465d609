"""A letter as data: everything that is printed, and nothing that could act as markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from outreach.messages.compose import Facts, Pair, child_values, tag_line, values
from outreach.messages.languages import language
from outreach.messages.letter_text import Block, Kind, LetterTextError, Run, filled
from outreach.messages.names import clean, isolate_phone
from outreach.messages.phrases import date_phrase
from outreach.messages.postal import Address, delivery_lines

_LONGEST_WORD = 36


@dataclass(frozen=True)
class LetterContent:
    """One letter. ``to_json`` is kept with the batch, so that the same page can be printed again."""

    letter_id: str
    """Short code at the foot, for returned mail."""
    locale: str
    return_lines: tuple[str, ...]
    address_lines: tuple[str, ...]
    date: str
    blocks: tuple[Block, ...]
    signature: tuple[str, ...]
    """The person who signs, school, district and the number to call."""
    tag: str = ""
    """A line in *tag_locale*, for a family whose language the letter is not in."""
    tag_locale: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the content as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LetterContent:
        """Read back what ``to_json`` wrote."""
        return cls(
            letter_id=data["letter_id"],
            locale=data["locale"],
            return_lines=tuple(data["return_lines"]),
            address_lines=tuple(data["address_lines"]),
            date=data["date"],
            blocks=tuple(_block(block) for block in data["blocks"]),
            signature=tuple(data["signature"]),
            tag=data.get("tag", ""),
            tag_locale=data.get("tag_locale", ""),
        )


def build(
    pair: Pair, facts: Facts, address: Address, *, letter_id: str, sender: Sequence[str], day: date, tag: Pair | None = None
) -> LetterContent:
    """Make the content of one letter in the pair's language, dated *day*; *sender* are the lines of ``postal.return_lines``.

    *tag* is a line in the family's own language, under words that are not in it.

    Raises AddressError, MissingValueError, TemplateError or LetterTextError: then this family gets no letter, and a person the reason.
    """
    _refuse_endless_words(facts)
    rtl = language(pair.locale).rtl
    each = [child_values(child, pair.locale, year=True) for child in facts.children]
    phone = clean(facts.school_phone)
    return LetterContent(
        letter_id=letter_id,
        locale=pair.locale,
        return_lines=tuple(sender),
        address_lines=delivery_lines(address),
        date=date_phrase(day, pair.locale, year=True),
        blocks=filled(pair.translation, values(facts, pair.locale, year=True), each),
        signature=tuple(
            filter(None, (clean(facts.signer), clean(facts.school), clean(facts.district), isolate_phone(phone, rtl=rtl) if phone else ""))
        ),
        tag=tag_line(tag, facts),
        tag_locale=tag.locale if tag else "",
    )


def _refuse_endless_words(facts: Facts) -> None:
    """A word wider than its line would be cut off at the paper's edge, and the count beside it in the table with it."""
    names = (facts.school, facts.district, facts.signer, *facts.adult_names, *(child.name for child in facts.children))
    if any(len(word) > _LONGEST_WORD for name in names for word in clean(name).split()):
        message = f"a name has a word of more than {_LONGEST_WORD} letters, too long for a line of the letter"
        raise LetterTextError(message)


def _block(data: Mapping[str, Any]) -> Block:
    return Block(Kind(data["kind"]), tuple(tuple(tuple(Run(**run) for run in cell) for cell in row) for row in data["rows"]))
