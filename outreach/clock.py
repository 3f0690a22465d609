"""The one source of "now": the computer's clock, a fixed instant, or a demo clock that a person can move."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Anything that knows the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class FixedClock:
    """A clock that stands at one instant (``OUTREACH_NOW``)."""

    instant: datetime

    def now(self) -> datetime:
        """Return the fixed instant in UTC."""
        return self.instant.astimezone(UTC)


@dataclass(frozen=True)
class MovableClock:
    """A clock that runs at normal speed from an instant a person chose; the offset lives in a small file.

    Every process that opens the same file agrees on the time, so the demo's web pages, scheduler and phones travel together.
    """

    file: Path

    def now(self) -> datetime:
        """Return the real instant moved by the stored offset."""
        return datetime.now(UTC) + self._offset()

    def move_to(self, instant: datetime) -> None:
        """Make the clock show *instant* now and run on from there."""
        seconds = (instant - datetime.now(UTC)).total_seconds()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps({"offset_seconds": seconds}), encoding="utf-8")
        fresh.replace(self.file)

    def _offset(self) -> timedelta:
        try:
            return timedelta(seconds=float(json.loads(self.file.read_text(encoding="utf-8"))["offset_seconds"]))
        except FileNotFoundError:
            return timedelta()


def local_date(instant: datetime, timezone: str) -> date:
    """Return the calendar date that *instant* falls on in *timezone* (an IANA name)."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def start_of_day(when: date, timezone: str) -> datetime:
    """Return the first instant of a local date."""
    return datetime(when.year, when.month, when.day, tzinfo=ZoneInfo(timezone))
