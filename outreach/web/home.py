"""The way in, and the demo's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from outreach.clock import MovableClock
from outreach.staff.roles import Permission
from outreach.web import layout, times
from outreach.web.context import now, services
from outreach.web.permissions import needs, safe_path

blueprint = Blueprint("home", __name__)

_STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


@blueprint.get("/")
@needs(Permission.ACCOUNT_SELF)
def index() -> ResponseReturnValue:
    """Go to the first page this person has; the inbox, for most."""
    return redirect(url_for(layout.tabs()[0].endpoint))


@blueprint.post("/clock")
@needs(Permission.CLOCK_MOVE)
def move_clock() -> ResponseReturnValue:
    """Move the demo's clock forward by a step, or to a local date and time; elsewhere there is no such page."""
    clock = services().clock
    if not isinstance(clock, MovableClock):
        abort(404)
    target = _target(request.form.get("step", ""), request.form.get("to", ""))
    if target is None:
        abort(400)
    clock.move_to(target)
    flash(f"The clock now shows {times.full_moment(target, services().settings.zone)}.")
    return redirect(safe_path(request.form.get("back", "")) or url_for("home.index"))


def _target(step: str, to: str) -> datetime | None:
    """The instant asked for, or None where the form makes no sense."""
    if step in _STEPS:
        return now() + _STEPS[step]
    try:
        return datetime.fromisoformat(to).replace(tzinfo=ZoneInfo(services().settings.zone))
    except ValueError:
        return None
