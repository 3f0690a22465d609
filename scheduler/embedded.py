"""Runs the job table inside the serving process, with APScheduler."""

from __future__ import annotations

from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler

from outreach.services import Services
from scheduler.jobs import JOBS


def start(services: Services) -> BackgroundScheduler:
    """Start ticking; ``shutdown()`` of what it returns ends it. A job that is still at work is not started a second time."""
    scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for job in JOBS:
        scheduler.add_job(job.action, "interval", [services], seconds=job.every.total_seconds(), id=job.name, name=job.what)
    scheduler.start()
    return scheduler
