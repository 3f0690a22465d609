"""What one child's record consists of, and what of it one asking person may be given without a decision. Pure.

Everything held is an ``Item``. What is the child's own goes to whoever has a right to the record; what was written by or to a person
goes to that person; the rest is *withheld*: listed by kind, until a records officer has decided that one item (34 CFR 99.12, 99.4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Shelf(StrEnum):
    """Where an item stands in the record."""

    CHILD = "The child"
    ATTENDANCE = "Attendance"
    ADULTS = "Adults"
    CONSENT = "Consent"
    BLOCKS = "Blocks and restrictions"
    MESSAGES = "What the family was told"
    CONVERSATIONS = "Conversations"
    HELP = "What helps"
    STUDIES = "Studies"


class Nature(StrEnum):
    """What an item gives away besides its words."""

    PLAIN = "plain"
    DETAILS = "details"
    """An adult's address, numbers, e-mail or language."""
    ORDER = "order"
    """A block or restriction: that it is there tells of a court or a danger."""


class Withheld(StrEnum):
    """Why an item is not given without a decision, as the file that is given says it: nothing here tells whose it is or when."""

    OTHER = "Something another person wrote or was told"
    SEALED = "An entry of the staff that is closed"
    DETAILS = "How another adult is reached"
    ORDER = "A paper on file"


@dataclass(frozen=True)
class Attached:
    """A photo or document that came with a text."""

    media_id: int
    name: str
    """Its name in the home's folder ``media``; empty where it is kept no more."""
    type: str


@dataclass(frozen=True)
class Item:
    """One thing that is held."""

    key: str
    """Kind and id of its row: ``text:12``."""
    shelf: Shelf
    title: str
    lines: tuple[tuple[str, str], ...] = ()
    """Label and value, without those that are empty."""
    words: str = ""
    at: datetime | None = None
    of: frozenset[str] | None = None
    """The contacts who wrote it, were told it or whom it describes; None is the child's own, an empty set is nobody we know."""
    sealed: bool = False
    """An entry of the staff that is closed to all but one of them: nobody is given it without a decision."""
    hidden: bool = False
    """A family's own words in a sealed conversation: theirs to be given, and closed to the staff who hand them over."""
    nature: Nature = Nature.PLAIN
    attached: tuple[Attached, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether staff see only that it is there, until they ask to read it."""
        return self.sealed or self.hidden


def lines(**values: object) -> tuple[tuple[str, str], ...]:
    """Label and value of what is not empty; a label is its name with spaces."""
    return tuple(
        (name.replace("_", " "), "yes" if value is True else "no" if value is False else str(value))
        for name, value in values.items()
        if value is not None and value != ""
    )


def withheld(item: Item, asking: str) -> Withheld | None:
    """Why *item* needs a decision before the contact *asking* (empty: somebody who is no contact) is given it; None where it does not."""
    if item.sealed:
        return Withheld.SEALED
    if item.of is None or (asking and asking in item.of):
        return None
    return {Nature.DETAILS: Withheld.DETAILS, Nature.ORDER: Withheld.ORDER}.get(item.nature, Withheld.OTHER)


@dataclass(frozen=True)
class Share:
    """What one asking person is given, and what not."""

    given: tuple[Item, ...]
    withheld: tuple[tuple[Item, Withheld], ...]

    @property
    def withheld_by_kind(self) -> Mapping[Withheld, int]:
        """How many of each kind are not given."""
        kinds = [why for _, why in self.withheld]
        return {why: kinds.count(why) for why in Withheld if why in kinds}


def share(items: Sequence[Item], asking: str, decided: Collection[str]) -> Share:
    """Divide a record; *decided* are the keys of withheld items that a person said are given."""
    reasons = [(item, withheld(item, asking)) for item in items]
    return Share(
        tuple(item for item, why in reasons if why is None or item.key in decided),
        tuple((item, why) for item, why in reasons if why is not None and item.key not in decided),
    )
