"""Checking the counts: a person compares a few children with the student information system before families are told."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.staff.roles import Permission
from outreach.thresholds import spot_checks
from outreach.web import people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("count_check", __name__)

_ANSWERS = {"agrees", "differs"}


@blueprint.get("/check-counts")
@needs(Permission.DATA_CHILDREN)
def page() -> ResponseReturnValue:
    """A few children with their counts and dates."""
    known = person()
    with services().database.read() as session:
        chosen = spot_checks.choose(session, known.schools, now(), services().settings.zone)
        names = people.children(session, [one.student_id for one in chosen], known.schools)
        said = spot_checks.standing(session)
    shown = [one for one in chosen if one.student_id in names]
    return render_template("count_check.html", chosen=shown, names=names, said=said)


@blueprint.post("/check-counts")
@needs(Permission.DATA_CHILDREN)
def say() -> ResponseReturnValue:
    """Keep what a person found of each child; a count that changed since they looked is shown again."""
    known = person()
    with services().database.write() as session:
        chosen = spot_checks.choose(session, known.schools, now(), services().settings.zone)
        names = people.children(session, [one.student_id for one in chosen], known.schools)
        shown = [one for one in chosen if one.student_id in names]
        said = {one.student_id: request.form.get(f"child.{one.student_id}", "") for one in shown}
        seen = [request.form.get(f"seen.{one.student_id}") == f"{one.count.absent} of {one.count.enrolled}" for one in shown]
        if not shown or not all(seen) or not set(said.values()) <= _ANSWERS:
            flash("Please answer for each child; counts that changed meanwhile are shown anew. Nothing was kept.", "warning")
            return redirect(url_for("count_check.page"))
        agree = {student_id for student_id, answer in said.items() if answer == "agrees"}
        spot_checks.keep(session, shown, agree, by=known.email, now=now())
    if len(agree) < len(shown):
        flash("Kept. Before families are told, find out why: what is not understood in the feed stands here.", "warning")
        return redirect(url_for("data_health.page"))
    flash("Kept: all of them agree.")
    return redirect(url_for("count_check.page"))
