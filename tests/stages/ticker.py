"""A worker in a process of its own, with a table of one job that writes down each of its ticks: ``python -m tests.stages.ticker``."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from outreach.services import Services
from outreach.staff.actions import audit
from outreach.wiring import wire
from scheduler import distributed
from scheduler.jobs import Job

EVERY = timedelta(seconds=1)


def _tick(services: Services) -> None:
    with services.database.write() as session:
        audit(session, actor=str(os.getpid()), action="tick", subject="", now=services.clock.now(), detail={})
    time.sleep(0.3)


if __name__ == "__main__":
    distributed.run(wire(), table=[Job("tick", EVERY, _tick, "write it down")])
