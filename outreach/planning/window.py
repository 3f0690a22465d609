"""When texts may leave: pure, in the school's own zone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS_AHEAD = 15
"""Two weeks: a window open on one day a week, whose hour that day's clock change skips, opens on the next."""


@dataclass(frozen=True)
class Window:
    """Open between two local hours on some days of the week (Monday 0)."""

    opens: time
    closes: time
    days: Collection[int]
    zone: str

    def is_open(self, instant: datetime) -> bool:
        """Whether a text may leave at *instant*."""
        local = instant.astimezone(ZoneInfo(self.zone))
        return local.weekday() in self.days and self.opens <= local.time() < self.closes

    def next_open(self, instant: datetime) -> datetime:
        """The first instant from *instant* on at which a text may leave, in UTC. Raises ValueError where no day is open.

        Where the clock skips the opening hour, the window opens an hour's change later; where that is past its end, on another day.
        """
        if not self.days or self.opens >= self.closes:
            message = "the sending window is never open; check quiet_start, quiet_end and send_days"
            raise ValueError(message)
        if self.is_open(instant):
            return instant.astimezone(UTC)
        today = instant.astimezone(ZoneInfo(self.zone)).date()
        openings = (opening for ahead in range(_DAYS_AHEAD) for opening in self._openings(today + timedelta(days=ahead)))
        found = next((opening for opening in openings if opening > instant and self.is_open(opening)), None)
        if found is None:
            message = f"the sending window does not open within {_DAYS_AHEAD} days"
            raise ValueError(message)
        return found

    def closing(self, instant: datetime) -> datetime:
        """The instant, in UTC, at which the window closes that is open at *instant*."""
        shown = datetime.combine(instant.astimezone(ZoneInfo(self.zone)).date(), self.closes, tzinfo=ZoneInfo(self.zone))
        return min(end for fold in (0, 1) if (end := shown.replace(fold=fold).astimezone(UTC)) > instant)

    def _openings(self, day: date) -> list[datetime]:
        """The instants at which the clock shows the opening hour: two of them where it is turned back over it."""
        shown = datetime.combine(day, self.opens, tzinfo=ZoneInfo(self.zone))
        return sorted({shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1)})
