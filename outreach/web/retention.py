"""How long each kind of data is kept, what would go now, and what must stay: the schedules and the legal holds of the district."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.records import holds, retention
from outreach.records.requests import RecordError
from outreach.records.retention import KINDS, Kind
from outreach.replies.normalise import storable
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs
from outreach.web.record import LONGEST

blueprint = Blueprint("retention", __name__, url_prefix="/retention")


@blueprint.get("")
@needs(Permission.RECORDS_KEEP)
def page() -> ResponseReturnValue:
    """Each kind with its time and what would go now, the last runs, and the holds."""
    with services().database.read() as session:
        standing, runs = holds.standing(session), retention.last_runs(session)
        rules = {kind: retention.rule_of(session, kind) for kind in Kind}
        by = {row.set_by for row in standing} | {row.by for row in runs} | {rule.set_by for rule in rules.values()}
        return render_template(
            "retention.html",
            kinds=KINDS,
            rules=rules,
            previews={kind: retention.preview(session, kind, now()) for kind in Kind},
            runs=runs,
            holds=standing,
            children=people.children(session, {row.student_id for row in standing if row.student_id}, None),
            adults=people.contact_names(session, {row.contact_id for row in standing}),
            names=accounts.names_by_email(session, by),
            settings=services().settings,
            at_once=retention.AT_ONCE,
            longest=LONGEST,
        )


@blueprint.post("/set")
@needs(Permission.RECORDS_KEEP)
def set_rule() -> ResponseReturnValue:
    """Say how long a kind is kept, and whether it goes by itself."""
    kind, days = _kind(), small_number(request.form.get("days", ""))
    if days is None:
        abort(400)
    try:
        with services().database.write() as session:
            retention.set_rule(session, kind, days=days, by_itself="by_itself" in request.form, by=person().email, now=now())
    except RecordError as refusal:
        flash(str(refusal), "warning")
    else:
        flash("Set. Look at what would go now.")
    return redirect(url_for("retention.page", _anchor=kind.value))


@blueprint.post("/run")
@needs(Permission.RECORDS_KEEP)
def run() -> ResponseReturnValue:
    """Let go what is old enough."""
    kind = _kind()
    done = retention.run(services().database, kind, by=person().email, settings=services().settings, now=now())
    flash(f"Gone: {done.going:,} {KINDS[kind].unit}. Held: {done.held:,}.")
    return redirect(url_for("retention.page", _anchor=kind.value))


@blueprint.post("/holds/<int:hold_id>/lift")
@needs(Permission.RECORDS_KEEP)
def lift(hold_id: int) -> ResponseReturnValue:
    """End a hold, with the reason."""
    try:
        with services().database.write() as session:
            holds.lift(session, hold_id, why=storable(request.form.get("why", ""))[:LONGEST], by=person().email, now=now())
    except RecordError as refusal:
        flash(str(refusal), "warning")
    else:
        flash("The hold is lifted.")
    return redirect(url_for("retention.page", _anchor="holds"))


def _kind() -> Kind:
    kind = next((one for one in Kind if one == request.form.get("kind")), None)
    if kind is None:
        abort(400)
    return kind
