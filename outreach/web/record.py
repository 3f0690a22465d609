"""Everything that is held of one child, on one page, and the requests of families and others to see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import searching
from outreach.clock import local_date
from outreach.district import queries as district
from outreach.district.overlays import merged
from outreach.district.people import Adult
from outreach.district.tables import Student
from outreach.records import gathering, holds, redaction, requests, retention
from outreach.records.bases import GROUNDS, OF_CONTACTS, Basis
from outreach.records.items import Item, Shelf
from outreach.records.requests import Asked, RecordError
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("record", __name__, url_prefix="/records")

LONGEST = 300
_LONGEST_QUERY = 200


@blueprint.get("")
@needs(Permission.RECORDS_GIVE)
def page() -> ResponseReturnValue:
    """The requests that wait, the oldest first, and a search for a child."""
    return _start()


@blueprint.post("/find")
@needs(Permission.RECORDS_GIVE)
def find() -> ResponseReturnValue:
    """The children who are looked for. What is looked for is sent as a form: no address holds a name."""
    query = request.form.get("query", "")[:_LONGEST_QUERY]
    with services().database.read() as session:
        found = people.children(session, searching.children(session, query, None), None)
    return _start(query, list(found.values()))


@blueprint.get("/child")
@needs(Permission.RECORDS_GIVE)
def child() -> ResponseReturnValue:
    """Everything held of the child in the address; what is sealed stays so. That it was looked at is on record."""
    return _child()


@blueprint.post("/child")
@needs(Permission.RECORDS_GIVE)
def ask() -> ResponseReturnValue:
    """Note that somebody asks for the record, or that something of it was told already."""
    known, form = person(), request.form
    try:
        asked, today = _asked(), local_date(now(), services().settings.zone)
        with services().database.write() as session:
            student = student_asked(session)
            if form.get("told"):
                what = storable(form.get("what", ""))[:LONGEST]
                requests.note(session, student.student_id, asked, what, today=today, by=known.email, now=now())
                target = url_for("record.child", child=student.student_id)
            else:
                row = requests.open_request(session, student.student_id, asked, today=today, by=known.email, now=now())
                target = url_for("record_requests.page", request_id=row.id)
    except RecordError as refusal:
        return _child(str(refusal)), 422
    flash("Written down." if form.get("told") else "The request is open.")
    return redirect(target)


def shelves(items: Sequence[Item]) -> list[tuple[Shelf, list[Item]]]:
    """Items by shelf, in their order."""
    return [(shelf, list(some)) for shelf, some in groupby(items, key=lambda item: item.shelf)]


def _start(query: str = "", found: Sequence[people.ChildName] | None = None) -> str:
    with services().database.read() as session:
        waiting = requests.waiting(session)
        children = people.children(session, {row.student_id for row in waiting}, None)
        adults = people.contact_names(session, {row.contact_id for row in waiting})
        rows = [(row, children.get(row.student_id), adults.get(row.contact_id, row.recipient)) for row in waiting]
        return render_template("record_start.html", rows=rows, query=query, found=found, answer_by=requests.answer_by, today=_today())


def _child(problem: str = "") -> str:
    parts = services()
    with parts.database.write() as session:
        student = student_asked(session)
        items = gathering.everything(session, student.student_id, settings=parts.settings, now=now())
        adults = _adults(session, student.student_id)
        if request.method == "GET":
            staff.audit(session, actor=person().email, action="record.seen", subject=f"student {student.student_id}", now=now())
        name = people.children(session, [student.student_id], None).get(student.student_id)
        return render_template(
            "record_child.html",
            student=student,
            name=name or people.ChildName(student.student_id, people.called(student), student.grade, ""),
            shelves=shelves(items),
            adults=adults,
            held=_held(session, student.student_id),
            previews=retention.preview_of_child(session, student.student_id, now()) if person().may(Permission.RECORDS_KEEP) else {},
            taken_out=redaction.TAKEN_OUT,
            grounds=GROUNDS,
            of_contacts=OF_CONTACTS,
            problem=problem,
            sent=request.form,
            longest=LONGEST,
        )


def _asked() -> Asked:
    """Who asks, as the form has it. Raises RecordError."""
    form = request.form
    basis = next((one for one in Basis if one == form.get("basis")), None)
    if basis is None:
        message = "Choose on what basis they ask."
        raise RecordError(message)
    contact, recipient, purpose = (storable(form.get(name, "")).strip()[:LONGEST] for name in ("contact", "recipient", "purpose"))
    return Asked(basis, purpose, contact, "" if contact else recipient)


def student_asked(session: Session) -> Student:
    """The child in the address, under the id its rows are gathered under."""
    asked = merged(session).of(request.args.get("child", ""))
    found = district.students(session, [asked]).get(asked)
    if found is None:
        abort(404)
    return found


def _adults(session: Session, student_id: str) -> list[tuple[Adult, str]]:
    """The child's adults, each with why nothing may be given to them; empty where it may."""
    ids = merged(session).ids([student_id])
    return [(adult, requests.blocked(session, student_id, adult.contact_id)) for adult in gathering.family(session, ids)]


def _held(session: Session, student_id: str) -> bool:
    """Whether a hold or an open request keeps everything of the child as it is."""
    return student_id in holds.held(session).students


def _today() -> date:
    return local_date(now(), services().settings.zone)
