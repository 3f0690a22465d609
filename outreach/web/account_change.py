"""An account's name, e-mail, role and schools: changed on one page, with what its person would have to give away in sight first."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach.cases import account_changes, handing_over
from outreach.cases.account_changes import Changed, Wanted
from outreach.cases.handing_over import LABELS, LeavingError, Work
from outreach.delivery import invitations
from outreach.district import queries as district
from outreach.staff import care, identities
from outreach.staff.actions import AccountError
from outreach.staff.care import Cared
from outreach.staff.roles import GRANTS, Permission, Reach, Role
from outreach.web import people
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("change", __name__)

LONGEST = 200
NOBODY = 0
"""No account has this id."""


@blueprint.get("/<int:account_id>/change")
@needs(Permission.ACCOUNTS_SET)
def page(account_id: int) -> ResponseReturnValue:
    """The account as it is, to be changed."""
    with services().database.read() as session:
        one = _theirs(session, account_id)
        said = MultiDict([("name", one.account.name), ("email", one.account.email), ("role", one.account.role)])
        said.setlist("school", sorted(one.schools))
        return _page(session, one, said)


@blueprint.post("/<int:account_id>/change")
@needs(Permission.ACCOUNTS_SET)
def change(account_id: int) -> ResponseReturnValue:
    """Change it; where work would have to be handed over, show that first and ask to whom."""
    form, by = request.form, person().email
    with services().database.read() as session:
        one = _theirs(session, account_id)
        try:
            work = account_changes.lost_by(session, one.account, _wanted(session, one), by=by, settings=services().settings, now=now())
        except (LeavingError, AccountError) as refusal:
            return _page(session, one, form, problem=str(refusal)), 422
        if not work.is_nothing and "to" not in form:
            return _page(session, one, form, work=work)
    to = form.get("to", "routing")
    try:
        with services().database.write() as session:
            one = _theirs(session, account_id)
            former = one.account.email
            done = account_changes.change(
                session,
                one.account,
                _wanted(session, one),
                None if to == "routing" else small_number(to) or NOBODY,
                leave_on_call_empty=form.get("known") == "1",
                by=by,
                settings=services().settings,
                now=now(),
            )
            if done.new_email:
                invitations.follow(session, services().settings, one.account, former, now=now())
            said = _told(one.account.name, done)
    except (LeavingError, AccountError) as refusal:
        with services().database.read() as session:
            return _page(session, _theirs(session, account_id), form, work=work, problem=str(refusal)), 422
    flash(said)
    return redirect(url_for("accounts.one" if account_id != person().id or not done.signed_out else "signin.page", account_id=account_id))


def _told(name: str, done: Changed) -> str:
    parts = [f"{name}’s account is changed."]
    if not done.handed_over.is_nothing:
        parts.append("What they may not have any more is handed over.")
    if done.signed_out:
        parts.append("They are signed out everywhere, and sign in anew.")
    return " ".join(parts)


def _wanted(session: Session, one: Cared) -> Wanted:
    """What the form asks for, as far as it is this administrator's to give; else what is."""
    form, known = request.form, person()
    role = next((role for role in (*care.roles_given_by(known), Role(one.account.role)) if role == form.get("role")), None)
    if role is None:
        message = "Choose what they are to be."
        raise LeavingError(message)
    return Wanted(
        form.get("name", "")[:LONGEST],
        form.get("email", "")[:LONGEST] if known.schools is None else one.account.email,
        role,
        frozenset(school for school in form.getlist("school") if school in _schools(session)),
        forget_identity=known.schools is None and form.get("forget") == "1",
    )


def _page(session: Session, one: Cared, said: MultiDict[str, str], *, work: Work | None = None, problem: str = "") -> str:
    known = person()
    asks = work is not None and not work.is_nothing
    return render_template(
        "account_change.html",
        account=one.account,
        said=said,
        roles=[(role, role.words, GRANTS[role].reach is not Reach.DISTRICT) for role in care.roles_given_by(known)],
        schools=_schools(session),
        identities=identities.linked(session, one.account.id) if known.schools is None else [],
        sets_email=known.schools is None,
        role_words=next((role.words for role in Role if role == said.get("role")), ""),
        role_schools=[name for school, name in _schools(session).items() if school in said.getlist("school")],
        is_me=one.account.id == known.id,
        work=work if asks else None,
        counts=[(getattr(work, name), words) for name, words in LABELS.items() if getattr(work, name)] if work else [],
        takers=handing_over.takers(session, one.account) if asks else [],
        problem=problem,
    )


def _theirs(session: Session, account_id: int) -> Cared:
    """An open account in this administrator's care; else there is none."""
    found = care.one_in_care(session, person(), account_id, now())
    if found is None:
        abort(404)
    return found


def _schools(session: Session) -> dict[str, str]:
    """The schools to choose from, by id: this administrator's own, or all."""
    mine, names = person().schools, people.school_names(session)
    return {school_id: names[school_id] for school_id in district.schools(session) if mine is None or school_id in mine}
