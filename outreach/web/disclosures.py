"""The disclosure log: who got what of which child, when, why and on what basis; searchable, and to take away as a file."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.records import disclosures
from outreach.records.bases import GROUNDS, Basis
from outreach.records.disclosures import Entry, Search
from outreach.replies.normalise import storable
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import people, sheets
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("disclosures", __name__, url_prefix="/disclosures")

_SHOWN = 200
_MOST = 100_000
_COLUMNS = ("at", "student_id", "child", "given_to", "what", "purpose", "basis", "law", "must_be_logged", "given_by", "sha256")


@blueprint.get("")
@needs(Permission.DISCLOSURES_READ)
def page() -> ResponseReturnValue:
    """The newest lines, of the whole district or of the child in the address."""
    return _page(Search(student_id=request.args.get("child", "")))


@blueprint.post("")
@needs(Permission.DISCLOSURES_READ)
def find() -> ResponseReturnValue:
    """The lines that fit. What is looked for is sent as a form: no address holds a name."""
    return _page(_search())


@blueprint.post("/file")
@needs(Permission.DISCLOSURES_READ)
def file() -> ResponseReturnValue:
    """What fits, as a file; taking it away is an entry of the audit trail."""
    search = _search()
    with services().database.write() as session:
        found = disclosures.entries(session, search, limit=_MOST)
        children, adults = _names(session, found)
        rows = [_row(one, children, adults) for one in found]
        subject = f"student {search.student_id}" if search.student_id else "disclosures"
        staff.audit(session, actor=person().email, action="disclosures.exported", subject=subject, now=now(), detail={"rows": len(rows)})
    return sheets.answer("disclosures.csv", _COLUMNS, rows)


def _page(search: Search) -> str:
    with services().database.read() as session:
        found = disclosures.entries(session, search, limit=_SHOWN + 1)
        children, adults = _names(session, found)
        whose = people.children(session, [search.student_id], None).get(search.student_id) if search.student_id else None
        return render_template(
            "disclosures.html",
            entries=found[:_SHOWN],
            more=len(found) > _SHOWN,
            children=children,
            adults=adults,
            who=accounts.names_by_email(session, {one.by for one in found}),
            search=search,
            whose=whose,
            sent=request.form,
            grounds=GROUNDS,
        )


def _search() -> Search:
    form = request.form
    basis = next((one for one in Basis if one == form.get("basis")), None)
    since, until = _day("since"), _day("until")
    last = until + timedelta(days=1) if until and until < date.max else until
    words = storable(form.get("words", "")).strip()[:200]
    return Search(form.get("child", "")[:200], words, basis, _midnight(since), _midnight(last))


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), ZoneInfo(services().settings.zone)) if day else None


def _names(session: Session, found: list[Entry]) -> tuple[dict[str, people.ChildName], dict[str, str]]:
    children = people.children(session, {one.student_id for one in found}, None)
    return children, people.contact_names(session, {one.contact_id for one in found})


def _row(one: Entry, children: dict[str, people.ChildName], adults: dict[str, str]) -> tuple[str, ...]:
    ground, child = GROUNDS[one.basis], children.get(one.student_id)
    given_to = adults.get(one.contact_id, one.contact_id) or one.recipient or "the student"
    must = "yes" if one.must_log else "no"
    name = child.name if child else ""
    by = one.by or "the service"
    return (one.at.isoformat(), one.student_id, name, given_to, one.what, one.purpose, ground.words, ground.law, must, by, one.sha256)
