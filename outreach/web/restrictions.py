"""What the feed writes into its restriction column, read once a text: one decision for everybody who bears the same words."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.consent import restrictions
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("restrictions", __name__, url_prefix="/restrictions")

_NAMED = 30
"""Adults whom the page names below a text; the others are a number."""


@blueprint.get("")
@needs(Permission.BLOCKS_READ)
def page() -> ResponseReturnValue:
    """Every text, those that wait first, with some of the adults who bear it."""
    known = person()
    with services().database.read() as session:
        texts = restrictions.texts(session, known.schools)
        ties = {text.words: restrictions.ties(session, text.words, known.schools, limit=_NAMED) for text in texts}
        pairs = [pair for some in ties.values() for pair in some]
        adults = people.contact_names(session, {contact for _, contact in pairs})
        children = people.children(session, {student for student, _ in pairs}, known.schools)
        rows = [
            (text, [(who, adults.get(who, who), children[child].name) for child, who in ties[text.words] if child in children])
            for text in texts
        ]
        return render_template(
            "restrictions.html", rows=rows, waiting=sum(text.waiting for text in texts), whole_district=known.schools is None
        )


@blueprint.post("")
@needs(Permission.BLOCKS_DECIDE)
def decide() -> ResponseReturnValue:
    """Say of one text, as it was shown, whether it forbids messages. The words stay out of the trail: they may tell of a family."""
    known, words, verdict = person(), request.form.get("words", ""), request.form.get("verdict", "")
    if verdict not in {"forbids", "clear", "clear_all"}:
        abort(400)
    with services().database.write() as session:
        forbids, for_all = verdict == "forbids", verdict == "clear_all"
        number = restrictions.decide(session, words, forbids=forbids, for_all=for_all, schools=known.schools, by=known.email, now=now())
        detail = {"forbids": forbids, "for_all": for_all, "ties": number}
        staff.audit(session, actor=known.email, action="restriction.decided", subject="restrictions", now=now(), detail=detail)
    if not number:
        flash("These words stand beside nobody any more. The list is new.", "warning")
    else:
        flash("They hear nothing. That stays until somebody decides otherwise." if forbids else "These words forbid nothing any more.")
    return redirect(url_for("restrictions.page"))
