"""Who is called when a text may mean danger: the chain, its tests, and the link by which a call is acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import danger, danger_guidance, oncall
from outreach.cases.danger_tables import Incident
from outreach.planning import two_way
from outreach.staff import oncall as rules
from outreach.staff.oncall_tables import OnCallPerson
from outreach.staff.roles import GRANTS, Permission
from outreach.staff.tables import Account
from outreach.web import panel, people
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs, open_to_all

blueprint = Blueprint("oncall", __name__, url_prefix="/on-call")

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@blueprint.get("/")
@needs(Permission.ON_CALL_READ)
def page() -> ResponseReturnValue:
    """The chain in its order, and whether families may be invited to write."""
    return _page()


@blueprint.post("/people")
@needs(Permission.ON_CALL_SET)
def add() -> ResponseReturnValue:
    """Put somebody at the end of the chain."""
    form, known = request.form, person()
    try:
        days = [int(day) for day in form.getlist("days") if day in {str(number) for number in range(len(DAYS))}]
        hours = {"begins": _hour(form.get("begins", "")), "ends": _hour(form.get("ends", ""))}
        with services().database.write() as session:
            account = session.get(Account, small_number(form.get("account", "")) or 0)
            if account is None or account.disabled_at is not None:
                return _page(problem="Choose who is on call."), 422
            last = form.get("last_resort") == "1"
            oncall.add_person(session, account, form.get("phone", ""), by=known.email, now=now(), days=days, last_resort=last, **hours)
    except oncall.OnCallError as problem:
        return _page(problem=str(problem)), 422
    except ValueError:
        return _page(problem="Write hours like 08:00 and 16:00; leave both empty for around the clock."), 422
    flash("On call from now on. Send them a test.")
    return redirect(url_for("oncall.page"))


@blueprint.post("/people/<int:person_id>/remove")
@needs(Permission.ON_CALL_SET)
def remove(person_id: int) -> ResponseReturnValue:
    """Take somebody off the chain."""
    return _do(person_id, oncall.remove, "Off the chain.")


@blueprint.post("/people/<int:person_id>/up")
@needs(Permission.ON_CALL_SET)
def up(person_id: int) -> ResponseReturnValue:
    """Let somebody be asked earlier."""
    return _do(person_id, oncall.move_up, "Moved.")


@blueprint.post("/people/<int:person_id>/last-resort")
@needs(Permission.ON_CALL_SET)
def last_resort(person_id: int) -> ResponseReturnValue:
    """Name the one who is asked when nobody else has answered."""
    return _do(person_id, oncall.make_last_resort, "They are the last resort now.")


@blueprint.post("/people/<int:person_id>/test")
@needs(Permission.ON_CALL_SET)
def test(person_id: int) -> ResponseReturnValue:
    """Send a test."""

    def send(session: Session, row: OnCallPerson, **who: object) -> None:
        oncall.test(session, row, services().settings, **who)  # type: ignore[arg-type]  # by and now, as _do gives them

    return _do(person_id, send, "A test is on its way. It counts when they acknowledge it.")


@blueprint.get("/answer/<token>")
@open_to_all("the link in the call is the key; it shows nothing but a button")
def answer_page(token: str) -> ResponseReturnValue:
    """Ask before the link is spent, so that a preview does not acknowledge."""
    with services().database.read() as session:
        call = oncall.by_token(session, token)
        incident = session.get(Incident, call.incident_id) if call and call.incident_id else None
        taken = incident is not None and (incident.acknowledged_at is not None or incident.closed_at is not None)
        minutes = services().settings.on_call_wait_minutes
        return render_template("on_call_answer.html", call=call, taken=taken, minutes=minutes), 200 if call else 410


@blueprint.post("/answer/<token>")
@open_to_all("the link in the call is the key; it shows nothing but a button")
def answer(token: str) -> ResponseReturnValue:
    """Acknowledge."""
    with services().database.write() as session:
        call = oncall.by_token(session, token)
        if call is not None:
            danger.answer_call(session, call, how="link", now=now())
    return redirect(url_for("oncall.answer_page", token=token))


def _do(person_id: int, action: Callable[..., object], said: str) -> ResponseReturnValue:
    with services().database.write() as session:
        row = session.get(OnCallPerson, person_id)
        if row is None or row.removed_at is not None:
            abort(404)
        action(session, row, by=person().email, now=now())
    flash(said)
    return redirect(url_for("oncall.page"))


def _hour(text: str) -> time:
    return time.fromisoformat(text) if text else time()


def _page(*, problem: str = "") -> str:
    settings, known = services().settings, person()
    with services().database.read() as session:
        rows = oncall.in_chain(session)
        accounts = {row.id: row for row in session.scalars(select(Account).where(Account.id.in_({row.account_id for row in rows})))}
        found = rules.readiness(session, now())
        names = people.school_names(session)
        return render_template(
            "on_call.html",
            rows=rows,
            accounts=accounts,
            answered=rules.last_tests(session),
            ready=found,
            needed=rules.NEEDED,
            off=two_way.refusal(session, "", settings, now()),
            guarded=settings.two_way_needs_on_call == "always" or settings.reaches_phones,
            alone=sorted(name for school_id, name in names.items() if not found.at(school_id)),
            candidates=_candidates(session, {row.account_id for row in rows}) if known.may(Permission.ON_CALL_SET) else [],
            days=DAYS,
            shown=_shown if known.may(Permission.ON_CALL_SET) else _ending,
            hotlines=danger_guidance.hotlines(settings.state),
            state=settings.state,
            minutes=settings.on_call_wait_minutes,
            problem=problem,
        )


def _candidates(session: Session, taken: set[int]) -> list[Account]:
    roles = [role.value for role, grant in GRANTS.items() if Permission.DANGER_READ in grant.permissions]
    rows = select(Account).where(Account.role.in_(roles), Account.disabled_at.is_(None)).order_by(Account.name, Account.email)
    return [row for row in session.scalars(rows) if row.id not in taken]


def _shown(phone: str) -> str:
    return panel.shown_number(phone)


def _ending(phone: str) -> str:
    return f"number ending in {phone[-2:]}"
