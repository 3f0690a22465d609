"""Notes and disputes: what families said of the attendance record, and one press for what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.attendance import queries as attendance
from outreach.attendance.verdicts import Verdict
from outreach.cases import clerk, clerk_list, queries, seals
from outreach.cases.actions import CaseError
from outreach.cases.clerk_list import AGREES, Said
from outreach.cases.clerk_states import OUTCOMES, WordKind, WordState
from outreach.cases.clerk_tables import RecordWord
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.replies.tables import Inbound, InboundMedia
from outreach.staff import queries as staff
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Permission
from outreach.web import people, pictures
from outreach.web.case_page import LONGEST_NOTE
from outreach.web.context import now, page_number, person, services, small_number
from outreach.web.permissions import needs

blueprint = Blueprint("clerk", __name__)

VIEWS = {
    AGREES: "The feed agrees",
    WordState.WAITING.value: "To look at",
    WordState.FIXED.value: "Fixed, feed to come",
    WordState.ASKED.value: "Family asked",
    WordState.STANDS.value: "Mark stands",
}
MEANINGS = {
    AGREES: "Since the family wrote, the feed has changed to what they said. Look, close it, and thank them.",
    WordState.WAITING.value: "Notes for days missed, and marks that a family says are wrong; who has waited longest is first.",
    WordState.FIXED.value: "Set right in the SIS. The feed has not shown it yet.",
    WordState.ASKED.value: "Not clear. They come back to the list as soon as the family writes.",
    WordState.STANDS.value: "Looked at; the mark is right. Should the feed change it after all, you will see it here.",
}
OUTCOME_LABELS = {
    WordState.FIXED: "Fixed in the SIS",
    WordState.STANDS: "The mark stands",
    WordState.ASKED: "Not clear: ask the family",
}
_PER_PAGE = 20
_DAYS_SHOWN = 5


@dataclass(frozen=True)
class MarkedDay:
    """What our data say of one day."""

    on: date
    verdict: str
    codes: str


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    word: RecordWord
    case: Case
    words: str
    inbound: Inbound | None
    """None where its words are sealed for this person."""
    media: tuple[InboundMedia, ...]
    said: tuple[date, ...]
    agrees: bool
    """The feed now says what the family said."""
    shown: tuple[date, ...]
    days: tuple[MarkedDay, ...]
    """Of the dates it names; without any, the latest days missed."""


@blueprint.get("/notes")
@needs(Permission.NOTES_SETTLE)
def page() -> ResponseReturnValue:
    """One view of the list, page by page."""
    known, number = person(), page_number()
    with services().database.read() as session:
        counts = clerk_list.counts(session, known.schools)
        asked = request.args.get("view", "")
        view = asked if asked in VIEWS else AGREES if counts[AGREES] else WordState.WAITING.value
        found = clerk_list.listed(session, known.schools, view, skip=(number - 1) * _PER_PAGE, most=_PER_PAGE + 1)
        rows = _rows(session, found[:_PER_PAGE], known)
        return render_template(
            "clerk.html",
            rows=rows,
            names=people.children(session, [row.case.student_id for row in rows if row.case.student_id], known.schools),
            deciders=staff.names_by_email(session, {row.word.changed_by for row in rows}),
            view=view,
            views=VIEWS,
            meaning=MEANINGS[view],
            counts=counts,
            outcomes=OUTCOME_LABELS,
            page=number,
            more=len(found) > _PER_PAGE,
            longest=LONGEST_NOTE,
        )


@blueprint.post("/notes")
@needs(Permission.NOTES_SETTLE)
def decide() -> ResponseReturnValue:
    """Say what came of one word, or that it is to be looked at again; ``days`` texts the family what our record shows."""
    form = request.form
    to = next((one for one in (*OUTCOMES, WordState.WAITING) if one == form.get("outcome")), None)
    try:
        with services().database.write() as session:
            word, case = clerk.one(session, small_number(form.get("word", "")) or 0, person().schools)
            if form.get("outcome") == "days":
                clerk.ask_with_days(session, word, case, by=person().email, settings=services().settings, now=now())
                flash("The days leave for the family as soon as they may; their answer brings this back.")
            elif to is not None:
                words = form.get("why", "")[:LONGEST_NOTE]
                clerk.decide(session, word, case, to, words, by=person().email, settings=services().settings, now=now())
    except CaseError as refusal:
        flash(str(refusal), "warning")
    return redirect(_back())


@blueprint.post("/notes/give")
@needs(Permission.NOTES_SETTLE)
def give() -> ResponseReturnValue:
    """Put the last text of a conversation on the list; software took it for something else."""
    kind = next((one for one in (WordKind.NOTE, WordKind.DISPUTE) if one == request.form.get("kind")), WordKind.NOTE)
    case_id = small_number(request.form.get("case", "")) or 0
    try:
        with services().database.write() as session:
            case = queries.one(session, case_id, person().schools, lock=True)
            clerk.give(session, case, kind, by=person().email, settings=services().settings, now=now())
        flash("The attendance office has it.")
    except CaseError as refusal:
        flash(str(refusal), "warning")
    return redirect(url_for("cases.page", case_id=case_id))


@blueprint.post("/notes/close")
@needs(Permission.NOTES_SETTLE)
def close() -> ResponseReturnValue:
    """Close one word, having looked; where the form says so the family is thanked."""
    thanks, by = request.form.get("thank") == "1", person().email
    try:
        with services().database.write() as session:
            word, case = clerk.one(session, small_number(request.form.get("word", "")) or 0, person().schools)
            if thanks:
                clerk.thank(session, word, case, by=by, settings=services().settings, now=now())
            else:
                clerk.close(session, word, case, by=by, now=now())
        flash("Closed. The thanks leaves as soon as it may." if thanks else "Closed.")
    except CaseError as refusal:
        flash(str(refusal), "warning")
    return redirect(_back())


def _back() -> str:
    view = request.form.get("view", "")
    return url_for("clerk.page", view=view if view in VIEWS else None)


def _rows(session: Session, found: Sequence[Said], known: SignedIn) -> list[Row]:
    closed = seals.of_cases(session, [one.case for one in found], known)
    photos = pictures.of_texts(session, [one.inbound.id for one in found])
    rows = []
    for one in found:
        word, case, inbound = one.word, one.case, one.inbound
        instead = closed[case.id].over(inbound.received_at, urgent=inbound.urgent)
        said = tuple(date.fromisoformat(day) for day in word.dates)
        rows.append(
            Row(
                word=word,
                case=case,
                words=instead or inbound.body,
                inbound=None if instead else inbound,
                media=() if instead else photos.get(inbound.id, ()),
                said=() if instead else said,
                agrees=bool(word.shown),
                shown=() if instead else tuple(date.fromisoformat(day) for day in word.shown),
                days=_days(session, case.student_id, said) if case.student_id and not instead else (),
            )
        )
    return rows


def _days(session: Session, student_id: str, said: Collection[date]) -> tuple[MarkedDay, ...]:
    days = attendance.explain(session, student_id, local_date(now(), services().settings.zone))
    mine = [day for day in days if day.date in said] if said else [day for day in days if day.verdict.absent][-_DAYS_SHOWN:]
    return tuple(MarkedDay(day.date, _said_of(day.verdict), ", ".join(sorted({mark.code for mark in day.marks}))) for day in mine)


def _said_of(verdict: Verdict) -> str:
    return {Verdict.UNSPECIFIED: "absent, no reason", Verdict.CONFLICT: "absent, reasons conflict", Verdict.UNKNOWN: "not known"}.get(
        verdict, f"absent, {verdict.value}"
    )
