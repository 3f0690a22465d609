"""What is done to a child's record: a family's statement, a legal hold, words taken out, and the deletion of what may go."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.district.overlays import merged
from outreach.records import gathering, holds, redaction, requests, retention
from outreach.records.requests import RecordError
from outreach.replies.normalise import storable
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs
from outreach.web.record import LONGEST, student_asked

blueprint = Blueprint("record_acts", __name__, url_prefix="/records")

_LONGEST_STATEMENT = 4_000


@blueprint.post("/statement")
@needs(Permission.RECORDS_GIVE)
def state() -> ResponseReturnValue:
    """Write down what the family says about a record it holds to be wrong."""
    words = storable(request.form.get("words", ""))[:_LONGEST_STATEMENT]

    def act(session: Session, student_id: str) -> str:
        requests.state(session, student_id, words, by=person().email, now=now())
        return "Written down. It goes with the record wherever that is given."

    return _act(act)


@blueprint.post("/hold")
@needs(Permission.RECORDS_KEEP)
def hold() -> ResponseReturnValue:
    """Hold everything of the child, or of one of its adults alone."""

    def act(session: Session, student_id: str) -> str:
        contact = request.form.get("contact", "")
        if contact and contact not in {adult.contact_id for adult in gathering.family(session, merged(session).ids([student_id]))}:
            abort(404)
        holds.place(session, student_id="" if contact else student_id, contact_id=contact, why=_why(), by=person().email, now=now())
        return "The hold stands: nothing of it is redacted or deleted until somebody lifts it."

    return _act(act)


@blueprint.post("/redact")
@needs(Permission.RECORDS_KEEP)
def redact() -> ResponseReturnValue:
    """Take the words of one text out."""
    text = small_number(request.form.get("text", "").removeprefix("text:")) or 0

    def act(session: Session, _student_id: str) -> str:
        redaction.redact(session, text, why=_why(), by=person().email, settings=services().settings, now=now())
        return "The words are gone here. The carrier is asked to forget them within the hour."

    return _act(act)


@blueprint.post("/delete")
@needs(Permission.RECORDS_KEEP)
def delete() -> ResponseReturnValue:
    """Let go what of the child's closed conversations may go."""
    parts, student_id = services(), _child()
    try:
        gone = retention.delete_of_child(parts.database, student_id, why=_why(), by=person().email, settings=parts.settings, now=now())
    except RecordError as refusal:
        flash(str(refusal), "warning")
    else:
        flash(f"Gone: the words of {gone:,} entries. What is held stays.")
    return redirect(url_for("record.child", child=student_id))


def _act(act: Callable[[Session, str], str]) -> ResponseReturnValue:
    """Do it to the child in the address, and show the child again."""
    student_id = _child()
    try:
        with services().database.write() as session:
            flash(act(session, student_id))
    except RecordError as refusal:
        flash(str(refusal), "warning")
    return redirect(url_for("record.child", child=student_id))


def _child() -> str:
    with services().database.read() as session:
        return student_asked(session).student_id


def _why() -> str:
    return storable(request.form.get("why", ""))[:LONGEST]
