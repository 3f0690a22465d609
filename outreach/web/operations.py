"""The page *The service*: what ``/metrics`` and the alarms say, in words."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from outreach.attention import queries as attention
from outreach.keeping.standing import Area, standing
from outreach.staff.roles import Permission
from outreach.web.context import now, services
from outreach.web.permissions import needs

blueprint = Blueprint("operations", __name__)

JOBS = "OUTREACH_JOBS"
"""Where the application keeps what each job does, by its name."""
_ALARMS = {"audit_broken", "backup", "dispatch", "feed", "mail", "words"}
"""Kinds of attention items that are about the service and not about a family; its own kind says what stands here anyway."""


@blueprint.get("/service")
@needs(Permission.OPERATIONS_READ)
def page() -> ResponseReturnValue:
    """What needs a look first, then everything else."""
    with services().database.read() as session:
        found = list(standing(session, services().settings, now()))
        wrong = [one for one in found if one.do and one.area is not Area.FEEDS]  # of feeds the items say more
        items = [item for item in attention.open_items(session, None) if item.kind in _ALARMS]
        return render_template(
            "operations.html",
            wrong=wrong,
            items=items,
            fares=[one for one in found if one.area is not Area.JOBS],
            jobs=[one for one in found if one.area is Area.JOBS],
            what=current_app.config[JOBS],
        )
