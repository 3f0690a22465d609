"""What the carrier tells us: kept raw first, then understood in one transaction, and tried again while that fails.

The carrier's request never waits for the database: while another program writes (an import, on SQLite), what it tells is kept in
a file, and becomes a row with the next request, the next tick, or before anything is sent.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach import arrivals
from outreach.arrivals import Arrival
from outreach.attention import actions as attention
from outreach.cases import actions as cases
from outreach.cases import calls, danger
from outreach.database import Database, UnavailableError
from outreach.delivery import receipts
from outreach.delivery.tables import WebhookEvent
from outreach.replies import actions as replies
from outreach.replies.understanding import Meaning
from outreach.settings import Settings

_IN_A_HURRY_SECONDS = 0.4
"""How long a request of the carrier's waits for other writers before its event is kept in a file."""
_AT_ONCE_SECONDS = 0.4
"""How long it goes on to take kept events in; what is left then is for the job."""

_AT_MOST = 500
"""Events taken in at one tick."""


_KEEP = {
    name: dialect.insert(WebhookEvent.__table__)
    .on_conflict_do_nothing(index_elements=["kind", "dedup_key"])
    .returning(WebhookEvent.__table__.c.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
"""Built once: the carrier waits for it."""


class Kind(StrEnum):
    """What a webhook tells."""

    INBOUND = "inbound"
    STATUS = "status"
    CALL = "call"
    """Somebody phoned, and nobody could answer."""


def take(database: Database, settings: Settings, event: Arrival, now: datetime) -> None:
    """Keep one signed request durably and take it in, all within a second, whatever else goes on in the database."""
    take_in(database, settings, store(database, settings, event, now), now)


def store(database: Database, settings: Settings, event: Arrival, now: datetime) -> list[int]:
    """Keep one signed request durably, and return the ids of what is to be taken in; a repetition is nothing new.

    Where files wait, the database was busy a moment ago: it is asked once and not waited for. Raises OSError when the event could be
    kept neither in the database nor in a file; the carrier must then hear that it failed.
    """
    patience = 0.0 if arrivals.is_waiting(settings.home) else _IN_A_HURRY_SECONDS
    try:
        return _keep(database, settings, [event], now, patience)
    except UnavailableError:
        arrivals.put(settings.home, event, database.ring)
        return []


def take_in(database: Database, settings: Settings, events: Sequence[int], now: datetime) -> None:
    """Take in what was stored a moment ago; what takes too long is left for the job."""
    end = time.monotonic() + _AT_ONCE_SECONDS
    for event_id in events:
        if time.monotonic() > end or not process(database, settings, event_id, now, patience=_IN_A_HURRY_SECONDS):
            break


def take_waiting(database: Database, settings: Settings, now: datetime, *, limit: int = _AT_MOST) -> int:
    """Take in every event that nobody has tried to take in yet, from files and rows; return how many were.

    Call it before anything is sent: one of them may say stop. Raises UnavailableError while the database cannot be had.
    """
    if arrivals.is_waiting(settings.home):
        _keep(database, settings, [], now)
    return _process_all(database, settings, now, WebhookEvent.problem == "", limit)


def process_left_behind(database: Database, settings: Settings, now: datetime, *, limit: int = _AT_MOST) -> int:
    """Try every kept event again that was not taken in, oldest first; return how many were."""
    fresh = take_waiting(database, settings, now, limit=limit)
    return fresh + _process_all(database, settings, now, WebhookEvent.problem != "", limit)


def _process_all(database: Database, settings: Settings, now: datetime, which: ColumnElement[bool], limit: int) -> int:
    left = select(WebhookEvent.id).where(WebhookEvent.processed_at.is_(None), which).order_by(WebhookEvent.id).limit(limit)
    with database.read() as session:
        event_ids = session.scalars(left).all()
    return sum(process(database, settings, event_id, now) for event_id in event_ids)


def _keep(database: Database, settings: Settings, events: Sequence[Arrival], now: datetime, patience: float | None = None) -> list[int]:
    """Make rows of *events* and of all that waits in files, in the order they came; return the ids of those that are new."""
    waiting = arrivals.read(settings.home, database.ring)
    in_order = sorted([*waiting.events.values(), *events], key=lambda event: event.received_at)
    with database.write(patience=patience) as session:
        kept = [keep(session, event) for event in in_order]
        for path in waiting.unreadable:
            _tell_unreadable(session, path.name, now)
    arrivals.remove(waiting.events)
    for path in waiting.unreadable:
        arrivals.put_aside(path)
    return [event_id for event_id in kept if event_id is not None]


def keep(session: Session, event: Arrival) -> int | None:
    """Store the raw event before anything is done with it; return its id, or None for a repetition."""
    insert = _KEEP[session.get_bind().dialect.name]
    told = {"kind": event.kind, "dedup_key": event.dedup_key, "params": event.params, "ref": event.ref, "received_at": event.received_at}
    kept: int | None = session.connection().scalar(insert, {**told, "processed_at": None, "problem": ""})
    return kept


def process(database: Database, settings: Settings, event_id: int, now: datetime, *, patience: float | None = None) -> bool:
    """Take one kept event in, and say whether that worked; doing it again is a no-op.

    A failure is written on the row and put before a person; the event stays for ``process_left_behind``. So does one for which the
    database could not be had within *patience* seconds.
    """
    try:
        with database.read() as session:
            meaning = _understand(session, session.get_one(WebhookEvent, event_id))
        with database.write(patience=patience) as session:
            event = session.get_one(WebhookEvent, event_id, with_for_update=True)
            if event.processed_at is None:
                _take_in(session, event, meaning, settings, now)
                event.processed_at = now
                if event.problem:
                    attention.resolve_key(session, _key(event), by="intake", now=now)
    except UnavailableError:
        return False
    except Exception as error:  # noqa: BLE001 - whatever breaks, the family's words are kept and a person is told
        with suppress(UnavailableError), database.write(patience=patience) as session:
            _tell(session, session.get_one(WebhookEvent, event_id), error, now)
        return False
    return True


def _understand(session: Session, event: WebhookEvent) -> Meaning | None:
    """What a family's text means; read before other writers are kept waiting, for it takes milliseconds."""
    return replies.understood(session, event) if event.kind == Kind.INBOUND and event.processed_at is None else None


def _take_in(session: Session, event: WebhookEvent, meaning: Meaning | None, settings: Settings, now: datetime) -> None:
    if event.kind == Kind.CALL:
        calls.take_missed(session, event, settings, now)
    elif meaning is None:
        receipts.take_status(session, event.params, event.ref, now)
    elif not danger.answer_text(session, event.params, now):
        cases.take_in(session, replies.receive(session, event, settings, now, meaning=meaning), settings, now)


def _tell(session: Session, event: WebhookEvent, error: Exception, now: datetime) -> None:
    """Keep what broke and where, without the exception's own words: they may quote a family."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    event.problem = f"{type(error).__name__} in {last.name}, line {last.lineno}"
    what = {Kind.INBOUND: "A text from a family", Kind.CALL: "A phone call from a family"}.get(Kind(event.kind), "A delivery report")
    attention.raise_item(
        session,
        kind="intake",
        key=_key(event),
        sentence=f"{what} arrived but could not be taken in. It is kept and tried again every minute; if this stays, tell IT.",
        now=now,
        detail={"event": event.id, "problem": event.problem},
        urgent=event.kind != Kind.STATUS,
    )


def _tell_unreadable(session: Session, name: str, now: datetime) -> None:
    sentence = f"What the carrier told cannot be read from the file {name} in the home's folder arrivals; a family may wait. Tell IT."
    attention.raise_item(session, kind="intake", key=f"arrival:{name}", sentence=sentence, now=now, urgent=True)


def _key(event: WebhookEvent) -> str:
    return f"intake:{event.id}"
