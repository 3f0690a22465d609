"""Before a restored or copied database may send: what the carrier heard and what it was given since, taken in from its own lists.

In: texts of families that came in since the copy was made (one may say stop). Out: texts that left since. The copy does not know them, so
each becomes a row of ours, what waits for the same number is cancelled, and a person decides.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item
from outreach.cases.catching_up import catch_up
from outreach.clock import Clock
from outreach.database import Database
from outreach.delivery import instance
from outreach.delivery.provider import Account, Listed, Provider
from outreach.delivery.receipts import STATES, adopt
from outreach.delivery.tables import Attempt, HeardUntil
from outreach.planning.states import Channel, MessageClass, State, move
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.actions import audit

MEANWHILE = "sent meanwhile: the carrier shows a text to this number that this copy did not know"
_OVERLAP = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(minutes=5)
_FIRST = timedelta(days=30)
"""How far back to look in a copy that never sent and never heard anything."""


@dataclass
class Returned:
    """What came to light."""

    heard: int = 0
    """Texts of families."""
    known: int = 0
    """Texts to families that the copy knew by name."""
    adopted: int = 0
    """Texts to families that it had begun to send."""
    unknown: int = 0
    cancelled: int = 0
    """What waited for the same numbers."""


def come_back(database: Database, provider: Provider | None, settings: Settings, clock: Clock, *, by: str) -> Returned:
    """Ask the carrier in both directions, take in what is new, and let this database send from here.

    Raises OSError where the carrier cannot be asked; the database then stays held, and what was taken in until then stays.
    """
    found = Returned()
    account: object = provider
    if isinstance(account, Account):
        with database.read() as session:
            since = _last_known(session, clock.now())
        found.heard = catch_up(database, account, settings, clock)
        for listed in account.said(since):
            with database.write() as session:
                _take(session, listed, found, clock.now())
    with database.write() as session:
        now = clock.now()
        if found.unknown:
            sentence = (
                f"{found.unknown} texts had left after this copy was made, and {found.cancelled} that waited for the same families were "
                "cancelled. Look at those families' threads: what they were told stands there."
            )
            raise_item(session, kind="restored", key=f"restored:{now.isoformat()}", sentence=sentence, now=now)
        instance.release(database, session, by=by, now=now)
        audit(session, actor=by, action="instance.released", subject="database", now=now, detail={**vars(found)})
    return found


def _last_known(session: Session, now: datetime) -> datetime:
    """The newest moment that the copy knows of, less an hour."""
    moments = [session.scalar(select(func.max(column))) for column in (Attempt.started_at, HeardUntil.at, PlannedMessage.created_at)]
    return max((moment for moment in moments if moment is not None), default=now - _FIRST) - _OVERLAP


def _take(session: Session, listed: Listed, found: Returned, now: datetime) -> None:
    rows = session.scalars(select(PlannedMessage).where(PlannedMessage.phone == listed.to).order_by(PlannedMessage.id.desc())).all()
    if any(row.provider_sid == listed.sid for row in rows):
        found.known += 1
        return
    begun = (row for row in rows if row.state in {State.SENDING, State.UNCERTAIN} and not row.provider_sid and row.body == listed.body)
    if (mine := next(begun, None)) is not None:
        adopt(session, mine, listed.sid, listed.status, listed.error_code, now)
        found.adopted += 1
        return
    found.unknown += 1
    session.add(_row_of(listed, rows[0] if rows else None, now))
    for row in rows:
        waited = row.state in {State.PLANNED, State.HELD, State.WAITING} and row.channel == Channel.SMS
        if waited and row.created_at <= listed.created_at + _CLOCKS_DIFFER:
            row.state, row.reason, row.changed_at = move(State(row.state), State.CANCELLED), MEANWHILE, now
            found.cancelled += 1


def _row_of(listed: Listed, like: PlannedMessage | None, now: datetime) -> PlannedMessage:
    """A text that the copy did not know, as a row: it stands in the thread and counts toward what a family hears in a week."""
    return PlannedMessage(
        ref=secrets.token_urlsafe(16), once_key=f"carrier:{listed.sid}", message_class=MessageClass.NUDGE, channel=Channel.SMS,
        state=STATES.get(listed.status, State.ACCEPTED), reason="", household=like.household if like else "",
        contact_id=like.contact_id if like else "", phone=listed.to, student_ids=list(like.student_ids) if like else [],
        school_id=like.school_id if like else "", message="", language=like.language if like else "",
        family_language=like.family_language if like else "", facts={"children": [], "contact_ids": []}, body=listed.body, approval_id=None,
        segments=None, reply_to_id=None, retry_of_id=None, batch_id=None, created_by="the carrier's list", created_at=listed.created_at,
        due_at=listed.created_at, expires_at=None, claimed_at=listed.created_at, requeued=0, provider_sid=listed.sid,
        carrier_status=listed.status, error_code=listed.error_code, sent_at=listed.created_at, changed_at=now,
    )  # fmt: skip
