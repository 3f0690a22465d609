"""Words of one text taken out for good, begun from where they stand in the conversation."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases.tables import Case
from outreach.records import redaction
from outreach.records.requests import RecordError
from outreach.replies.normalise import storable
from outreach.staff.roles import Permission
from outreach.web import conversations
from outreach.web.case_page import address, found
from outreach.web.context import now, person, services
from outreach.web.conversations import Item
from outreach.web.permissions import needs
from outreach.web.record import LONGEST

blueprint = Blueprint("case_redaction", __name__, url_prefix="/cases/<int:case_id>/redact/<int:text_id>")


@blueprint.get("")
@needs(Permission.RECORDS_KEEP)
def page(case_id: int, text_id: int) -> str:
    """The words once more, and why they go."""
    return _show(case_id, text_id)


@blueprint.post("")
@needs(Permission.RECORDS_KEEP)
def redact(case_id: int, text_id: int) -> ResponseReturnValue:
    """Take the words and photos of the text out, here and at the carrier."""
    why = storable(request.form.get("why", ""))[:LONGEST]
    try:
        with services().database.write() as session:
            _readable(session, found(session, case_id), text_id)
            redaction.redact(session, text_id, why=why, by=person().email, settings=services().settings, now=now())
    except RecordError as refusal:
        return _show(case_id, text_id, problem=str(refusal)), 422
    flash("The words are gone here. The carrier is asked to forget them within the hour.")
    return redirect(address(case_id))


def _show(case_id: int, text_id: int, problem: str = "") -> str:
    with services().database.read() as session:
        case = found(session, case_id)
        return render_template(
            "case_redaction.html",
            case=case,
            item=_readable(session, case, text_id),
            back=address(case_id),
            longest=LONGEST,
            problem=problem,
        )


def _readable(session: Session, case: Case, text_id: int) -> Item:
    """The text as this person reads it in the inbox; what is sealed for them, or stands elsewhere, does not exist."""
    if not person().may(Permission.INBOX_READ):
        abort(404)  # who keeps records alone redacts from the child's record
    shown = [item for item in conversations.thread(session, case, person()) if item.inbound is not None and item.inbound.id == text_id]
    if not shown:
        abort(404)
    return shown[0]
