"""What may become of a batch of letters, what it weighs and costs, and when it goes to print: pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.clock import local_date
from outreach.settings import Settings


class BatchState(StrEnum):
    """Where a batch stands."""

    WAITING = "waiting"
    """Prepared; people look at it before it is printed."""
    APPROVED = "approved"
    RELEASED = "released"
    REVOKED = "revoked"
    """Taken back before it went to print."""


_MOVES = {
    BatchState.WAITING: {BatchState.APPROVED, BatchState.REVOKED},
    BatchState.APPROVED: {BatchState.RELEASED, BatchState.REVOKED},
    BatchState.RELEASED: {BatchState.REVOKED},
    BatchState.REVOKED: set[BatchState](),
}


class BatchError(ValueError):
    """The batch cannot do what was asked; the sentence says why."""


def move(now: BatchState, to: BatchState) -> BatchState:
    """Return *to*, or raise BatchError."""
    if to not in _MOVES[now]:
        message = f"This batch is {now}, so it cannot become {to}; somebody else may have changed it meanwhile."
        raise BatchError(message)
    return to


@dataclass(frozen=True)
class Leaf:
    """One letter in its batch: the first of its pages, how many it has, and the sheets of paper they take."""

    first: int
    pages: int
    sheets: int


@dataclass(frozen=True)
class Part:
    """Letters of one postage step that stand together: what is printed, weighed and stamped alike."""

    first_page: int
    last_page: int
    letters: int
    sheets: int
    ounces: int
    """Of each letter, in whole ounces as the post charges them."""
    cost: Decimal


def ounces(sheets: int, settings: Settings) -> int:
    """The postage step of a letter: its weight in ounces, rounded up, at least one."""
    weight = settings.letter_envelope_ounces + sheets * settings.letter_sheet_ounces
    return max(1, math.ceil(round(weight, 6)))


def parts(leaves: Iterable[Leaf], settings: Settings) -> list[Part]:
    """Split a batch, in its order, where the postage changes and where a part would be longer than ``letter_part_pages``."""
    return [_part(group, settings) for group in _groups(leaves, settings)]


def _groups(leaves: Iterable[Leaf], settings: Settings) -> Iterator[list[Leaf]]:
    group: list[Leaf] = []
    for leaf in leaves:
        if group:
            too_long = leaf.first + leaf.pages - group[0].first > settings.letter_part_pages
            if too_long or ounces(leaf.sheets, settings) != ounces(group[0].sheets, settings):
                yield group
                group = []
        group.append(leaf)
    if group:
        yield group


def _part(group: Sequence[Leaf], settings: Settings) -> Part:
    step = ounces(group[0].sheets, settings)
    each = settings.letter_price + (step - 1) * settings.letter_extra_ounce_price
    return Part(
        first_page=group[0].first,
        last_page=group[-1].first + group[-1].pages - 1,
        letters=len(group),
        sheets=sum(leaf.sheets for leaf in group),
        ounces=step,
        cost=len(group) * each,
    )


_WEEKEND = 5


def next_print(now: datetime, settings: Settings) -> datetime:
    """When letters released at *now* go to print: at ``letter_print_at`` by the district's clock, on a weekday; aware UTC."""
    zone, day = ZoneInfo(settings.zone), local_date(now, settings.zone)
    while True:
        at = datetime.combine(day, settings.letter_print_at, zone)
        if at > now and day.weekday() < _WEEKEND:
            return at.astimezone(now.tzinfo)
        day += timedelta(days=1)
