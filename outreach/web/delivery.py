"""What was planned, skipped, held, sent and delivered, each with its reason."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import danger_queries as danger
from outreach.cases import seals
from outreach.clock import local_date
from outreach.delivery.tables import Attempt, CarrierStatus
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.staff.roles import Permission
from outreach.web import outbox, people, today, whys
from outreach.web.context import now, page_number, person, services
from outreach.web.outbox import GROUPS, Filters
from outreach.web.permissions import needs

blueprint = Blueprint("delivery", __name__)

PERIODS = {"1": "Today", "7": "7 days", "30": "30 days"}


@blueprint.get("/delivery")
@needs(Permission.DELIVERY_READ)
def page() -> ResponseReturnValue:
    """Messages by state, by day and one by one."""
    filters, number = _filters(), page_number()
    chosen = {name: value for name, value in request.args.items() if name in {"state", "channel", "days", "day"} and value}
    with services().database.read() as session:
        rows, more = outbox.page_of(session, filters, number)
        return render_template(
            "delivery.html",
            counts=outbox.counts(session, filters),
            days=outbox.by_day(session, filters),
            rows=rows,
            more=more,
            page=number,
            chosen=chosen,
            groups=GROUPS,
            periods=PERIODS,
            channels=list(Channel),
            children=people.children(session, {child for row in rows for child in row.student_ids}, person().schools),
            adults=people.contact_names(session, {row.contact_id for row in rows}),
            why=lambda row: outbox.why(row, now()),
            whys=whys.of,
            today=today.read(session, person().schools, services().settings, now()),
            school_names=people.school_names(session),
        )


@blueprint.get("/delivery/<int:message_id>")
@needs(Permission.DELIVERY_READ)
def one(message_id: int) -> ResponseReturnValue:
    """One message: its words, its figures as planned, and everything the carrier said."""
    with services().database.read() as session:
        row = session.get(PlannedMessage, message_id)
        if row is None or not person().sees(row.school_id):
            abort(404)
        attempts = session.scalars(select(Attempt).where(Attempt.planned_id == row.id).order_by(Attempt.id)).all()
        reports = session.scalars(select(CarrierStatus).where(CarrierStatus.planned_id == row.id).order_by(CarrierStatus.id)).all()
        return render_template(
            "message.html",
            row=row,
            attempts=attempts,
            reports=reports,
            children=people.children(session, row.student_ids, person().schools),
            adults=people.contact_names(session, {row.contact_id}),
            schools=people.school_names(session),
            why=outbox.why(row, now()),
            whys=whys.of,
            sealed=_sealed(session, row),
        )


def _sealed(session: Session, row: PlannedMessage) -> str:
    """Why the words of a message are not shown to this person; empty where they are."""
    if row.message_class == MessageClass.PAGE:
        return "A call for somebody on duty. Its words hold the key by which it is acknowledged."
    since = None if person().may(Permission.DANGER_READ) else danger.phone_sealed_since(session, row.phone)
    if since is not None and row.created_at >= since:
        return danger.SEALED
    since = seals.phone_sealed_since(session, row.phone, person())
    return seals.SEALED if since is not None and row.created_at >= since else ""


def _filters() -> Filters:
    """The page's address as filters; what it does not understand it leaves out."""
    zone, asked = services().settings.zone, request.args
    last = local_date(now(), zone)
    days = int(asked["days"]) if asked.get("days") in PERIODS else 7
    first = last - timedelta(days=days - 1)
    if picked := _date(asked.get("day", "")):
        first = last = picked
    wanted = asked.get("state", "")
    states = GROUPS[wanted] if wanted in GROUPS else tuple(state for state in State if state == wanted)
    channel = next((one.value for one in Channel if one == asked.get("channel")), "")
    return Filters(first, last, zone, states, channel, person().schools)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
