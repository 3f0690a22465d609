"""After a while the carrier forgets what was said: the words stay here, where the district's own rules keep them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery.provider import Account
from outreach.delivery.tables import Redaction, WebhookEvent
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

_AT_ONCE = 200
"""Messages of one run; the next run goes on."""


def redact(database: Database, account: Account, settings: Settings, clock: Clock) -> int:
    """Let the carrier forget the words of messages older than ``carrier_keeps_days``; return how many. Its silence ends the run."""
    now = clock.now()
    if not settings.carrier_keeps_days:
        return 0
    before = now - timedelta(days=settings.carrier_keeps_days)
    done = select(Redaction.provider_sid)
    ours = select(PlannedMessage.provider_sid).where(PlannedMessage.sent_at < before, PlannedMessage.provider_sid != "")
    theirs = select(WebhookEvent.dedup_key).where(WebhookEvent.kind == "inbound", WebhookEvent.received_at < before)
    with database.read() as session:
        old = [*session.scalars(ours.where(PlannedMessage.provider_sid.not_in(done)).limit(_AT_ONCE))]
        old += session.scalars(theirs.where(WebhookEvent.dedup_key.like("SM%"), WebhookEvent.dedup_key.not_in(done)).limit(_AT_ONCE))
    forgotten = 0
    for sid in old:
        try:
            account.forget(sid)
        except OSError:
            break
        with database.write() as session:
            session.merge(Redaction(provider_sid=sid, at=now))
        forgotten += 1
    return forgotten
