"""New rows of the outbox."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from outreach.database import Base, Json
from outreach.planning.reasons import Reason
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage

Row = TypeVar("Row", bound=Base)


def write_once(session: Session, row: Row) -> Row | None:
    """Write a row; None where the database refuses it because it is there already, however late another process wrote it."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return row


def new_row(now: datetime, **values: object) -> PlannedMessage:
    """A planned message with a reference of its own; what is not named is empty."""
    nothing: Json = {
        "channel": Channel.SMS,
        "state": State.PLANNED,
        "reason": "",
        "household": "",
        "contact_id": "",
        "phone": "",
        "student_ids": [],
        "school_id": "",
        "message": "",
        "language": "",
        "family_language": "",
        "facts": {},
        "body": "",
        "approval_id": None,
        "segments": None,
        "reply_to_id": None,
        "retry_of_id": None,
        "batch_id": None,
        "created_at": now,
        "changed_at": now,
        "due_at": now,
        "expires_at": None,
        "claimed_at": None,
        "requeued": 0,
        "provider_sid": "",
        "carrier_status": "",
        "error_code": "",
        "sent_at": None,
    }
    plain = {name: str(value) if isinstance(value, Channel | State | MessageClass | Reason) else value for name, value in values.items()}
    return PlannedMessage(ref=secrets.token_urlsafe(16), **{**nothing, **plain})
