"""After an outage, or where no port is open to the carrier: texts it holds and we never heard are taken in from its list."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from outreach.arrivals import Arrival
from outreach.attention.actions import raise_item, resolve_key
from outreach.cases import intake
from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery.provider import Account
from outreach.delivery.tables import HeardUntil, WebhookEvent
from outreach.settings import Settings

_OVERLAP = timedelta(hours=1)
"""Texts may come in another order than they were sent; what is known already is no second event."""
_FIRST = timedelta(days=7)
"""How far back to look where nobody ever looked."""
_OUTAGE = timedelta(minutes=15)
"""A service that has not looked for so long was down, or could not ask."""
_ALL = ""
_CANNOT_ASK = "catch-up"


def catch_up(database: Database, account: Account, settings: Settings, clock: Clock) -> int:
    """Take in what came in on each of our numbers since the last look; return how many texts were news.

    Raises OSError where the carrier cannot be asked; what was taken in until then stays.
    """
    news, begun = 0, clock.now()
    for number in account.numbers():
        for heard in account.heard(number, _since(database, number, begun)):
            params = {"MessageSid": heard.sid, "From": heard.phone, "To": heard.to, "Body": heard.body, "NumMedia": str(heard.media)}
            if not _is_known(database, heard.sid):
                event = Arrival(intake.Kind.INBOUND.value, heard.sid, params, "", heard.at)
                intake.take(database, settings, event, clock.now())
                news += 1
        _note(database, number, begun)
    _note(database, _ALL, begun)
    return news


def heard_everything(database: Database, account: Account, settings: Settings, clock: Clock) -> bool:
    """Whether nothing that a family wrote can wait at the carrier since an outage: one of them may have said stop.

    Where nobody looked for a quarter of an hour it looks now. While the carrier cannot be asked the answer is no, and a person is told.
    """
    if not _is_behind(database, clock.now()):
        return True
    try:
        catch_up(database, account, settings, clock)
    except OSError:
        sentence = (
            "The carrier does not tell us what families wrote while the service was down, so no text leaves. "
            "It is asked again and again; if this stays, tell IT."
        )
        with database.write() as session:
            raise_item(session, kind="dispatch", key=_CANNOT_ASK, sentence=sentence, now=clock.now())
        return False
    with database.write() as session:
        resolve_key(session, _CANNOT_ASK, by="catch-up", now=clock.now())
    return True


def _is_behind(database: Database, now: datetime) -> bool:
    with database.read() as session:
        last = session.get(HeardUntil, _ALL)
        return last is None or last.at < now - _OUTAGE


def _since(database: Database, number: str, now: datetime) -> datetime:
    with database.read() as session:
        last = session.get(HeardUntil, number)
        return (last.at if last else now - _FIRST) - _OVERLAP


def _note(database: Database, number: str, at: datetime) -> None:
    with database.write() as session:
        session.merge(HeardUntil(number=number, at=at))


def _is_known(database: Database, sid: str) -> bool:
    with database.read() as session:
        known = select(WebhookEvent.id).where(WebhookEvent.kind == intake.Kind.INBOUND, WebhookEvent.dedup_key == sid)
        return session.scalar(known) is not None
