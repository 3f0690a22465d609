"""A school's papers: the team's packet, the principal's page and the step back, each made as a PDF for whoever takes it."""

from __future__ import annotations

import io

from flask import Blueprint, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.district import queries as district
from outreach.evidence import packet_making
from outreach.evidence.packet import TITLES, Kind
from outreach.evidence.packet_making import SPANS, USUAL, Asked
from outreach.evidence.paper import pdf
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("packet", __name__)

_SHOWN = 20
"""Papers on the page that were made lately."""


@blueprint.get("/packet")
@needs(Permission.PACKET_MAKE)
def page() -> ResponseReturnValue:
    """Which paper, for which school; what each holds, and which were made lately."""
    known = person()
    with services().database.read() as session:
        made = packet_making.lately(session, known.schools, limit=_SHOWN)
        return render_template(
            "packet.html",
            schools=_schools(session),
            school_id=request.args.get("school", ""),
            kind=next((one for one in Kind if one == request.args.get("kind")), Kind.TEAM),
            kinds=TITLES,
            spans=SPANS,
            usual=USUAL,
            made=made,
            names=accounts.names_by_email(session, {one.made_by for one in made}),
        )


@blueprint.post("/packet")
@needs(Permission.PACKET_MAKE)
def make() -> ResponseReturnValue:
    """Make one paper, keep that it was made, and give it."""
    known, settings, form = person(), services().settings, request.form
    kind = next((one for one in Kind if one == form.get("kind")), None)
    weeks = small_number(form.get("weeks", str(USUAL)))
    if kind is None or weeks is None or weeks not in SPANS:
        abort(400)
    with services().database.read() as session:
        schools = _schools(session)
        if form.get("school") not in schools:
            abort(404)
        asked = Asked(form["school"], schools[form["school"]], kind, weeks)
        made = packet_making.make(session, asked, known, settings, now())
    content = pdf(made.paper, now=now(), font_folder=settings.font_folder)
    with services().database.write() as session:
        packet_making.keep(session, asked, made, known, settings, now())
    name = f"{kind.value.replace('_', '-')}-{local_date(now(), settings.zone)}.pdf"
    answer = send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _schools(session: Session) -> dict[str, str]:
    """The schools of this person, by name."""
    names = {school.school_id: school.name or school.school_id for school in district.schools(session).values()}
    mine = {key: name for key, name in names.items() if person().sees(key)}
    return dict(sorted(mine.items(), key=lambda pair: pair[1].casefold()))
