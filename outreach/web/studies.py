"""Studies: proposed by one person, started by another, and what they found."""

from __future__ import annotations

from dataclasses import astuple, fields
from datetime import date

import numpy as np
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.district import queries as district
from outreach.evidence import eligible, study_report
from outreach.evidence.eligible import Eligible
from outreach.evidence.power import Seen, smallest_effect
from outreach.messages.templates import sources
from outreach.planning import study_actions, study_queries
from outreach.planning.states import StudyState
from outreach.planning.studies import Design, DesignError, Kind
from outreach.planning.study_tables import Study
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import sheets, study_form
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("studies", __name__)

_LIKENESS = 0.7
"""Of this year's absences with last year's in real districts (0.6 to 0.8); the report tells the study's own."""
_YEAR = 180


@blueprint.get("/studies")
@needs(Permission.STUDY_READ)
def page() -> ResponseReturnValue:
    """All studies, and the form that proposes one."""
    return _page({})


def _page(typed: dict[str, str], status: int = 200) -> tuple[str, int]:
    with services().database.read() as session:
        every = study_queries.every(session)
        names = {school.school_id: school.name or school.school_id for school in district.schools(session).values()}
        shown = render_template(
            "studies.html",
            studies=every,
            schools=sorted(names.items(), key=lambda one: one[1].casefold()),
            kinds=Kind,
            messages=sorted({source.message for source in sources(services().settings.home) if source.message.startswith("count")}),
            typed=typed,
            chosen=request.form.getlist("school"),
            who=accounts.names_by_email(session, {email for one in every for email in (one.proposed_by, one.started_by)}),
            decides=person().may(Permission.STUDY_DECIDE),
        )
    return shown, status


@blueprint.post("/studies")
@needs(Permission.STUDY_DECIDE)
def propose() -> ResponseReturnValue:
    """Write down a design; nobody is assigned yet."""
    known = person()
    try:
        design = study_form.design(request.form, request.form.getlist("school"))
        with services().database.write() as session:
            if set(design.schools) - district.schools(session, design.schools).keys():
                abort(404)
            study = study_actions.propose(session, design, by=known.email, now=now())
            staff.audit(session, actor=known.email, action="study.proposed", subject=f"study {study.id}", now=now())
            number = study.id
    except DesignError as error:
        flash(str(error), "warning")
        return _page(request.form.to_dict(), 422)
    return redirect(url_for("studies.one", study_id=number))


@blueprint.get("/studies/<int:study_id>")
@needs(Permission.STUDY_READ)
def one(study_id: int) -> ResponseReturnValue:
    """One study: before its start who may take part and what it can see, afterwards what it found."""
    with services().database.read() as session:
        study = _study(session, study_id)
        design = study_queries.design(study)
        proposed = study.state == StudyState.PROPOSED
        able = eligible.homes(session, design, services().settings, now()) if proposed else None
        return render_template(
            "study.html",
            study=study,
            design=design,
            kinds=Kind,
            able=able,
            power=_power(design, able) if able else None,
            report=None if proposed else study_report.report(session, study, today=_today()),
            schools={school.school_id: school.name or school.school_id for school in district.schools(session, design.schools).values()},
            who=accounts.names_by_email(session, {study.proposed_by, study.started_by, study.ended_by}),
            decides=person().may(Permission.STUDY_DECIDE),
            is_proposer=person().email == study.proposed_by,
            today=_today(),
        )


def _power(design: Design, able: Eligible) -> Seen | None:
    """What the study will see, from what these children missed last year, for as much of a year as it lasts."""
    prior = [float(home.prior) for home in able.homes if home.prior]
    days = (design.compared_until - design.first_day).days * 5 / 7
    spread = float(np.std(prior)) * min(days / _YEAR, 1) ** 0.5 if prior else 0.0
    return smallest_effect(len(able.homes), share=design.arms[0].share / 100, spread=spread, likeness=_LIKENESS)


@blueprint.post("/studies/<int:study_id>/start")
@needs(Permission.STUDY_DECIDE)
def start(study_id: int) -> ResponseReturnValue:
    """Let chance decide; only another person than the proposer can."""
    known = person()
    try:
        with services().database.write() as session:
            study = _study(session, study_id)
            able = eligible.homes(session, study_queries.design(study), services().settings, now())
            study_actions.start(session, study, able.homes, left_out=able.left_out, by=known.email, today=_today(), now=now())
            staff.audit(
                session, actor=known.email, action="study.started", subject=f"study {study_id}", now=now(), detail={"seal": study.seal}
            )
        flash("Started. Chance has decided, and the assignment is sealed.")
    except DesignError as error:
        flash(str(error), "warning")
    return redirect(url_for("studies.one", study_id=study_id))


@blueprint.post("/studies/<int:study_id>/end")
@needs(Permission.STUDY_DECIDE)
def end(study_id: int) -> ResponseReturnValue:
    """End it now: nobody waits any longer because of it."""
    known = person()
    with services().database.write() as session:
        study_actions.end(_study(session, study_id), by=known.email, now=now())
        staff.audit(session, actor=known.email, action="study.ended", subject=f"study {study_id}", now=now())
    flash("Ended. From the next planning on nobody waits because of it.")
    return redirect(url_for("studies.one", study_id=study_id))


@blueprint.get("/studies/<int:study_id>/rows.csv")
@needs(Permission.STUDY_READ)
def rows(study_id: int) -> ResponseReturnValue:
    """The households without names, ids or dates, for an outside evaluator."""
    known = person()
    with services().database.write() as session:
        study = _study(session, study_id)
        if study.state == StudyState.PROPOSED:
            abort(404)
        found = study_report.rows(session, study, today=_today())
        staff.audit(
            session, actor=known.email, action="study.exported", subject=f"study {study_id}", now=now(), detail={"rows": len(found)}
        )
    columns = [field.name for field in fields(study_report.Row)]
    return sheets.answer(f"study-{study_id}.csv", columns, [astuple(row) for row in found])


def _study(session: Session, study_id: int) -> Study:
    study = session.get(Study, study_id)
    if study is None:
        abort(404)
    return study


def _today() -> date:
    return local_date(now(), services().settings.zone)
