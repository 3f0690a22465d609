"""Accounts: who may sign in, the links that bring people in, and help for those who cannot get in any more."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.delivery import invitations
from outreach.delivery.invitations import Invited
from outreach.district import queries as district
from outreach.staff import actions, care, factors, queries
from outreach.staff.care import Cared
from outreach.staff.roles import GRANTS, Permission, Reach, Role
from outreach.web import account_change, people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")
blueprint.register_blueprint(account_change.blueprint)

LONGEST_NAME = 200


@blueprint.get("")
@needs(Permission.ACCOUNTS_SET)
def page() -> ResponseReturnValue:
    """The accounts in this administrator's care, and the form that invites somebody."""
    return _page()


@blueprint.post("")
@needs(Permission.ACCOUNTS_SET)
def invite() -> ResponseReturnValue:
    """Invite somebody; a role or school that is not this administrator's to give makes no account."""
    form, known = request.form, person()
    role = next((role for role in care.roles_given_by(known) if role == form.get("role")), None)
    if role is None:
        return _page(problem="Choose what they are to be."), 422
    try:
        with services().database.write() as session:
            schools = [one for one in form.getlist("school") if one in _schools(session)] if _works_at_schools(role) else []
            made = invitations.invite(
                session,
                services().settings,
                email=form.get("email", "")[:LONGEST_NAME],
                name=form.get("name", "")[:LONGEST_NAME],
                role=role,
                schools=schools,
                by=known.email,
                now=now(),
            )
            account_id = made.account.id
    except actions.AccountError as problem:
        return _page(problem=str(problem)), 422
    return _told(account_id, made)


@blueprint.get("/<int:account_id>")
@needs(Permission.ACCOUNTS_SET)
def one(account_id: int) -> ResponseReturnValue:
    """One account, and what can be done for its person."""
    return _one(account_id)


@blueprint.post("/<int:account_id>/link")
@needs(Permission.ACCOUNTS_SET)
def send_link(account_id: int) -> ResponseReturnValue:
    """Send a fresh link; the one before works no more."""
    try:
        with services().database.write() as session:
            account = _theirs(session, account_id).account
            made = invitations.send_link(session, services().settings, account, by=person().email, now=now())
    except actions.AccountError as problem:
        return _one(account_id, problem=str(problem)), 422
    return _told(account_id, made)


@blueprint.post("/<int:account_id>/link/back")
@needs(Permission.ACCOUNTS_SET)
def take_back(account_id: int) -> ResponseReturnValue:
    """Let the link that was sent work no more."""
    with services().database.write() as session:
        taken = invitations.take_back(session, _theirs(session, account_id).account, by=person().email, now=now())
    flash("Taken back: the link works no more." if taken else "There was no link that still worked.")
    return redirect(url_for("accounts.one", account_id=account_id))


@blueprint.post("/<int:account_id>/factor/reset")
@needs(Permission.ACCOUNTS_SET)
def reset_factor(account_id: int) -> ResponseReturnValue:
    """For somebody who lost phone and paper: ask for no code until they set one up anew, and sign them out everywhere."""
    with services().database.write() as session:
        account = _theirs(session, account_id).account
        if factors.forget(session, account, by=person().email, now=now()):
            actions.end_sessions(session, account.id, now())
    flash("Done. They sign in with the password alone, and set up a code anew.")
    return redirect(url_for("accounts.one", account_id=account_id))


@blueprint.post("/<int:account_id>/sessions/end")
@needs(Permission.ACCOUNTS_SET)
def end_sessions(account_id: int) -> ResponseReturnValue:
    """Sign somebody out, in one browser or everywhere."""
    which = request.form.get("session") or None
    with services().database.write() as session:
        account = _theirs(session, account_id).account
        ended = actions.end_sessions(session, account.id, now(), public_id=which)
        if ended:
            detail = {"sign_ins": ended}
            actions.audit(session, actor=person().email, action="signed.out", subject=f"account {account.id}", now=now(), detail=detail)
    flash("Signed out there." if ended else "That sign-in had ended already.")
    return redirect(url_for("accounts.one", account_id=account_id))


def _told(account_id: int, made: Invited) -> ResponseReturnValue:
    """Say that the link is on its way; where nobody carries e-mails, show it this once."""
    if not made.by_mail:
        return _one(account_id, link=made.link)
    flash("The link is on its way by e-mail.")
    return redirect(url_for("accounts.one", account_id=account_id))


def _page(*, problem: str = "") -> str:
    known = person()
    with services().database.read() as session:
        return render_template(
            "accounts.html",
            rows=care.in_care(session, known, now()),
            names=people.school_names(session),
            roles=[(role, role.words, _works_at_schools(role)) for role in care.roles_given_by(known)],
            role_of=Role,
            schools=_schools(session),
            problem=problem,
            said=request.form,
        )


def _one(account_id: int, *, problem: str = "", link: str = "") -> str:
    with services().database.read() as session:
        return render_template(
            "account.html",
            one=_theirs(session, account_id),
            factor=factors.standing(session, account_id),
            sessions=queries.sessions(session, account_id, now()),
            names=people.school_names(session),
            role_of=Role,
            problem=problem,
            link=link,
        )


def _theirs(session: Session, account_id: int) -> Cared:
    """An account in this administrator's care; else there is none."""
    found = care.one_in_care(session, person(), account_id, now())
    if found is None:
        abort(404)
    return found


def _schools(session: Session) -> dict[str, str]:
    """The schools to choose from, by id: this administrator's own, or all."""
    mine, names = person().schools, people.school_names(session)
    return {school_id: names[school_id] for school_id in district.schools(session) if mine is None or school_id in mine}


def _works_at_schools(role: Role) -> bool:
    return GRANTS[role].reach is not Reach.DISTRICT
