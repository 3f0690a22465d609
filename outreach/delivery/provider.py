"""What delivery asks of a company that sends texts, and what it may answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Outcome(StrEnum):
    """What became of one request."""

    ACCEPTED = "accepted"
    """The carrier has it and named it."""
    REFUSED = "refused"
    """The carrier took nothing, and said why."""
    TRY_LATER = "try_later"
    """The carrier took nothing because it is busy (429)."""
    UNCERTAIN = "uncertain"
    """No clear answer: it may or may not have it."""


@dataclass(frozen=True)
class Text:
    """A text ready to leave: E.164 number, words, and our reference."""

    to: str
    body: str
    ref: str
    valid_seconds: int | None = None
    """How long the carrier may keep it in its queue: a text that could only leave in quiet hours must not leave. None: as it likes."""
    is_notice: bool = False
    """Whether it is one of the notices that a family gets even where it stopped the rest: they have a sender of their own."""


@dataclass(frozen=True)
class Answer:
    """The provider's answer; ``sid`` and ``status`` where accepted, ``error_code`` where refused."""

    outcome: Outcome
    sid: str = ""
    status: str = ""
    error_code: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Listed:
    """A message as the carrier's list shows it."""

    sid: str
    to: str
    body: str
    status: str
    error_code: str
    created_at: datetime


@dataclass(frozen=True)
class Heard:
    """A family's text as the carrier's list shows it."""

    sid: str
    phone: str
    to: str
    body: str
    media: int
    at: datetime


@dataclass(frozen=True)
class Line:
    """What the carrier knows of a number."""

    type: str
    """Twilio's word, such as mobile or landline; empty where it does not know."""
    reassigned: bool
    """Given to somebody else since the day that was asked for."""


class MediaGoneError(Exception):
    """The carrier does not have a photo, or does not give it to us."""


class Media(Protocol):
    """Gives the photos and documents that families texted."""

    def media(self, path: str, most: int) -> bytes:
        """At most *most* bytes of what lies at *path* of the carrier's server.

        Raises MediaGoneError, or OSError where it may work later.
        """
        ...


class Provider(Protocol):
    """Sends texts and lists what was sent. Never raises for the network: doubt is ``Outcome.UNCERTAIN``."""

    def send(self, text: Text) -> Answer:
        """Ask once for *text* to be sent."""
        ...

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """List messages created for *phone* since an instant; raises OSError when the carrier cannot be reached."""
        ...


@runtime_checkable
class Account(Protocol):
    """What else a carrier's account offers; each raises OSError when the carrier cannot be asked, or says no."""

    def numbers(self) -> list[str]:
        """Our own numbers, on which families' texts come in."""
        ...

    def heard(self, number: str, since: datetime) -> list[Heard]:
        """What came in on one of our numbers since an instant, the oldest first."""
        ...

    def said(self, since: datetime) -> list[Listed]:
        """What we sent since an instant, the oldest first."""
        ...

    def forget(self, sid: str) -> None:
        """Let the carrier forget the words of one message; words it does not have are forgotten already."""
        ...

    def look_up(self, phone: str, sure_on: date | None) -> Line:
        """What kind of line *phone* is, and whether it changed hands since a day on which it was surely the family's."""
        ...

    def tell_stopped(self, phones: Collection[str], at: datetime) -> list[str]:
        """Tell the carrier that these numbers want no texts; return those it took."""
        ...
