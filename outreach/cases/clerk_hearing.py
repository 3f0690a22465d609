"""A family's word about the attendance record, kept as it is heard."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.queries import newest_import
from outreach.cases.clerk_states import WordKind, WordState, kind_of
from outreach.cases.clerk_tables import RecordWord
from outreach.cases.said_dates import said_dates
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.replies.reasons import Intent
from outreach.replies.tables import Inbound


def hear(session: Session, case: Case, inbound: Inbound, zone: str) -> RecordWord | None:
    """Keep what a family's text says of the record; None where it says nothing of it. Hearing it again changes nothing.

    Whoever was asked is looked at again as soon as the family writes anything: it may be the answer.
    """
    for asked in session.scalars(select(RecordWord).where(RecordWord.case_id == case.id, RecordWord.state == WordState.ASKED)):
        asked.state, asked.changed_at, asked.changed_by = WordState.WAITING.value, inbound.received_at, ""
    kind = kind_of(Intent(inbound.intent), photos=inbound.media)
    return put(session, case, inbound, kind, zone) if kind is not None else None


def put(session: Session, case: Case, inbound: Inbound, kind: WordKind, zone: str) -> RecordWord | None:
    """Put a text before the office; None where it stands there already."""
    if session.scalar(select(RecordWord.id).where(RecordWord.inbound_id == inbound.id)) is not None:
        return None
    known = newest_import(session)
    word = RecordWord(
        inbound_id=inbound.id,
        case_id=case.id,
        kind=kind.value,
        dates=_dates(inbound, zone),
        heard_at=inbound.received_at,
        import_id=known,
        state=WordState.WAITING.value,
        why="",
        changed_at=inbound.received_at,
        changed_by="",
        looked_import_id=known,
        shown=[],
        thanks_id=None,
    )
    session.add(word)
    session.flush()
    return word


def _dates(inbound: Inbound, zone: str) -> list[str]:
    return [day.isoformat() for day in said_dates(inbound.body, local_date(inbound.received_at, zone), inbound.locale)]
