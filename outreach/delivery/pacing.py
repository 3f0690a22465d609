"""One budget of segments a second for all senders, on whatever machine: the instant from which the next may leave stands in a row.

It is the computers' own time, whatever the service's clock shows, because the carrier counts real seconds.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.clock import SystemClock
from outreach.delivery.tables import SenderPace

_ONE = 1
_NO_PAUSE = 0.02
_CLOCKS_DIFFER = 60.0
"""A longer pause than any claim makes: somebody's clock was set back, and nobody waits for that."""


def pause(session: Session) -> float:
    """Seconds until the sender is free; 0 where it is."""
    free_at = session.scalar(select(SenderPace.free_at).where(SenderPace.id == _ONE))
    seconds = (free_at - SystemClock().now()).total_seconds() if free_at else 0.0
    return seconds if _NO_PAUSE < seconds <= _CLOCKS_DIFFER else 0.0


def take(session: Session, segments: int, rate: float) -> None:
    """Take *segments* out of the budget of *rate* a second. Whoever asks holds the turn to claim."""
    now, row = SystemClock().now(), session.get(SenderPace, _ONE)
    begins = now + timedelta(seconds=pause(session))
    free_at = begins + timedelta(seconds=segments / rate)
    if row is None:
        session.add(SenderPace(id=_ONE, free_at=free_at))
    else:
        row.free_at = free_at
