"""My students: every child in a person's schools who misses a tenth of the days or more, with or without a conversation."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import my_students
from outreach.cases.my_students import Angle
from outreach.clock import local_date
from outreach.staff import queries as staff
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, page_number, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("students", __name__)

ANGLES = {
    Angle.ALL: "All",
    Angle.NEVER_REACHED: "Never reached",
    Angle.SILENT: "Silent",
    Angle.NO_NEXT_STEP: "No next step",
    Angle.IMPROVING: "Improving",
}
MEANINGS = {
    Angle.ALL: "Everybody who misses 10 % of the days or more, the highest share first.",
    Angle.NEVER_REACHED: "Nothing has arrived with these families, and nobody has heard from them.",
    Angle.SILENT: "Something has arrived, and these families have never answered.",
    Angle.NO_NEXT_STEP: "Nobody has planned a step for these, or put them aside until a day.",
    Angle.IMPROVING: "Missed less of the last 20 school days than of the 20 before.",
}
_AT_ONCE = 4_000
"""Children who are counted at once; of a larger scope people choose a school."""
_PER_PAGE = 50


@blueprint.get("/students")
@needs(Permission.INBOX_READ)
def page() -> ResponseReturnValue:
    """One view of the children, page by page."""
    settings, known = services().settings, person()
    angle = next((one for one in Angle if one == request.args.get("view")), Angle.ALL)
    with services().database.read() as session:
        schools, chosen, children = _scope(session)
        every = my_students.watched(session, children, settings=settings, now=now())
        names = people.children(session, [one.student_id for one in every], known.schools)
        mine = [one for one in every if one.student_id in names]
        seen = [one for one in mine if one.seen_from(angle)]
        start = (page_number() - 1) * _PER_PAGE
        shown = seen[start : start + _PER_PAGE]
        return render_template(
            "students.html",
            rows=shown,
            names=names,
            owners=staff.names(session, {one.owner_id for one in shown if one.owner_id}),
            angle=angle,
            angles=ANGLES,
            meaning=MEANINGS[angle],
            counts={one: sum(child.seen_from(one) for child in mine) for one in Angle},
            schools=schools,
            school=chosen,
            must_choose=len(schools) > 1 and chosen != "" and request.args.get("school", "") != chosen,
            page=page_number(),
            more=len(seen) > start + _PER_PAGE,
        )


def _scope(session: Session) -> tuple[dict[str, str], str, set[str]]:
    """The schools among which this person can choose, the one chosen (empty: all of them), and the children there."""
    known, today = person(), local_date(now(), services().settings.zone)
    names = people.school_names(session)
    mine = {
        school: name for school, name in sorted(names.items(), key=lambda pair: pair[1]) if known.schools is None or school in known.schools
    }
    asked = request.args.get("school", "")
    chosen = asked if asked in mine else ""
    children = my_students.enrolled(session, [chosen] if chosen else known.schools, today)
    while not chosen and len(children) > _AT_ONCE and mine:
        chosen = next(iter(mine))
        children = my_students.enrolled(session, [chosen], today)
    return mine, chosen, children
