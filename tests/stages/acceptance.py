"""A whole service around one family or several: web pages that listen, a carrier that tells them, and a district behind both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator

from outreach.cases.tables import Case
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.following import follow
from outreach.delivery.provider import Account
from outreach.demo.servers import WebServer, free_port
from outreach.planning.tables import PlannedMessage
from outreach.services import Services
from outreach.simulator.carrier import Message
from outreach.simulator.server import AUTH_TOKEN
from outreach.web.app import create_app
from tests.stages.nights import WORDS, Nights
from tests.stages.outbox import PHONE, Outbox, running

HELP = "{{ district }}: Write back about anything. STOP"
GONE = "{{ district }}: no more texts. START"


@dataclass
class _Clock:
    """Shows the outbox's hour."""

    outbox: Outbox

    def now(self) -> datetime:
        """The outbox's hour."""
        return self.outbox.now


@dataclass
class Service:
    """What an acceptance test works with."""

    outbox: Outbox
    nights: Nights
    url: str

    @property
    def database(self) -> Database:
        """Its database."""
        return self.outbox.database

    def family(self, name: str = "ana", phone: str = PHONE, *, absent: int = 4, address: str = "1 Elm St") -> None:
        """A parent of one child who is over the threshold."""
        self.nights.district.adult(name, [self.nights.district.child(f"{name}s-child", absent=absent)], phone=phone, address=address)

    def plan(self) -> None:
        """Load the district as it is, evaluate, release what counts as baseline, plan."""
        self.nights.now = self.outbox.now
        self.nights.open()
        self.nights.plan()

    def send(self) -> None:
        """Send what is due, and let the carrier say what became of it."""
        self.outbox.send()
        assert self.outbox.carrier.simulation.outbound.wait(30)

    def hears(self, words: str, phone: str = PHONE) -> Message:
        """A parent texts; returns once the webhook has answered."""
        message = self.outbox.carrier.simulation.text_from(phone, words)
        assert self.outbox.carrier.simulation.outbound.wait(30)
        assert self.outbox.carrier.simulation.outbound.problems == []
        return message

    def follow(self, **delta: float) -> None:
        """Let time pass, and do what follows texts that did not arrive."""
        self.outbox.later(**delta)
        follow(self.database, self.outbox.settings, FixedClock(self.outbox.now))

    def post(self, path: str, params: dict[str, str], *, token: str = AUTH_TOKEN, **headers: str) -> int:
        """Post to one of the webhooks as the carrier would, and return the answer's status; *headers* may spoil it."""
        signature = RequestValidator(token).compute_signature(f"{self.outbox.settings.public_url}{path}", params)
        sent = {"X-Twilio-Signature": signature, **headers}
        return requests.post(f"{self.url}{path}", data=params, headers=sent, timeout=10).status_code

    def account(self) -> Account:
        """The carrier's account."""
        provider: object = self.outbox.provider
        assert isinstance(provider, Account)
        return provider

    def rows(self, channel: str = "sms") -> list[PlannedMessage]:
        """Messages of a channel, by id."""
        with self.database.read() as session:
            return list(session.scalars(select(PlannedMessage).where(PlannedMessage.channel == channel).order_by(PlannedMessage.id)))

    def phone(self, number: str = PHONE) -> list[str]:
        """The words that arrived on a phone, ours and the carrier's."""
        return [message.body for message in self.outbox.carrier.carrier.thread(number) if message.direction != "inbound"]

    def cases(self, session: Session) -> list[Case]:
        """All cases."""
        return list(session.scalars(select(Case).order_by(Case.id)))


@contextmanager
def serving(database: Database, folder: Path, **settings: Any) -> Iterator[Service]:
    """Start pages and carrier; *settings* are the service's own."""
    port = free_port()
    with running(database, folder / "home", public_url=f"http://127.0.0.1:{port}", **settings) as outbox:
        web = WebServer.start(create_app(Services(outbox.settings, database, _Clock(outbox), outbox.provider)), port)
        nights = Nights(database, outbox.settings, folder)
        nights.approve({**WORDS, ("help", "sms", "en"): HELP, ("opt_out", "sms", "en"): GONE})
        try:
            yield Service(outbox, nights, web.url)
        finally:
            outbox.carrier.simulation.outbound.wait(30)
            web.stop()
