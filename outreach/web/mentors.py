"""Mentors: a page of one's own children with a quick log, and for administrators whose mentor somebody is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import mentors, my_students, searching
from outreach.cases.mentors import KINDS, CheckInKind, MentorError
from outreach.clock import local_date
from outreach.staff import queries as staff
from outreach.staff.roles import Permission
from outreach.staff.tables import Account
from outreach.web import people
from outreach.web.case_page import LONGEST_NOTE
from outreach.web.context import now, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("mentors", __name__)

_LONGEST_QUERY = 200


@blueprint.get("/my-children")
@needs(Permission.CHILDREN_OWN)
def mine() -> ResponseReturnValue:
    """A mentor's own children, whoever comes next first."""
    return _mine()


@blueprint.post("/my-children")
@needs(Permission.CHILDREN_OWN)
def check_in() -> ResponseReturnValue:
    """Write a check-in down."""
    form, known = request.form, person()
    kind = next((one for one in CheckInKind if one == form.get("kind")), None)
    try:
        next_on = date.fromisoformat(form["next_on"]) if form.get("next_on") else None
        if kind is None:
            return _mine("Say whether you talked with the child or the family, or reached nobody."), 422
        with services().database.write() as session:
            mentors.check_in(
                session,
                form.get("student", ""),
                kind,
                form.get("words", "")[:LONGEST_NOTE],
                next_on=next_on,
                account_id=known.id,
                by=known.email,
                settings=services().settings,
                now=now(),
            )
    except ValueError:
        return _mine("The next day is no date."), 422
    except MentorError as refusal:
        return _mine(str(refusal)), 422
    flash("Written down.")
    return redirect(url_for("mentors.mine"))


def _mine(problem: str = "") -> str:
    settings, known = services().settings, person()
    with services().database.read() as session:
        theirs = mentors.children(session, known.id, settings, now())
        names = people.children(session, theirs, staff.own_schools(session, known.id))
        watched = {one.student_id: one for one in my_students.watched(session, theirs, settings=settings, now=now(), everyone=True)}
        last = mentors.last_check_ins(session, theirs)
        due = {student_id: row.next_on or date.max for student_id, row in last.items()}
        return render_template(
            "my_children.html",
            children=sorted(names.values(), key=lambda child: (due.get(child.student_id, date.min), child.name)),
            watched=watched,
            last=last,
            who=staff.names(session, {row.account_id for row in last.values()}),
            kinds=KINDS,
            of_kind=lambda kind: KINDS[CheckInKind(kind)],
            today=local_date(now(), settings.zone),
            problem=problem,
            longest=LONGEST_NOTE,
        )


# --- administrators -------------------------------------------------------------------------------------------------------------


@blueprint.get("/mentors")
@needs(Permission.PEOPLE_SET)
def page() -> ResponseReturnValue:
    """The mentors of my schools, with whose they are."""
    settings, known = services().settings, person()
    with services().database.read() as session:
        found = mentors.mentors(session, known.schools)
        ties = {row.id: mentors.of_account(session, row.id) for row in found}
        ids = {tie.student_id for mine in ties.values() for tie in mine if tie.student_id}
        return render_template(
            "mentors.html",
            mentors=found,
            ties=ties,
            names=people.children(session, ids, known.schools),
            counts={row.id: len(mentors.children(session, row.id, settings, now())) for row in found},
            feed_names={
                row.id: mentors.feed_names(session, staff.own_schools(session, row.id), settings, now())
                for row in found
                if _may_give(session, row)
            },
        )


@blueprint.post("/mentors")
@needs(Permission.PEOPLE_SET)
def change() -> ResponseReturnValue:
    """Give a mentor children, or take them back."""
    form, tie_id = request.form, small_number(request.form.get("tie", ""))

    def give(session: Session, account: Account) -> None:
        name, child = form.get("name", ""), form.get("child", "").strip()[:_LONGEST_QUERY]
        if not _may_give(session, account):
            message = "This mentor works at other schools too; a district administrator gives them children."
            raise MentorError(message)
        found = _one_child(session, account, child) if child else ""
        mentors.tie(session, account, student_id=found, name=name, by=person().email, settings=services().settings, now=now())

    def take_back(session: Session, account: Account) -> None:
        mentors.untie(session, account, tie_id or 0, by=person().email, now=now())

    return _do(take_back if tie_id else give)


def _do(action: Callable[[Session, Account], None]) -> ResponseReturnValue:
    wanted = small_number(request.form.get("mentor", ""))
    try:
        with services().database.write() as session:
            account = next((row for row in mentors.mentors(session, person().schools) if row.id == wanted), None)
            if account is None:
                abort(404)
            action(session, account)
        flash("Kept. It holds from the next page on.")
    except MentorError as refusal:
        flash(str(refusal), "warning")
    return redirect(url_for("mentors.page"))


def _may_give(session: Session, mentor: Account) -> bool:
    """Whether all of a mentor's schools are this administrator's."""
    schools = person().schools
    return schools is None or staff.own_schools(session, mentor.id) <= schools


def _one_child(session: Session, mentor: Account, query: str) -> str:
    """The one child of a mentor's schools whom the words name. Raises MentorError."""
    found = searching.children(session, query, staff.own_schools(session, mentor.id), limit=2)
    if len(found) != 1:
        message = "Several children are called so: type the whole name." if found else "No child of this mentor's schools is called so."
        raise MentorError(message)
    return found[0]
