"""A sender that kills itself at a named step, as ``kill -9`` would: run as a process by the tests."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.actions import dispatch
from outreach.delivery.provider import Answer, Listed, Provider, Text
from outreach.keyring import ring_of
from outreach.planning import release
from outreach.planning.release import Go, Stop
from outreach.planning.situation import Situation
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings, load_settings
from outreach.wiring import provider_of


def die() -> None:
    """End without another instruction."""
    os.kill(os.getpid(), signal.SIGKILL)


class Dying:
    """A provider that dies before or after it asked."""

    def __init__(self, real: Provider, step: str) -> None:
        """Wrap *real*, and die at *step*."""
        self._real, self._step = real, step

    def send(self, text: Text) -> Answer:
        """Ask, or die."""
        if self._step == "before the request":
            die()
        answer = self._real.send(text)
        if self._step == "after the answer":
            die()
        return answer

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """As the real one."""
        return self._real.sent_to(phone, since)


def dying_check(session: Session, row: PlannedMessage, settings: Settings, now: datetime, *, facts: Situation | None) -> Go | Stop:
    """Check, then die before the release is committed."""
    release.check(session, row, settings, now, facts=facts)
    die()
    raise AssertionError


def main(step: str, url: str, now: str) -> None:
    """Dispatch once, and die at *step*."""
    settings = load_settings()
    real = provider_of(settings)
    assert real is not None
    check = dying_check if step == "before the release" else release.check
    dispatch(
        Database(url, ring=ring_of(settings.encryption_keys, settings.home)),
        Dying(real, step),
        settings,
        FixedClock(datetime.fromisoformat(now)),
        check=check,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
