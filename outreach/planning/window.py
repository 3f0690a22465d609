"""When texts may leave: pure, in the school's own zone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


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
        """The first instant from *instant* on at which a text may leave, in UTC. Raises ValueError where no day is open."""
        if not self.days or self.opens >= self.closes:
            message = "the sending window is never open; check quiet_start, quiet_end and send_days"
            raise ValueError(message)
        if self.is_open(instant):
            return instant.astimezone(UTC)
        zone = ZoneInfo(self.zone)
        local = instant.astimezone(zone)
        for ahead in range(8):
            day = local.date() + timedelta(days=ahead)
            # an hour that the clock change skips lands after it: converting through UTC gives the real instant
            opening = datetime.combine(day, self.opens, tzinfo=zone).astimezone(UTC)
            if day.weekday() in self.days and opening > instant:
                return opening
        message = "the sending window does not open within eight days"
        raise ValueError(message)
