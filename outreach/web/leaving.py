"""Somebody leaves: what they have, counted before anything happens, who takes it, and closing their account."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import handing_over
from outreach.cases.handing_over import LABELS, LeavingError
from outreach.staff import care
from outreach.staff.roles import Permission
from outreach.staff.tables import Account
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("leaving", __name__, url_prefix="/accounts")


@blueprint.get("/<int:account_id>/close")
@needs(Permission.ACCOUNTS_SET)
def page(account_id: int) -> ResponseReturnValue:
    """What somebody has, and who could take it."""
    return _page(account_id)


@blueprint.post("/<int:account_id>/close")
@needs(Permission.ACCOUNTS_SET)
def close(account_id: int) -> ResponseReturnValue:
    """Close the account and hand everything over."""
    to, form = request.form.get("to", ""), request.form
    if to != "routing" and small_number(to) is None:
        return _page(account_id, problem="Choose who takes over."), 422
    try:
        with services().database.write() as session:
            account = _theirs(session, account_id)
            handing_over.close(
                session,
                account,
                small_number(to),
                leave_on_call_empty=form.get("known") == "1",
                by=person().email,
                settings=services().settings,
                now=now(),
            )
            said = f"{account.name}’s account is closed, and all they had is handed over."
    except LeavingError as refusal:
        return _page(account_id, problem=str(refusal)), 422
    flash(said)
    return redirect(url_for("accounts.one", account_id=account_id))


def _page(account_id: int, problem: str = "") -> str:
    with services().database.read() as session:
        account = _theirs(session, account_id)
        work = handing_over.work_of(session, account_id, services().settings, now())
        return render_template(
            "leaving.html",
            account=account,
            work=work,
            counts=[(getattr(work, name), words) for name, words in LABELS.items() if getattr(work, name)],
            takers=handing_over.takers(session, account),
            chosen=request.form.get("to", ""),
            problem=problem,
        )


def _theirs(session: Session, account_id: int) -> Account:
    """An account in this administrator's care; else there is none."""
    found = care.one_in_care(session, person(), account_id, now())
    if found is None:
        abort(404)
    return found.account
