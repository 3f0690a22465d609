"""The lists of cases: who needs a person next."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from outreach.cases import actions
from outreach.staff.roles import Permission
from outreach.web import conversations, views
from outreach.web.context import now, page_number, person, services, small_number
from outreach.web.permissions import needs
from outreach.web.views import Shelf, View

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/inbox")
@needs(Permission.INBOX_READ)
def page() -> ResponseReturnValue:
    """The queues with their counts and one of them as a list."""
    view = views.of(request.args)
    shelf, news = shelf_of(view, page=page_number())
    with services().database.read() as session:
        read = conversations.to_be_closed(session, person(), view, page_number())
    return render_template("inbox.html", view=view, shelf=shelf, news=news, read=read)


@blueprint.post("/inbox/close")
@needs(Permission.INBOX_ANSWER)
def close_read() -> ResponseReturnValue:
    """Close what this person saw under *For your information*; what changed since stays."""
    pairs = [one.partition(":") for one in request.form.getlist("read")]
    numbers = [(small_number(case), small_number(last)) for case, _, last in pairs]
    seen = {case: last for case, last in numbers if case is not None and last is not None}
    known = person()
    with services().database.write() as session:
        closed = actions.close_read(session, seen, known.schools, by=known.email, now=now())
    left = len(seen) - closed
    flash(f"{closed} closed." + (f" {left} changed meanwhile and stayed open." if left else ""))
    return redirect(url_for("inbox.page", **views.of(request.form).arguments))


@blueprint.get("/inbox/live")
@needs(Permission.INBOX_READ)
def live() -> ResponseReturnValue:
    """The list again, for a page that asks now and then; 204 while nothing changed. Changed counts are said aloud."""
    view = views.of(request.args)
    shelf, news = shelf_of(view, current=small_number(request.args.get("case", "")))
    if was_seen(shelf):
        return Response(status=204)
    return shelf + render_template("parts/news.html", news=news)


def shelf_of(view: View, *, page: int = 1, current: int | None = None) -> tuple[str, str]:
    """One list as it stands in the page, with its queues; and the counts as they are said aloud."""
    known = person()
    with services().database.read() as session:
        rows, more = conversations.listed(session, known, view, page)
        counts = conversations.counts(session, known, view.whose)
        html = render_template(
            "parts/shelf.html",
            view=view,
            rows=rows,
            more=more,
            page=page,
            counts=counts,
            current_case=current,
            shelves=views.SHELVES,
            whose=views.WHOSE,
        )
    return sealed(html), f"{counts[Shelf.NEEDS_ME]} need you, {counts[Shelf.INFORMATION]} for your information"


def sealed(html: str) -> str:
    """A piece of a page with a short name for exactly its content, which the page sends along when it asks again."""
    seal = hashlib.sha256(html.encode()).hexdigest()[:16]
    return f'{html}<input type="hidden" name="seen" value="{seal}">'


def was_seen(piece: str) -> bool:
    """Whether the page that asks shows exactly this piece already."""
    seen = request.args.get("seen", "")
    return seen != "" and piece.endswith(f'name="seen" value="{seen}">')
