"""After an outage, or where no port is open to the carrier: texts it holds and we never heard are taken in from its list."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from outreach.arrivals import Arrival
from outreach.cases import intake
from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery.provider import Account
from outreach.delivery.tables import WebhookEvent
from outreach.settings import Settings

_OVERLAP = timedelta(hours=1)
"""Texts may come in another order than they were sent; what is known already is no second event."""
_FIRST = timedelta(days=7)
"""How far back to look where nothing was ever heard."""


def catch_up(database: Database, account: Account, settings: Settings, clock: Clock) -> int:
    """Take in what came in on each of our numbers since the last text we heard there; return how many were news.

    Raises OSError where the carrier cannot be asked; what was taken in until then stays.
    """
    news = 0
    for number in account.numbers():
        for heard in account.heard(number, _since(database, number, clock)):
            params = {"MessageSid": heard.sid, "From": heard.phone, "To": heard.to, "Body": heard.body, "NumMedia": str(heard.media)}
            if not _is_known(database, heard.sid):
                event = Arrival(intake.Kind.INBOUND.value, heard.sid, params, "", heard.at)
                intake.take(database, settings, event, clock.now())
                news += 1
    return news


def _since(database: Database, number: str, clock: Clock) -> datetime:
    heard = select(func.max(WebhookEvent.received_at)).where(
        WebhookEvent.kind == intake.Kind.INBOUND, WebhookEvent.params["To"].as_string() == number
    )
    with database.read() as session:
        last = session.scalar(heard)
    return (last or clock.now() - _FIRST) - _OVERLAP


def _is_known(database: Database, sid: str) -> bool:
    with database.read() as session:
        known = select(WebhookEvent.id).where(WebhookEvent.kind == intake.Kind.INBOUND, WebhookEvent.dedup_key == sid)
        return session.scalar(known) is not None
