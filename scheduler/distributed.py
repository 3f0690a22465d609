"""Runs the job table on PostgreSQL with Procrastinate: any number of workers on any number of machines share it.

Each tick is a row that one worker takes, and of one job only one tick is at work anywhere. Its rows lie in a schema of their own, named for
the library's tables: ticks are worth nothing a moment later, so a newer library begins with fresh tables beside the old ones.
A worker that dies in the middle of a tick stops its heartbeat; the others let that tick go after half a minute, and the next one does
what it left, because the truth is in the district's own rows.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from functools import partial

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from outreach.database import NOTICE_SILENCE
from outreach.services import Services
from scheduler.jobs import JOBS, Job
from scheduler.running import tick
from scheduler.stopping import be_brief

CONCURRENCY = 8
"""Ticks at work at once in one worker, so that a night's import keeps no text waiting; most wait for the database or a network."""
_TIDY = "tidy"
_SILENT_SECONDS = 30.0
_AGAIN_SECONDS = 2.0
_LONGEST_PAUSE = timedelta(days=1)
"""A tick that came while nobody worked is made up for at the start, as the embedded scheduler ticks at its start."""
_LOCK = 0x7469636B
"""PostgreSQL's advisory lock for making the tables; any number, as long as it stays the same."""
_log = structlog.get_logger()


def run(services: Services, *, jobs: Collection[str] = (), concurrency: int = CONCURRENCY, table: Collection[Job] = JOBS) -> None:
    """Work until a signal says stop, then finish the ticks at work; with *jobs* only these. While the database is away it waits.

    Ticks that do not finish soon after the word are ended with the process. The database is PostgreSQL's.
    """
    queues, told = [*(jobs or [job.name for job in table]), _TIDY], threading.Event()
    while not told.is_set():
        try:
            asyncio.run(_work(app_on(services, table), told, queues, concurrency))
        except (ConnectorException, psycopg.Error, OSError) as error:
            _log.warning("database away", what=type(error).__name__)
        if not told.is_set():  # the library's worker also ends, without a word, when its connections break
            time.sleep(_AGAIN_SECONDS)


async def _work(app: App, told: threading.Event, queues: Collection[str], concurrency: int) -> None:
    """Work until the library's worker ends by itself or a signal says stop, which *told* keeps; what is at work is ended in both cases."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        told.set()
        stop.set()
        be_brief()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell)
    async with app.open_async():
        work = app.run_worker_async(
            queues=queues,
            name=socket.gethostname(),
            concurrency=concurrency,
            delete_jobs="always",
            fetch_job_polling_interval=1.0,
            install_signal_handlers=False,
        )
        working, waiting = asyncio.create_task(work), asyncio.create_task(stop.wait())
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


def app_on(services: Services, table: Collection[Job]) -> App:
    """The job table as Procrastinate's, its own tables made where they are missing."""
    url = services.database.url
    schema = _make_tables(url)
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    reach = {**NOTICE_SILENCE, "options": f"{NOTICE_SILENCE['options']} -c search_path={schema}"}
    connector = PsycopgConnector(conninfo=address, kwargs=reach, min_size=1, max_size=4)
    app = App(connector=connector, periodic_defaults={"max_delay": _LONGEST_PAUSE.total_seconds()})
    for job in table:
        _add(app, job, services)
    _add_tidying(app)
    return app


def cron(every: timedelta) -> str:
    """How often, as a cron line with seconds in the sixth place; raises ValueError for what does not fall on the same marks each day."""
    seconds = round(every.total_seconds())
    for size, line in ((60, "* * * * * */{}"), (3_600, "*/{} * * * *"), (86_400, "0 */{} * * *")):
        unit = {60: 1, 3_600: 60, 86_400: 3_600}[size]
        if seconds < size and size % seconds == 0 and seconds % unit == 0:
            return line.format(seconds // unit)
    sentence = f"{every} does not divide a minute, an hour or a day"
    raise ValueError(sentence)


def _add(app: App, job: Job, services: Services) -> None:
    action: Callable[..., None] = partial(_tick, services, job)
    task = app.task(name=job.name, queue=job.name, lock=job.name, queueing_lock=job.name)(action)
    app.periodic(cron=cron(job.every), periodic_id=job.name)(task)


def _tick(services: Services, job: Job, timestamp: int) -> None:
    del timestamp
    tick(services, job)


def _add_tidying(app: App) -> None:
    async def tidy(timestamp: int) -> None:
        del timestamp
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_SILENT_SECONDS):
            _log.warning("worker gone", job=job.task_name)
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)

    task = app.task(name=_TIDY, queue=_TIDY, queueing_lock=_TIDY)(tidy)
    app.periodic(cron="* * * * * */10", periodic_id=_TIDY)(task)


def _make_tables(url: URL) -> str:
    """The name of the schema that holds this library's tables; of several workers that start at once one makes it."""
    script = SchemaManager.get_schema()
    schema = f"ticks_{hashlib.sha256(script.encode()).hexdigest()[:8]}"
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(make_conninfo(address, **NOTICE_SILENCE)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(schema)))
            connection.execute(script)
    return schema
