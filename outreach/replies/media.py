"""Photos and documents that come with a text: fetched from the carrier, kept in a private folder, and deleted in time.

What is kept is a picture or a PDF by its own bytes, of the size that carriers pass on. Its name in the folder is random and tells
nothing; who may see it is the conversation's matter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach import kept_files, keyring
from outreach.database import Database
from outreach.delivery.provider import Media, MediaGoneError
from outreach.replies.media_types import LARGEST, type_of
from outreach.replies.tables import Inbound, InboundMedia
from outreach.settings import Settings
from outreach.staff.actions import audit

_PLACE = re.compile(r"/[A-Za-z0-9_/-]{1,300}(?:\.[a-z]{1,5})?")
"""A place on the carrier's server: no other server is ever asked, whatever stands in the text."""
_MOST = 10
"""As many as carriers put beside one text."""
_AT_ONCE = 20
_FIRST_PAUSE = timedelta(minutes=1)
_MOST_TRIES = 9
"""With pauses that double, four hours."""


class MediaState(StrEnum):
    """What became of a photo."""

    WAITING = "waiting"
    KEPT = "kept"
    REFUSED = "refused"
    """It is no picture and no PDF, or too large; nothing of it was kept."""
    LOST = "lost"
    """The carrier did not give it."""
    DELETED = "deleted"
    """Kept for its time, and deleted."""


def note(session: Session, inbound: Inbound, params: Mapping[str, Any], now: datetime) -> None:
    """Write down what came with a text; ``fetch_waiting`` fetches it."""
    for number in range(1, min(inbound.media, _MOST) + 1):
        path = urlsplit(str(params.get(f"MediaUrl{number - 1}", ""))).path
        known = _PLACE.fullmatch(path) is not None
        row = InboundMedia(inbound_id=inbound.id, number=number, path=path if known else "", type="", size=0, name="", tries=0)
        row.state = (MediaState.WAITING if known else MediaState.LOST).value
        row.due_at = row.changed_at = now
        session.add(row)


def fetch_waiting(database: Database, carrier: Media, settings: Settings, now: datetime) -> int:
    """Fetch what is due, and return how many were kept. Asked for again while the carrier does not answer; nothing waits for it."""
    due = select(InboundMedia).where(InboundMedia.state == MediaState.WAITING, InboundMedia.due_at <= now)
    with database.read() as session:
        waiting = [(row.id, row.path) for row in session.scalars(due.order_by(InboundMedia.id).limit(_AT_ONCE))]
    return sum(_fetch(database, carrier, settings, row_id, path, now) for row_id, path in waiting)


def _fetch(database: Database, carrier: Media, settings: Settings, row_id: int, path: str, now: datetime) -> bool:
    content, state = b"", MediaState.WAITING
    try:
        content = carrier.media(path, LARGEST + 1)
    except MediaGoneError:
        state = MediaState.LOST
    except OSError:
        pass
    else:
        state = MediaState.KEPT if len(content) <= LARGEST and type_of(content) else MediaState.REFUSED
    name = (
        kept_files.write(_folder(settings), content, keyring.ring_of(settings.encryption_keys, settings.home))
        if state is MediaState.KEPT
        else ""
    )
    with database.write() as session:
        row = session.get_one(InboundMedia, row_id, with_for_update=True)
        if row.state != MediaState.WAITING:  # another worker was quicker
            kept_files.delete(_folder(settings), name)
            return False
        row.tries += 1
        row.due_at = now + _FIRST_PAUSE * 2 ** (row.tries - 1)
        row.state = (MediaState.LOST if state is MediaState.WAITING and row.tries >= _MOST_TRIES else state).value
        row.changed_at, row.name, row.type, row.size = now, name, type_of(content) if name else "", len(content) if name else 0
    return bool(name)


def read(settings: Settings, row: InboundMedia) -> bytes | None:
    """The bytes of what is kept; None where the file is not there."""
    return kept_files.read(_folder(settings), row.name, keyring.ring_of(settings.encryption_keys, settings.home))


def drop(settings: Settings, row: InboundMedia, now: datetime) -> None:
    """Delete what is kept of one photo, and fetch it no more."""
    kept_files.delete(_folder(settings), row.name)
    row.state, row.name, row.path, row.changed_at = MediaState.DELETED.value, "", "", now


def sweep(database: Database, settings: Settings, now: datetime, held: Collection[str] = ()) -> int:
    """Delete what was kept for ``media_kept_days``; return how many. What came from a *held* number (E.164) stays."""
    old = select(InboundMedia).where(
        InboundMedia.state == MediaState.KEPT, InboundMedia.changed_at < now - timedelta(days=settings.media_kept_days)
    )
    if held:
        old = old.join(Inbound, Inbound.id == InboundMedia.inbound_id).where(Inbound.phone.not_in(held))
    with database.write() as session:
        rows = session.scalars(old.limit(500)).all()
        for row in rows:
            drop(settings, row, now)
            audit(session, actor="retention", action="media.deleted", subject=f"media {row.id}", now=now)
        return len(rows)


def _folder(settings: Settings) -> Path:
    return settings.home / "media"
