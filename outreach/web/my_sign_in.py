"""How I sign in: my password, the code of my app, and where I am signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.staff import actions, factors, keys, queries, tries
from outreach.staff.roles import Permission
from outreach.staff.tables import Account
from outreach.web import qr
from outreach.web.context import lacks_factor, now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("my_sign_in", __name__, url_prefix="/me/sign-in")


@blueprint.get("")
@needs(Permission.ACCOUNT_SELF)
def page() -> ResponseReturnValue:
    """All of it; who has to set up a code first is told so, and why."""
    return _page()


@blueprint.post("/app")
@needs(Permission.ACCOUNT_SELF)
def propose() -> ResponseReturnValue:
    """Make a secret for an app to read."""
    try:
        with services().database.write() as session:
            factors.propose(session, person().id, _key(), now())
    except factors.FactorError:
        flash("A code is asked of you already.", "warning")
    return redirect(url_for("my_sign_in.page", _anchor="app"))


@blueprint.post("/app/confirm")
@needs(Permission.ACCOUNT_SELF)
def confirm() -> ResponseReturnValue:
    """Take the app's first code, and show the codes on paper this once."""
    with services().database.write() as session:
        codes = factors.confirm(session, session.get_one(Account, person().id), _key(), request.form.get("code", ""), now())
    if codes is None:
        return _page(
            problem="This code is not the one the app shows now. Wait for the next one, and see that the phone's clock is right."
        ), 422
    return render_template("paper_codes.html", codes=codes, first=True)


@blueprint.post("/paper")
@needs(Permission.ACCOUNT_SELF)
def paper() -> ResponseReturnValue:
    """New codes on paper, for whoever can give a code now."""
    with services().database.write() as session:
        problem = _prove(session)
        codes = [] if problem else factors.fresh_codes(session, person().id)
        if codes:
            actions.audit(session, actor=person().email, action="factor.paper", subject=f"account {person().id}", now=now())
    return render_template("paper_codes.html", codes=codes, first=False) if codes else (_page(problem=problem), 422)


@blueprint.post("/app/change")
@needs(Permission.ACCOUNT_SELF)
def change() -> ResponseReturnValue:
    """Go over to another phone, for whoever can give a code now."""
    with services().database.write() as session:
        problem = _prove(session)
        if not problem:
            factors.forget(session, session.get_one(Account, person().id), by=person().email, now=now())
            factors.propose(session, person().id, _key(), now())
    return (_page(problem=problem), 422) if problem else redirect(url_for("my_sign_in.page", _anchor="app"))


@blueprint.post("/sessions/end")
@needs(Permission.ACCOUNT_SELF)
def end_sessions() -> ResponseReturnValue:
    """Sign myself out in another browser, or in all others."""
    known, asked = person(), request.form.get("session", "")
    with services().database.write() as session:
        others = [row.public_id for row in queries.sessions(session, known.id, now()) if row.public_id != known.session_id]
        ended = sum(actions.end_sessions(session, known.id, now(), public_id=one) for one in others if asked in {"", one})
        if ended:
            detail = {"sign_ins": ended}
            actions.audit(session, actor=known.email, action="signed.out", subject=f"account {known.id}", now=now(), detail=detail)
    flash("Signed out there." if ended else "That sign-in had ended already.")
    return redirect(url_for("my_sign_in.page"))


def _page(*, problem: str = "") -> str:
    known = person()
    with services().database.read() as session:
        secret = factors.proposed(session, known.id, _key())
        return render_template(
            "my_sign_in.html",
            factor=factors.standing(session, known.id),
            secret=secret,
            picture=qr.picture(factors.app_address(secret, known.email, services().settings.district_name)) if secret else "",
            needed=lacks_factor(known),
            sessions=queries.sessions(session, known.id, now()),
            problem=problem,
        )


def _prove(session: Session) -> str:
    """Take a code of whoever asks for another one; return what is wrong with it, empty where it is right."""
    known, whose = person(), str(person().id)
    if not tries.spend(session, whose, now(), what=tries.CODE):
        return "Too many wrong codes. Try again in a quarter of an hour."
    if factors.check(session, known.id, _key(), request.form.get("code", ""), now()):
        tries.forget(session, whose, what=tries.CODE)
        return ""
    return "This code is not right, or it was used already."


def _key() -> str:
    return keys.secret_key(services().settings)
