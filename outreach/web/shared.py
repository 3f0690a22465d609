"""What several families of a school name at once: one task, done once, and told to all of them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.cases import shared_reasons
from outreach.cases.actions import CaseError
from outreach.cases.barrier_words import shipped
from outreach.cases.shared_tables import SharedTask
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("shared", __name__)

LONGEST = 300


@blueprint.get("/shared")
@needs(Permission.RESOURCES_READ)
def page() -> ResponseReturnValue:
    """The tasks of this person's schools: which reason, how many families, and who of them was told what was done."""
    with services().database.read() as session:
        tasks = shared_reasons.tasks(session, person().schools)
        return render_template(
            "shared.html",
            tasks=tasks,
            links=shared_reasons.links(session, [task.id for task in tasks]),
            schools=people.school_names(session),
            words=shipped(),
            names=accounts.names_by_email(session, {task.ended_by for task in tasks if task.ended_by}),
            longest=LONGEST,
        )


@blueprint.post("/shared")
@needs(Permission.RESOURCES_EDIT)
def end() -> ResponseReturnValue:
    """Say what was done for all of them, or why nothing is."""
    asked, known = request.form, person()
    words = asked.get("words", "").strip()[:LONGEST]
    with services().database.write() as session:
        task = session.get(SharedTask, small_number(asked.get("task", "")) or 0)
        if task is None or (known.schools is not None and task.school_id not in known.schools):
            flash("None of your schools has such a task.", "warning")
            return redirect(url_for("shared.page"))
        try:
            if asked.get("do") == "aside":
                shared_reasons.put_aside(session, task.id, words, by=known.email, now=now())
                flash("Put aside, with your reason.")
            else:
                prepared = shared_reasons.done(session, task.id, words, account_id=known.id, by=known.email, now=now())
                flash(f"Written into {prepared} conversation{'' if prepared == 1 else 's'}: from there each family is told.")
        except CaseError as refusal:
            flash(str(refusal), "warning")
    return redirect(url_for("shared.page"))
