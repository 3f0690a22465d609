"""Separate hosts on one PostgreSQL: two workers and a web server as installed, each behind its own lines to database and carrier."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
from sqlalchemy import make_url
from twilio.request_validator import RequestValidator

from outreach.cases.intake import take_waiting
from outreach.clock import MovableClock
from outreach.database import Database
from outreach.delivery.actions import dispatch
from outreach.delivery.reconcile import reconcile
from outreach.demo.servers import free_port
from outreach.planning.actions import plan_answer
from outreach.settings import load_settings
from outreach.simulator import server
from outreach.simulator.faults import Fault, Order
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN, Running
from outreach.thresholds.rules import load_rules
from outreach.wiring import provider_of
from tests.chaos.judge import Asked, Counted, Silenced, Truth, ref_of
from tests.chaos.line import Line
from tests.conftest import NOON
from tests.journeys.contract import OUTREACH
from tests.stages.nights import WORDS, Nights

MISSED = 6
"""Days that every child has missed; they do not change, so each count told must be this."""
_CALM = timedelta(minutes=11)
_MARGIN = 10.0
"""Seconds that may lie between a sender's last look and what the carrier's log shows, while hosts are starved of time."""
_AREAS = ("217", "224", "309", "312")
_MOODS = (Fault.DROP, Fault.DELAY, Fault.BUSY, Fault.TAKEN_BUT_BROKEN, Fault.MISSING, Fault.DUPLICATE, Fault.REORDER)


@dataclass
class Host:
    """One machine: a process of ours, and its lines to everybody else."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    database: Line
    carrier: Line
    log: Path
    process: subprocess.Popen[bytes] | None = None
    ends: int = 0
    """How often it ended by itself."""

    def start(self) -> None:
        """Switch it on."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(OUTREACH), *self.command], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def keep(self) -> None:
        """Start it again where it ended, as a service manager does."""
        if self.process is not None and self.process.poll() is not None:
            self.ends += 1
            self.start()

    def kill(self) -> None:
        """Pull its plug: the server's children die with it."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> int:
        """Ask it to end; how it ended."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            return -1


@dataclass
class Site:
    """Everything, and what happened to it."""

    nights: Nights
    carrier: Running
    clock: MovableClock
    hosts: list[Host]
    url: str
    phones: dict[str, str]
    chance: random.Random
    troubles: Counter[str] = field(default_factory=Counter)
    written: set[int] = field(default_factory=set)
    silenced: list[Silenced] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    """A message's callback, which holds our reference → when the carrier's log first showed it, in seconds of the steady clock."""

    @property
    def db(self) -> Database:
        """The database as somebody sees it who stands beside it."""
        return self.nights.database

    def trouble(self) -> None:
        """One host loses its plug, or a line of it is cut or goes dumb for some seconds; the carrier has its moods meanwhile."""
        for each in self.hosts:
            each.keep()
        host = self.chance.choice(self.hosts)
        what = self.chance.choice(("killed", "database cut", "database dumb", "carrier cut", "carrier dumb"))
        self.troubles[f"{host.name} {what}"] += 1
        line = host.database if what.startswith("database") else host.carrier
        match what.split()[-1]:
            case "killed":
                host.kill()
            case "cut":
                line.cut()
            case _:
                line.go_dumb()
        self.carrier.carrier.order(Order(self.chance.choice(_MOODS), 1, seconds=3))
        time.sleep(self.chance.uniform(0.5, 4))
        line.mend()
        if what == "killed":
            host.start()

    def answer(self, texts: int) -> None:
        """Let staff answer some families."""
        for adult in self.chance.choices(sorted(self.phones), k=texts):
            with self.db.write() as session:
                row = plan_answer(
                    session, phone=self.phones[adult], body=f"We called the bus office, {self.chance.random()}.", inbound_id=None,
                    household=adult, contact_id=adult, student_ids=[f"child{adult[5:]}"], school_id="S1", created_by="ana@example.org",
                    now=self.clock.now(),
                )  # fmt: skip
                self.written.add(row.id)

    def stop_texts(self) -> None:
        """A family texts STOP; the carrier asks the web host, and it counts once that has said yes. One that is away hears it later."""
        phone = self.phones[self.chance.choice(sorted(self.phones))]
        params = {
            "MessageSid": f"SM{self.chance.getrandbits(128):032x}", "From": phone, "To": "+13125550100", "Body": "STOP", "NumMedia": "0",
            "AccountSid": ACCOUNT_SID,
        }  # fmt: skip
        address = f"{self.url}/webhooks/twilio/inbound"
        signature = RequestValidator(AUTH_TOKEN).compute_signature(address, params)
        with suppress(requests.RequestException):
            if requests.post(address, data=params, headers={"X-Twilio-Signature": signature}, timeout=3).status_code == 200:
                self.silenced.append(Silenced(phone, time.monotonic()))

    def settle(self) -> None:
        """No more trouble: doubts are looked up, what waits is sent; a person at a prompt helps the workers hurry."""
        self.carrier.carrier.recall()
        provider = provider_of(self.nights.settings)
        assert provider is not None
        for _ in range(7):
            self.clock.move_to(self.clock.now() + _CALM)
            take_waiting(self.db, self.nights.settings, self.clock.now())
            reconcile(self.db, provider, self.nights.settings, self.clock)
            while dispatch(self.db, provider, self.nights.settings, self.clock).claimed:
                pass
            self.carrier.simulation.outbound.wait(60)

    def watch(self) -> None:
        """Note what the carrier's log shows for the first time."""
        for message in self.carrier.carrier.log:
            self.seen.setdefault(message.callback, time.monotonic())

    def asked(self) -> list[Asked]:
        """What the carrier was asked, as its log shows it."""
        return [Asked(ref_of(callback), at - _MARGIN, at) for callback, at in self.seen.items()]

    def truth(self) -> Truth:
        """What happened beside the sending."""
        return Truth(self.silenced, [Counted(dict.fromkeys(self.nights.district.students, MISSED), 0.0, 0.0)], frozenset(self.written))


@contextmanager
def running(database: Database, folder: Path, *, families: int, seed: int) -> Iterator[Site]:
    """Start two workers and a web server around a district whose children are all over the threshold."""
    home = folder / "home"
    home.mkdir(parents=True)
    clock, port = MovableClock(home / "demo-clock.json"), free_port()
    clock.move_to(NOON)
    public = f"http://127.0.0.1:{port}"
    values: dict[str, object] = {
        "home": home, "district_name": "Lincoln Schools", "timezone": "America/Chicago", "provider": "simulator", "public_url": public,
        "twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": AUTH_TOKEN, "twilio_messaging_service_sid": "MG" + "1" * 32,
        "sender_rate": 20.0, "weekly_nudge_cap": 1000, "provider_timeout_seconds": 2,
    }  # fmt: skip
    carrier = server.start(load_settings(**values), clock, latency=0.05, receipt_pause=0.0)
    settings = load_settings(**values, twilio_api_base=carrier.url)
    hosts = [
        _host(name, words, values, database, carrier, folder)
        for name, words in (
            ("worker-1", ["worker", "--concurrency", "4"]),
            ("worker-2", ["worker", "--concurrency", "4"]),
            ("web", ["serve", "--without-jobs", "--port", str(port)]),
        )
    ]
    nights = Nights(database, settings, folder, now=NOON, rules=[rule.model_copy(update={"cool_down": 0}) for rule in load_rules()])
    phones = {f"adult{n}": f"+1{_AREAS[n // 100]}55501{n % 100:02d}" for n in range(families)}
    for n, (adult, phone) in enumerate(phones.items()):
        nights.district.adult(adult, [nights.district.child(f"child{n}", absent=MISSED)], phone=phone)
    nights.approve({key: words for key, words in WORDS.items() if key[1] == "sms"})
    site = Site(nights, carrier, clock, hosts, public, phones, random.Random(seed))  # noqa: S311 - chance that can be repeated
    try:
        for host in hosts:
            host.start()
        yield site
    finally:
        for host in hosts:
            host.kill()
            host.database.close()
            host.carrier.close()
        carrier.stop()


def _host(name: str, command: Sequence[str], values: Mapping[str, object], database: Database, carrier: Running, folder: Path) -> Host:
    """One machine, which knows the others only through its lines."""
    there = urlsplit(carrier.url)
    folder_of_socket, number = database.url.query.get("host"), database.url.port or database.url.query.get("port", 5432)
    to_database = Line(f"{folder_of_socket}/.s.PGSQL.{number}" if folder_of_socket else (str(database.url.host), int(str(number))))
    to_carrier = Line((there.hostname or "127.0.0.1", there.port or 80))
    address = make_url(database.url).set(host="127.0.0.1", port=to_database.port, query={}).render_as_string(hide_password=False)
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OUTREACH_", "TWILIO_"))}
    told = {key.upper() if key.startswith("twilio") else f"OUTREACH_{key.upper()}": str(value) for key, value in values.items()}
    environment = {
        **clean, **told, "OUTREACH_DATABASE_URL": address, "OUTREACH_TWILIO_API_BASE": f"http://127.0.0.1:{to_carrier.port}",
        "OUTREACH_SECRET_KEY": "k" * 40,
    }  # fmt: skip
    return Host(name, command, environment, to_database, to_carrier, folder / f"{name}.log")
