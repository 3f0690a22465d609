"""The district at a glance: who misses how much, where, since when, and whom messages reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from outreach.attendance.years import start_of_year
from outreach.cases.barrier_words import shipped
from outreach.cases.reach import FEWEST
from outreach.district import queries as district
from outreach.evidence import dashboard
from outreach.evidence.dashboard import DIMENSIONS, Group
from outreach.evidence.reach import Reached
from outreach.evidence.small_cells import Hidden, hide
from outreach.evidence.snapshot_tables import WHOLE, SnapshotReach
from outreach.evidence.snapshots import a_year_before
from outreach.evidence.time_to_help import Waits
from outreach.evidence.waits import YEAR_BEGINS
from outreach.staff.roles import Permission
from outreach.web.context import person, services
from outreach.web.permissions import needs

blueprint = Blueprint("dashboard", __name__)

_WHY_SHOWN = 3


@blueprint.get("/dashboard")
@needs(Permission.DASHBOARD_READ)
def page() -> ResponseReturnValue:
    """One school or the district, by what is asked."""
    known = person()
    by, school_id = request.args.get("by", "school"), request.args.get("school", WHOLE)
    if by not in DIMENSIONS or (school_id and not known.sees(school_id)):
        abort(404)
    if known.schools is not None and not school_id and by != "school":
        school_id = min(known.schools, default="-")
    with services().database.read() as session:
        names = {school.school_id: school.name or school.school_id for school in district.schools(session).values()}
        mine = {key: name for key, name in names.items() if known.sees(key)}
        kept = dashboard.newest(session)
        if kept is None:
            return render_template("dashboard_empty.html")
        groups = dashboard.groups(session, kept, by, school_id=school_id, schools=known.schools if by == "school" else None)
        before = dashboard.on(session, a_year_before(kept.as_of))
        earlier = (
            dashboard.groups(session, before, by, school_id=school_id, schools=known.schools if by == "school" else None) if before else []
        )
        scope = school_id or (WHOLE if known.schools is None else next(iter(known.schools), "-"))
        here = {school_id} if school_id else known.schools
        reach = dashboard.reach(session, kept, here)
        return render_template(
            "dashboard.html",
            kept=kept,
            by=by,
            school_id=school_id,
            schools=mine,
            groups=groups,
            hidden=None if known.may(Permission.DATA_CHILDREN) else _hidden(groups),
            earlier={(group.school_id, group.value): group for group in earlier},
            before=before,
            whole=dashboard.whole(session, kept, scope),
            weeks=dashboard.weeks(session, kept.as_of, start_of_year(kept.as_of, YEAR_BEGINS), scope),
            lying=dashboard.lying(session, kept, here),
            reach=_by_language(reach),
            reached=_all(reach),
            most_whys=_WHY_SHOWN,
            answering=dashboard.waited(session, kept, "answer", here),
            few=FEWEST,
            helping=_helping(dashboard.waited(session, kept, "help", here)),
            cause_names=shipped().categories,
            step_names={name: kind.label for name, kind in shipped().kinds.items()},
            dimensions=DIMENSIONS,
            tiers=dashboard.SHOWN_TIERS,
            district_wide=known.schools is None,
        )


def _helping(found: Mapping[str, Waits]) -> list[tuple[str, Waits]]:
    """How long families waited for help, by root cause, all of them first; who may not see children sees no more than all."""
    words = {"": "All", **shipped().categories}
    causes = sorted(found) if person().may(Permission.DATA_CHILDREN) else [""]
    return [(words[cause], found[cause]) for cause in causes if cause in found]


def _hidden(groups: Sequence[Group]) -> Hidden | None:
    """The tiers of all groups as whoever may not see children may see them."""
    return hide([[group.tiers.get(tier, 0) for tier in dashboard.SHOWN_TIERS] for group in groups]) if groups else None


def _by_language(rows: Iterable[SnapshotReach]) -> list[tuple[str, Reached]]:
    found: defaultdict[str, Reached] = defaultdict(Reached)
    for row in rows:
        found[row.language].add(row)
    return sorted(found.items(), key=lambda one: -one[1].households)


def _all(rows: Iterable[SnapshotReach]) -> Reached:
    found = Reached()
    for row in rows:
        found.add(row)
    return found
