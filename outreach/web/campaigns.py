"""Campaigns: planned as a batch that a person looks at, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import surveys
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.evidence import campaign_results
from outreach.planning import campaign_actions
from outreach.planning.campaign_tables import Campaign
from outreach.planning.campaigns import CampaignError, Kind, Wanted
from outreach.planning.tables import MessageBatch
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("campaigns", __name__)

_SHOWN = 40
_ALL = "*"
"""What the form sends for all schools."""
_NAMED = 8
"""Schools on the page of one; the others are a number."""
WORDS: Mapping[Kind, tuple[str, str]] = {
    Kind.IMPROVING: ("Good news", "Children who came to school more often in the last twenty school days than in the twenty before"),
    Kind.KINDERGARTEN: ("Welcome to kindergarten", "Children who are, or soon will be, in kindergarten"),
    Kind.SIX: ("Grade 6 begins", "Children who are, or soon will be, in grade 6"),
    Kind.NINE: ("Grade 9 begins", "Children who are, or soon will be, in grade 9"),
    Kind.SUMMER: ("Before school begins", "Children who missed a tenth or more of the school year that ended"),
}
"""What staff call each kind, and whom it is about."""


@blueprint.get("/campaigns")
@needs(Permission.SENDING_DECIDE)
def page() -> ResponseReturnValue:
    """All campaigns, and the form that plans one."""
    return _page({}, [], [])


def _page(typed: Mapping[str, str], schools: list[str], grades: list[str], status: int = 200) -> tuple[str, int]:
    with services().database.read() as session:
        every = session.scalars(select(Campaign).order_by(Campaign.id.desc()).limit(_SHOWN)).all()
        batches = {row.id: row for row in session.scalars(select(MessageBatch).where(MessageBatch.id.in_([c.batch_id for c in every])))}
        shown = render_template(
            "campaigns.html",
            campaigns=[(one, batches.get(one.batch_id or 0)) for one in every],
            schools=_schools(session),
            grades=surveys.grades_at(session, "", _today()),
            words=WORDS,
            kinds=list(Kind),
            typed=typed,
            chosen=schools,
            chosen_grades=grades,
            today=_today(),
            who=accounts.names_by_email(session, {one.planned_by for one in every}),
        )
    return shown, status


@blueprint.post("/campaigns")
@needs(Permission.SENDING_DECIDE)
def plan() -> ResponseReturnValue:
    """Plan a campaign; nothing of it leaves before its batch is let go."""
    known, form = person(), request.form
    schools, grades = form.getlist("school"), form.getlist("grade")
    try:
        with services().database.read() as session:
            every = list(_schools(session))
            if set(schools) - {*every, _ALL}:
                abort(404)
            wanted = _wanted(every if _ALL in schools else schools, grades)
            meant = campaign_actions.meant(session, wanted, settings=services().settings, now=now())
        with services().database.write() as session:
            made = campaign_actions.plan(session, wanted, meant, settings=services().settings, now=now(), by=known.email)
            number = made.id
            detail = {"children": made.children}
            staff.audit(session, actor=known.email, action="campaign.planned", subject=f"campaign {number}", now=now(), detail=detail)
    except CampaignError as refusal:
        flash(str(refusal), "warning")
        return _page(form.to_dict(), schools, grades, 422)
    flash("Planned. Nothing leaves before a person looks at it and lets it go.")
    return redirect(url_for("campaigns.one", campaign_id=number))


def _wanted(schools: list[str], grades: list[str]) -> Wanted:
    kind = next((kind for kind in Kind if kind == request.form.get("kind")), None)
    try:
        first, last = date.fromisoformat(request.form.get("first_day", "")), date.fromisoformat(request.form.get("last_day", ""))
    except ValueError:
        kind = None
    if kind is None:
        message = "Choose what it is about, and the first and the last day."
        raise CampaignError(message)
    return Wanted(kind, tuple(dict.fromkeys(schools)), tuple(dict.fromkeys(grades)), first, last)


@blueprint.get("/campaigns/<int:campaign_id>")
@needs(Permission.SENDING_DECIDE)
def one(campaign_id: int) -> ResponseReturnValue:
    """What became of one."""
    with services().database.read() as session:
        found = _campaign(session, campaign_id)
        names = _schools(session)
        return render_template(
            "campaign.html",
            campaign=found,
            batch=session.get(MessageBatch, found.batch_id) if found.batch_id else None,
            results=campaign_results.results(session, found, _today()),
            title=WORDS[Kind(found.kind)][0],
            about=WORDS[Kind(found.kind)][1],
            schools=[names.get(school_id, school_id) for school_id in found.schools[:_NAMED]],
            more_schools=max(0, len(found.schools) - _NAMED),
            who=accounts.names_by_email(session, {found.planned_by, found.called_off_by}),
        )


@blueprint.post("/campaigns/<int:campaign_id>/end")
@needs(Permission.SENDING_DECIDE)
def call_off(campaign_id: int) -> ResponseReturnValue:
    """End it: what has not left never does."""
    known = person()
    with services().database.write() as session:
        number = campaign_actions.call_off(session, _campaign(session, campaign_id), by=known.email, now=now())
        detail = {"messages": number}
        staff.audit(session, actor=known.email, action="campaign.called_off", subject=f"campaign {campaign_id}", now=now(), detail=detail)
    flash(f"Called off. {number:,} text{' has' if number == 1 else 's have'} not left, and will not.")
    return redirect(url_for("campaigns.one", campaign_id=campaign_id))


def _campaign(session: Session, campaign_id: int) -> Campaign:
    return session.get(Campaign, campaign_id) or abort(404)


def _schools(session: Session) -> dict[str, str]:
    names = {school.school_id: school.name or school.school_id for school in district.schools(session).values()}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))


def _today() -> date:
    return local_date(now(), services().settings.zone)
