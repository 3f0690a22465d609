"""The call list: whom to call, on which number, in which language and why; and one press for what came of it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.cases import call_list, call_outcomes
from outreach.cases.actions import CaseError
from outreach.cases.call_outcomes import WORDS, Outcome
from outreach.district.overlays import OverlayError
from outreach.staff.roles import Permission
from outreach.web import panel, people
from outreach.web.case_page import LONGEST_NOTE
from outreach.web.context import now, page_number, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("call_list", __name__)

_MOVED = "This family is not on the list as you saw it: somebody else noted a call, or the number may not be called any more. Look again."


@blueprint.get("/call-list")
@needs(Permission.INBOX_NOTE)
def page() -> ResponseReturnValue:
    """The families to call, page by page; whom nobody has called yet comes first."""
    known, number = person(), page_number()
    with services().database.read() as session:
        found = call_list.read(session, known.schools, settings=services().settings, now=now(), page=number)
        return render_template(
            "call_list.html",
            rows=found.rows,
            waiting=found.waiting,
            page=number,
            more=found.waiting > number * call_list.AT_ONCE,
            names=people.children(session, [row.student_id for row in found.rows], known.schools),
            last=call_outcomes.last(session, known.email, now()),
            outcomes=WORDS,
            of_outcome=lambda outcome: WORDS[Outcome(outcome)],
            spoken=panel.shown_number,
            longest=LONGEST_NOTE,
        )


@blueprint.post("/call-list")
@needs(Permission.INBOX_NOTE)
def note() -> ResponseReturnValue:
    """Write down what came of a call; the list shows the next one."""
    known, form = person(), request.form
    outcome = next((one for one in Outcome if one == form.get("outcome")), None)
    with services().database.write() as session:
        listed = call_list.one(session, form.get("student", ""), known.schools, settings=services().settings, now=now())
        chosen = next((one for one in listed.numbers if f"{one.contact_id} {one.phone}" == form.get("number")), None) if listed else None
        if listed is None or chosen is None or outcome is None or str(listed.seen) != form.get("seen"):
            flash(_MOVED, "warning")
            return redirect(url_for("call_list.page"))
        words = form.get("words", "")[:LONGEST_NOTE]
        try:
            call_outcomes.note(
                session, listed, chosen, outcome, words=words, settings=services().settings, account_id=known.id, by=known.email, now=now()
            )
        except (CaseError, OverlayError) as refusal:
            session.rollback()
            flash(str(refusal), "warning")
    return redirect(url_for("call_list.page"))


@blueprint.post("/call-list/undo")
@needs(Permission.INBOX_NOTE)
def undo() -> ResponseReturnValue:
    """Take back what this person noted last."""
    try:
        with services().database.write() as session:
            call_outcomes.undo(session, small_number(request.form.get("call", "")) or 0, by=person().email, now=now())
        flash("Taken back. The family is on the list again.")
    except (CaseError, OverlayError) as refusal:
        flash(str(refusal), "warning")
    return redirect(url_for("call_list.page"))
