"""``contact_log.csv`` for the student information system: each text, letter, call, visit, answer and check-in of a day, and no word of any.

A file tells one whole day of the school's clock, as it was known at ``contact_log_at`` on the next: so it can be written again at any time,
and has the same bytes. It holds no words, no reason and no adult.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.cases.call_tables import CallMade
from outreach.cases.help_states import StepState
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.mentor_tables import CheckIn
from outreach.cases.mentors import CheckInKind
from outreach.cases.states import EventKind
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import local_date, start_of_day
from outreach.database import Database
from outreach.delivery.letter_pulls import PULLED
from outreach.delivery.letter_tables import LetterBatch, LetterPage, LetterPull, ReturnedMail
from outreach.delivery.tables import CarrierStatus
from outreach.district.overlays import merged
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

COLUMNS = ("student_id", "date", "kind", "outcome", "entry_id")
_OUTCOMES = {"delivered": "delivered", "undelivered": "not_delivered", "failed": "not_delivered"}
_SAID = {EventKind.CALL: ("call", "reached"), EventKind.NO_ANSWER: ("call", "no_answer"), EventKind.VISIT: ("visit", "visited")}
_STEPS = ("call", "visit")
_MET = {CheckInKind.CHILD: "child", CheckInKind.FAMILY: "family", CheckInKind.TRIED: "no_answer"}
_CAUGHT_UP = 31
"""Days back for which missing files are written by themselves; older ones are a person's to ask for."""


class NotOverError(ValueError):
    """That day is not complete yet."""


@dataclass(frozen=True, order=True)
class Entry:
    """One line: ``kind`` is text, reply, letter, call, visit or check_in; ``entry_id`` with the child names it for good."""

    student_id: str
    date: str
    kind: str
    outcome: str
    entry_id: str


@dataclass(frozen=True)
class _Day:
    """A day of the school's clock: ``begins <= at < ends``, as known before *known*."""

    begins: datetime
    ends: datetime
    known: datetime


def entries(session: Session, day: date, settings: Settings) -> list[Entry]:
    """The contacts of *day*, sorted, a message about two children once for each."""
    span = _Day(start_of_day(day, settings.zone), start_of_day(day + timedelta(days=1), settings.zone), complete_at(day, settings))
    one = merged(session)
    found = (
        *_texts(session, span),
        *_letters(session, span),
        *_returned(session, span),
        *_happenings(session, span),
        *_steps(session, span),
        *_check_ins(session, span),
    )
    lines = {Entry(one.of(child), day.isoformat(), kind, outcome, name) for child, kind, outcome, name in found if child}
    return sorted(lines, key=lambda line: (line.student_id, line.kind, line.entry_id))


def content(lines: Iterable[Entry]) -> bytes:
    """The file's bytes: UTF-8, a header, lines ended by a newline alone."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(line) for line in lines)
    return text.getvalue().encode()


def complete_at(day: date, settings: Settings) -> datetime:
    """When *day* is written: at ``contact_log_at`` on the next, so that most carriers have said what became of the last texts."""
    return datetime.combine(day + timedelta(days=1), settings.contact_log_at, ZoneInfo(settings.zone))


def write(session: Session, day: date, folder: Path, settings: Settings, now: datetime) -> Path:
    """Write the file of a day into *folder*, whole or not at all, and return it. Raises NotOverError, OSError."""
    if now < complete_at(day, settings):
        message = f"{day.isoformat()} is not complete before {complete_at(day, settings):%Y-%m-%d %H:%M}; take an earlier day."
        raise NotOverError(message)
    folder.mkdir(parents=True, exist_ok=True)
    path, fresh = _path(folder, day), folder / f".contact_log_{day.isoformat()}.{os.getpid()}"
    fresh.write_bytes(content(entries(session, day, settings)))
    fresh.replace(path)
    return path


def write_due(database: Database, settings: Settings, now: datetime) -> list[date]:
    """Write the days that are complete and have no file yet, from the first file on; without any file, the last complete day."""
    if not settings.contact_log_folder:
        return []
    folder, today = Path(settings.contact_log_folder), local_date(now, settings.zone)
    days = [today - timedelta(days=back) for back in range(_CAUGHT_UP, 0, -1)]
    complete = [day for day in days if now >= complete_at(day, settings)]
    there = [day for day in complete if _path(folder, day).exists()]
    first = there[0] if there else complete[-1]
    due = [day for day in complete if day not in there and day >= first]
    for day in due:
        with database.read() as session:
            write(session, day, folder, settings, now)
    return due


def _path(folder: Path, day: date) -> Path:
    return folder / f"contact_log_{day.isoformat()}.csv"


_Found = Iterator[tuple[str, str, str, str]]


def _texts(session: Session, span: _Day) -> _Found:
    row = PlannedMessage
    sent = select(row.id, row.student_ids, row.state, row.changed_at).where(
        row.channel == Channel.SMS.value,
        row.message_class != MessageClass.PAGE.value,
        row.sent_at >= span.begins,
        row.sent_at < span.ends,
    )
    heard: dict[int, set[str]] = {}
    told = select(row.id, CarrierStatus.status).join(CarrierStatus, CarrierStatus.planned_id == row.id)
    for planned_id, status in session.execute(
        told.where(row.sent_at >= span.begins, row.sent_at < span.ends, CarrierStatus.received_at < span.known)
    ):
        heard.setdefault(planned_id, set()).add(_OUTCOMES.get(status, "sent"))
    for planned_id, children, state, changed_at in session.execute(sent):
        words = heard.get(planned_id, set())
        if not words and changed_at < span.known and state in {State.DELIVERED, State.UNDELIVERED, State.FAILED}:
            words = {_OUTCOMES[state]}  # asked for by us, not told by a callback
        # a late "delivered" wins over a failure, as in planning.states
        outcome = next((one for one in ("delivered", "not_delivered") if one in words), "sent")
        yield from ((child, "text", outcome, f"message-{planned_id}") for child in children)


def _letters(session: Session, span: _Day) -> _Found:
    at = func.coalesce(LetterBatch.print_at, LetterBatch.released_at)
    pulled = select(LetterPull.planned_id).where(LetterPull.outcome == PULLED, LetterPull.settled_at < span.known)
    printed = (
        select(LetterPage.planned_id, PlannedMessage.student_ids)
        .join(LetterBatch, LetterBatch.id == LetterPage.batch_id)
        .join(PlannedMessage, PlannedMessage.id == LetterPage.planned_id)
        .where(LetterBatch.released_at.is_not(None), LetterBatch.revoked_at.is_(None), at >= span.begins, at < span.ends)
        .where(LetterPage.planned_id.not_in(pulled))
    )
    for planned_id, children in session.execute(printed):
        yield from ((child, "letter", "printed", f"message-{planned_id}") for child in children)


def _returned(session: Session, span: _Day) -> _Found:
    came = (
        select(ReturnedMail.planned_id, PlannedMessage.student_ids)
        .join(PlannedMessage, PlannedMessage.id == ReturnedMail.planned_id)
        .where(ReturnedMail.returned_at >= span.begins, ReturnedMail.returned_at < span.ends)
    )
    for planned_id, children in session.execute(came):
        yield from ((child, "letter", "returned", f"message-{planned_id}-returned") for child in children)


def _happenings(session: Session, span: _Day) -> _Found:
    """Calls and visits, without those that were taken back, and that a family wrote."""
    rows = (
        select(CaseEvent.id, CaseEvent.kind, Case.student_id, CallMade.outcome)
        .join(Case, Case.id == CaseEvent.case_id)
        .join(CallMade, CallMade.event_id == CaseEvent.id, isouter=True)
        .where(CaseEvent.at >= span.begins, CaseEvent.at < span.ends, CallMade.undone_at.is_(None))
        .where(CaseEvent.kind.in_((EventKind.INBOUND.value, *(kind.value for kind in _SAID))))
    )
    for event_id, kind, child, outcome in session.execute(rows):
        what, usual = _SAID.get(EventKind(kind), ("reply", "received"))
        yield child, what, outcome or usual, f"event-{event_id}"


def _steps(session: Session, span: _Day) -> _Found:
    """Calls and visits that were steps; none that would tell of a sealed reason."""
    rows = (
        select(Step.id, Step.kind, Case.student_id)
        .join(Case, Case.id == Step.case_id)
        .join(Barrier, Barrier.id == Step.barrier_id, isouter=True)
        .where(Step.state == StepState.DONE.value, Step.done_at >= span.begins, Step.done_at < span.ends, Step.kind.in_(_STEPS))
        .where(Case.sealed_since.is_(None), func.coalesce(Barrier.sealed, False).is_(False))
    )
    for step_id, kind, child in session.execute(rows):
        yield child, kind, "done", f"step-{step_id}"


def _check_ins(session: Session, span: _Day) -> _Found:
    """A mentor's contacts with a child or its family: the district owes a record of them as of every other help."""
    rows = select(CheckIn.id, CheckIn.kind, CheckIn.student_id).where(CheckIn.at >= span.begins, CheckIn.at < span.ends)
    for check_in_id, kind, child in session.execute(rows):
        yield child, "check_in", _MET[CheckInKind(kind)], f"check-in-{check_in_id}"
