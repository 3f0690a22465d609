"""Search in conversations, and the quick log of a call or visit. What is looked for is sent as a form: no address holds a name."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.cases import contact_log, searching
from outreach.cases.states import EventKind
from outreach.staff.roles import Permission
from outreach.web import case_page, conversations, people, views
from outreach.web.case_page import LONGEST_NOTE, REFUSALS
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("finding", __name__)

_LONGEST_QUERY = 200


@blueprint.get("/search")
@needs(Permission.INBOX_READ)
def page() -> ResponseReturnValue:
    """An empty search."""
    return render_template("search.html", query="", rows=[], more=False, children=[], view=views.View(), current_case=None, asked=False)


@blueprint.post("/search")
@needs(Permission.INBOX_READ)
def search() -> ResponseReturnValue:
    """Conversations that hold every word, and children whom the words name."""
    query, known = request.form.get("query", "")[:_LONGEST_QUERY], person()
    with services().database.read() as session:
        rows, more = conversations.of_query(session, known, query, now())
        children = people.children(session, searching.children(session, query, known.schools), known.schools).values()
        return render_template(
            "search.html", query=query, rows=rows, more=more, children=children, view=views.View(), current_case=None, asked=True
        )


@blueprint.get("/log")
@needs(Permission.INBOX_NOTE)
def log_page() -> ResponseReturnValue:
    """Two fields: who, and what was said; a child's page asks for the second alone."""
    return _log_page(chosen=request.args.get("child", ""))


@blueprint.post("/log")
@needs(Permission.INBOX_NOTE)
def log() -> ResponseReturnValue:
    """Write a call or visit down, once it is certain which child it was about."""
    query, known = request.form.get("who", "")[:_LONGEST_QUERY], person()
    chosen = request.form.get("child", "")
    with services().database.read() as session:
        ids = [chosen] if chosen else searching.children(session, query, known.schools)
        found = people.children(session, ids, known.schools)
    if len(found) != 1:
        problem = (
            "Which child was it?" if found else "Nobody of your schools is found by that: try a name, or the last four digits of a number."
        )
        return _log_page(query=query, children=list(found.values()), problem=problem), 422
    try:
        with services().database.write() as session:
            case = contact_log.case_of_child(session, next(iter(found)), services().settings, now())
            kind, words = _written()
            contact_log.log(session, case, kind, words, account_id=known.id, by=known.email, now=now())
            where = url_for("cases.page", case_id=case.id) if known.sees(case.school_id) else url_for("inbox.page")
    except REFUSALS as refusal:
        return _log_page(query=query, chosen=chosen, problem=str(refusal)), 422
    flash("Written down.")
    return redirect(where)


@blueprint.post("/cases/<int:case_id>/log")
@needs(Permission.INBOX_NOTE)
def log_in_case(case_id: int) -> ResponseReturnValue:
    """Write a call or visit into the case that is open on the screen."""
    kind, words = _written()
    return case_page.do(case_id, partial(contact_log.log, kind=kind, words=words, account_id=person().id), "Written down.")


def _written() -> tuple[EventKind, str]:
    kind = next((one for one in contact_log.KINDS if one == request.form.get("kind")), EventKind.NOTE)
    return kind, request.form.get("words", "")[:LONGEST_NOTE]


def _log_page(*, query: str = "", chosen: str = "", children: list[people.ChildName] | None = None, problem: str = "") -> str:
    with services().database.read() as session:
        named = people.children(session, [chosen], person().schools).get(chosen) if chosen else None
    return render_template(
        "log.html",
        query=query,
        chosen=named,
        children=children or [],
        problem=problem,
        words=request.form.get("words", ""),
        kinds=contact_log.KINDS,
        longest=LONGEST_NOTE,
    )
