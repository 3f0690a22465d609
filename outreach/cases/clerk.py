"""What a person makes of a family's word about the attendance record; software neither decides nor closes one.

After a feed the marks that changed since are compared with what was said (``look``): where they agree, the page proposes to close it and to
thank the family, and a person presses.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance import history
from outreach.attendance.queries import newest_import
from outreach.cases import actions, clerk_hearing, clerk_texts, corrections, escalation, queries
from outreach.cases.actions import CaseError
from outreach.cases.clerk_states import MOVES, OUTCOMES, WordKind, WordState, shown_by
from outreach.cases.clerk_tables import RecordWord
from outreach.cases.events import add_event
from outreach.cases.states import CaseState, EventKind, Queue, WrongState
from outreach.cases.states import move as move_case
from outreach.cases.tables import Case, WrongCount
from outreach.clock import local_date
from outreach.database import Database
from outreach.planning.tables import PlannedMessage
from outreach.planning.which_days import MESSAGE as DAYS
from outreach.planning.which_days import RECORD_FIXED
from outreach.settings import Settings
from outreach.staff.actions import audit

_AT_ONCE = 200
_NEEDS_WORDS = {
    WordState.STANDS: "Write why the mark stands: the family will want to know.",
    WordState.ASKED: "Write what the family should be asked, for whoever answers it.",
}
_IN_THE_CASE = {
    WordState.FIXED: "Attendance: set right in the SIS; the next feed should show it.",
    WordState.STANDS: "Attendance: the mark stands.",
    WordState.ASKED: "Attendance: not clear. Please ask the family.",
    WordState.WAITING: "Attendance: looked at again.",
    WordState.CLOSED: "Attendance: the record and the family agree.",
}


def one(session: Session, word_id: int, schools: frozenset[str] | None) -> tuple[RecordWord, Case]:
    """One word with its case, locked until commit, where it is one of these schools'. Raises CaseNotFoundError."""
    word = session.get(RecordWord, word_id, with_for_update=True)
    if word is None:
        message = "There is no such note in your schools."
        raise queries.CaseNotFoundError(message)
    return word, queries.one(session, word.case_id, schools, lock=True)


def give(session: Session, case: Case, kind: WordKind, *, by: str, settings: Settings, now: datetime) -> None:
    """Put the family's last text before the office, which software took for something else. Raises CaseError."""
    last = queries.last_inbound(session, case.id)
    if last is None:
        message = "The family has not written here; write a note instead."
        raise CaseError(message)
    word = clerk_hearing.put(session, case, last, kind, settings.zone)
    if word is not None:
        audit(session, actor=by, action="record.given", subject=f"case {case.id}", now=now, detail={"word": word.id})


def decide(session: Session, word: RecordWord, case: Case, to: WordState, why: str, *, by: str, settings: Settings, now: datetime) -> None:
    """Say what came of a word: one of OUTCOMES, or WAITING to look again. Raises CaseError."""
    words = why.strip()
    if to not in {*OUTCOMES, WordState.WAITING} or to not in MOVES[WordState(word.state)]:
        message = "Look at it again before you say something else of it."
        raise CaseError(message)
    if to in _NEEDS_WORDS and not words:
        raise CaseError(_NEEDS_WORDS[to])
    if word.state != to:
        _write(session, word, case, to, words, by, now)
    if to is WordState.ASKED:
        _ask(session, case, settings, by, now)


def close(session: Session, word: RecordWord, case: Case, *, by: str, now: datetime) -> None:
    """Close a word, because the record and the family agree; a person has looked. Closing it twice is once."""
    if word.state != WordState.CLOSED:
        _write(session, word, case, WordState.CLOSED, "", by, now)


def thank(session: Session, word: RecordWord, case: Case, *, by: str, settings: Settings, now: datetime) -> PlannedMessage:
    """Close a word with which the feed agrees, and thank the family in reviewed words that tell the count as it is at their release.

    Every check of a campaign binds them. A correction that waits for the same number and child is told by them, and dismissed: nobody is
    written to twice about one mark. Thanking twice is once. Raises CaseError.
    """
    if word.thanks_id is not None:
        return session.get_one(PlannedMessage, word.thanks_id)
    if not word.shown:
        message = "The feed does not show it any more: look at it again."
        raise CaseError(message)
    thanks = clerk_texts.plan(session, word, case, RECORD_FIXED, settings, by=by, now=now)
    word.thanks_id = thanks.id
    _told_with_it(session, case, by, now)
    close(session, word, case, by=by, now=now)
    return thanks


def ask_with_days(session: Session, word: RecordWord, case: Case, *, by: str, settings: Settings, now: datetime) -> PlannedMessage:
    """Text the family the days that our record shows, in reviewed words that ask which is not right; their answer brings the word back.

    Once for each word, and never to a number that may not know them. Raises CaseError.
    """
    if WordState.ASKED not in MOVES[WordState(word.state)] or word.state == WordState.ASKED:
        message = "Look at it again before you say something else of it."
        raise CaseError(message)
    question = clerk_texts.plan(session, word, case, DAYS, settings, by=by, now=now)
    _write(session, word, case, WordState.ASKED, "The days that our record shows were sent to them.", by, now)
    return question


def _told_with_it(session: Session, case: Case, by: str, now: datetime) -> None:
    """Dismiss the corrections that would tell the same adult of the same child alone."""
    undecided = select(WrongCount).where(WrongCount.student_id == case.student_id, WrongCount.state == WrongState.OPEN)
    for row in session.scalars(undecided).all():
        told = session.get_one(PlannedMessage, row.planned_id)
        if told.phone == case.phone and told.student_ids == [case.student_id]:
            corrections.dismiss(
                session, session.get_one(Case, row.case_id), told.id, "Told with the thanks for their word.", by=by, now=now
            )


def _write(session: Session, word: RecordWord, case: Case, to: WordState, words: str, by: str, now: datetime) -> None:
    word.state, word.why, word.changed_at, word.changed_by = to.value, words, now, by
    add_event(session, case, EventKind.NOTE, by=by, now=now, text=" ".join(filter(None, (_IN_THE_CASE[to], words))))
    audit(session, actor=by, action=f"record.{to}", subject=f"case {case.id}", now=now, detail={"word": word.id})


def _ask(session: Session, case: Case, settings: Settings, by: str, now: datetime) -> None:
    """Bring the case before whoever answers this family."""
    if case.state == CaseState.CLOSED:
        with suppress(CaseError):  # the family has a newer case; the question stands in this one for whoever looks
            actions.reopen(session, case, by=by, settings=settings, now=now)
    if case.state != CaseState.CLOSED:
        case.state, case.queue = move_case(CaseState(case.state), CaseState.OPEN).value, Queue.NEEDS_ME.value
        case.snoozed_until, case.waiting_since = None, case.waiting_since or now
        escalation.place(session, case, settings, now)


def look(database: Database, settings: Settings, now: datetime) -> int:
    """Compare what is not closed with the marks that changed since it was said; return how many the feed now agrees with, newly.

    Looking again after the same import changes nothing. What a later feed takes back is proposed no more.
    """
    with database.read() as session:
        known = newest_import(session)
        stale = RecordWord.state != WordState.CLOSED.value, RecordWord.looked_import_id < known
        ids = session.scalars(select(RecordWord.id).where(*stale).order_by(RecordWord.id).limit(_AT_ONCE)).all()
        found = {word_id: _shown(session, session.get_one(RecordWord, word_id), settings, now) for word_id in ids}
    new = 0
    for word_id, days in found.items():
        with database.write() as session:
            word = session.get_one(RecordWord, word_id, with_for_update=True)
            new += bool(days) and not word.shown
            word.shown, word.looked_import_id = [day.isoformat() for day in days], known
    return new


def _shown(session: Session, word: RecordWord, settings: Settings, now: datetime) -> list[date]:
    case = session.get_one(Case, word.case_id)
    if not case.student_id:
        return []
    said = {date.fromisoformat(day) for day in word.dates}
    heard_on = local_date(word.heard_at, settings.zone)
    as_of = min(max({heard_on, *said}), local_date(now, settings.zone))
    return shown_by(WordKind(word.kind), said, heard_on, history.changes(session, case.student_id, as_of, word.import_id))
