"""Runs the job table inside the serving process, with APScheduler."""

from __future__ import annotations

from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from outreach.attention import runs
from outreach.services import Services
from scheduler.jobs import JOBS
from scheduler.running import tick


def start(services: Services) -> BackgroundScheduler:
    """Start ticking, at once; ``shutdown()`` of what it returns ends it. A job that is still at work is not started a second time."""
    scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for job in JOBS:
        every = job.every.total_seconds()
        scheduler.add_job(tick, "interval", [services, job], seconds=every, id=job.name, name=job.what, next_run_time=datetime.now(UTC))
    runs.forget_others(services.database, [job.name for job in JOBS])
    scheduler.start()
    return scheduler
