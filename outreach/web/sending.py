"""What may leave: the stop button, shadow mode, what it costs, and each night's messages to look at before they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.clock import local_date, start_of_day
from outreach.district import queries as district
from outreach.district.overlays import Act, OverlayError
from outreach.planning import batches, brakes, peace, spending
from outreach.planning.batches import NoSuchBatchError, SecondPersonError
from outreach.planning.brakes import DISTRICT, Brakes, Kind
from outreach.planning.tables import Brake, MessageBatch
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import batch_check, people
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("sending", __name__)

_SHOWN = 20
"""Batches and past brakes on the page."""


@dataclass(frozen=True)
class Place:
    """The district (empty id) or a school, with the brakes that are on there."""

    school_id: str
    name: str
    stop: Brake | None
    shadow: Brake | None


@blueprint.get("/sending")
@needs(Permission.SENDING_READ)
def page() -> ResponseReturnValue:
    """What is stopped, what it costs, and the batches."""
    known = person()
    with services().database.read() as session:
        on = session.scalars(select(Brake).where(Brake.open_key.is_not(None))).all()
        by_key = {(Kind(row.kind), row.school_id): row for row in on}
        names = {school.school_id: school.name or school.school_id for school in district.schools(session).values()}
        mine = sorted((school_id for school_id in names if known.sees(school_id)), key=lambda school_id: names[school_id].casefold())

        def place(school_id: str, name: str) -> Place:
            return Place(school_id, name, by_key.get((Kind.STOP, school_id)), by_key.get((Kind.SHADOW, school_id)))

        decides = known.may(Permission.SENDING_DECIDE)
        past = select(Brake).where(Brake.lifted_at.is_not(None)).order_by(Brake.lifted_at.desc())
        past = past if known.schools is None else past.where(Brake.school_id.in_([DISTRICT, *mine]))
        history = session.scalars(past.limit(_SHOWN)).all()
        return render_template(
            "sending.html",
            whole=place(DISTRICT, services().settings.district_name),
            places=[place(school_id, names[school_id]) for school_id in mine],
            school_names=names,
            brakes=Brakes(frozenset(by_key)),
            kinds=Kind,
            batches=session.scalars(select(MessageBatch).order_by(MessageBatch.id.desc()).limit(_SHOWN)).all() if decides else [],
            money=_money(session) if decides else None,
            history=history,
            who=accounts.names_by_email(session, {email for row in (*on, *history) for email in (row.set_by, row.lifted_by)}),
            may_stop=known.may(Permission.SENDING_STOP),
            quiet=_quiet(session),
            why=peace.Why,
            decides=decides,
        )


@dataclass(frozen=True)
class Quiet:
    """A child whose family is left in peace, with its name and who asked for it."""

    hold: peace.Hold
    name: str
    by: str


def _quiet(session: Session) -> list[Quiet]:
    """The holds on children of this person's schools."""
    known = person()
    holds = peace.standing(session, local_date(now(), services().settings.zone)) if known.may(Permission.DATA_CHILDREN) else []
    mine = people.children(session, {hold.student_id for hold in holds}, known.schools)
    who = accounts.names_by_email(session, {hold.by for hold in holds})
    return [Quiet(hold, mine[hold.student_id].name, who.get(hold.by, hold.by)) for hold in holds if hold.student_id in mine]


@blueprint.post("/sending/quiet")
@needs(Permission.DATA_CHILDREN)
def leave_in_peace() -> ResponseReturnValue:
    """Begin nothing with a family until a day, or end that earlier."""
    known, asked, at = person(), request.form, now()
    student_id, note = asked.get("student", "").strip(), storable(asked.get("note", "")).strip()[:300]
    ends = asked.get("do") == "end"
    case_id = small_number(asked.get("case", ""))
    back = redirect(url_for("sending.page") + "#quiet" if case_id is None else url_for("cases.page", case_id=case_id))
    with services().database.write() as session:
        if student_id not in people.children(session, {student_id}, known.schools):
            flash("None of your schools has a student with this id.", "warning")
            return back
        try:
            act = Act(known.email, at, note)
            if ends:
                peace.end(session, student_id, act, today=local_date(at, services().settings.zone))
            else:
                why, until = peace.Why(asked.get("why", "")), date.fromisoformat(asked.get("until", ""))
                peace.leave(session, student_id, why, until, act, today=local_date(at, services().settings.zone))
        except OverlayError as refusal:
            flash(str(refusal), "warning")
        except ValueError:
            flash("Choose a reason and the last quiet day.", "warning")
        else:
            staff.audit(session, actor=known.email, action=f"sending.quiet.{'off' if ends else 'on'}", subject=student_id, now=at)
            flash("From the next planning on messages may leave again." if ends else "This family is left in peace until that day is over.")
    return back


def _money(session: Session) -> dict[str, object]:
    """What texts cost today and this month, in dollars."""
    settings = services().settings
    today = local_date(now(), settings.zone)
    price = settings.segment_price
    return {
        "today": price * spending.segments(session, start_of_day(today, settings.zone)),
        "month": price * spending.segments(session, start_of_day(today.replace(day=1), settings.zone)),
        "cap": settings.daily_spending_cap,
        "price": price,
    }


@blueprint.post("/sending/brake")
@needs(Permission.SENDING_STOP)
def brake() -> ResponseReturnValue:
    """Stop or start again; shadow mode is for who decides what is sent."""
    known, asked = person(), request.form
    kind = next((kind for kind in Kind if kind == asked.get("kind")), None)
    school_id, why = asked.get("school", ""), storable(asked.get("why", "")).strip()[:300]
    if kind is None or not known.sees(school_id) or (kind == Kind.SHADOW and not known.may(Permission.SENDING_DECIDE)):
        abort(403)
    puts_on = asked.get("do") == "on"
    with services().database.write() as session:
        if school_id and school_id not in district.schools(session, [school_id]):
            abort(404)
        if puts_on:
            brakes.put_on(session, kind, school_id, by=known.email, why=why, now=now())
        else:
            brakes.take_off(session, kind, school_id, by=known.email, now=now())
        action = f"sending.{kind}.{'on' if puts_on else 'off'}"
        staff.audit(session, actor=known.email, action=action, subject=school_id or "district", now=now())
    flash(_SAID[kind, puts_on], "message" if not (puts_on and kind == Kind.STOP) else "warning")
    return redirect(url_for("sending.page"))


_SAID = {
    (Kind.STOP, True): "Stopped. Nothing leaves until a person starts again; what the carrier already has cannot be called back.",
    (Kind.STOP, False): "Started again. What waited is checked anew and leaves in its window.",
    (Kind.SHADOW, True): "Shadow mode is on: messages are planned and kept, and not sent.",
    (Kind.SHADOW, False): "Shadow mode is off: from the next planning on messages leave.",
}


@blueprint.get("/sending/batches/<int:batch_id>")
@needs(Permission.SENDING_DECIDE)
def batch(batch_id: int) -> ResponseReturnValue:
    """Everything a person looks at before a night's messages leave."""
    with services().database.read() as session:
        row = session.get(MessageBatch, batch_id)
        if row is None:
            abort(404)
        return render_template(
            "batch.html",
            batch=row,
            found=batch_check.look(session, row, services().settings, now()),
            yours=row.mass_send and person().email in row.started_by,
            who=accounts.names_by_email(session, {row.decided_by, *row.started_by}),
        )


@blueprint.post("/sending/batches/<int:batch_id>")
@needs(Permission.SENDING_DECIDE)
def decide(batch_id: int) -> ResponseReturnValue:
    """Let a batch go, or take back what has not left of it."""
    known, lets_go = person(), request.form.get("do") == "approve"
    try:
        with services().database.write() as session:
            act = batches.approve if lets_go else batches.take_back
            number = act(session, batch_id, by=known.email, now=now())
            detail = {"messages": number}
            action = "batch.approved" if lets_go else "batch.taken_back"
            staff.audit(session, actor=known.email, action=action, subject=str(batch_id), now=now(), detail=detail)
    except NoSuchBatchError:
        abort(404)
    except SecondPersonError as refusal:
        flash(str(refusal), "warning")
        return redirect(url_for("sending.batch", batch_id=batch_id))
    did = (
        "may leave; each is checked again first. You can take back what has not left."
        if lets_go
        else "are held until a person lets them go."
    )
    flash(f"{number:,} message{'' if number == 1 else 's'} {did}")
    return redirect(url_for("sending.batch", batch_id=batch_id))
