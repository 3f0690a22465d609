"""When a child belonged to a school, told by the classes it was enrolled in: OneRoster 1.1 says nothing better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

_SATURDAY = 5


@dataclass(frozen=True)
class Stay:
    """A time at a school; *last* is its last day, None where no end is known."""

    first: date
    last: date | None


def joined(stays: Iterable[Stay]) -> list[Stay]:
    """The stays with those that overlap or follow one another made one, in order.

    Two follow one another where no weekday lies between them: a child who changes classes over a weekend has not left.
    """
    found: list[Stay] = []
    for stay in sorted(stays, key=lambda one: (one.first, one.last or date.max)):
        if stay.last is not None and stay.last < stay.first:
            continue
        if found and (found[-1].last is None or not _weekday_between(found[-1].last, stay.first)):
            last = None if found[-1].last is None or stay.last is None else max(found[-1].last, stay.last)
            found[-1] = replace(found[-1], last=last)
        else:
            found.append(stay)
    return found


def _weekday_between(last: date, first: date) -> bool:
    gap = (first - last).days - 1
    return any((last + timedelta(days=n)).weekday() < _SATURDAY for n in range(1, min(gap, 7) + 1))
