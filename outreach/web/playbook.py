"""The district's playbook: read by everybody whose week it is, changed by an administrator, version by version."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.cases import playbook
from outreach.cases.playbook import EVERY_DAY, LONGEST, MOST, ROLES, WEEKDAYS, Line, PlaybookError
from outreach.replies.normalise import storable
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services, small_number
from outreach.web.my_day import LISTS
from outreach.web.permissions import needs

blueprint = Blueprint("playbook", __name__)

A_DATE = "a date"
"""What the form calls a line for one date."""


@blueprint.get("/playbook")
@needs(Permission.INBOX_READ)
def page() -> ResponseReturnValue:
    """The lines that hold, with a form for whoever may change them, and the earlier versions."""
    return _page()


@blueprint.post("/playbook")
@needs(Permission.PLAYBOOK_SET)
def change() -> ResponseReturnValue:
    """Keep the lines of the form as a new version; what cannot be kept is shown again as it was typed."""
    over, number = small_number(request.form.get("version", "")), small_number(request.form.get("number", ""))
    if over is None or number is None or number > MOST + 1:
        abort(400)
    typed = [_typed(place) for place in range(number)]
    kept = [values for values in typed if values["step"].strip() and not values["gone"]]
    try:
        lines = [playbook.line_of(values) for values in kept]
        with services().database.write() as session:
            playbook.save(session, lines, over=over, by=person().email, now=now())
    except PlaybookError as refusal:
        return _page(typed, over, str(refusal)), 422
    flash("Kept. It holds from now on.")
    return redirect(url_for("playbook.page"))


@blueprint.post("/playbook/again")
@needs(Permission.PLAYBOOK_SET)
def again() -> ResponseReturnValue:
    """Let an earlier version hold again, as a new one."""
    wanted, over = small_number(request.form.get("wanted", "")), small_number(request.form.get("version", ""))
    try:
        with services().database.write() as session:
            earlier = next((one for one in playbook.versions(session) if one.version == wanted), None)
            if earlier is None or over is None:
                abort(400)
            playbook.save(session, earlier.lines, over=over, by=person().email, now=now(), why=f"version {wanted} again")
    except PlaybookError as refusal:
        flash(str(refusal), "warning")
    else:
        flash(f"Version {wanted} holds again.")
    return redirect(url_for("playbook.page"))


def _page(typed: list[dict[str, Any]] | None = None, over: int | None = None, problem: str = "") -> str:
    with services().database.read() as session:
        versions = playbook.versions(session)
        standing = versions[0]
        return render_template(
            "playbook.html",
            standing=standing,
            versions=versions[1:],
            names=accounts.names_by_email(session, {one.made_by for one in versions if one.made_by}),
            rows=typed if typed is not None else [*(_shown(line) for line in standing.lines), _empty()],
            over=standing.version if over is None else over,
            problem=problem,
            roles=ROLES,
            days=(EVERY_DAY, *WEEKDAYS),
            a_date=A_DATE,
            lists={name: LISTS[name][0] for name in LISTS},
            longest=LONGEST,
        )


def _typed(place: int) -> dict[str, Any]:
    """One line as the form has it; ``on`` is its date where one was chosen."""
    form = request.form
    day, on = form.get(f"date-{place}", ""), form.get(f"on-{place}", "")
    return {
        "roles": form.getlist(f"role-{place}"),
        "on": day if on == A_DATE else on,
        "list": form.get(f"list-{place}", ""),
        "step": storable(form.get(f"step-{place}", "")),
        "gone": f"gone-{place}" in form,
    }


def _shown(line: Line) -> dict[str, Any]:
    return {"roles": [role.value for role in line.roles], "on": line.on, "list": line.list, "step": line.step, "gone": False}


def _empty() -> dict[str, Any]:
    return {"roles": [], "on": EVERY_DAY, "list": "none", "step": "", "gone": False}
