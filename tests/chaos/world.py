"""A small district whose facts change while it sends: absences, opt-outs, blocks, answers typed by staff, a carrier in a bad mood."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from outreach.clock import MovableClock
from outreach.consent import actions as consent
from outreach.consent import blocks
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.demo.servers import WebServer, free_port
from outreach.planning.actions import plan_answer
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.services import Services
from outreach.settings import Settings, load_settings
from outreach.simulator import server
from outreach.simulator.faults import Fault, Order
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN, Running
from outreach.thresholds.rules import load_rules
from outreach.web.app import create_app
from tests.chaos.judge import Counted, Silenced, Truth
from tests.conftest import NOON
from tests.stages.nights import WORDS, Nights

_AREAS = ("217", "224", "309", "312", "618", "630", "708", "773", "815", "847")
_TIMEOUT = 0.25
"""Seconds that the service waits for the carrier here."""
_REQUEST = (Fault.DROP, Fault.DELAY, Fault.BUSY, Fault.BROKEN, Fault.GARBLED, Fault.TAKEN_BUT_BROKEN)
_RECEIPTS = (Fault.MISSING, Fault.REORDER, Fault.DUPLICATE, Fault.UNDELIVERED, Fault.LATE_DELIVERED)
_CODES = (30003, 30005, 30006, 30008)


@dataclass
class World:
    """One run's district, service and carrier."""

    database: Database
    nights: Nights
    carrier: Running
    clock: MovableClock
    values: dict[str, object]
    """The settings as senders load them."""
    chance: random.Random
    phones: dict[str, str]
    """Adult → number."""
    url: str
    """The service's own address."""
    requests: Path
    """Where senders note what they ask for."""
    written: set[int] = field(default_factory=set)
    silenced: list[Silenced] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The service's settings."""
        return self.nights.settings

    def truth(self) -> Truth:
        """What happened beside the sending."""
        return Truth(self.silenced, self.counts, frozenset(self.written))

    def correct_attendance(self) -> None:
        """Deliver attendance anew: every child has missed another number of days, some are below the threshold; then a night's work."""
        self.nights.now = self.clock.now()
        missed = {child: self.chance.choice((0, 0, 4, 6, 8)) for child in self.nights.district.students}
        for child, days in missed.items():
            self.nights.district.miss(child, days)
        begun = time.monotonic()
        self.nights.load()
        self.counts.append(Counted(missed, begun, time.monotonic()))
        self.nights.evaluate()
        self.nights.release_baseline()
        self.nights.plan()

    def answer(self, texts: int) -> None:
        """Let staff answer some families."""
        for adult in self.chance.choices(sorted(self.phones), k=texts):
            with self.database.write() as session:
                row = plan_answer(
                    session, phone=self.phones[adult], body=f"We called the bus office, {self.chance.random()}.", inbound_id=None,
                    household=adult, contact_id=adult, student_ids=[f"child{adult[5:]}"], school_id="S1", created_by="ana@example.org",
                    now=self.clock.now(),
                )  # fmt: skip
                self.written.add(row.id)

    def silence(self) -> None:
        """One family says stop by text, or a person notes it, or blocks an adult; it stands from then on."""
        adult = self.chance.choice(self.being_texted() or sorted(self.phones))
        phone = self.phones[adult]
        way = self.chance.choice(("text", "note", "block"))
        if way == "text":
            self._text(phone, self.chance.choice(("STOP", "no más", "please take me off this list")))
        else:
            with self.database.write() as session:
                if way == "note":
                    consent.record(session, phone, Kind.OPT_OUT, source=Source.STAFF, by="ana@example.org", now=self.clock.now())
                else:
                    blocks.place(session, adult, reason="court order", by="ana@example.org", now=self.clock.now())
        self.silenced.append(Silenced(phone, time.monotonic()))

    def being_texted(self) -> list[str]:
        """Adults to whom a text is about to leave: the hardest moment to be heard in."""
        with self.database.read() as session:
            now = select(PlannedMessage.contact_id).where(PlannedMessage.state == State.SENDING)
            return sorted(set(session.scalars(now)))

    def _text(self, phone: str, words: str) -> None:
        sid = f"SM{self.chance.getrandbits(128):032x}"
        params = {"MessageSid": sid, "From": phone, "To": "+13125550100", "Body": words, "NumMedia": "0", "AccountSid": ACCOUNT_SID}
        address = f"{self.url}/webhooks/twilio/inbound"
        signature = RequestValidator(AUTH_TOKEN).compute_signature(address, params)
        answer = requests.post(address, data=params, headers={"X-Twilio-Signature": signature}, timeout=30)
        assert answer.status_code == 200, answer.text

    def misbehave(self, orders: int = 3) -> None:
        """Put the carrier into a bad mood."""
        for _ in range(orders):
            fault = self.chance.choice((*_REQUEST, *_RECEIPTS))
            times = 10 if fault is Fault.MISSING else 1  # a receipt costs two transactions, and most of them tell nothing new
            self.carrier.carrier.order(Order(fault, times, code=self.chance.choice(_CODES), seconds=2 * _TIMEOUT))

    def lose_receipts(self, texts: int = 20) -> None:
        """Let no receipt of the next texts come: one that came would tell what became of a text whose sender died."""
        self.carrier.carrier.order(Order(Fault.MISSING, texts))

    def calm(self) -> None:
        """Let the carrier be well again, and everything it still has to say be said."""
        self.carrier.carrier.recall()
        self.carrier.simulation.outbound.wait(60)


@contextmanager
def running(database: Database, folder: Path, *, families: int, seed: int) -> Iterator[World]:
    """Start a district of *families* children with an adult each, all over the threshold, beside a carrier."""
    clock = MovableClock(folder / "clock.json")
    clock.move_to(NOON)
    port = free_port()
    values: dict[str, object] = {
        "home": folder / "home",
        "district_name": "Lincoln Schools",
        "timezone": "America/Chicago",
        "provider": "simulator",
        "public_url": f"http://127.0.0.1:{port}",
        "twilio_account_sid": ACCOUNT_SID,
        "twilio_auth_token": AUTH_TOKEN,
        "twilio_messaging_service_sid": "MG" + "1" * 32,
        "sender_rate": 100.0,
        "weekly_nudge_cap": 1000,
        "provider_timeout_seconds": _TIMEOUT,
    }
    carrier = server.start(load_settings(**values), clock, latency=0.02, receipt_pause=0.0)
    values["twilio_api_base"] = carrier.url
    settings = load_settings(**values)
    web = WebServer.start(create_app(Services(settings, database, clock, None)), port)
    rules = [rule.model_copy(update={"cool_down": 0}) for rule in load_rules()]
    nights = Nights(database, settings, folder, now=NOON, rules=rules)
    phones = {f"adult{n}": f"+1{_AREAS[n // 100]}55501{n % 100:02d}" for n in range(families)}
    for n, (adult, phone) in enumerate(phones.items()):
        nights.district.adult(adult, [nights.district.child(f"child{n}")], phone=phone)
    chance = random.Random(seed)  # noqa: S311 - chance that can be repeated
    world = World(database, nights, carrier, clock, values, chance, phones, web.url, folder / "requests")
    nights.approve({key: words for key, words in WORDS.items() if key[1] == "sms"})
    world.correct_attendance()
    try:
        yield world
    finally:
        carrier.stop()
        web.stop()
