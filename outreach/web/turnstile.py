"""How often an open page does its work for one place, and for everybody: counted in memory, and forgotten within minutes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock


@dataclass
class Turnstile:
    """What one program let through within this stretch of time; with several programs each has its own."""

    stretch: timedelta
    from_one_place: int
    in_all: int
    since: datetime | None = None
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def allows(self, what: str, address: str, now: datetime) -> bool:
        """Whether one more may pass; counts it where it may."""
        with self.lock:
            if self.since is None or now - self.since >= self.stretch or now < self.since:
                self.since, self.counted = now, Counter()
            here, everywhere = (what, address), (what, "")
            if self.counted[here] >= self.from_one_place or self.counted[everywhere] >= self.in_all:
                return False
            self.counted[here] += 1
            self.counted[everywhere] += 1
            return True
