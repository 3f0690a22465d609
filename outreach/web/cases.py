"""What a person does about one case; the page itself is ``case_page``."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from outreach.cases import actions, acts, corrections, desk, proposals, queries, saved_replies
from outreach.cases.actions import OvertakenError
from outreach.cases.desk import DraftKind
from outreach.clock import FixedClock
from outreach.messages.segments import measure, normalise
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import case_page, errors, inbox, wishes
from outreach.web.case_page import LONGEST_ANSWER, LONGEST_NOTE, REFUSALS, address, advancing, do, found, onwards, show
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("cases", __name__, url_prefix="/cases")


@blueprint.app_errorhandler(queries.CaseNotFoundError)
def not_found(_problem: queries.CaseNotFoundError) -> ResponseReturnValue:
    """A case of another school does not exist for this person."""
    return errors.show(404)


@blueprint.get("/<int:case_id>")
@needs(Permission.INBOX_READ)
def page(case_id: int) -> ResponseReturnValue:
    """The case beside its list."""
    return show(case_id)


@blueprint.get("/<int:case_id>/live")
@needs(Permission.INBOX_READ)
def live(case_id: int) -> ResponseReturnValue:
    """The conversation again, for a page that asks now and then; 204 while nothing changed. What changed is said aloud."""
    with services().database.read() as session:
        thread = case_page.thread(session, found(session, case_id))
    return Response(status=204) if inbox.was_seen(thread) else thread + render_template("parts/thread_news.html")


@blueprint.post("/<int:case_id>/here")
@needs(Permission.INBOX_READ)
def here(case_id: int) -> ResponseReturnValue:
    """A page that is open says so, and hears who else is here."""
    case_page.look(case_id)
    with services().database.read() as session:
        case, known = found(session, case_id), person()
        colleagues = desk.others(session, [case_id], known.id, now()).get(case_id, [])
        owner = accounts.names(session, {case.owner_id}).get(case.owner_id, "") if case.owner_id else ""
    return render_template("parts/here.html", here=colleagues, owner=owner, mine=case.owner_id == known.id)


@blueprint.post("/<int:case_id>/draft")
@needs(Permission.INBOX_NOTE)
def draft(case_id: int) -> ResponseReturnValue:
    """Keep the words typed so far, and say how many texts they would take."""
    known, kind = person(), DraftKind.NOTE if "note" in request.form else DraftKind.ANSWER
    words = request.form.get("note" if kind is DraftKind.NOTE else "text", "")[: LONGEST_NOTE + 1]
    with services().database.write() as session:
        found(session, case_id)
        desk.keep_draft(session, case_id, known.id, kind, words, now())
        desk.look(session, case_id, known.id, now(), typing=True)
    if kind is DraftKind.NOTE:
        return render_template("parts/kept.html", kept=bool(words.strip()))
    typed = normalise(words.strip())
    return render_template("parts/size.html", size=measure(typed), length=len(typed), longest=LONGEST_ANSWER)


@blueprint.post("/<int:case_id>/answer")
@needs(Permission.INBOX_ANSWER)
def answer(case_id: int) -> ResponseReturnValue:
    """Plan an answer to the family, then stay or go on to the next case of the list; for some seconds it can be taken back."""
    words, known = request.form.get("text", "").strip(), person()
    if len(words) > LONGEST_ANSWER:
        return show(case_id, draft=words, problem=f"This is too long for one text: at most {LONGEST_ANSWER:,} characters."), 422
    wait, seen = timedelta(seconds=services().settings.undo_seconds), case_page.number_sent("last")
    try:
        with advancing(case_id) as step:
            sent = actions.answer(
                step.session,
                step.case,
                words,
                account_id=known.id,
                by=known.email,
                now=now(),
                once=request.form.get("once", ""),
                seen=seen,
                # where time stands still (OUTREACH_NOW) the seconds would never be over
                leaves_in=timedelta() if isinstance(services().clock, FixedClock) else wait,
            )
            step.did("Your answer is on its way.", planned_id=sent.id, good_for=wait)
    except OvertakenError as refusal:
        _keep(case_id, words)
        return show(case_id, draft=words, problem=str(refusal)), 409
    except REFUSALS as refusal:
        return show(case_id, draft=words, problem=str(refusal)), 422
    return redirect(onwards(step.following) if request.form.get("then") == "next" else address(case_id))


def _keep(case_id: int, words: str) -> None:
    with services().database.write() as session:
        desk.keep_draft(session, case_id, person().id, DraftKind.ANSWER, words, now())


@blueprint.post("/<int:case_id>/saved/<message>")
@needs(Permission.INBOX_ANSWER)
def saved(case_id: int, message: str) -> ResponseReturnValue:
    """Put a saved reply under the words typed so far; with script the page does this by itself, where the cursor stands."""
    with services().database.read() as session:
        offered = saved_replies.offered(session, found(session, case_id), services().settings)
    chosen = [one.words for one in offered if one.message == message]
    typed = request.form.get("text", "").strip()
    return show(case_id, draft="\n".join(filter(None, [typed, *chosen])))


@blueprint.post("/<int:case_id>/note")
@needs(Permission.INBOX_NOTE)
def note(case_id: int) -> ResponseReturnValue:
    """Keep a note that only staff see."""
    words = request.form.get("note", "")[:LONGEST_NOTE]
    try:
        with services().database.write() as session:
            actions.note(session, found(session, case_id), words, by=person().email, now=now())
            desk.drop_draft(session, case_id, person().id, DraftKind.NOTE)
    except REFUSALS as refusal:
        return show(case_id, problem=str(refusal)), 422
    flash("Note kept. The family does not see it.")
    return redirect(address(case_id))


@blueprint.post("/<int:case_id>/take")
@needs(Permission.INBOX_ANSWER)
def take(case_id: int) -> ResponseReturnValue:
    """Make this case mine, or give it back so that anybody may take it. Whoever has it open is not passed over without a question."""
    give_back, known = request.form.get("give_back") == "1", person()
    with services().database.read() as session:
        case, shown = found(session, case_id), case_page.number_sent("owner")
        standing = case.owner_id
        around = {one.account_id: one for one in desk.others(session, [case_id], known.id, now()).get(case_id, [])}
    if "owner" in request.form and standing not in {shown, known.id}:
        return show(case_id, problem="Somebody took or gave back this case meanwhile: see who looks after it now."), 409
    if not give_back and standing in around and request.form.get("sure") != "1":
        busy = around[standing]
        doing = "is writing here now" if busy.typing else "has this open now"
        return show(case_id, problem=f"{busy.name} {doing}. Ask first, or take it over all the same; no draft is lost.", sure=True), 409
    said = "Given back: anybody may take it now." if give_back else "This case is yours."
    return do(case_id, partial(actions.assign, owner_id=None if give_back else known.id), said)


@blueprint.post("/<int:case_id>/reopen")
@needs(Permission.INBOX_ANSWER)
def reopen(case_id: int) -> ResponseReturnValue:
    """Open a closed case again."""
    return do(case_id, partial(actions.reopen, settings=services().settings), "The case is open again.")


@blueprint.post("/<int:case_id>/close")
@needs(Permission.INBOX_ANSWER)
def close(case_id: int) -> ResponseReturnValue:
    """Close a case and go on to the next."""
    try:
        with advancing(case_id) as step:
            actions.close(step.session, step.case, by=person().email, now=now())
            step.did(f"Case {case_id} is closed. A new message from the family opens it again.")
    except REFUSALS as refusal:
        return show(case_id, problem=str(refusal)), 422
    return redirect(onwards(step.following))


@blueprint.post("/<int:case_id>/snooze")
@needs(Permission.INBOX_ANSWER)
def snooze(case_id: int) -> ResponseReturnValue:
    """Put a case aside until the morning of a day, and go on to the next."""
    settings = services().settings
    try:
        day = date.fromisoformat(request.form.get("day") or request.form.get("other_day", ""))
        until = acts.morning_of(day, settings.school_opens, settings.zone)
        with advancing(case_id) as step:
            what_then = request.form.get("what_then", "")[:LONGEST_NOTE]
            acts.snooze(step.session, step.case, until, by=person().email, now=now(), what_then=what_then)
            step.did(f"Case {case_id} is put aside. A word from the family brings it back at once.")
    except ValueError:
        return show(case_id, problem="Choose a day on which the case comes back."), 422
    except REFUSALS as refusal:
        return show(case_id, problem=str(refusal)), 422
    return redirect(onwards(step.following))


@blueprint.post("/<int:case_id>/wake")
@needs(Permission.INBOX_ANSWER)
def wake(case_id: int) -> ResponseReturnValue:
    """Bring a case back that was put aside."""
    return do(case_id, acts.wake, "The case is back.")


@blueprint.post("/<int:case_id>/corrections/<int:message_id>/approve")
@needs(Permission.INBOX_ANSWER)
def approve_correction(case_id: int, message_id: int) -> ResponseReturnValue:
    """Let a correction leave, with exactly the numbers that the page showed."""
    action = partial(corrections.approve, message_id=message_id, seen=request.form.get("seen", ""))
    return do(case_id, action, "The correction is on its way. It is counted once more before it leaves.")


@blueprint.post("/<int:case_id>/corrections/<int:told_id>/dismiss")
@needs(Permission.INBOX_ANSWER)
def dismiss_correction(case_id: int, told_id: int) -> ResponseReturnValue:
    """Decide that what a message told wrongly needs no correction."""
    action = partial(corrections.dismiss, told_id=told_id, note=request.form.get("note", "")[:LONGEST_NOTE])
    return do(case_id, action, "Dismissed. Another number would ask again.")


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
    return do(case_id, partial(proposals.decide, proposal_id=wish_id, accept=accept), said)
