"""My students: every child in a person's schools who misses a tenth of the days or more, with or without a conversation."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from outreach.cases import my_students
from outreach.cases.my_students import Angle
from outreach.clock import local_date
from outreach.staff import queries as staff
from outreach.staff.roles import Permission
from outreach.web import people, scopes
from outreach.web.context import now, page_number, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("students", __name__)

ANGLES = {
    Angle.ALL: "All",
    Angle.NEVER_REACHED: "Never reached",
    Angle.SILENT: "Silent",
    Angle.NO_NEXT_STEP: "No next step",
    Angle.IMPROVING: "Improving",
    Angle.NOBODY_KNOWS: "Nobody knows them",
}
MEANINGS = {
    Angle.ALL: "Everybody who misses 10 % of the days or more, the highest share first.",
    Angle.NEVER_REACHED: "Nothing has arrived with these families, and nobody has heard from them.",
    Angle.SILENT: "Something has arrived, and these families have never answered.",
    Angle.NO_NEXT_STEP: "Nobody has planned a step for these, or put them aside until a day.",
    Angle.IMPROVING: "Missed less of the last 20 school days than of the 20 before.",
    Angle.NOBODY_KNOWS: "No adult at school is named who knows the child, and no mentor is. Who could say good morning to them?",
}
_PER_PAGE = 50


@blueprint.get("/students")
@needs(Permission.INBOX_READ)
def page() -> ResponseReturnValue:
    """One view of the children, page by page."""
    settings, known = services().settings, person()
    angle = next((one for one in Angle if one == request.args.get("view")), Angle.ALL)
    with services().database.read() as session:
        found = scopes.scope(session)
        here = [found.chosen] if found.chosen else known.schools
        children = my_students.enrolled(session, here, local_date(now(), settings.zone))
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
            schools=found.schools,
            school=found.chosen,
            must_choose=len(found.schools) > 1 and found.is_given,
            page=page_number(),
            more=len(seen) > start + _PER_PAGE,
        )
