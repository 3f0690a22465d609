"""Signing in with a password or a one-time link, and with a code where one is asked; choosing a password, signing out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.staff import actions, factors, keys, queries, tries
from outreach.staff.roles import Permission
from outreach.staff.tables import Account, StaffSession
from outreach.web.context import SESSION_KEY, now, person, services, visitor
from outreach.web.permissions import needs, open_to_all, safe_path

blueprint = Blueprint("signin", __name__)


@blueprint.get("/sign-in")
@open_to_all("nobody is signed in yet")
def page() -> ResponseReturnValue:
    """The form; a person who is signed in already goes on."""
    if visitor() is not None:
        return redirect(url_for("home.index"))
    return form(wanted=request.args.get("next", ""))


@blueprint.post("/sign-in")
@open_to_all("nobody is signed in yet")
def enter() -> ResponseReturnValue:
    """Check e-mail and password; a wrong pair is answered the same way whatever is wrong with it, and ten of them wait."""
    email, wanted, password = request.form.get("email", ""), request.form.get("next", ""), request.form.get("password", "")
    with services().database.write() as rows:
        if not tries.spend(rows, email, now()):
            return form("wait", email=email, wanted=wanted), 429
    with services().database.read() as rows:
        # the slow hash is made outside a write, which everybody else would wait for
        right = actions.check_password(rows, email, password) is not None
    with services().database.write() as rows:
        if right and (account := queries.by_email(rows, email)) and account.disabled_at is None:
            tries.forget(rows, email)
            actions.renew_password(account, password)
            return come_in(rows, account, safe_path(wanted) or url_for("home.index"))
    return form("wrong", email=email, wanted=wanted), 422


@blueprint.get("/sign-in/code")
@open_to_all("the password or link before it was right")
def code_page() -> ResponseReturnValue:
    """Ask for the second factor of whoever gave the first."""
    with services().database.read() as rows:
        if _awaiting(rows) is None:
            return redirect(url_for("signin.page"))
    return render_template("sign_in_code.html", next=request.args.get("next", ""), problem="")


@blueprint.post("/sign-in/code")
@open_to_all("the password or link before it was right")
def code_enter() -> ResponseReturnValue:
    """Check the code; ten wrong ones wait, whoever gave them."""
    wanted = safe_path(request.form.get("next", "")) or url_for("home.index")
    with services().database.write() as rows:
        waiting = _awaiting(rows)
        if waiting is None:
            return redirect(url_for("signin.page"))
        account, whose = rows.get_one(Account, waiting.account_id), str(waiting.account_id)
        if not tries.spend(rows, whose, now(), what=tries.CODE):
            return render_template("sign_in_code.html", next=wanted, problem="wait"), 429
        if not factors.check(rows, account.id, keys.secret_key(services().settings), request.form.get("code", ""), now()):
            return render_template("sign_in_code.html", next=wanted, problem="wrong"), 422
        tries.forget(rows, whose, what=tries.CODE)
        actions.end_sessions(rows, account.id, now(), public_id=waiting.public_id)
        _begin(rows, account, by_link=waiting.by_link)
    return redirect(wanted)


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
            return come_in(rows, actions.use_link(rows, token, now()), url_for("signin.password_page"), by_link=True)
    except actions.LinkError:
        return render_template("sign_in_link.html", good=False), 410


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
    """Store a new password and end every other sign-in; who came by link just now need not know the old one."""
    known, fresh = person(), request.form.get("password", "")
    if not known.by_link and (refusal := _present_password(known.email, request.form.get("old", ""))):
        return refusal
    try:
        with services().database.write() as rows:
            account = rows.get_one(Account, known.id)
            actions.set_password(rows, account, fresh, now())
            actions.audit(rows, actor=known.email, action="password.set", subject=f"account {known.id}", now=now())
            _begin(rows, account, by_link=False)
    except actions.PasswordError as problem:
        return render_template("password.html", problem=str(problem)), 422
    flash("Your password is set. Everywhere else you have been signed out.")
    return redirect(url_for("home.index"))


def _present_password(email: str, old: str) -> ResponseReturnValue | None:
    """Why this browser may not choose a new password; None where it told the present one."""
    with services().database.write() as rows:
        if not tries.spend(rows, email, now()):
            return render_template("password.html", problem="Too many wrong passwords. Try again in a quarter of an hour."), 429
    with services().database.read() as rows:
        if actions.check_password(rows, email, old) is None:
            return render_template("password.html", problem="The present password is not right."), 422
    with services().database.write() as rows:
        tries.forget(rows, email)
    return None


def form(problem: str = "", *, email: str = "", wanted: str = "") -> str:
    """The page for strangers; *problem* is ``wrong``, ``wait`` or a sentence."""
    ways = services().settings.sign_in_providers
    return render_template("sign_in.html", email=email, next=wanted, problem=problem, providers=ways)


def come_in(rows: Session, account: Account, wanted: str, *, by_link: bool = False) -> ResponseReturnValue:
    """The first factor was right: go to *wanted*, past the second one where the account has it."""
    if factors.standing(rows, account.id) is None:
        _begin(rows, account, by_link=by_link)
        return redirect(wanted)
    _keep(actions.begin_session(rows, account, now(), by_link=by_link, waits_for_code=True, browser=_browser()))
    return redirect(url_for("signin.code_page", next=wanted))


def _begin(rows: Session, account: Account, *, by_link: bool) -> None:
    """Sign *account* in within this browser."""
    _keep(actions.begin_session(rows, account, now(), by_link=by_link, browser=_browser()))
    actions.audit(rows, actor=account.email, action="signed.in", subject=f"account {account.id}", now=now())


def _keep(key: str) -> None:
    """Give this browser a cookie that owes nothing to the one before."""
    session.clear()
    session.permanent = True
    session[SESSION_KEY] = key


def _awaiting(rows: Session) -> StaffSession | None:
    key = session.get(SESSION_KEY)
    return queries.awaiting_code(rows, key, now()) if isinstance(key, str) else None


_PROGRAMS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_MACHINES = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "Chromebook",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "Linux": "Linux",
}


def _browser() -> str:
    """What the browser says of itself, in two words a person knows their own by; the first that fits, as they all claim to be several."""
    said = request.headers.get("User-Agent", "")
    program, machine = (next((words for sign, words in known.items() if sign in said), "") for known in (_PROGRAMS, _MACHINES))
    return f"{program} on {machine}" if program and machine else program or machine
