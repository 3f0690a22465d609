"""One act on every case of a list, also on those that no page shows yet; whoever does it types how many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.cases import actions, acts
from outreach.cases.acts import Done
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.staff.roles import Permission
from outreach.web import case_page, conversations, views
from outreach.web.context import now, person, services
from outreach.web.permissions import needs
from outreach.web.views import Shelf, View

blueprint = Blueprint("bulk", __name__, url_prefix="/inbox/all")

MOST = 2_000
"""Cases in one go: more would keep every other writer waiting."""
OFFERED: Mapping[Shelf, tuple[str, ...]] = MappingProxyType(
    {
        # a family that waits is never closed unread: it can only be taken, or put aside until a day
        Shelf.NEEDS_ME: ("take", "give_back", "snooze"),
        Shelf.SNOOZED: ("take", "give_back", "wake"),
        Shelf.ANSWERED: ("take", "give_back", "snooze", "close"),
        Shelf.INFORMATION: ("take", "give_back", "snooze", "close"),
        Shelf.CLOSED: (),
    }
)
WORDS = {
    "take": ("Assign all to me", "{} are yours."),
    "give_back": ("Give all back", "{} given back: anybody may take them."),
    "snooze": ("Put all aside", "{} put aside."),
    "wake": ("Bring all back now", "{} are back."),
    "close": ("Close all", "{} closed."),
}


@blueprint.get("")
@needs(Permission.INBOX_ANSWER)
def page() -> ResponseReturnValue:
    """How many there are, and what can be done with all of them."""
    return _page()


@blueprint.post("")
@needs(Permission.INBOX_ANSWER)
def do() -> ResponseReturnValue:
    """Do it, where the number that was typed is the number that there is now."""
    view, act, known = views.of(request.form), request.form.get("act", ""), person()
    if act not in OFFERED[view.shelf]:
        return _page("Choose what is to be done with them."), 422
    with services().database.write() as session:
        total = _total(session, view)
        if request.form.get("total", "").strip().replace(",", "") != str(total):
            return _page(f"There are {total:,} now. Type exactly that number."), 422
        if total > MOST:
            return _page(f"At most {MOST:,} in one go: choose a school, or whose they are."), 422
        try:
            step = _step(session, act)
        except ValueError:
            return _page("Choose the day on which they come back."), 422
        cases = session.scalars(conversations.matching(known, view, now())).all()
        done = acts.in_bulk(session, cases, step, WORDS[act][1], account_id=known.id, now=now())
    _say(done)
    return redirect(url_for("inbox.page", **view.arguments))


def _say(done: Done) -> None:
    if done.left:
        flash(f"{done.left} stayed as they are: something in them waits for a decision of its own.", "warning")


def _step(session: Session, act: str) -> Callable[[Case], object]:
    """What is done with each case. Raises ValueError where a day is missing."""
    known, settings, by, at = person(), services().settings, person().email, now()
    if act == "snooze":
        until = acts.morning_of(date.fromisoformat(request.form.get("day", "")), settings.school_opens, settings.zone)
        return lambda case: acts.snooze(session, case, until, by=by, now=at)
    steps: dict[str, Callable[[Case], object]] = {
        "take": lambda case: actions.assign(session, case, known.id, by=by, now=at),
        "give_back": lambda case: actions.assign(session, case, None, by=by, now=at),
        "wake": lambda case: acts.wake(session, case, by=by, now=at),
        "close": lambda case: actions.close(session, case, by=by, now=at),
    }
    return steps[act]


def _total(session: Session, view: View) -> int:
    every = conversations.matching(person(), view, now()).with_only_columns(Case.id).order_by(None)
    return session.scalar(select(func.count()).select_from(every.subquery())) or 0


def _page(problem: str = "") -> str:
    view = views.of(request.values)
    with services().database.read() as session:
        total = _total(session, view)
    return render_template(
        "bulk.html",
        view=view,
        total=total,
        most=MOST,
        offered={act: WORDS[act][0] for act in OFFERED[view.shelf]},
        days=case_page.days_ahead(local_date(now(), services().settings.zone)),
        shelf=views.SHELVES[view.shelf],
        whose=views.WHOSE[view.whose],
        problem=problem,
    )
