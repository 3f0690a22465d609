"""Taking words out for good: a family's text, here and at the carrier. That it came, when, and what it counted as stays.

The caller commits. Snapshots and feeds that were kept before still hold the words until they are deleted themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from outreach.cases import searching
from outreach.cases.danger_tables import Incident
from outreach.cases.inbox_tables import CaseDraft
from outreach.cases.language_states import TaskKind
from outreach.cases.language_tables import LanguageTask
from outreach.cases.speaking_acts import IN_ENGLISH
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
from outreach.translation.states import MachineState
from outreach.translation.tables import MachineText

TAKEN_OUT = "[redacted]"
"""What stands in the place of words that were taken out."""

_UNTIL_ASKED = timedelta(minutes=15)
"""A text may be that old before a person is asked to read it: a machine is tried three times first (``cases.speaking``)."""


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
    _forget_readings(session, texts, ids)
    find_anew(session, session.scalars(select(CaseEvent.case_id).where(CaseEvent.inbound_id.in_(ids))).all())


def _forget_readings(session: Session, texts: Collection[Inbound], ids: Collection[int]) -> None:
    """Take out what machines and people said in English that texts say, wherever that stands; a machine at work on one keeps nothing."""
    session.execute(update(MachineText).where(MachineText.inbound_id.in_(ids)).values(words=TAKEN_OUT))
    waiting = MachineText.inbound_id.in_(ids), MachineText.state == MachineState.WAITING.value
    session.execute(update(MachineText).where(*waiting).values(state=MachineState.FAILED.value))
    said = dict(session.execute(select(CaseEvent.inbound_id, CaseEvent.case_id).where(CaseEvent.inbound_id.in_(ids))).all())
    for row in texts:
        joined = and_(
            LanguageTask.case_id == said.get(row.id, 0),
            LanguageTask.kind == TaskKind.READ.value,
            LanguageTask.asked_at <= row.received_at + _UNTIL_ASKED,
            or_(LanguageTask.ended_at.is_(None), LanguageTask.ended_at >= row.received_at),
        )
        for task in session.scalars(select(LanguageTask).where(or_(LanguageTask.inbound_id == row.id, joined))).all():
            if task.result not in {"", TAKEN_OUT}:
                told = CaseEvent.case_id == task.case_id, CaseEvent.text == f"{IN_ENGLISH}{task.result}"
                session.execute(update(CaseEvent).where(*told).values(text=f"{IN_ENGLISH}{TAKEN_OUT}"))
            task.why, task.result = "", TAKEN_OUT
    session.flush()


def find_anew(session: Session, case_ids: Collection[int]) -> None:
    """Let the search know conversations by the words that are left; drafts may quote what went, so they go."""
    for case_id in sorted(set(case_ids)):
        case = session.get_one(Case, case_id)
        searching.forget(session, case_id)
        session.execute(delete(CaseDraft).where(CaseDraft.case_id == case_id))
        for event in session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)):
            searching.note_event(session, case, event)
