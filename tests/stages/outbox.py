"""A small service around one database and a pretended carrier, for tests of sending."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.actions import dispatch
from outreach.delivery.provider import Provider
from outreach.delivery.reconcile import reconcile
from outreach.delivery.report import DispatchReport
from outreach.planning.actions import plan_answer
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings, load_settings
from outreach.simulator import server
from outreach.simulator.carrier import Message
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN, Running
from outreach.wiring import provider_of

NOON = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
PHONE = "+13125550142"


@dataclass
class Outbox:
    """What a test of sending needs at hand."""

    database: Database
    settings: Settings
    carrier: Running
    now: datetime = NOON
    provider: Provider | None = field(init=False)

    def __post_init__(self) -> None:
        """Wire the provider the settings ask for."""
        self.provider = provider_of(self.settings)

    def answer(self, words: str = "We called the bus office.", phone: str = PHONE) -> int:
        """Plan words a person typed and return the row's id."""
        with self.database.write() as session:
            row = plan_answer(
                session,
                phone=phone,
                body=words,
                inbound_id=None,
                household="",
                contact_id="",
                student_ids=[],
                school_id="",
                created_by="rosa@lincoln.invalid",
                now=self.now,
            )
            return row.id

    def send(self, provider: Provider | None = None) -> DispatchReport:
        """Dispatch until nothing is due."""
        total = DispatchReport()
        while True:
            some = dispatch(self.database, provider or self.provider, self.settings, FixedClock(self.now))
            total.add(some)
            if not some.claimed or some.stopped:
                return total

    def look_up(self) -> None:
        """Reconcile once."""
        assert self.provider is not None
        reconcile(self.database, self.provider, self.settings, FixedClock(self.now))

    def later(self, **delta: float) -> None:
        """Let time pass."""
        self.now += timedelta(**delta)

    def row(self, planned_id: int) -> PlannedMessage:
        """A message as it stands."""
        with self.database.read() as session:
            row = session.get_one(PlannedMessage, planned_id)
            session.expunge(row)
            return row

    def states(self) -> list[str]:
        """The states of all messages, by id."""
        with self.database.read() as session:
            return list(session.scalars(select(PlannedMessage.state).order_by(PlannedMessage.id)))

    def sent(self) -> list[Message]:
        """What the carrier took from us: its own log."""
        return self.carrier.carrier.log


@contextmanager
def running(database: Database, home: Path, *, timeout: float = 5.0, public_url: str = "", **more: object) -> Iterator[Outbox]:
    """Start a carrier and hand out the outbox around it; its receipts go to *public_url*, *more* are further settings."""
    values = {
        "home": home,
        "district_name": "Lincoln Schools",
        "timezone": "America/Chicago",
        "provider": "simulator",
        "twilio_account_sid": ACCOUNT_SID,
        "twilio_auth_token": AUTH_TOKEN,
        "twilio_messaging_service_sid": "MG" + "1" * 32,
        "sender_rate": 50.0,
        "provider_timeout_seconds": timeout,
        "public_url": public_url,
        **more,
    }
    carrier = server.start(load_settings(**values), FixedClock(NOON), receipt_pause=0.0)
    try:
        yield Outbox(database, load_settings(**values, twilio_api_base=carrier.url), carrier)
    finally:
        carrier.stop()
