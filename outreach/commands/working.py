"""``outreach worker``: the jobs, on any number of machines."""

from __future__ import annotations

from contextlib import suppress

import click
from sqlalchemy.exc import SQLAlchemyError

from outreach import logs
from outreach.attention import runs
from outreach.wiring import needs_postgres, wire
from scheduler import distributed
from scheduler.jobs import JOBS


@click.command()
@click.option("--job", "jobs", multiple=True, type=click.Choice([job.name for job in JOBS]), help="Run only this job; repeat for more.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=distributed.CONCURRENCY, show_default=True, help="Jobs at work at once.")
def worker(jobs: tuple[str, ...], concurrency: int) -> None:
    """Run the jobs on PostgreSQL, beside any number of workers on any number of machines."""
    services = wire()
    needs_postgres(services)
    logs.configure()
    with suppress(SQLAlchemyError):  # while the database is away the worker waits for it, and the next start forgets
        runs.forget_others(services.database, [job.name for job in JOBS])
    try:
        distributed.run(services, jobs=jobs, concurrency=concurrency)
    finally:
        services.database.engine.dispose()
