"""One tick of one job: done, noted, and never the end of the others."""

from __future__ import annotations

import traceback

import structlog
from sqlalchemy.exc import SQLAlchemyError

from outreach.attention import runs
from outreach.database import UnavailableError
from outreach.services import Services
from scheduler.jobs import Job

_log = structlog.get_logger()


def tick(services: Services, job: Job) -> None:
    """Run *job* once. What breaks is logged by kind and place, without words, which may quote a family; the next tick tries again."""
    problem = ""
    try:
        job.action(services)
    except Exception as error:  # noqa: BLE001 - whatever broke here, the next tick and the other jobs are sound
        last = traceback.extract_tb(error.__traceback__)[-1]
        problem = f"{type(error).__name__} in {last.name}, line {last.lineno}"
        _log.error("job failed", job=job.name, problem=problem)
    try:
        runs.note(services.database, job.name, job.every, problem, services.clock.now())
    except (SQLAlchemyError, UnavailableError) as error:
        _log.warning("job not noted", job=job.name, problem=type(error).__name__)
