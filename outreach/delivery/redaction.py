"""After a while the carrier forgets what was said: the words stay here, where the district's own rules keep them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery.provider import Account
from outreach.delivery.tables import Redaction, RedactionWish, WebhookEvent
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

_AT_ONCE = 200
"""Messages of one run; the next run goes on."""


def wish(session: Session, sid: str, now: datetime) -> None:
    """Have the carrier forget one message at the next run, however young it is; what never came by the carrier is none of its."""
    if sid.startswith(("SM", "MM")) and session.get(RedactionWish, sid) is None and session.get(Redaction, sid) is None:
        session.add(RedactionWish(provider_sid=sid, at=now))


def redact(database: Database, account: Account, settings: Settings, clock: Clock, held: Collection[str] = ()) -> int:
    """Let the carrier forget what a person wants gone, and what is older than ``carrier_keeps_days``; return how many.

    Messages with a *held* number (E.164) stay there, too. Its silence ends the run.
    """
    now = clock.now()
    with database.read() as session:
        sids = [*session.scalars(select(RedactionWish.provider_sid).limit(_AT_ONCE))]
        if settings.carrier_keeps_days:
            sids += _old(session, now - timedelta(days=settings.carrier_keeps_days), held)
    forgotten = 0
    for sid in dict.fromkeys(sids):
        try:
            account.forget(sid)
        except OSError:
            break
        with database.write() as session:
            session.merge(Redaction(provider_sid=sid, at=now))
            session.execute(delete(RedactionWish).where(RedactionWish.provider_sid == sid))
        forgotten += 1
    return forgotten


def _old(session: Session, before: datetime, held: Collection[str]) -> list[str]:
    done = select(Redaction.provider_sid)
    ours = select(PlannedMessage.provider_sid).where(PlannedMessage.sent_at < before, PlannedMessage.provider_sid != "")
    theirs = select(WebhookEvent.dedup_key).where(WebhookEvent.kind == "inbound", WebhookEvent.received_at < before)
    if held:
        ours = ours.where(PlannedMessage.phone.not_in(held))
        theirs = theirs.where(WebhookEvent.params["From"].as_string().not_in(held))
    sids = [*session.scalars(ours.where(PlannedMessage.provider_sid.not_in(done)).limit(_AT_ONCE))]
    sids += session.scalars(theirs.where(WebhookEvent.dedup_key.like("SM%"), WebhookEvent.dedup_key.not_in(done)).limit(_AT_ONCE))
    return sids
