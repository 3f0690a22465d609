"""Workers on PostgreSQL share one table of jobs and one budget of texts; one that dies costs time only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.database import Database
from outreach.delivery import pacing
from outreach.staff.tables import AuditEntry
from scheduler.distributed import cron
from scheduler.jobs import JOBS
from tests import command
from tests.rules.house import ROOT


def test_every_job_of_the_table_has_a_rhythm_that_workers_keep() -> None:
    assert cron(timedelta(seconds=2)) == "* * * * * */2"
    assert cron(timedelta(minutes=1)) == "*/1 * * * *"
    assert cron(timedelta(hours=1)) == "0 */1 * * *"
    assert [job.name for job in JOBS if not cron(job.every)] == []
    for wrong in (7, 90, 3_700):
        with pytest.raises(ValueError, match="does not divide"):
            cron(timedelta(seconds=wrong))


def test_with_sqlite_a_worker_says_what_to_do_instead(tmp_path: Path) -> None:
    refused = command.run(tmp_path / "home", "worker")
    assert (refused.returncode, "'outreach serve' runs the jobs itself" in refused.stderr) == (2, True)


def test_one_budget_of_segments_binds_all_senders(database: Database) -> None:
    with database.write() as session:
        assert pacing.pause(session) == 0
        pacing.take(session, 10, 5.0)
        pacing.take(session, 5, 5.0)
    with database.read() as session:
        assert 2.5 < pacing.pause(session) <= 3.0
    with database.write() as session:
        pacing.take(session, 1_000, 5.0)
    with database.read() as session:
        assert pacing.pause(session) == 0, "nobody waits longer than any claim makes: a clock was set back"


@contextmanager
def _workers(database: Database, home: Path, number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    address = database.url.render_as_string(hide_password=False)
    env = {**os.environ, "OUTREACH_DATABASE_URL": address, "OUTREACH_HOME": str(home)}
    started = [subprocess.Popen([sys.executable, "-m", "tests.stages.ticker"], cwd=ROOT, env=env) for _ in range(number)]
    try:
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=30)


def _ticks(database: Database) -> list[tuple[datetime, str]]:
    with database.read() as session:
        return [
            (row.at, row.actor) for row in session.scalars(select(AuditEntry).where(AuditEntry.action == "tick").order_by(AuditEntry.id))
        ]


def _wait_for(database: Database, ticks: int, seconds: float) -> list[tuple[datetime, str]]:
    until = time.monotonic() + seconds
    while len(found := _ticks(database)) < ticks:
        assert time.monotonic() < until, f"{len(found)} ticks came"
        time.sleep(0.2)
    return found


@pytest.mark.long
def test_two_workers_tick_once_a_period_and_a_killed_one_is_missed_for_less_than_a_minute(
    postgres_database: Database, tmp_path: Path
) -> None:
    with _workers(postgres_database, tmp_path / "home", 2) as workers:
        _wait_for(postgres_database, 12, 40)
        before = _ticks(postgres_database)
        assert max(Counter(at.replace(microsecond=0) for at, _ in before).values()) <= 2, "a late tick may share its second with the next"
        elapsed = (before[-1][0] - before[0][0]).total_seconds()
        assert elapsed - 3 <= len(before) - 1 <= elapsed + 1.5, "once a period, whoever ticks"
        while _ticks(postgres_database)[-1][1] != str(workers[0].pid):
            time.sleep(0.02)
        workers[0].send_signal(signal.SIGKILL)  # most likely amid a tick
        killed = len(_ticks(postgres_database))
        after = _wait_for(postgres_database, killed + 5, 75)[killed:]
        assert {actor for _, actor in after} == {str(workers[1].pid)}
        assert all(later - earlier < timedelta(seconds=5) for (earlier, _), (later, _) in pairwise(after)), "and then as before"
    assert workers[1].returncode == 0, "told to stop it ends by itself"
