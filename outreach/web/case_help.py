"""What stands in a child's way, and what is done about it: a page of the case, and every act on it. It needs no script."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import barriers, help_queries, referrals, saved_replies, steps
from outreach.cases.actions import CaseError
from outreach.cases.barrier_words import LAYERS, shipped
from outreach.cases.barriers import BY_PEOPLE, Told
from outreach.cases.help_queries import ShownBarrier, ShownStep
from outreach.cases.help_states import BarrierState, IllegalMoveError, ReferralState, SaidBy, Severity, StepState
from outreach.cases.referrals import Choice as Fitting
from outreach.cases.referrals import Offer
from outreach.cases.states import CaseState
from outreach.cases.steps import Plan
from outreach.cases.tables import Case
from outreach.clock import FixedClock, local_date
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.replies.normalise import storable
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import inbox, people, resources, views
from outreach.web.case_page import LONGEST_ANSWER, LONGEST_NOTE, Advance, found, number_sent
from outreach.web.context import now, person, services
from outreach.web.permissions import needs

blueprint = Blueprint("case_help", __name__, url_prefix="/cases/<int:case_id>/help")

REFUSALS = (CaseError, IllegalMoveError)
SEVERITIES = {
    Severity.NOT_SAID: "Nobody said yet",
    Severity.SOME: "Some days",
    Severity.MOST: "Most days",
    Severity.ALL: "The child cannot come",
}
SAID_BY = {
    SaidBy.TEXT: "the family, by text",
    SaidBy.PAGE: "the family, on its page",
    SaidBy.FAMILY: "the family",
    SaidBy.STUDENT: "the student",
    SaidBy.STAFF: "somebody of the school",
}
_WHAT_WE_DID = "what_we_did"
_SEALED = "This is sealed: only the person who looks after the case decides about it."
_NO_DAY = "Choose a day from today on, within a year."
Choice = TypeVar("Choice", bound=str)


@blueprint.get("")
@needs(Permission.INBOX_READ)
def page(case_id: int) -> ResponseReturnValue:
    """The page."""
    return show(case_id)


def show(case_id: int, *, problem: str = "") -> str:
    """What stands in the way, the steps against it, and the forms; *problem* says why an act was refused."""
    known, settings = person(), services().settings
    with services().database.read() as session:
        case = found(session, case_id)
        shown = help_queries.barriers(session, [case], known)
        done_and_planned = help_queries.steps(session, case, shown, known)
        return render_template(
            "case_help.html",
            case=case,
            child=people.children(session, [case.student_id], known.schools).get(case.student_id) if case.student_id else None,
            adult=people.contact_names(session, {case.contact_id}).get(case.contact_id, ""),
            owner=accounts.names(session, {case.owner_id}).get(case.owner_id, "") if case.owner_id else "",
            barriers=shown,
            steps=done_and_planned,
            doers=accounts.names(session, {one.row.owner_id for one in done_and_planned if one.row and one.row.owner_id}),
            names=accounts.names_by_email(session, {one.row.confirmed_by for one in shown if one.row and one.row.confirmed_by}),
            referrals=referrals.of_steps(session, [one.id for one in done_and_planned if one.row]),
            fitting=_fitting(session, case, shown),
            messages=_messages(session, done_and_planned),
            what_we_did=_what_we_did(session, case) if known.may(Permission.INBOX_ANSWER) and case.phone else "",
            once=secrets.token_urlsafe(12),
            longest_answer=LONGEST_ANSWER,
            closed=case.state == CaseState.CLOSED,
            in_a_week=local_date(now(), settings.zone) + timedelta(days=7),
            today=local_date(now(), settings.zone),
            act=inbox.fresh_act(session),
            view=views.of(request.args),
            problem=problem,
            longest=LONGEST_NOTE,
            **_choices(),
        )


def _messages(session: Session, shown: Sequence[ShownStep]) -> dict[int, PlannedMessage]:
    """What told families of these steps, or asked whether they helped, as far as it was not taken back."""
    ids = {message for one in shown if one.row for message in (one.row.told_id, one.row.asked_id) if message}
    rows = session.scalars(select(PlannedMessage).where(PlannedMessage.id.in_(ids), PlannedMessage.state != State.CANCELLED.value))
    return {row.id: row for row in rows}


def _what_we_did(session: Session, case: Case) -> str:
    """The approved words for it in the family's language, with a place for what was done; empty where nobody approved any."""
    offered = saved_replies.offered(session, case, services().settings)
    return next((one.words for one in offered if one.message == _WHAT_WE_DID), "")


def _fitting(session: Session, case: Case, shown: Sequence[ShownBarrier]) -> dict[int, list[Fitting]]:
    """Open reason that this person may read → the resources that fit it."""
    readable = [one for one in shown if one.is_open and one.row is not None]
    return {one.id: referrals.choices(session, case, one.row.reason, services().settings, now()) for one in readable if one.row}


def _choices() -> dict[str, object]:
    words = shipped()
    by_layer = {label: [kind for kind in words.kinds.values() if kind.layer is layer] for layer, label in LAYERS.items()}
    return {
        "reasons": resources.by_category(),
        "kinds": by_layer,
        "layers": LAYERS,
        "severities": SEVERITIES,
        "said_by": SAID_BY,
        "by_people": {one: SAID_BY[one] for one in BY_PEOPLE},
        "BARRIER": BarrierState,
        "STEP": StepState,
        "REFERRAL": ReferralState,
    }


def do(case_id: int, action: Callable[..., object], said: str) -> ResponseReturnValue:
    """Run one act of a person on a case and show this page again, with the reason where it was refused.

    An act that can be taken back says itself what it did, beside its *Undo*: *said* is empty then.
    """
    try:
        with services().database.write() as session:
            action(session, found(session, case_id), by=person().email, now=now())
    except REFUSALS as refusal:
        return show(case_id, problem=str(refusal)), 422
    if said:
        flash(said)
    return redirect(url_for("case_help.page", case_id=case_id))


def words_sent(name: str) -> str:
    """What was written into one field of the form."""
    return storable(request.form.get(name, ""))[:LONGEST_NOTE]


def chosen(kind: type[Choice], name: str, otherwise: Choice) -> Choice:
    """What was chosen in the form, or *otherwise* where that is none of the choices."""
    sent = request.form.get(name, "")
    return kind(sent) if sent in list(kind) else otherwise  # type: ignore[call-overload]  # an enum of texts holds its values


# --- reasons --------------------------------------------------------------------------------------------------------------------


@blueprint.post("/barriers")
@needs(Permission.INBOX_NOTE)
def note(case_id: int) -> ResponseReturnValue:
    """Write a reason down that somebody told."""
    told = Told(
        reason=request.form.get("reason", ""),
        severity=chosen(Severity, "severity", Severity.NOT_SAID),
        said_by=chosen(SaidBy, "said_by", SaidBy.TEXT),
        words=words_sent("words"),
        sealed="sealed" in request.form,
    )
    return do(case_id, partial(barriers.note, told=told), "Written down.")


@blueprint.post("/barriers/<int:barrier_id>/confirm")
@needs(Permission.INBOX_NOTE)
def confirm(case_id: int, barrier_id: int) -> ResponseReturnValue:
    """Say what the reason is, having looked."""
    reason, severity = request.form.get("reason", ""), chosen(Severity, "severity", Severity.NOT_SAID)
    return _on_barrier(case_id, barrier_id, partial(barriers.confirm, reason=reason, severity=severity), "Kept.")


@blueprint.post("/barriers/<int:barrier_id>/close")
@needs(Permission.INBOX_ANSWER)
def close(case_id: int, barrier_id: int) -> ResponseReturnValue:
    """Close a reason: on the family's yes, or with a note why."""
    action = partial(barriers.close, why=words_sent("why"), yes=request.form.get("yes") == "1")
    return _on_barrier(case_id, barrier_id, action, "Closed: no longer in the way.")


@blueprint.post("/barriers/<int:barrier_id>/reopen")
@needs(Permission.INBOX_ANSWER)
def reopen(case_id: int, barrier_id: int) -> ResponseReturnValue:
    """Say that it still stands in the way."""
    return _on_barrier(case_id, barrier_id, barriers.reopen, "It stands in the way again.")


def _on_barrier(case_id: int, barrier_id: int, action: Callable[..., object], said: str) -> ResponseReturnValue:
    def run(session: Session, case: Case, *, by: str, now: datetime) -> None:
        shown = {one.id: one for one in help_queries.barriers(session, [case], person())}
        if barrier_id in shown and shown[barrier_id].closed_to_me:
            raise CaseError(_SEALED)
        action(session, case, barrier_id, by=by, now=now)

    return do(case_id, run, said)


# --- steps ----------------------------------------------------------------------------------------------------------------------


@blueprint.post("/steps")
@needs(Permission.INBOX_NOTE)
def step(case_id: int) -> ResponseReturnValue:
    """Plan a step for a day, or write one down that is done."""
    try:
        day = _day_sent()
    except ValueError:
        return show(case_id, problem=_NO_DAY), 422
    is_done = request.form.get("what") == "done"
    wanted = Plan(request.form.get("kind", ""), words_sent("words"), None if is_done else day, number_sent("barrier"))
    action = partial(steps.record if is_done else steps.plan, wanted=wanted, account_id=person().id)
    return do(case_id, action, "Written down as done." if is_done else "Planned. It stands under My students as the next step.")


def _day_sent() -> date | None:
    """The day of the form, from today on and within a year; None where it is empty. Raises ValueError."""
    sent, today = request.form.get("day", ""), local_date(now(), services().settings.zone)
    day = date.fromisoformat(sent) if sent else None
    if day is not None and not today <= day <= today + timedelta(days=366):
        raise ValueError(_NO_DAY)
    return day


@blueprint.post("/steps/<int:step_id>/done")
@needs(Permission.INBOX_NOTE)
def step_done(case_id: int, step_id: int) -> ResponseReturnValue:
    """Say that a planned step is done."""
    return _on_step(case_id, step_id, partial(steps.done, outcome=words_sent("outcome")), "Done.")


@blueprint.post("/steps/<int:step_id>/drop")
@needs(Permission.INBOX_NOTE)
def step_drop(case_id: int, step_id: int) -> ResponseReturnValue:
    """Drop a planned step, with a reason."""
    return _on_step(case_id, step_id, partial(steps.drop, why=words_sent("outcome")), "Dropped.")


@blueprint.post("/steps/<int:step_id>/tell")
@needs(Permission.INBOX_ANSWER)
def step_tell(case_id: int, step_id: int) -> ResponseReturnValue:
    """Tell the family what was done; for some seconds it can be taken back."""
    known, wait = person(), timedelta(seconds=services().settings.undo_seconds)
    leaves_in = timedelta() if isinstance(services().clock, FixedClock) else wait
    words = words_sent("text")
    if len(words) > LONGEST_ANSWER:
        return show(case_id, problem=f"This is too long for one text: at most {LONGEST_ANSWER:,} characters."), 422

    def run(session: Session, case: Case, step_id: int, *, by: str, now: datetime) -> None:
        act = Advance(session, case, None)
        once = storable(request.form.get("once", ""))
        told = steps.tell(session, case, step_id, words, account_id=known.id, by=by, now=now, once=once, leaves_in=leaves_in)
        act.did("What you did is on its way to the family.", planned_id=told.id, good_for=wait)

    return _on_step(case_id, step_id, run, "")


def _on_step(case_id: int, step_id: int, action: Callable[..., object], said: str) -> ResponseReturnValue:
    def run(session: Session, case: Case, *, by: str, now: datetime) -> None:
        if step_id in _sealed_steps(session, case):
            raise CaseError(_SEALED)
        action(session, case, step_id, by=by, now=now)

    return do(case_id, run, said)


def _sealed_steps(session: Session, case: Case) -> set[int]:
    """The steps of a case that this person may not read."""
    shown = help_queries.barriers(session, [case], person())
    return {one.id for one in help_queries.steps(session, case, shown, person()) if one.row is None}


# --- referrals ------------------------------------------------------------------------------------------------------------------


@blueprint.post("/barriers/<int:barrier_id>/referrals")
@needs(Permission.INBOX_ANSWER)
def offer(case_id: int, barrier_id: int) -> ResponseReturnValue:
    """Point the family to somebody who can help."""
    known, settings = person(), services().settings
    try:
        day, resource_id = _day_sent(), number_sent("resource")
    except ValueError:
        return show(case_id, problem=_NO_DAY), 422
    if day is None or resource_id is None:
        return show(case_id, problem="Choose who can help, and by when you ask whether it came to something."), 422

    def run(session: Session, case: Case, barrier_id: int, *, by: str, now: datetime) -> None:
        wanted = Offer(barrier_id, resource_id, day, words_sent("words"))
        referrals.offer(session, case, wanted, account_id=known.id, by=by, settings=settings, now=now)

    return _on_barrier(case_id, barrier_id, run, "Offered. It is a step now, and comes back on its day.")


@blueprint.post("/referrals/<int:referral_id>")
@needs(Permission.INBOX_ANSWER)
def referral(case_id: int, referral_id: int) -> ResponseReturnValue:
    """Say what became of a referral."""
    to = request.form.get("to", "")
    if to not in list(ReferralState):
        return show(case_id, problem="Say what became of it."), 422

    def run(session: Session, case: Case, *, by: str, now: datetime) -> None:
        if any(row.id == referral_id for row, _ in referrals.of_steps(session, _sealed_steps(session, case)).values()):
            raise CaseError(_SEALED)
        referrals.move_on(session, case, referral_id, ReferralState(to), words_sent("why"), by=by, settings=services().settings, now=now)

    return do(case_id, run, "Kept.")
