"""Texts that may mean danger: who has them, what to do, and everything that was done. Only for those who need to know."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import danger, danger_guidance, danger_queries
from outreach.cases.danger_tables import IncidentStep
from outreach.cases.tables import Case
from outreach.replies.normalise import storable
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import errors, panel, people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("incidents", __name__, url_prefix="/incidents")

LONGEST = 4000
"""Characters of a note."""
STEPS = {
    danger.Step.NOTICED: "A text that may mean danger came in",
    danger.Step.FAMILY_TOLD: "The safety note was planned for the family",
    danger.Step.FAMILY_NOT_TOLD: "The family was not sent the safety note: it stopped our texts, or nobody approved the words",
    danger.Step.CALLED: "Called",
    danger.Step.NOT_REACHED: "The call could not be delivered",
    danger.Step.NO_ANSWER: "No answer in time",
    danger.Step.ALL_ASKED: "Nobody has answered, the last resort neither; the chain begins again",
    danger.Step.NOBODY_ON_CALL: "Nobody is on call at this hour",
    danger.Step.ACKNOWLEDGED: "Acknowledged",
    danger.Step.OPENED: "Read",
    danger.Step.CHECKED: "Done",
    danger.Step.NOTE: "Note",
    danger.Step.CLOSED: "Closed",
}
HOW = {"link": "by the link in the call", "text": "by text", "page": "on this page"}


@blueprint.errorhandler(danger_queries.IncidentNotFoundError)
def not_found(_problem: danger_queries.IncidentNotFoundError) -> ResponseReturnValue:
    """What a person need not know does not exist for them."""
    return errors.show(404)


@blueprint.get("/")
@needs(Permission.DANGER_READ)
def page() -> ResponseReturnValue:
    """The incidents that this person may see, those that nobody has first."""
    known = person()
    with services().database.read() as session:
        rows = danger_queries.listed(session, known)
        names = accounts.names_by_email(session, {incident.acknowledged_by for incident, _ in rows})
        children = people.children(session, {case.student_id for _, case in rows if case.student_id}, None)
        return render_template("incidents.html", rows=rows, names=names, children=children, schools=people.school_names(session))


@blueprint.get("/<int:incident_id>")
@needs(Permission.DANGER_READ)
def one(incident_id: int) -> ResponseReturnValue:
    """One incident; that it was read is kept on record."""
    with services().database.write() as session:
        danger.opened(session, danger_queries.one(session, incident_id, person()), by=person().email, now=now())
    return _page(incident_id)


@blueprint.post("/<int:incident_id>/acknowledge")
@needs(Permission.DANGER_READ)
def acknowledge(incident_id: int) -> ResponseReturnValue:
    """Have it: nobody else is called."""
    return _do(incident_id, danger.acknowledge, "You have it. Nobody else is called.")


@blueprint.post("/<int:incident_id>/check")
@needs(Permission.DANGER_READ)
def check(incident_id: int) -> ResponseReturnValue:
    """One thing of the checklist is done."""
    return _do(incident_id, partial(danger.check_item, item=request.form.get("item", "")), "Written down, with your name and the time.")


@blueprint.post("/<int:incident_id>/note")
@needs(Permission.DANGER_READ)
def note(incident_id: int) -> ResponseReturnValue:
    """Keep a sealed note."""
    return _do(incident_id, partial(danger.note, text=_typed()), "Note kept, sealed like the rest.")


@blueprint.post("/<int:incident_id>/close")
@needs(Permission.DANGER_READ)
def close(incident_id: int) -> ResponseReturnValue:
    """Say how it ended."""
    return _do(incident_id, partial(danger.close, text=_typed()), "Closed. The case stays open in the inbox.")


def _typed() -> str:
    return storable(request.form.get("text", ""))[:LONGEST]


def _do(incident_id: int, action: Callable[..., None], said: str) -> ResponseReturnValue:
    try:
        with services().database.write() as session:
            action(session, danger_queries.one(session, incident_id, person()), by=person().email, now=now())
    except danger.DangerError as problem:
        return _page(incident_id, problem=str(problem)), 422
    flash(said)
    return redirect(url_for("incidents.one", incident_id=incident_id))


def _page(incident_id: int, *, problem: str = "") -> str:
    known, settings = person(), services().settings
    with services().database.read() as session:
        incident = danger_queries.one(session, incident_id, known)
        case = session.get_one(Case, incident.case_id)
        steps = danger_queries.steps(session, incident.id)
        schools = None if known.schools is None else known.schools | {case.school_id}
        return render_template(
            "incident.html",
            incident=incident,
            case=case,
            beside=None,
            can_open_case=known.sees(case.school_id),
            words=danger_queries.words(session, incident),
            number=panel.shown_number(case.phone),
            panel=panel.about(session, [case.student_id] if case.student_id else [], schools, settings=settings, now=now()),
            adult=people.contact_names(session, {case.contact_id}).get(case.contact_id, ""),
            school=people.school_names(session).get(case.school_id, ""),
            has_it=_name(session, incident.acknowledged_by),
            log=_log(session, steps),
            checklist=danger_guidance.checklist(),
            done=_done(session, steps),
            hotlines=danger_guidance.hotlines(settings.state),
            state=settings.state,
            problem=problem,
            longest=LONGEST,
        )


def _name(session: Session, email: str) -> str:
    return accounts.names_by_email(session, {email}).get(email, email) if email else ""


def _log(session: Session, steps: list[IncidentStep]) -> list[tuple[IncidentStep, str, str]]:
    """Each step, what happened in words, and who did it or whom it was about."""
    called = danger_queries.people(session, {step.detail["person"] for step in steps if "person" in step.detail})
    names = accounts.names_by_email(session, {step.by for step in steps})
    items = danger_guidance.checklist()
    found = []
    for step in steps:
        who = called.get(step.detail.get("person", 0), "") or names.get(step.by, step.by)
        more = HOW.get(step.detail.get("how", ""), "") or items.get(step.detail.get("item", ""), "")
        found.append((step, STEPS[danger.Step(step.kind)], ", ".join(filter(None, (who, more)))))
    return found


def _done(session: Session, steps: list[IncidentStep]) -> dict[str, tuple[str, IncidentStep]]:
    """Item of the checklist → who did it first, and the step."""
    names = accounts.names_by_email(session, {step.by for step in steps})
    done: dict[str, tuple[str, IncidentStep]] = {}
    for step in steps:
        if step.kind == danger.Step.CHECKED:
            done.setdefault(step.detail["item"], (names.get(step.by, step.by), step))
    return done
