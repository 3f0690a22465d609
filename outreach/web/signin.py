"""Signing in with a password or a one-time link, choosing a password, signing out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.staff import actions, queries, tries
from outreach.staff.roles import Permission
from outreach.staff.tables import Account
from outreach.web.context import SESSION_KEY, now, person, services, visitor
from outreach.web.permissions import needs, open_to_all, safe_path

blueprint = Blueprint("signin", __name__)


@blueprint.get("/sign-in")
@open_to_all("nobody is signed in yet")
def page() -> ResponseReturnValue:
    """The form; a person who is signed in already goes on."""
    if visitor() is not None:
        return redirect(url_for("home.index"))
    return render_template("sign_in.html", email="", next=request.args.get("next", ""), problem="")


@blueprint.post("/sign-in")
@open_to_all("nobody is signed in yet")
def enter() -> ResponseReturnValue:
    """Check e-mail and password; a wrong pair is answered the same way whatever is wrong with it, and ten of them wait."""
    email, wanted, password = request.form.get("email", ""), request.form.get("next", ""), request.form.get("password", "")
    with services().database.read() as rows:
        if tries.must_wait(rows, email, now()):
            return render_template("sign_in.html", email=email, next=wanted, problem="wait"), 429
        # the slow hash is made outside the write, which everybody else would wait for
        right = actions.check_password(rows, email, password) is not None
    with services().database.write() as rows:
        if not right:
            tries.note(rows, email, now())
        elif (account := queries.by_email(rows, email)) and account.disabled_at is None:
            tries.forget(rows, email)
            actions.renew_password(account, password)
            _begin(rows, account, by_link=False)
    if not right:
        return render_template("sign_in.html", email=email, next=wanted, problem="wrong"), 422
    return redirect(safe_path(wanted) or url_for("home.index"))


@blueprint.get("/sign-in/<token>")
@open_to_all("the link is the key")
def link_page(token: str) -> ResponseReturnValue:
    """Ask before the link is spent, so that a mail program's preview does not spend it."""
    with services().database.read() as rows:
        good = queries.link_is_good(rows, token, now())
    return render_template("sign_in_link.html", good=good), 200 if good else 410


@blueprint.post("/sign-in/<token>")
@open_to_all("the link is the key")
def link_enter(token: str) -> ResponseReturnValue:
    """Spend the link, sign in, and offer to choose a password."""
    try:
        with services().database.write() as rows:
            _begin(rows, actions.use_link(rows, token, now()), by_link=True)
    except actions.LinkError:
        return render_template("sign_in_link.html", good=False), 410
    return redirect(url_for("signin.password_page"))


@blueprint.post("/sign-out")
@open_to_all("signing out asks for nothing")
def leave() -> ResponseReturnValue:
    """End this sign-in; its cookie is worth nothing afterwards."""
    key = session.get(SESSION_KEY)
    if isinstance(key, str):
        with services().database.write() as rows:
            actions.end_session(rows, key, now())
    session.clear()
    return redirect(url_for("signin.page"))


@blueprint.get("/password")
@needs(Permission.ACCOUNT_SELF)
def password_page() -> ResponseReturnValue:
    """The form for a new password."""
    return render_template("password.html", problem="")


@blueprint.post("/password")
@needs(Permission.ACCOUNT_SELF)
def password_set() -> ResponseReturnValue:
    """Store a new password and end every other sign-in; who came by link need not know the old one."""
    known, fresh = person(), request.form.get("password", "")
    try:
        with services().database.write() as rows:
            account = rows.get_one(Account, known.id)
            if not known.by_link and actions.check_password(rows, known.email, request.form.get("old", "")) is None:
                return render_template("password.html", problem="The present password is not right."), 422
            actions.set_password(rows, account, fresh, now())
            actions.audit(rows, actor=known.email, action="password.set", subject=f"account {known.id}", now=now())
            _begin(rows, account, by_link=False)
    except actions.PasswordError as problem:
        return render_template("password.html", problem=str(problem)), 422
    flash("Your password is set. Everywhere else you have been signed out.")
    return redirect(url_for("home.index"))


def _begin(rows: Session, account: Account, *, by_link: bool) -> None:
    """Sign *account* in within this browser, with a cookie that owes nothing to the one before."""
    session.clear()
    session.permanent = True
    session[SESSION_KEY] = actions.begin_session(rows, account, now(), by_link=by_link)
    actions.audit(rows, actor=account.email, action="signed.in", subject=f"account {account.id}", now=now())
