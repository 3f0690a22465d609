"""A bad morning at once: families write twenty texts a second, coordinators look at their inboxes, and a night's attendance is loaded."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from urllib.parse import urlencode

from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from benchmarks import loading
from benchmarks.measuring import alone
from outreach.cases.intake import take_waiting
from outreach.clock import SystemClock
from outreach.database import Database
from outreach.delivery.tables import WebhookEvent
from outreach.demo.servers import WebServer, free_port
from outreach.replies.lexicon import familiar
from outreach.services import Services
from outreach.settings import load_settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.web.app import create_app
from outreach.web.context import SESSION_KEY
from outreach.web.webhooks import AFTER_THE_ANSWER

SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
STUDENTS = int(os.environ.get("BENCH_STUDENTS", "33584"))
COORDINATORS = int(os.environ.get("BENCH_COORDINATORS", "200"))
TEXTS_A_SECOND = 20
_LOOKS_EVERY = 15
"""Seconds after which a page of the inbox asks again."""
_TOKEN = "made-up-token"  # noqa: S105 - of nobody
_SPAWN = get_context("spawn")
_OK = 200


def run(seconds: int = SECONDS, students: int = STUDENTS, coordinators: int = COORDINATORS) -> dict[str, object]:
    """No bar: the figures say what one server process bears. Refused or lost texts must be none."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder, feed, later = (Path(place), Path(place) / "feed", Path(place) / "later")
        loading.write(feed, students)
        loading.write(later, students + 1)
        alone(loading.load, folder, feed)
        port = free_port()
        ours, theirs = _SPAWN.Pipe()
        server = _SPAWN.Process(target=_serve, args=(folder, port, theirs), daemon=True)
        server.start()
        cookie = ours.recv()
        with ThreadPoolExecutor(64) as people, ThreadPoolExecutor(3) as streams:
            loaded = streams.submit(alone, loading.load, folder, later)
            texts = streams.submit(_stream, people, partial(_text, port), TEXTS_A_SECOND, seconds)
            looks = streams.submit(_stream, people, partial(_look, port, cookie), coordinators / _LOOKS_EVERY, seconds)
            heard, seen, night = texts.result(), looks.result(), loaded.result().seconds
        ours.send("stop")
        server.join()
        kept = _kept(folder)
    return {
        "students": students,
        "texts": {"sent": len(heard), "kept": kept, **_told(heard)},
        "inbox": {"coordinators": coordinators, "looks": len(seen), **_told(seen)},
        "load_seconds_meanwhile": round(night, 1),
    }


def _stream(people: ThreadPoolExecutor, act: Callable[[int], float], rate: float, seconds: int) -> list[float]:
    """Seconds that each act took, begun at an even *rate* whether those before are done or not."""
    begun, waiting = perf_counter(), []
    for number in range(round(rate * seconds)):
        sleep(max(0.0, begun + number / rate - perf_counter()))
        waiting.append(people.submit(act, number))
    return [each.result() for each in waiting]


def _told(seconds: Sequence[float]) -> dict[str, float]:
    """Middle, 99th percentile and longest, in milliseconds."""
    return {
        "p50": round(1000 * median(seconds), 1),
        "p99": round(1000 * quantiles(seconds, n=100)[98], 1),
        "most": round(1000 * max(seconds), 1),
    }


def _text(port: int, number: int) -> float:
    """A family's signed text; the seconds until the carrier has its answer."""
    url = f"http://127.0.0.1:{port}/webhooks/twilio/inbound"
    phone = f"+131255501{number % 100:02d}"
    params = {"MessageSid": f"SM{number:032x}", "From": phone, "To": "+13125550100", "Body": "The bus never came", "NumMedia": "0"}
    signature = RequestValidator(_TOKEN).compute_signature(url, params)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return _asked(port, "POST", "/webhooks/twilio/inbound", urlencode(params), headers)


def _look(port: int, cookie: str, _number: int) -> float:
    """One look at the inbox."""
    return _asked(port, "GET", "/inbox", None, {"Cookie": cookie})


def _asked(port: int, method: str, path: str, body: str | None, headers: dict[str, str]) -> float:
    begun = perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == _OK, f"{path}: {answer.status} {answer.headers.get('Location')}"  # noqa: S101 - a figure of refusals would be none
    return perf_counter() - begun


def _kept(folder: Path) -> int:
    """Texts in the database once those are taken in that were put into files while the night had it."""
    database, settings = loading.open_database(folder), load_settings(home=folder / "home", timezone="America/Chicago")
    take_waiting(database, settings, SystemClock().now())
    with database.read() as session:
        kept = session.scalar(select(func.count()).select_from(WebhookEvent))
    database.engine.dispose()
    return kept or 0


def _serve(folder: Path, port: int, pipe: Pipe) -> None:
    with _pages(folder, port) as cookie:
        pipe.send(cookie)
        pipe.recv()


@contextmanager
def _pages(folder: Path, port: int) -> Iterator[str]:
    """The service's pages as ``outreach serve`` has them; gives the cookie of somebody who is signed in."""
    settings = load_settings(home=folder / "home", secret_key="x" * 32, timezone="America/Chicago", twilio_auth_token=_TOKEN)
    database = Database(f"sqlite:///{folder / 'outreach.db'}", patience=5.0)
    familiar()
    with ThreadPoolExecutor(1) as hand:
        app = create_app(Services(settings, database, SystemClock(), None))
        app.extensions[AFTER_THE_ANSWER] = hand
        with database.write() as session:
            now = SystemClock().now()
            account = staff.add_account(session, email="a@b.invalid", name="Ana", role=Role.DISTRICT_ADMINISTRATOR, schools=(), now=now)
            session.flush()
            key = staff.begin_session(session, account, now)
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        server = WebServer.start(app, port)
        yield f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps({SESSION_KEY: key}) if signer else ''}"
        server.stop()
    database.engine.dispose()
