"""The first round: children found over a threshold at a first evaluation, whom a person releases in slices."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from outreach.district.overlays import merged_away
from outreach.district.tables import Enrolment
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.thresholds import actions
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode
from outreach.web import people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("baseline", __name__)

MOST = 100_000
"""Children in one release; more is a slip of the finger."""


@blueprint.get("/baseline")
@needs(Permission.BASELINE_READ)
def page() -> ResponseReturnValue:
    """How many wait, by school and tier, and the form that releases some."""
    known = person()
    with services().database.read() as session:
        table: dict[str, dict[str, int]] = {}
        for school_id, tier, count in waiting(session, known.schools):
            table.setdefault(school_id or "", {})[tier] = count
        return render_template(
            "baseline.html",
            table=table,
            tiers=sorted({tier for row in table.values() for tier in row}),
            total=sum(count for row in table.values() for count in row.values()),
            schools=people.school_names(session),
            may_release=known.may(Permission.BASELINE_RELEASE),
        )


@blueprint.post("/baseline/release")
@needs(Permission.BASELINE_RELEASE)
def release() -> ResponseReturnValue:
    """Release some of those that wait; they are planned like any other crossing from the next planning on."""
    asked, known = request.form.get("number", ""), person()
    if not (asked.isascii() and asked.isdigit()) or not 0 < int(asked[:9]) <= MOST:
        flash(f"Please give a number from 1 to {MOST:,}.", "warning")
        return redirect(url_for("baseline.page"))
    with services().database.write() as session:
        released = actions.release_baseline(session, int(asked), by=known.email, now=now())
        detail = {"asked": int(asked), "released": released}
        staff.audit(session, actor=known.email, action="baseline.released", subject="baseline", now=now(), detail=detail)
    flash(f"Released {released:,}. Their messages are planned at the next planning and checked again before they leave.")
    return redirect(url_for("baseline.page"))


def waiting(session: Session, schools: frozenset[str] | None) -> Sequence[Row[str, str, int]]:
    """Children who wait, as (school id, tier, how many); a child at two schools counts once, at the first by id."""
    on_that_day = and_(
        Enrolment.student_id == Episode.student_id,
        Enrolment.entry_date <= Episode.as_of,
        or_(Enrolment.exit_date.is_(None), Enrolment.exit_date >= Episode.as_of),
    )
    each = (
        # one child may be over several rules; the alphabet happens to put the worse tier last
        select(func.max(Episode.tier).label("tier"), func.coalesce(func.min(Enrolment.school_id), "").label("school_id"))
        .outerjoin(Enrolment, on_that_day)
        .where(Episode.state == EpisodeState.BASELINE.value, Episode.student_id.not_in(merged_away()))
        .group_by(Episode.student_id)
        .subquery()
    )
    rows = select(each.c.school_id, each.c.tier, func.count()).group_by(each.c.school_id, each.c.tier).order_by(each.c.school_id)
    if schools is not None:
        rows = rows.where(each.c.school_id.in_(schools))
    return session.execute(rows).all()
