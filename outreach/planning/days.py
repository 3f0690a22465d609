"""On which day a text leaves: pure. A day holds what a sender puts out before the window ends, and what a school's people can answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from random import Random

from outreach.clock import local_date
from outreach.planning.window import Window


@dataclass(frozen=True)
class Asked:
    """One text that is to leave."""

    school_id: str
    rank: int
    """Its place among the tiers: lower ones go first, and within one chance decides."""
    window: Window
    segments: int


@dataclass
class Diary:
    """What leaves on which local date already."""

    texts: Counter[tuple[str, date]] = field(default_factory=Counter)
    """(school, date) → texts."""
    segments: Counter[date] = field(default_factory=Counter)

    def note(self, school_id: str, day: date, segments: int) -> None:
        """One more text leaves on that date."""
        self.texts[school_id, day] += 1
        self.segments[day] += segments


class _Days:
    """The days of one window from an instant on, each as (opening, closing), found as they are asked for."""

    def __init__(self, window: Window, now: datetime) -> None:
        self._coming = _days(window, now)
        self._found: list[tuple[datetime, datetime]] = []

    def __getitem__(self, number: int) -> tuple[datetime, datetime]:
        while len(self._found) <= number:
            self._found.append(next(self._coming))
        return self._found[number]


def _days(window: Window, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    while True:
        opening = window.next_open(now)
        now = window.closing(opening)
        yield opening, now


def schedule(
    asked: Sequence[Asked], diary: Diary, *, limits: Mapping[str, int], rate: float, now: datetime, chance: Random
) -> list[datetime]:
    """Return when each text is due, in the order asked: the opening of the first day, from *now* on, that has room for it.

    *limits* are texts a school and day (a school that is not named has none), *rate* is segments a second. *diary* is filled in. A day
    takes one text whatever its size, so that nothing waits for ever.
    """
    calendars: dict[tuple[str, ...], _Days] = {}
    first_free: Counter[tuple[str, tuple[str, ...]]] = Counter()
    due: dict[int, datetime] = {}
    for number in _in_turn(asked, chance):
        item = asked[number]
        zones = item.window.zone, *item.window.also, *sorted(map(str, item.window.closed))
        days = calendars.setdefault(zones, _Days(item.window, now))
        for day in count(first_free[item.school_id, zones]):
            opening, closing = days[day]
            if _has_room(item, opening, closing, diary, limits, rate):
                break
            first_free[item.school_id, zones] = day + 1
        diary.note(item.school_id, local_date(opening, item.window.zone), item.segments)
        due[number] = opening
    return [due[number] for number in range(len(asked))]


def _in_turn(asked: Sequence[Asked], chance: Random) -> Iterable[int]:
    shuffled = list(range(len(asked)))
    chance.shuffle(shuffled)
    return sorted(shuffled, key=lambda number: asked[number].rank)


def _has_room(item: Asked, opening: datetime, closing: datetime, diary: Diary, limits: Mapping[str, int], rate: float) -> bool:
    limit, day = limits.get(item.school_id), local_date(opening, item.window.zone)
    if limit is not None and diary.texts[item.school_id, day] >= max(1, limit):
        return False
    taken = diary.segments[day]
    return not taken or taken + item.segments <= rate * (closing - opening).total_seconds()
