"""A family's signed text, deduplicated and stored, against a bare Flask insert of the same: same server, same pragmas."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median, quantiles
from threading import Lock
from time import perf_counter, sleep
from urllib.parse import urlencode, urlsplit

from flask import Flask, request
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from outreach.clock import SystemClock
from outreach.database import Database
from outreach.delivery.tables import WebhookEvent
from outreach.demo.servers import WebServer, free_port
from outreach.replies.lexicon import familiar
from outreach.services import Services
from outreach.settings import load_settings
from outreach.web.app import create_app
from outreach.web.webhooks import AFTER_THE_ANSWER

TEXTS = int(os.environ.get("BENCH_TEXTS", "200"))
_TOKEN = "made-up-token"  # noqa: S105 - of nobody
_WARM_UP = 20
_REST = 0.1
"""Seconds between two texts: families do not write in one breath, and what is stored is taken in meanwhile."""
_SPAWN = get_context("spawn")


def run(texts: int = TEXTS) -> dict[str, object]:
    """Bar: the bare insert's time ÷ ours at least 0.6, of the time until the carrier has its answer; the 99th percentile is told."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        bare = _ask(_bare, folder / "bare.db", texts)
        ours = _ask(_ours, folder, texts)
        left = _left(folder)
        again = _ask(_ours, folder, texts)
    return {
        "texts": texts,
        "milliseconds": {"bare": _middle(bare), "ours": _middle(ours), "repeated": _middle(again)},
        "p99": {"bare": _late(bare), "ours": _late(ours)},
        "not_taken_in": left,
        "ratio": round(median(bare) / median(ours), 3),
    }


def _middle(seconds: list[float]) -> float:
    return round(1000 * median(seconds), 2)


def _late(seconds: list[float]) -> float:
    return round(1000 * quantiles(seconds, n=100)[98], 2)


def _left(folder: Path) -> int:
    """Texts that were answered and are not taken in: none, once the server has ended in peace."""
    database = Database(f"sqlite:///{folder / 'ours.db'}")
    with database.read() as session:
        waiting = session.scalars(select(WebhookEvent.id).where(WebhookEvent.processed_at.is_(None))).all()
    database.engine.dispose()
    return len(waiting)


def _ask(serve: Callable[[Path, int], AbstractContextManager[None]], place: Path, texts: int) -> list[float]:
    """Seconds from each signed text to its answer, one after another over one connection."""
    port = free_port()
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(serve, place, port, theirs), daemon=True)
    process.start()
    ours.recv()
    url = f"http://127.0.0.1:{port}/webhooks/twilio/inbound"
    try:
        found = list(_post(url, texts + _WARM_UP))
    finally:
        ours.send("stop")
        process.join()
    return found[_WARM_UP:]


def _post(url: str, texts: int) -> Iterator[float]:
    validator, connection = RequestValidator(_TOKEN), HTTPConnection(urlsplit(url).netloc)
    for number in range(texts):
        phone = f"+131255501{number % 100:02d}"
        params = {"MessageSid": f"SM{number:032x}", "From": phone, "To": "+13125550100", "Body": "The bus never came", "NumMedia": "0"}
        headers = {"X-Twilio-Signature": validator.compute_signature(url, params), "Content-Type": "application/x-www-form-urlencoded"}
        start = perf_counter()
        connection.request("POST", urlsplit(url).path, urlencode(params), headers)
        answer = connection.getresponse()
        answer.read()
        yield perf_counter() - start
        assert answer.status == 200, answer.status  # noqa: PLR2004, S101 - a figure of refusals would be none
        sleep(_REST)
    connection.close()


def _serve(serve: Callable[[Path, int], AbstractContextManager[None]], place: Path, port: int, pipe: Pipe) -> None:
    with serve(place, port):
        pipe.send("ready")
        pipe.recv()


@contextmanager
def _bare(file: Path, port: int) -> Iterator[None]:
    """What anybody would write first: one table, one insert, no signature."""
    app, turn = Flask("bare"), Lock()
    line = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        line.execute(f"PRAGMA {pragma}")
    line.execute("CREATE TABLE texts (sid TEXT, sender TEXT, body TEXT, at TEXT DEFAULT CURRENT_TIMESTAMP)")

    @app.post("/webhooks/twilio/inbound")
    def inbound() -> str:
        with turn:
            said = (request.form["MessageSid"], request.form["From"], request.form["Body"])
            line.execute("INSERT INTO texts (sid, sender, body) VALUES (?, ?, ?)", said)
        return ""

    server = WebServer.start(app, port)
    yield
    server.stop()
    line.close()


@contextmanager
def _ours(folder: Path, port: int) -> Iterator[None]:
    """The service's own pages, with the hand that ``outreach serve`` gives them."""
    settings = load_settings(home=folder / "home", secret_key="x" * 32, timezone="America/Chicago", twilio_auth_token=_TOKEN)
    database = Database(f"sqlite:///{folder / 'ours.db'}")
    database.prepare(upgrade=True)
    familiar()
    with ThreadPoolExecutor(1) as hand:
        app = create_app(Services(settings, database, SystemClock(), None))
        app.extensions[AFTER_THE_ANSWER] = hand
        server = WebServer.start(app, port)
        yield
        server.stop()
    database.engine.dispose()
