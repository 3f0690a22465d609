"""What delivery asks of a company that prints and posts letters, what it may answer, and where a letter with it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from outreach.messages.postal import Address


class MailingState(StrEnum):
    """Where a letter to the mail house stands."""

    PLANNED = "planned"
    SENDING = "sending"
    """The request may have left."""
    UNCERTAIN = "uncertain"
    """It may have it: its list is asked."""
    TAKEN = "taken"
    """It prints and posts it."""
    REFUSED = "refused"
    CANCELLED = "cancelled"
    """Pulled, or taken back with its batch, before it left."""
    RETURNED = "returned"
    """The post brought it back."""


_S = MailingState
MOVES: Mapping[MailingState, frozenset[MailingState]] = MappingProxyType(
    {
        _S.PLANNED: frozenset({_S.SENDING, _S.CANCELLED}),
        _S.SENDING: frozenset({_S.TAKEN, _S.REFUSED, _S.UNCERTAIN, _S.PLANNED}),
        _S.UNCERTAIN: frozenset({_S.TAKEN, _S.REFUSED, _S.PLANNED}),
        _S.TAKEN: frozenset({_S.RETURNED}),
        _S.REFUSED: frozenset(),
        _S.CANCELLED: frozenset(),
        _S.RETURNED: frozenset(),
    }
)
"""The one table of moves; an answer that comes after its lease still settles a doubt."""
WORDS: Mapping[MailingState, str] = MappingProxyType(
    {
        _S.PLANNED: "to go to the mail house",
        _S.SENDING: "going to the mail house",
        _S.UNCERTAIN: "no clear answer; the mail house's list is asked",
        _S.TAKEN: "taken by the mail house",
        _S.REFUSED: "refused by the mail house",
        _S.CANCELLED: "pulled before it left",
        _S.RETURNED: "brought back by the post",
    }
)


class Said(StrEnum):
    """What a mail house answered to one letter."""

    TAKEN = "taken"
    BAD_ADDRESS = "bad_address"
    """It took nothing: post cannot arrive there."""
    BAD_LETTER = "bad_letter"
    """It took nothing: the page or what was said with it is not as it wants it."""
    NOT_OURS = "not_ours"
    """It took nothing: the account, its key or its money. Nothing else would be taken either."""
    LATER = "later"
    """It took nothing: it is busy, or was not reached at all."""
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Piece:
    """One letter ready to leave: our unguessable reference, its page, and to whom and where it goes."""

    ref: str
    to: Address
    pdf: bytes


@dataclass(frozen=True)
class HouseAnswer:
    """The answer to one piece; *house_id* where it was taken, *detail* in words without anything of the family's."""

    said: Said
    house_id: str = ""
    detail: str = ""


class MailHouse(Protocol):
    """Prints and posts letters. ``mail`` never raises for the network: doubt is ``Said.UNCERTAIN``."""

    def mail(self, piece: Piece) -> HouseAnswer:
        """Ask once for *piece* to be printed and posted; the same reference again is the same letter."""
        ...

    def find(self, ref: str) -> str:
        """Its name for the letter with our reference, or empty; raises OSError where it cannot be asked."""
        ...

    def returned(self, since: datetime) -> list[str]:
        """Its names of letters taken since an instant which the post brought back; raises OSError where it cannot be asked."""
        ...


class MoveError(ValueError):
    """A letter cannot go from that state to this one."""


def move(now: MailingState, to: MailingState) -> MailingState:
    """Return *to*, or raise MoveError."""
    if to not in MOVES[now]:
        message = f"A letter with the mail house cannot go from {now} to {to}."
        raise MoveError(message)
    return to
