"""One case as a page, and what every act on a case shares: finding it, doing it, and going on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach.cases import actions, acts, contact_log, danger_queries, desk, escalation, proposals, queries, saved_replies, speaking_queries
from outreach.cases.states import CaseState, IllegalMoveError
from outreach.cases.tables import Case
from outreach.clock import local_date
from outreach.consent import queries as consent
from outreach.database import UnavailableError
from outreach.district.overlays import OverlayError
from outreach.messages.languages import DEFAULT
from outreach.planning import peace
from outreach.records import redaction
from outreach.staff import queries as accounts
from outreach.staff.roles import Permission
from outreach.web import beside, conversations, inbox, panel, people, views, wishes
from outreach.web import corrections as wrong_numbers
from outreach.web.context import now, person, services, small_number

LONGEST_ANSWER = 1600
"""Characters; the carrier takes no more in one message."""
LONGEST_NOTE = 4000
REFUSALS = (actions.CaseError, IllegalMoveError, proposals.ProposalError, OverlayError)
_ASIDE_FOR = (1, 3, 5, 10)
"""Weekdays after which a case that was put aside can come back with one click."""
_SATURDAY = 5


def show(case_id: int, *, draft: str | None = None, problem: str = "", sure: bool = False) -> str:
    """The case beside its list; *draft* are words that could not be sent, *sure* asks once more before a case is taken over."""
    known, view, settings = person(), asked(), services().settings
    today = local_date(now(), settings.zone)
    look(case_id)
    with services().database.read() as session:
        case = found(session, case_id)
        owner = accounts.names(session, {case.owner_id}).get(case.owner_id, "") if case.owner_id else ""
        unsent = desk.drafts(session, case_id, known.id)
        return render_template(
            "case.html",
            case=case,
            view=view,
            shelf=inbox.shelf_of(session, view, current=case_id),
            thread=thread(session, case),
            panel=panel.about(session, [case.student_id] if case.student_id else [], known.schools, settings=settings, now=now()),
            beside=beside.of_child(session, case.student_id, known, settings.zone, today) if case.student_id else None,
            why_quiet=peace.Why,
            saved=saved_replies.offered(session, case, settings) if known.may(Permission.INBOX_ANSWER) else [],
            corrections=wrong_numbers.of_case(session, case.id, known.schools, settings=settings, now=now()),
            adult=people.contact_names(session, {case.contact_id}).get(case.contact_id, ""),
            number=panel.shown_number(case.phone),
            opted_out=bool(case.phone) and consent.state(session, case.phone).opted_out,
            owner=owner,
            why=escalation.why(session, case, known.id, owner),
            here=desk.others(session, [case_id], known.id, now()).get(case_id, []),
            incident=danger_queries.of_case(session, case.id, known),
            wishes=wishes.of_case(session, case.id),
            act=inbox.fresh_act(session),
            closed=case.state == CaseState.CLOSED,
            aside=case.snoozed_until is not None and case.snoozed_until > now(),
            aside_days=days_ahead(today),
            draft=unsent.get(desk.DraftKind.ANSWER, "") if draft is None else draft,
            note_draft=unsent.get(desk.DraftKind.NOTE, ""),
            log_kinds=contact_log.KINDS,
            problem=problem,
            sure=sure,
            foreign=_foreign(session, case),
            once=secrets.token_urlsafe(12),
            longest=LONGEST_ANSWER,
            longest_note=LONGEST_NOTE,
        )


def _foreign(session: Session, case: Case) -> str:
    """The language this family is answered in, in English; empty where that is English itself."""
    language = speaking_queries.family_language(session, case, services().settings)
    return speaking_queries.name_of(language) if language != DEFAULT else ""


def days_ahead(today: date) -> list[date]:
    """The weekdays on which a case can come back with one click."""
    weekdays = (day for n in range(1, 2 * max(_ASIDE_FOR)) if (day := today + timedelta(days=n)).weekday() < _SATURDAY)
    return [day for n, day in enumerate(weekdays, start=1) if n in _ASIDE_FOR]


def look(case_id: int, *, typing: bool = False) -> None:
    """Let colleagues know that this person is here; where the database is busy, they will know ten seconds later."""
    with suppress(UnavailableError), services().database.write(patience=0.5) as session:
        found(session, case_id)
        desk.look(session, case_id, person().id, now(), typing=typing)


def thread(session: Session, case: Case) -> str:
    """The conversation as it stands in the page, with the last event it shows: an answer says what its writer had seen."""
    newest = desk.newest_event(session, case.id)
    items = conversations.thread(session, case, person())
    return inbox.sealed(render_template("parts/thread.html", case=case, items=items, newest=newest, taken_out=redaction.TAKEN_OUT))


def found(session: Session, case_id: int) -> Case:
    """The case, where it is one of this person's. Raises CaseNotFoundError."""
    return queries.one(session, case_id, person().schools)


def asked() -> views.View:
    """The list beside which the case stands."""
    return views.of({**request.args.to_dict(), **request.form.to_dict()})


def address(case_id: int) -> str:
    """Where a case stands beside its list."""
    return url_for("cases.page", case_id=case_id, **asked().arguments)


def onwards(following: int | None) -> str:
    """The next case of the list, or the list where there is no other."""
    return address(following) if following else url_for("inbox.page", **asked().arguments)


def do(case_id: int, action: Callable[..., object], said: str) -> ResponseReturnValue:
    """Run one action of a person on a case and show the case again, with the reason where it was refused."""
    try:
        with services().database.write() as session:
            action(session, found(session, case_id), by=person().email, now=now())
    except REFUSALS as refusal:
        return show(case_id, problem=str(refusal)), 422
    flash(said)
    return redirect(address(case_id))


class Advance:
    """One act that can be taken back, and the case that comes after it in the list."""

    def __init__(self, session: Session, case: Case, following: int | None) -> None:
        """Know the case as it stands before the act."""
        self.session, self.case, self.following = session, case, following
        self._before, self._event = acts.stands(case), desk.newest_event(session, case.id)

    def did(self, said: str, *, planned_id: int | None = None, good_for: timedelta = acts.UNDO_WITHIN) -> None:
        """Keep what is needed to take the act back, and what the page says of it; a click that came twice did nothing the second time."""
        known = person()
        if desk.newest_event(self.session, self.case.id) == self._event:
            return
        acts.remember(self.session, [self._before], said, account_id=known.id, now=now(), planned_id=planned_id, good_for=good_for)
        desk.leave(self.session, self.case.id, known.id)


@contextmanager
def advancing(case_id: int) -> Iterator[Advance]:
    """Open a transaction for an act on a case after which a person goes on to the next."""
    with services().database.write() as session:
        following = conversations.next_after(session, person(), asked(), case_id, now())
        yield Advance(session, found(session, case_id), following)


def number_sent(name: str) -> int | None:
    """A whole number of the form."""
    return small_number(request.form.get(name, ""))
