"""Who takes which families: my own details, and for administrators those of the people at their schools."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import cover, speaking
from outreach.cases.cover import CoverError, Details
from outreach.cases.routing_tables import StaffAbsence
from outreach.clock import local_date
from outreach.district.tables import Student
from outreach.messages.languages import DEFAULT, languages
from outreach.staff import queries as accounts
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission, Role
from outreach.staff.tables import Account
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs
from outreach.web.resources import by_category

blueprint = Blueprint("takers", __name__)


@blueprint.get("/me/details")
@needs(Permission.LANGUAGE_HELP)
def mine() -> ResponseReturnValue:
    """What I read and take, and when I am away."""
    return _form(person().id)


@blueprint.post("/me/details")
@needs(Permission.LANGUAGE_HELP)
def keep_mine() -> ResponseReturnValue:
    """Keep what I said of myself."""
    return _keep(person().id)


@blueprint.get("/people")
@needs(Permission.PEOPLE_SET)
def page() -> ResponseReturnValue:
    """Everybody who may be given families of my schools."""
    today = local_date(now(), services().settings.zone)
    with services().database.read() as session:
        rows = cover.takers(session, person().schools, helpers=True)
        away = cover.absences(session, [row.id for row in rows], today)
        return render_template(
            "takers.html",
            rows=[(row, cover.details(session, row.id), [one for one in away if one.account_id == row.id]) for row in rows],
            names=accounts.names(session, {one.cover_id for one in away if one.cover_id}),
            roles=Role,
            reasons=_reasons(),
            may_set=_may_set,
            today=today,
        )


@blueprint.get("/people/<int:account_id>")
@needs(Permission.PEOPLE_SET)
def one(account_id: int) -> ResponseReturnValue:
    """What one of them reads and takes, and when they are away."""
    return _form(_theirs(account_id))


@blueprint.post("/people/<int:account_id>")
@needs(Permission.PEOPLE_SET)
def keep(account_id: int) -> ResponseReturnValue:
    """Keep what was said of one of them."""
    return _keep(_theirs(account_id))


def _keep(account_id: int) -> ResponseReturnValue:
    form = request.form
    absence_id = small_number(form.get("back", ""))

    def details(session: Session) -> str:
        said = Details(*(tuple(form.getlist(name)) for name in ("language", "grade", "reason")))
        cover.keep(session, account_id, said, by=person().email, now=now())
        speaking.look_again(session, account_id, said.languages, services().settings, now())
        return "Kept. It counts from the next family on."

    def away(session: Session) -> str:
        days = [date.fromisoformat(form.get(name, "")) for name in ("begins", "ends")]
        cover_id = small_number(form.get("cover", ""))
        cover.go_away(session, account_id, days[0], days[1], cover_id=cover_id, by=person().email, now=now())
        return "Kept. Families that wait go to whoever covers, or to a colleague who is there."

    def back(session: Session) -> str:
        row = session.get(StaffAbsence, absence_id)
        if row is not None and row.account_id == account_id:
            cover.come_back(session, row, by=person().email, now=now())
        return "Taken back."

    return _do(account_id, back if absence_id is not None else away if form.get("what") == "away" else details)


def _do(account_id: int, action: Callable[[Session], str]) -> ResponseReturnValue:
    try:
        with services().database.write() as session:
            flash(action(session))
    except CoverError as refusal:
        return _form(account_id, problem=str(refusal)), 422
    except ValueError:
        return _form(account_id, problem="Choose the first and the last day away."), 422
    return redirect(_address(account_id))


def _form(account_id: int, *, problem: str = "") -> str:
    with services().database.read() as session:
        account = session.get_one(Account, account_id)
        away = cover.absences(session, [account_id], local_date(now(), services().settings.zone))
        details = cover.details(session, account_id)
        return render_template(
            "taker.html",
            account=account,
            own=account_id == person().id,
            helps=account.role == Role.LANGUAGE_HELPER,
            address=_address(account_id),
            details=details,
            away=away,
            names=accounts.names(session, {one.cover_id for one in away if one.cover_id}),
            stand_ins=cover.stand_ins(session, account_id),
            locales={locale: row.english for locale, row in languages().items() if locale != DEFAULT},
            grades=_grades(session, details),
            by_category=by_category(),
            problem=problem,
        )


def _address(account_id: int) -> str:
    return url_for("takers.mine") if account_id == person().id else url_for("takers.one", account_id=account_id)


def _theirs(account_id: int) -> int:
    """The id of a person whom this administrator may speak for; else there is nobody."""
    with services().database.read() as session:
        if not any(row.id == account_id and _may_set(person(), row) for row in cover.takers(session, person().schools, helpers=True)):
            abort(404)
    return account_id


def _may_set(known: SignedIn, account: Account) -> bool:
    """A school's administrator speaks for the people of the school, not for the district's."""
    return known.schools is None or account.role != Role.DISTRICT_ADMINISTRATOR


def _reasons() -> dict[str, str]:
    return {code: label for reasons in by_category().values() for code, label in reasons.items()}


def _grades(session: Session, details: Details) -> list[str]:
    """The grades that the district's children are in, and those that somebody chose already."""
    known = {grade for grade in session.scalars(select(Student.grade).distinct()) if grade} | set(details.grades)
    return sorted(known, key=lambda grade: (not grade.isdigit(), int(grade) if grade.isdigit() else 0, grade))
