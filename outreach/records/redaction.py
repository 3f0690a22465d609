"""Taking words out for good: a family's text, here and at the carrier. That it came, when, and what it counted as stays.

The caller commits. Snapshots and feeds that were kept before still hold the words until they are deleted themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from outreach.cases import searching
from outreach.cases.danger_tables import Incident
from outreach.cases.inbox_tables import CaseDraft
from outreach.cases.language_tables import LanguageTask
from outreach.cases.tables import Case, CaseEvent
from outreach.delivery import redaction as carrier
from outreach.delivery.tables import WebhookEvent
from outreach.records.holds import HELD, held
from outreach.records.keeping_tables import TextRedaction
from outreach.records.requests import RecordError
from outreach.replies import media
from outreach.replies.tables import Inbound, InboundMedia
from outreach.settings import Settings
from outreach.staff.actions import audit
from outreach.translation.tables import MachineText

TAKEN_OUT = "[redacted]"
"""What stands in the place of words that were taken out."""


def redact(session: Session, inbound_id: int, *, why: str, by: str, settings: Settings, now: datetime) -> Inbound:
    """Take the words and photos of one text out, and have the carrier forget them. Raises RecordError; a second time changes nothing."""
    row = session.get(Inbound, inbound_id, with_for_update=True)
    case = session.scalars(select(Case).join(CaseEvent, CaseEvent.case_id == Case.id).where(CaseEvent.inbound_id == inbound_id)).first()
    if row is None or case is None:
        message = "There is no such text."
        raise RecordError(message)
    if not why.strip():
        message = "Write down why."
        raise RecordError(message)
    if held(session).covers(case):
        raise RecordError(HELD)
    if session.scalar(select(Incident.id).where(Incident.case_id == case.id, Incident.closed_at.is_(None))) is not None:
        message = "An incident is open in this conversation. Close it first: whoever helps must be able to read."
        raise RecordError(message)
    take_out(session, [row], why=why, by=by, settings=settings, now=now)
    audit(session, actor=by, action="text.redacted", subject=f"case {case.id}", now=now, detail={"text": inbound_id})
    return row


def take_out(session: Session, texts: Collection[Inbound], *, why: str, by: str, settings: Settings, now: datetime) -> None:
    """Take the words out of texts that nothing holds."""
    for row in texts:
        if session.get(TextRedaction, row.id) is None:
            session.add(TextRedaction(inbound_id=row.id, at=now, by=by, why=why.strip()))
        row.body, row.why = TAKEN_OUT, ""
        for photo in session.scalars(select(InboundMedia).where(InboundMedia.inbound_id == row.id)):
            media.drop(settings, photo, now)
        heard = select(WebhookEvent).where(WebhookEvent.kind == "inbound", WebhookEvent.dedup_key == row.message_sid)
        for event in session.scalars(heard):
            event.params = {name: TAKEN_OUT if name == "Body" else value for name, value in event.params.items() if "MediaUrl" not in name}
        carrier.wish(session, row.message_sid, now)
    session.flush()
    ids = {row.id for row in texts}
    session.execute(update(MachineText).where(MachineText.inbound_id.in_(ids)).values(words=TAKEN_OUT))
    session.execute(update(LanguageTask).where(LanguageTask.inbound_id.in_(ids)).values(why="", result=TAKEN_OUT))
    find_anew(session, session.scalars(select(CaseEvent.case_id).where(CaseEvent.inbound_id.in_(ids))).all())


def find_anew(session: Session, case_ids: Collection[int]) -> None:
    """Let the search know conversations by the words that are left; drafts may quote what went, so they go."""
    for case_id in sorted(set(case_ids)):
        case = session.get_one(Case, case_id)
        searching.forget(session, case_id)
        session.execute(delete(CaseDraft).where(CaseDraft.case_id == case_id))
        for event in session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)):
            searching.note_event(session, case, event)
