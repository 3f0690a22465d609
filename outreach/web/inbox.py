"""The lists of cases: who needs a person next."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import actions, acts
from outreach.cases.inbox_tables import InboxAct
from outreach.staff.roles import Permission
from outreach.web import conversations, people, views
from outreach.web.context import now, page_number, person, services, small_number
from outreach.web.permissions import needs
from outreach.web.views import Shelf, View

blueprint = Blueprint("inbox", __name__)

_MOMENT = timedelta(minutes=1)
"""So long a page offers to take back what was just done."""


@blueprint.get("/inbox")
@needs(Permission.INBOX_READ)
def page() -> ResponseReturnValue:
    """The queues with their counts and one of them as a list."""
    view = views.of(request.args)
    with services().database.read() as session:
        shelf = shelf_of(session, view, page=page_number())
        return render_template("inbox.html", view=view, shelf=shelf, schools=_schools(session), act=fresh_act(session), page=page_number())


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


@blueprint.post("/inbox/undo/<int:act_id>")
@needs(Permission.INBOX_ANSWER)
def undo(act_id: int) -> ResponseReturnValue:
    """Take back what this person did a moment ago; its one case opens again, of many the list."""
    known = person()
    try:
        with services().database.write() as session:
            act, undone = acts.undo(session, act_id, account_id=known.id, by=known.email, now=now())
            only = act.before[0]["case"] if len(act.before) == 1 else None
            left = len(act.before) - undone
    except actions.CaseError as refusal:
        flash(str(refusal), "warning")
        return redirect(url_for("inbox.page", **views.of(request.form).arguments))
    flash("Taken back." + (f" In {left} something happened since; {'it stays' if left == 1 else 'they stay'} as they are." if left else ""))
    arguments = views.of(request.form).arguments
    return redirect(url_for("cases.page", case_id=only, **arguments) if only else url_for("inbox.page", **arguments))


@blueprint.get("/inbox/live")
@needs(Permission.INBOX_READ)
def live() -> ResponseReturnValue:
    """The list again, for a page that asks now and then; 204 while nothing changed. Changed counts are said aloud."""
    view = views.of(request.args)
    with services().database.read() as session:
        shelf = shelf_of(session, view, current=small_number(request.args.get("case", "")), page=page_number())
    if was_seen(shelf.html):
        return Response(status=204)
    return shelf.html + render_template("parts/news.html", news=shelf.news)


@dataclass(frozen=True)
class Piece:
    """A list as it stands in a page, with its queues."""

    html: str
    news: str
    """The counts as they are said aloud."""
    read: dict[int, int]
    """Under *For your information*, what a person can close as read: case → the family's last text."""


def shelf_of(session: Session, view: View, *, page: int = 1, current: int | None = None) -> Piece:
    """One page of a list."""
    known = person()
    rows, more = conversations.listed(session, known, view, now(), page)
    counts = conversations.counts(session, known, view, now())
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
    news = f"{counts.shelves[Shelf.NEEDS_ME]} need you, {counts.shelves[Shelf.INFORMATION]} for your information"
    read = {row.case.id: row.last_id for row in rows} if view.shelf is Shelf.INFORMATION else {}
    return Piece(sealed(html), news, read)


def fresh_act(session: Session) -> InboxAct | None:
    """What this person did a moment ago and may want to take back."""
    act = acts.last_act(session, person().id, now())
    return act if act is not None and act.at > now() - _MOMENT else None


def _schools(session: Session) -> dict[str, str]:
    """The schools among which this person can choose; none where there is nothing to choose."""
    mine = person().schools
    if mine is not None and len(mine) <= 1:
        return {}
    names = people.school_names(session)
    found = {school: name for school, name in sorted(names.items(), key=lambda pair: pair[1]) if mine is None or school in mine}
    return found if len(found) > 1 else {}


def sealed(html: str) -> str:
    """A piece of a page with a short name for exactly its content, which the page sends along when it asks again."""
    seal = hashlib.sha256(html.encode()).hexdigest()[:16]
    return f'{html}<input type="hidden" name="seen" value="{seal}">'


def was_seen(piece: str) -> bool:
    """Whether the page that asks shows exactly this piece already."""
    seen = request.args.get("seen", "")
    return seen != "" and piece.endswith(f'name="seen" value="{seen}">')
