"""Goals: what the district and its schools want to reach, where they stand, and whether everybody may see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.district import queries as district
from outreach.evidence import dashboard, goals
from outreach.evidence.goal_tables import Goal
from outreach.evidence.goals import GoalError, Measure, Wanted
from outreach.evidence.snapshot_tables import WHOLE
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("goals", __name__)

_NOT_A_SHARE = "Give the share to reach as a number between 0.1 and 99.9."
_NOT_A_GOAL = "Choose what the goal is about, and until when."
_LONGEST_FIGURE = 8
_ALL = 100


@blueprint.get("/goals")
@needs(Permission.DASHBOARD_READ)
def page() -> ResponseReturnValue:
    """Every goal of this person's schools and of the district, and the form that sets one."""
    return _page({})


def _page(typed: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    known = person()
    with services().database.read() as session:
        names = _schools(session)
        kept = dashboard.newest(session)
        if kept is None:
            return render_template("dashboard_empty.html"), status
        may_set = [school for school in ("", *names) if _may_set(school)]
        school_id = (typed or request.args).get("school", may_set[0] if may_set else WHOLE)
        if school_id not in may_set:
            school_id = may_set[0] if may_set else WHOLE
        return render_template(
            "goals.html",
            kept=kept,
            standing=goals.standing(session, kept, known.schools),
            ended=goals.ended(session, known.schools),
            names=names,
            may_set=may_set,
            school_id=school_id,
            groups=goals.values(session, kept, school_id) if may_set else [],
            typed=typed,
            measures=list(Measure),
            small_hidden=not known.may(Permission.DATA_CHILDREN),
            is_public=goals.is_public(session),
            publishes=known.may(Permission.FIGURES_PUBLISH),
            today=local_date(now(), services().settings.zone),
        ), status


@blueprint.post("/goals")
@needs(Permission.GOALS_SET)
def put() -> ResponseReturnValue:
    """Set a goal."""
    try:
        wanted = _wanted(request.form)
        with services().database.write() as session:
            if not _may_set(wanted.school_id) or wanted.school_id not in {"", *_schools(session)}:
                abort(404)
            goal = goals.put(session, wanted, by=person().email, today=local_date(now(), services().settings.zone), now=now())
            _note(session, "goal.set", goal)
    except GoalError as refusal:
        flash(str(refusal), "warning")
        return _page(request.form.to_dict(), 422)
    flash("The goal is set.")
    return redirect(url_for("goals.page"))


@blueprint.post("/goals/<int:goal_id>/end")
@needs(Permission.GOALS_SET)
def end(goal_id: int) -> ResponseReturnValue:
    """End a goal; it stays on the page as one that was."""
    with services().database.write() as session:
        goal = session.get(Goal, goal_id)
        if goal is None or not _may_set(goal.school_id):
            abort(404)
        goals.end(goal, by=person().email, now=now())
        _note(session, "goal.ended", goal)
    flash("The goal is ended.")
    return redirect(url_for("goals.page"))


@blueprint.post("/goals/public")
@needs(Permission.FIGURES_PUBLISH)
def publish() -> ResponseReturnValue:
    """Show the district's figures to everybody, or no longer."""
    is_on = request.form.get("on") == "1"
    with services().database.write() as session:
        goals.make_public(session, is_on=is_on, by=person().email, now=now())
        staff.audit(
            session, actor=person().email, action="figures.published" if is_on else "figures.withdrawn", subject="district", now=now()
        )
    flash("Everybody who has the link can see the figures now." if is_on else "Nobody but your staff can see the figures now.")
    return redirect(url_for("goals.page"))


def _wanted(form: Mapping[str, str]) -> Wanted:
    dimension, _, value = form.get("group", "").partition(":")
    measure = next((one for one in Measure if one == form.get("measure")), None)
    try:
        until = date.fromisoformat(form.get("until", ""))
    except ValueError:
        measure = None
    if measure is None or dimension not in goals.DIMENSIONS:
        raise GoalError(_NOT_A_GOAL)
    return Wanted(form.get("school", ""), dimension, value, measure, _permille(form.get("share", "")), until)


def _permille(typed: str) -> int:
    """Per cent as a person types it, in thousandths. Pure."""
    try:
        figure = Decimal(typed.replace("%", "").replace(",", ".").strip()[:_LONGEST_FIGURE])
    except InvalidOperation:
        raise GoalError(_NOT_A_SHARE) from None
    if not figure.is_finite() or not 0 < figure < _ALL or (10 * figure) % 1:
        raise GoalError(_NOT_A_SHARE)
    return int(10 * figure)


def _may_set(school_id: str) -> bool:
    """A school's goals are set by whoever has that school in reach, the district's by whoever has all of them."""
    known = person()
    return known.may(Permission.GOALS_SET) and (known.sees(school_id) if school_id else known.schools is None)


def _schools(session: Session) -> dict[str, str]:
    known = person()
    found = {
        school.school_id: school.name or school.school_id for school in district.schools(session).values() if known.sees(school.school_id)
    }
    return dict(sorted(found.items(), key=lambda one: one[1].casefold()))


def _note(session: Session, action: str, goal: Goal) -> None:
    detail = {"school": goal.school_id, "measure": goal.measure, "permille": goal.permille, "until": goal.until.isoformat()}
    staff.audit(session, actor=person().email, action=action, subject=f"goal {goal.id}", now=now(), detail=detail)
