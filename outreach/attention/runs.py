"""Notes of how jobs end, for whoever watches the service."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from outreach.attention.run_tables import JobRun
from outreach.database import Database

_NOTED_EVERY = timedelta(minutes=1)
"""A job that looks every two seconds would otherwise write as often."""

_PATIENCE_SECONDS = 1.0


def note(database: Database, job: str, every: timedelta, problem: str, now: datetime) -> None:
    """Note that a run of *job*, which looks *every* so often, ended at *now*, with a *problem* or without (empty).

    Raises UnavailableError where others keep the database busy: the next run is noted.
    """
    with database.read() as session:
        last = session.get(JobRun, job)
        if last is not None and not problem and not last.problem and now - last.noted_at < _NOTED_EVERY:
            return
    with database.write(patience=_PATIENCE_SECONDS) as session:
        row = session.get(JobRun, job, with_for_update=True)
        if row is None:
            row = session.merge(JobRun(job=job, every_seconds=0, ended_at=None, failures=0, problem="", noted_at=now))
        row.every_seconds = round(every.total_seconds())
        row.failures = row.failures + 1 if problem else 0
        row.problem, row.noted_at = problem, now
        row.ended_at = row.ended_at if problem else now


def forget_others(database: Database, jobs: Collection[str]) -> None:
    """Forget jobs that this version does not have any more: nobody waits for them."""
    with database.write() as session:
        session.execute(delete(JobRun).where(JobRun.job.not_in(jobs)))


def all_runs(session: Session) -> Sequence[JobRun]:
    """How each job that ever ran fares, by name."""
    return session.scalars(select(JobRun).order_by(JobRun.job)).all()
