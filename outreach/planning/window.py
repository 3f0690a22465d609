"""When texts may leave: pure, in the school's own zone and in that of the number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from phonenumbers import parse
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

_DAYS_AHEAD = 15
"""Two weeks: a window open on one day a week, whose hour that day's clock change skips, opens on the next."""

_MANY_ZONES = 6
"""A number of more zones than this, such as a toll-free one, says nothing about where it is."""


@dataclass(frozen=True)
class Window:
    """Open between two local hours on some days of the week (Monday 0)."""

    opens: time
    closes: time
    days: Collection[int]
    zone: str
    also: tuple[str, ...] = ()
    """Further zones whose clocks must agree: those of the number."""
    closed: Collection[date] = frozenset()
    """Dates in *zone* on which it does not open: holidays."""

    def is_open(self, instant: datetime) -> bool:
        """Whether a text may leave at *instant*."""
        if self.closed and instant.astimezone(ZoneInfo(self.zone)).date() in self.closed:
            return False
        shown = (instant.astimezone(ZoneInfo(zone)) for zone in (self.zone, *self.also))
        return all(local.weekday() in self.days and self.opens <= local.time() < self.closes for local in shown)

    def next_open(self, instant: datetime) -> datetime:
        """The first instant from *instant* on at which a text may leave, in UTC. Raises ValueError where no day is open.

        Where the clock skips the opening hour, the window opens an hour's change later; where that is past its end, on another day.
        """
        if not self.days or self.opens >= self.closes:
            message = "the sending window is never open; check quiet_start, quiet_end and send_days"
            raise ValueError(message)
        if self.is_open(instant):
            return instant.astimezone(UTC)
        today, days_ahead = instant.astimezone(ZoneInfo(self.zone)).date(), _DAYS_AHEAD + len(self.closed)
        openings = (opening for ahead in range(days_ahead) for opening in self._openings(today + timedelta(days=ahead)))
        found = next((opening for opening in openings if opening > instant and self.is_open(opening)), None)
        if found is None:
            message = f"the sending window does not open within {days_ahead} days"
            raise ValueError(message)
        return found

    def closing(self, instant: datetime) -> datetime:
        """The instant, in UTC, at which the window closes that is open at *instant*."""
        days = [(instant.astimezone(ZoneInfo(zone)).date(), zone) for zone in (self.zone, *self.also)]
        return min(end for day, zone in days for end in _shows(self.closes, day, zone) if end > instant)

    def _openings(self, day: date) -> list[datetime]:
        """The instants of a day at which a clock shows the opening hour."""
        return sorted({instant for zone in (self.zone, *self.also) for instant in _shows(self.opens, day, zone)})


def for_number(window: Window, phone: str) -> Window:
    """The same window, where the clock of the number *phone* (E.164) agrees as well.

    An area code is a hint: a number of many zones (toll-free) has none, and one whose day never meets the school's tells where it was
    bought, not where the family is.
    """
    zones = _zones_of(phone) if phone else ()
    if not 0 < len(zones) <= _MANY_ZONES or UNKNOWN_TIMEZONE in zones:
        return window
    narrower = replace(window, also=tuple(sorted(set(zones) - {window.zone})))
    return narrower if _meet(window.opens, window.closes, (window.zone, *narrower.also)) else window


@lru_cache(maxsize=4096)
def _zones_of(phone: str) -> tuple[str, ...]:
    return time_zones_for_number(parse(phone))


@cache
def _meet(opens: time, closes: time, zones: tuple[str, ...]) -> bool:
    """Whether there is an hour, in summer and in winter, that lies between *opens* and *closes* in all *zones*."""
    all_days = Window(opens, closes, range(7), zones[0], zones[1:])
    seasons = [[datetime(2026, month, 7, hour, tzinfo=UTC) for hour in range(24)] for month in (1, 7)]
    return all(any(all_days.is_open(hour) for hour in season) for season in seasons)


def _shows(hour: time, day: date, zone: str) -> set[datetime]:
    """The instants at which a zone's clock shows *hour* on *day*: two of them where it is turned back over it."""
    shown = datetime.combine(day, hour, tzinfo=ZoneInfo(zone))
    return {shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
