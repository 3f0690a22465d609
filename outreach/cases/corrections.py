"""Numbers that turn out wrong after they were told: each opens a case with its correction ready, and a person decides.

Nothing here sends anything: a correction waits until somebody approves exactly the number that is true now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance import history
from outreach.attendance.deceased import deceased
from outreach.attendance.queries import newest_version
from outreach.attention.actions import raise_item
from outreach.cases import recounting
from outreach.cases.actions import CaseError, open_case
from outreach.cases.events import add_event
from outreach.cases.matching import Match
from outreach.cases.recounting import Differing
from outreach.cases.states import CaseState, EventKind, Queue, WrongState, move
from outreach.cases.tables import Case, RecountRun, WrongCount
from outreach.database import Database, take_turns
from outreach.planning.correcting import MESSAGE, Wrong, facts_of_wrong, new_correction, wrong_of
from outreach.planning.reasons import Reason
from outreach.planning.states import State
from outreach.planning.states import move as move_message
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.actions import audit

_UNSENT = (State.WAITING, State.PLANNED, State.HELD)
_A_DAY = timedelta(days=1)
_MANY = 100
"""So many new wrong numbers at once are more likely a fault of the data than of the numbers: somebody is told before they approve."""
_AT_ONCE = 200
"""Messages whose corrections are written in one transaction, so that webhooks never wait long."""


@dataclass(frozen=True)
class Recounted:
    """What one recount found."""

    checked: int
    wrong: int
    new: int


def recount(database: Database, settings: Settings, now: datetime) -> Recounted:
    """When more is known than at the last recount, and once a day: count again what was told, and put what is wrong before a person.

    Once a day, because a message may be found to have arrived when nothing new is known of attendance. Doing it again changes
    nothing: the database keeps one row per message, child and number.
    """
    with database.read() as session:
        known = newest_version(session)
        last = session.scalars(select(RecountRun).order_by(RecountRun.id.desc()).limit(1)).first()
        if last is not None and (last.import_id, last.overlay_id) == known and now - last.at < _A_DAY:
            return Recounted(0, 0, 0)
        said = recounting.told_this_year(session, settings.zone, now)
        differing = list(recounting.differing(session, said))
        dead = deceased(session, {found.said.student_id for found in differing})
        wrong = [_with_days(session, found) for found in differing if found.said.student_id not in dead]
    by_message: defaultdict[int, list[_Found]] = defaultdict(list)
    for found in wrong:
        by_message[found.differing.said.planned_id].append(found)
    with database.read() as session:
        undecided = session.scalars(select(WrongCount.planned_id).where(WrongCount.state.in_((WrongState.OPEN, WrongState.APPROVED))))
        messages = sorted(by_message.keys() | ({one.planned_id for one in said} & set(undecided)))
    new = 0
    for start in range(0, len(messages), _AT_ONCE):
        with database.write() as session:
            take_turns(session, "corrections")
            new += sum(_record(session, planned_id, by_message[planned_id], now) for planned_id in messages[start : start + _AT_ONCE])
    with database.write() as session:
        if new >= _MANY:
            _tell(session, new, known.import_id, now)
        session.add(RecountRun(at=now, import_id=known.import_id, overlay_id=known.overlay_id, checked=len(said), wrong=len(wrong)))
    return Recounted(len(said), len(wrong), new)


@dataclass(frozen=True)
class _Found:
    """A wrong number with the days behind it."""

    differing: Differing
    changes: list[dict[str, object]]


def _with_days(session: Session, found: Differing) -> _Found:
    told = session.get_one(PlannedMessage, found.said.planned_id)
    since = history.import_before(session, told.claimed_at) if told.claimed_at else None
    return _Found(found, recounting.changed_days(session, found, since or 0))


def _tell(session: Session, new: int, import_id: int, now: datetime) -> None:
    sentence = f"With import {import_id}, {new} numbers that families were told are wrong at once. Look at that import before you approve."
    raise_item(session, kind="correction", key=f"corrections:{import_id}", sentence=sentence, now=now)


def _record(session: Session, planned_id: int, found: Sequence[_Found], now: datetime) -> int:
    """Bring what stands of one message to what is known now; return how many numbers are newly wrong."""
    told = session.get_one(PlannedMessage, planned_id, with_for_update=True)
    rows = session.scalars(select(WrongCount).where(WrongCount.planned_id == planned_id)).all()
    standing = {(row.student_id, row.told): row for row in rows}
    seen, new = set(), 0
    for one in found:
        said = one.differing.said
        key = said.student_id, said.told
        if key in seen:  # a letter that named one child by two ids
            continue
        seen.add(key)
        row = standing.get(key)
        if row is None:
            rows = [*rows, _open(session, told, one, now)]
            new += 1
        else:
            _look_again(session, row, one, now)
    for key, row in standing.items():
        if key not in seen:
            _right_again(session, row, now)
    _prepare(session, told, rows, now)
    return new


def _open(session: Session, told: PlannedMessage, found: _Found, now: datetime) -> WrongCount:
    said = found.differing.said
    case = _case(session, told, said.student_id, now)
    row = WrongCount(
        planned_id=told.id,
        student_id=said.student_id,
        as_of=said.as_of,
        told=said.told,
        true_now=found.differing.true_now,
        changes=found.changes,
        state=WrongState.OPEN.value,
        case_id=case.id,
        message_id=None,
        found_at=now,
        changed_at=now,
        decided_by="",
        note="",
    )
    session.add(row)
    add_event(session, case, EventKind.CORRECTION, by="", now=now, text=_in_words(row))
    return row


def _case(session: Session, told: PlannedMessage, student_id: str, now: datetime) -> Case:
    """The open case for the wrong numbers of a family at a school, apart from its conversations."""
    found = Match(told.household, told.contact_id, student_id, told.school_id)
    key = f"correction:{told.school_id}:{told.household or told.contact_id or told.id}"
    case = open_case(session, key, found, now, phone=told.phone, because="correction: a number that was told")
    case.state, case.queue = move(CaseState(case.state), CaseState.OPEN).value, Queue.NEEDS_ME.value
    return case


def _in_words(row: WrongCount) -> str:
    now = f"is {row.true_now}" if row.true_now else "is not known now"
    return f"We told {row.told}, as of {row.as_of}; it {now}"


def _look_again(session: Session, row: WrongCount, found: _Found, now: datetime) -> None:
    """A number that was found wrong before: another true number asks a person again, whatever they decided of the last."""
    same = row.true_now == found.differing.true_now
    if (same and row.state != WrongState.RIGHT_AGAIN) or _has_left(session, row):
        return
    case = session.get_one(Case, row.case_id)
    if case.state == CaseState.CLOSED:
        case = _case(session, session.get_one(PlannedMessage, row.planned_id), found.differing.said.student_id, now)
    row.true_now, row.changes, row.changed_at = found.differing.true_now, found.changes, now
    row.state, row.case_id, row.decided_by, row.note = WrongState.OPEN.value, case.id, "", ""
    add_event(session, case, EventKind.CORRECTION, by="", now=now, text=_in_words(row))


def _right_again(session: Session, row: WrongCount, now: datetime) -> None:
    """What was told is true after all: nothing is to be said. The case stays for a person to close."""
    if row.state in {WrongState.DISMISSED, WrongState.RIGHT_AGAIN} or _has_left(session, row):
        return
    row.state, row.true_now, row.changed_at = WrongState.RIGHT_AGAIN.value, row.told, now
    text = f"{row.told}, as of {row.as_of}, is right again"
    add_event(session, session.get_one(Case, row.case_id), EventKind.CORRECTION, by="", now=now, text=text)


def _has_left(session: Session, row: WrongCount) -> bool:
    """Whether its correction went its way: that told a number of its own, which is counted again like any other."""
    message = session.get(PlannedMessage, row.message_id) if row.message_id else None
    return row.state == WrongState.APPROVED and message is not None and message.state not in {*_UNSENT, State.CANCELLED}


def _approved_and_unsent(session: Session, row: WrongCount) -> bool:
    message = session.get(PlannedMessage, row.message_id) if row.message_id else None
    return row.state == WrongState.APPROVED and message is not None and message.state in _UNSENT


def _prepare(session: Session, told: PlannedMessage, rows: Iterable[WrongCount], now: datetime) -> None:
    """Keep one correction of a message ready that says all that is wrong and known; what has changed waits for approval again."""
    mine = [row for row in rows if row.true_now and (row.state == WrongState.OPEN or _approved_and_unsent(session, row))]
    ready = session.scalars(
        select(PlannedMessage)
        .where(PlannedMessage.once_key.startswith(f"{MESSAGE}:{told.id}:"), PlannedMessage.state.in_(_UNSENT))
        .with_for_update()
    ).first()
    wrong = [Wrong(row.student_id, row.as_of, row.told, row.true_now) for row in sorted(mine, key=lambda row: row.student_id)]
    if ready is not None and not wrong:
        ready.state, ready.reason, ready.changed_at = move_message(State(ready.state), State.CANCELLED), Reason.RIGHT_AGAIN, now
    elif ready is not None and wrong_of(ready.facts) != wrong:
        ready.facts, ready.student_ids = facts_of_wrong(told.id, wrong), [item.student_id for item in wrong]
        ready.state, ready.changed_at = move_message(State(ready.state), State.WAITING), now
        ready.reason = Reason.CORRECTION if ready.reason == Reason.CORRECTION else Reason.CHANGED_AGAIN
    elif ready is None and wrong:
        earlier = session.scalar(select(func.count()).where(PlannedMessage.once_key.startswith(f"{MESSAGE}:{told.id}:"))) or 0
        ready = new_correction(told, wrong, earlier + 1, now)
        session.add(ready)
        session.flush()
    for row in mine:
        row.message_id = ready.id if ready is not None else None
        if ready is not None and ready.state == State.WAITING:
            row.state = WrongState.OPEN.value


# --- staff ----------------------------------------------------------------------------------------------------------------------


def shown(message: PlannedMessage) -> str:
    """The numbers of a correction as a page shows them: what a person approves is exactly these."""
    return "|".join(f"{item.student_id}:{item.as_of}:{item.days_told}:{item.days_absent}" for item in wrong_of(message.facts))


def approve(session: Session, case: Case, message_id: int, *, seen: str, by: str, now: datetime) -> PlannedMessage:
    """Let a correction leave as soon as it may; *seen* are the numbers the person saw. Raises CaseError.

    Approving twice is once. At its release it is counted again, and waits anew if its number is no longer right.
    """
    message, rows = _of_case(session, case, message_id)
    if shown(message) != seen:
        refusal = "The numbers changed while you looked; read them again."
        raise CaseError(refusal)
    if message.state == State.WAITING:
        message.state, message.reason = move_message(State.WAITING, State.PLANNED), ""
        message.due_at = message.changed_at = now
        for row in rows:
            row.state, row.decided_by, row.changed_at = WrongState.APPROVED.value, by, now
        add_event(session, case, EventKind.CORRECTION, by=by, now=now, text="Correction approved", planned_id=message.id)
        audit(session, actor=by, action="correction.approved", subject=f"message {message.id}", now=now)
    return message


def dismiss(session: Session, case: Case, told_id: int, note: str, *, by: str, now: datetime) -> None:
    """Decide that the wrong numbers of one message are not corrected, with the reason. Raises CaseError."""
    words = note.strip()
    if not words:
        refusal = "Write why this needs no correction."
        raise CaseError(refusal)
    mine = WrongCount.case_id == case.id, WrongCount.planned_id == told_id, WrongCount.state == WrongState.OPEN
    rows = session.scalars(select(WrongCount).where(*mine).with_for_update()).all()
    if not rows:
        refusal = "There is nothing left to decide here; somebody else was faster, or the number is right again."
        raise CaseError(refusal)
    for row in rows:
        row.state, row.decided_by, row.note, row.changed_at = WrongState.DISMISSED.value, by, words, now
        message = session.get(PlannedMessage, row.message_id, with_for_update=True) if row.message_id else None
        if message is not None and message.state == State.WAITING:
            message.state, message.reason = move_message(State.WAITING, State.CANCELLED), Reason.DISMISSED
            message.changed_at = now
    add_event(session, case, EventKind.CORRECTION, by=by, now=now, text=f"Dismissed: {words}")
    audit(session, actor=by, action="correction.dismissed", subject=f"message {told_id}", now=now)


def _of_case(session: Session, case: Case, message_id: int) -> tuple[PlannedMessage, Sequence[WrongCount]]:
    mine = WrongCount.case_id == case.id, WrongCount.message_id == message_id
    rows = session.scalars(select(WrongCount).where(*mine).with_for_update()).all()
    message = session.get(PlannedMessage, message_id, with_for_update=True, populate_existing=True) if rows else None
    if message is None:
        refusal = "There is no such correction in this case."
        raise CaseError(refusal)
    return message, rows
