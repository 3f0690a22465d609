"""What a carrier can do wrong, on demand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """One way to go wrong. The first group strikes a request to send, the second the receipts of an accepted message."""

    DROP = "drop"
    """Accepts the message and cuts the line instead of answering."""
    DELAY = "delay"
    """Accepts the message and answers after ``seconds``."""
    BUSY = "busy"
    """Takes nothing: 429 with error 20429."""
    BROKEN = "broken"
    """Takes nothing: 502 with a page in HTML."""
    TAKEN_BUT_BROKEN = "taken_but_broken"
    """Accepts the message and answers with the same 502."""
    GARBLED = "garbled"
    """Accepts the message and answers with half a sentence."""
    WALL = "wall"
    """Takes nothing: a 403 page in HTML, as a proxy in between shows it."""
    REFUSE = "refuse"
    """Takes nothing: 400 with error ``code``."""

    MISSING = "missing"
    """No receipt ever comes."""
    REORDER = "reorder"
    """Receipts come last one first."""
    DUPLICATE = "duplicate"
    """Every receipt comes three times."""
    UNDELIVERED = "undelivered"
    """The last receipt says undelivered with error ``code``."""
    LATE_DELIVERED = "late_delivered"
    """Undelivered first, delivered afterwards."""
    SLOW_QUEUE = "slow_queue"
    """Its turn comes after ``seconds``: where it is no longer valid then, it fails with 30036 and never leaves."""


AT_REQUEST = frozenset({Fault.DROP, Fault.DELAY, Fault.BUSY, Fault.BROKEN, Fault.TAKEN_BUT_BROKEN, Fault.GARBLED, Fault.WALL, Fault.REFUSE})


@dataclass
class Order:
    """An order to go wrong: which way, how often, and for which number (any if empty)."""

    fault: Fault
    times: int = 1
    to: str = ""
    code: int = 30003
    seconds: float = 0.0


def receipts(order: Order | None, *, by_service: bool, valid_seconds: int = 36_000) -> list[tuple[str, str]]:
    """Return the statuses (status, error code) the carrier reports after the one it answered with, in the order they leave."""
    usual = [*([("queued", "")] if by_service else []), ("sent", ""), ("delivered", "")]
    if order is None:
        return usual
    failed = ("undelivered", str(order.code))
    ways = {
        Fault.MISSING: [],
        Fault.REORDER: usual[::-1],
        Fault.DUPLICATE: [status for status in usual for _ in range(3)],
        Fault.UNDELIVERED: [*usual[:-1], failed],
        Fault.LATE_DELIVERED: [*usual[:-1], failed, usual[-1]],
        Fault.SLOW_QUEUE: [*usual[:-2], ("failed", "30036")] if order.seconds > valid_seconds else usual,
    }
    return ways.get(order.fault, usual)
