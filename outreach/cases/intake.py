"""What the carrier tells us: kept raw first, then understood in one transaction, and tried again while that fails."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.cases import actions as cases
from outreach.database import Database
from outreach.delivery import receipts
from outreach.delivery.tables import WebhookEvent
from outreach.replies import actions as replies
from outreach.settings import Settings


class Kind(StrEnum):
    """What a webhook tells."""

    INBOUND = "inbound"
    STATUS = "status"


def keep(database: Database, kind: Kind, params: Mapping[str, str], *, dedup_key: str, ref: str, now: datetime) -> int | None:
    """Store and commit the raw event before anything is done with it; return its id, or None for a repetition."""
    insert = sqlite.insert if database.is_sqlite else postgresql.insert
    with database.write() as session:
        return session.scalar(
            insert(WebhookEvent)
            .values(kind=kind.value, dedup_key=dedup_key, params=dict(params), ref=ref, received_at=now, processed_at=None, problem="")
            .on_conflict_do_nothing(index_elements=["kind", "dedup_key"])
            .returning(WebhookEvent.id)
        )


def process(database: Database, settings: Settings, event_id: int, now: datetime) -> bool:
    """Take one kept event in, and say whether that worked; doing it again is a no-op.

    A failure is written on the row and put before a person; the event stays for ``process_left_behind``.
    """
    try:
        with database.write() as session:
            event = session.get_one(WebhookEvent, event_id, with_for_update=True)
            if event.processed_at is None:
                _take_in(session, event, settings, now)
                event.processed_at = now
                if event.problem:
                    attention.resolve_key(session, _key(event), by="intake", now=now)
    except Exception as error:  # noqa: BLE001 - whatever breaks, the family's words are kept and a person is told
        with database.write() as session:
            _tell(session, session.get_one(WebhookEvent, event_id), error, now)
        return False
    return True


def process_left_behind(database: Database, settings: Settings, now: datetime, *, limit: int = 500) -> int:
    """Try every kept event again that was not taken in, oldest first; return how many were."""
    with database.read() as session:
        left = session.scalars(
            select(WebhookEvent.id).where(WebhookEvent.processed_at.is_(None)).order_by(WebhookEvent.id).limit(limit)
        ).all()
    return sum(process(database, settings, event_id, now) for event_id in left)


def _take_in(session: Session, event: WebhookEvent, settings: Settings, now: datetime) -> None:
    if event.kind == Kind.STATUS:
        receipts.take_status(session, event.params, event.ref, now)
    else:
        cases.take_in(session, replies.receive(session, event, settings, now), settings, now)


def _tell(session: Session, event: WebhookEvent, error: Exception, now: datetime) -> None:
    """Keep what broke and where, without the exception's own words: they may quote a family."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    event.problem = f"{type(error).__name__} in {last.name}, line {last.lineno}"
    what = "A text from a family" if event.kind == Kind.INBOUND else "A delivery report"
    attention.raise_item(
        session,
        kind="intake",
        key=_key(event),
        sentence=f"{what} arrived but could not be taken in. It is kept and tried again every minute; if this stays, tell IT.",
        now=now,
        detail={"event": event.id, "problem": event.problem},
        urgent=event.kind == Kind.INBOUND,
    )


def _key(event: WebhookEvent) -> str:
    return f"intake:{event.id}"
