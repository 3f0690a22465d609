"""One case: the conversation, what stands beside it, and what a person can do about it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import actions, corrections, danger_queries, proposals, queries
from outreach.cases.states import CaseState, IllegalMoveError
from outreach.cases.tables import Case
from outreach.consent import queries as consent
from outreach.district.overlays import OverlayError
from outreach.messages.segments import measure, normalise
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import conversations, errors, inbox, panel, people, views, wishes
from outreach.web import corrections as wrong_numbers
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("cases", __name__, url_prefix="/cases")

LONGEST_ANSWER = 1600
"""Characters; the carrier takes no more in one message."""
LONGEST_NOTE = 4000
REFUSALS = (actions.CaseError, IllegalMoveError, proposals.ProposalError, OverlayError)


@blueprint.errorhandler(queries.CaseNotFoundError)
def not_found(_problem: queries.CaseNotFoundError) -> ResponseReturnValue:
    """A case of another school does not exist for this person."""
    return errors.show(404)


@blueprint.get("/<int:case_id>")
@needs(Permission.INBOX_READ)
def page(case_id: int) -> ResponseReturnValue:
    """The case beside its list."""
    return _page(case_id)


@blueprint.get("/<int:case_id>/live")
@needs(Permission.INBOX_READ)
def live(case_id: int) -> ResponseReturnValue:
    """The conversation again, for a page that asks now and then; 204 while nothing changed."""
    with services().database.read() as session:
        thread = _thread(session, _case(session, case_id))
    return Response(status=204) if inbox.was_seen(thread) else thread


@blueprint.post("/<int:case_id>/measure")
@needs(Permission.INBOX_ANSWER)
def size(case_id: int) -> ResponseReturnValue:
    """How many segments the words typed so far would take."""
    words = normalise(request.form.get("text", "").strip())
    with services().database.read() as session:
        _case(session, case_id)
    return render_template("parts/size.html", size=measure(words), length=len(words), longest=LONGEST_ANSWER)


@blueprint.post("/<int:case_id>/answer")
@needs(Permission.INBOX_ANSWER)
def answer(case_id: int) -> ResponseReturnValue:
    """Plan an answer to the family, then stay or go on to the next case of the list."""
    words, known = request.form.get("text", "").strip(), person()
    if len(words) > LONGEST_ANSWER:
        return _page(case_id, draft=words, problem=f"This is too long for one text: at most {LONGEST_ANSWER:,} characters."), 422
    try:
        with services().database.write() as session:
            following = conversations.next_after(session, known, _view(), case_id)
            once = request.form.get("once", "")
            actions.answer(session, _case(session, case_id), words, account_id=known.id, by=known.email, now=now(), once=once)
    except REFUSALS as refusal:
        return _page(case_id, draft=words, problem=str(refusal)), 422
    flash("Your answer is on its way.")
    return redirect(_onwards(following) if request.form.get("then") == "next" else _here(case_id))


@blueprint.post("/<int:case_id>/note")
@needs(Permission.INBOX_NOTE)
def note(case_id: int) -> ResponseReturnValue:
    """Keep a note that only staff see."""
    words = request.form.get("note", "")[:LONGEST_NOTE]
    return _do(case_id, partial(actions.note, text=words), "Note kept. The family does not see it.")


@blueprint.post("/<int:case_id>/take")
@needs(Permission.INBOX_ANSWER)
def take(case_id: int) -> ResponseReturnValue:
    """Make this case mine, or give it back so that anybody may take it."""
    give_back = request.form.get("give_back") == "1"
    said = "Given back: anybody may take it now." if give_back else "This case is yours."
    return _do(case_id, partial(actions.assign, owner_id=None if give_back else person().id), said)


@blueprint.post("/<int:case_id>/reopen")
@needs(Permission.INBOX_ANSWER)
def reopen(case_id: int) -> ResponseReturnValue:
    """Open a closed case again."""
    return _do(case_id, actions.reopen, "The case is open again.")


@blueprint.post("/<int:case_id>/close")
@needs(Permission.INBOX_ANSWER)
def close(case_id: int) -> ResponseReturnValue:
    """Close a case and go on to the next."""
    known = person()
    try:
        with services().database.write() as session:
            following = conversations.next_after(session, known, _view(), case_id)
            actions.close(session, _case(session, case_id), by=known.email, now=now())
    except REFUSALS as refusal:
        return _page(case_id, problem=str(refusal)), 422
    flash(f"Case {case_id} is closed. A new message from the family opens a new one.")
    return redirect(_onwards(following))


@blueprint.post("/<int:case_id>/corrections/<int:message_id>/approve")
@needs(Permission.INBOX_ANSWER)
def approve_correction(case_id: int, message_id: int) -> ResponseReturnValue:
    """Let a correction leave, with exactly the numbers that the page showed."""
    action = partial(corrections.approve, message_id=message_id, seen=request.form.get("seen", ""))
    return _do(case_id, action, "The correction is on its way. It is counted once more before it leaves.")


@blueprint.post("/<int:case_id>/corrections/<int:told_id>/dismiss")
@needs(Permission.INBOX_ANSWER)
def dismiss_correction(case_id: int, told_id: int) -> ResponseReturnValue:
    """Decide that what a message told wrongly needs no correction."""
    action = partial(corrections.dismiss, told_id=told_id, note=request.form.get("note", "")[:LONGEST_NOTE])
    return _do(case_id, action, "Dismissed. Another number would ask again.")


@blueprint.post("/<int:case_id>/wishes/<int:wish_id>")
@needs(Permission.INBOX_ANSWER)
def decide_wish(case_id: int, wish_id: int) -> ResponseReturnValue:
    """Use a number or a language that the family named on its page, having made sure with them; or do not."""
    accept = request.form.get("accept") == "1"
    said = "Changed. It is used from now on." if accept else "Nothing was changed."
    if not person().may(Permission.DANGER_READ):
        with services().database.read() as session:
            if wish_id not in {wish.id for wish in wishes.of_case(session, case_id)}:
                return errors.show(404)
    return _do(case_id, partial(proposals.decide, proposal_id=wish_id, accept=accept), said)


def _do(case_id: int, action: Callable[..., object], said: str) -> ResponseReturnValue:
    """Run one action of a person on a case and show the case again, with the reason where it was refused."""
    try:
        with services().database.write() as session:
            action(session, _case(session, case_id), by=person().email, now=now())
    except REFUSALS as refusal:
        return _page(case_id, problem=str(refusal)), 422
    flash(said)
    return redirect(_here(case_id))


def _page(case_id: int, *, draft: str = "", problem: str = "") -> str:
    known, view, settings = person(), _view(), services().settings
    shelf, news = inbox.shelf_of(view, current=case_id)
    with services().database.read() as session:
        case = _case(session, case_id)
        owner = accounts.names(session, {case.owner_id}).get(case.owner_id, "") if case.owner_id else ""
        return render_template(
            "case.html",
            case=case,
            view=view,
            shelf=shelf,
            news=news,
            thread=_thread(session, case),
            panel=panel.about(session, [case.student_id] if case.student_id else [], known.schools, settings=settings, now=now()),
            corrections=wrong_numbers.of_case(session, case.id, known.schools, settings=settings, now=now()),
            adult=people.contact_names(session, {case.contact_id}).get(case.contact_id, ""),
            number=panel.shown_number(case.phone),
            opted_out=bool(case.phone) and consent.state(session, case.phone).opted_out,
            owner=owner,
            incident=danger_queries.of_case(session, case.id, known),
            wishes=wishes.of_case(session, case.id),
            closed=case.state == CaseState.CLOSED,
            draft=draft,
            problem=problem,
            once=secrets.token_urlsafe(12),
            longest=LONGEST_ANSWER,
            longest_note=LONGEST_NOTE,
        )


def _thread(session: Session, case: Case) -> str:
    return inbox.sealed(render_template("parts/thread.html", items=conversations.thread(session, case, person())))


def _case(session: Session, case_id: int) -> Case:
    return queries.one(session, case_id, person().schools)


def _view() -> views.View:
    return views.of({**request.args.to_dict(), **request.form.to_dict()})


def _here(case_id: int) -> str:
    return url_for("cases.page", case_id=case_id, **_view().arguments)


def _onwards(following: int | None) -> str:
    return _here(following) if following else url_for("inbox.page", **_view().arguments)
