"""The district's figures for everybody who has the link: no sign-in, no cookie, no script, no small number."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from flask import Blueprint, Flask, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from outreach.attendance.years import start_of_year
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.evidence import goals
from outreach.evidence.published import published
from outreach.web import came_from
from outreach.web.context import now, services
from outreach.web.permissions import open_to_all
from outreach.web.turnstile import Turnstile

blueprint = Blueprint("public", __name__)

_YEAR_START = "07-01"
_LOOKS = "public_looks"
_STRETCH, _FROM_ONE_PLACE, _IN_ALL = timedelta(minutes=1), 60, 600
"""Each look reads sums of the whole district: a parents' evening behind one address may look, a flood must not slow the inbox."""


def register(app: Flask) -> None:
    """Begin to count who looks how often; the counts live as long as the process."""
    app.extensions[_LOOKS] = Turnstile(_STRETCH, _FROM_ONE_PLACE, _IN_ALL)


@blueprint.get("/attendance")
@open_to_all("sums without any child, once a district administrator shows them to everybody")
def page() -> ResponseReturnValue:
    """The figures of the last whole week; not there while nobody switched them on."""
    if not cast(Turnstile, current_app.extensions[_LOOKS]).allows("", came_from.hashed(), now()):
        abort(429)
    today = local_date(now(), services().settings.zone)
    with services().database.read() as session:
        if not goals.is_public(session):
            abort(404)
        found = published(session, today, start_of_year(today, _YEAR_START))
        schools = {one.goal.school_id for one in found.goals} if found else set()
        names = {key: school.name or key for key, school in district.schools(session, schools).items()}
        return render_template("public.html", found=found, names=names, visitor=None)  # the same for staff who look at it
