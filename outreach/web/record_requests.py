"""One request for a child's record: what would be given, what is withheld until a person decides it, and the file."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.clock import local_date
from outreach.records import gathering, items, requests
from outreach.records.bases import GROUNDS, Basis
from outreach.records.items import Item, Share
from outreach.records.requests import RecordError
from outreach.records.tables import RecordDecision, RecordRequest
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import people
from outreach.web.context import now, person, services
from outreach.web.permissions import needs
from outreach.web.record import LONGEST, shelves
from outreach.web.record_file import Cover, build

blueprint = Blueprint("record_requests", __name__, url_prefix="/records/requests/<int:request_id>")


class Asked(NamedTuple):
    """A request with everything it is about."""

    row: RecordRequest
    items: list[Item]
    decided: dict[str, RecordDecision]

    @property
    def share(self) -> Share:
        """What is given as things stand, and what not."""
        return items.share(self.items, self.row.contact_id, requests.given_items(self.decided.values()))


@blueprint.get("")
@needs(Permission.RECORDS_GIVE)
def page(request_id: int) -> ResponseReturnValue:
    """What would be given, and what waits for a decision."""
    with services().database.read() as session:
        return _shown(session, _found(session, request_id))


@blueprint.post("/read")
@needs(Permission.RECORDS_GIVE)
def read(request_id: int) -> ResponseReturnValue:
    """Open one sealed entry, to decide on it; that it was read is on record."""
    with services().database.write() as session:
        asked = _found(session, request_id)
        item = _item(asked)
        detail = {"request": request_id, "item": item.key}
        subject = f"student {asked.row.student_id}"
        staff.audit(session, actor=person().email, action="record.sealed_read", subject=subject, now=now(), detail=detail)
        return _shown(session, asked, opened=item.key)


@blueprint.post("/decide")
@needs(Permission.RECORDS_GIVE)
def decide(request_id: int) -> ResponseReturnValue:
    """Say of one withheld entry whether it is given, with the reason."""
    verdict = request.form.get("verdict", "")
    if verdict not in {"give", "withhold"}:
        abort(400)
    why = storable(request.form.get("why", ""))[:LONGEST]
    try:
        with services().database.write() as session:
            asked = _found(session, request_id)
            item = _item(asked)
            requests.decide(session, asked.row, item.key, gives=verdict == "give", why=why, by=person().email, now=now())
    except RecordError as refusal:
        flash(str(refusal), "warning")
    return redirect(url_for("record_requests.page", request_id=request_id, _anchor="withheld"))


@blueprint.post("/give")
@needs(Permission.RECORDS_GIVE)
def give(request_id: int) -> ResponseReturnValue:
    """The file to hand over; giving it is an entry of the disclosure log."""
    parts, by = services(), person().email
    try:
        with parts.database.write() as session:
            asked = _found(session, request_id, lock=True)
            share, cover = asked.share, _cover(session, asked.row, now())
            packed = build(session, share, cover, parts.settings)
            digest, today = hashlib.sha256(packed).hexdigest(), local_date(now(), parts.settings.zone)
            requests.give(session, asked.row, share, digest, today=today, by=by, now=now())
    except RecordError as refusal:
        flash(str(refusal), "warning")
        return redirect(url_for("record_requests.page", request_id=request_id))
    answer = Response(packed, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="record-{request_id}.zip"'
    return answer


@blueprint.post("/put-aside")
@needs(Permission.RECORDS_GIVE)
def put_aside(request_id: int) -> ResponseReturnValue:
    """End it without giving anything."""
    with services().database.write() as session:
        requests.put_aside(session, _row(session, request_id), by=person().email, now=now())
    flash("The request is put aside. Nothing was given.")
    return redirect(url_for("record.page"))


def _row(session: Session, request_id: int, *, lock: bool = False) -> RecordRequest:
    row = requests.one(session, request_id, lock=lock)
    if row is None:
        abort(404)
    return row


def _found(session: Session, request_id: int, *, lock: bool = False) -> Asked:
    row, parts = _row(session, request_id, lock=lock), services()
    held = gathering.everything(session, row.student_id, settings=parts.settings, now=now())
    return Asked(row, held, requests.decisions(session, row.id))


def _item(asked: Asked) -> Item:
    """The entry that a form names, if it is one that needs a decision."""
    wanted = request.form.get("item", "")
    found = next((item for item in asked.items if item.key == wanted), None)
    if found is None or items.withheld(found, asked.row.contact_id) is None:
        abort(404)
    return found


def _cover(session: Session, row: RecordRequest, at: datetime) -> Cover:
    child = people.children(session, [row.student_id], None).get(row.student_id)
    to = people.contact_names(session, [row.contact_id]).get(row.contact_id, row.recipient)
    ground = GROUNDS[Basis(row.basis)]
    return Cover(child.name if child else row.student_id, to or "the student", f"{ground.words} ({ground.law})", at)


def _shown(session: Session, asked: Asked, opened: str = "") -> str:
    closed = [(item, why) for item in asked.items if (why := items.withheld(item, asked.row.contact_id)) is not None]
    return render_template(
        "record_request.html",
        request_row=asked.row,
        cover=_cover(session, asked.row, now()),
        given=shelves(asked.share.given),
        share=asked.share,
        closed=closed,
        decided=asked.decided,
        undecided=sum(item.key not in asked.decided for item, _ in closed),
        opened=opened,
        names=accounts.names_by_email(session, {row.by for row in asked.decided.values()} | {asked.row.opened_by}),
        answer_by=requests.answer_by(asked.row),
        longest=LONGEST,
    )
