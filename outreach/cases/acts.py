"""What a person does with a case besides answering, one or many at a time, and how it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import actions, danger, desk
from outreach.cases.actions import CaseError
from outreach.cases.events import add_event
from outreach.cases.inbox_tables import InboxAct
from outreach.cases.states import CaseState, EventKind, Queue, move
from outreach.cases.tables import Case
from outreach.planning.states import State
from outreach.planning.states import move as move_message
from outreach.planning.tables import PlannedMessage
from outreach.staff.actions import audit

UNDO_WITHIN = timedelta(minutes=10)
"""How long an act can be taken back, where nothing else happened in the case; an answer only until it leaves."""
TAKEN_BACK = "taken back by who wrote it"
_COLUMNS = ("state", "queue", "owner_id", "open_key", "closed_by", "waiting_since", "snoozed_until", "closed_at")
_INSTANTS = ("waiting_since", "snoozed_until", "closed_at")
_LONGEST_SNOOZE = timedelta(days=120)


@dataclass(frozen=True)
class Done:
    """What one act did to many cases."""

    act: InboxAct | None
    done: int
    left: int
    """Cases that could not be done with: something in them waits for a person's own decision."""


def snooze(session: Session, case: Case, until: datetime, *, by: str, now: datetime, what_then: str = "") -> Case:
    """Put a case aside until an instant; it then needs a person, sooner where the family writes. Raises CaseError."""
    actions.lock(session, case)
    if CaseState(case.state) is CaseState.CLOSED:
        message = "This case is closed; open it again before you put it aside."
        raise CaseError(message)
    if danger.open_incident(session, case.id) is not None:
        message = "A text in this case may mean danger: it cannot be put aside."
        raise CaseError(message)
    if not now < until <= now + _LONGEST_SNOOZE:
        message = f"Choose a day from tomorrow on, at most {_LONGEST_SNOOZE.days} days away."
        raise CaseError(message)
    case.state, case.queue = move(CaseState(case.state), CaseState.OPEN).value, Queue.NEEDS_ME.value
    case.snoozed_until = until
    add_event(session, case, EventKind.SNOOZED, by=by, now=now, text=what_then.strip())
    audit(session, actor=by, action="case.snoozed", subject=f"case {case.id}", now=now, detail={"until": until.isoformat()})
    return case


def wake(session: Session, case: Case, *, by: str, now: datetime) -> Case:
    """Bring a case back at once that was put aside; one that was not stays as it is."""
    actions.lock(session, case)
    if case.snoozed_until is not None:
        case.snoozed_until = None
        audit(session, actor=by, action="case.woken", subject=f"case {case.id}", now=now)
    return case


def morning_of(day: date, opens: time, zone: str) -> datetime:
    """The instant at which school opens on a local date: when a case that was put aside comes back."""
    return datetime.combine(day, opens, ZoneInfo(zone))


# --- taking back ----------------------------------------------------------------------------------------------------------------


def stands(case: Case) -> dict[str, Any]:
    """A case as it stands before an act, in plain values."""
    found = {name: getattr(case, name) for name in _COLUMNS}
    return {"case": case.id} | {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}


def remember(
    session: Session,
    before: Sequence[dict[str, Any]],
    said: str,
    *,
    account_id: int,
    now: datetime,
    planned_id: int | None = None,
    good_for: timedelta = UNDO_WITHIN,
) -> InboxAct:
    """Keep how cases stood before an act that was just done, so that it can be taken back for a while."""
    session.flush()
    rows = [{**row, "event": desk.newest_event(session, row["case"])} for row in before]
    act = InboxAct(account_id=account_id, at=now, said=said, before=rows, planned_id=planned_id, good_until=now + good_for)
    session.add(act)
    session.flush()
    return act


def last_act(session: Session, account_id: int, now: datetime) -> InboxAct | None:
    """What a person did last, where it can still be taken back."""
    newest = select(InboxAct).where(InboxAct.account_id == account_id).order_by(InboxAct.at.desc(), InboxAct.id.desc()).limit(1)
    act = session.scalars(newest).first()
    return act if act is not None and act.undone_at is None and act.good_until > now else None


def undo(session: Session, act_id: int, *, account_id: int, by: str, now: datetime) -> tuple[InboxAct, int]:
    """Take an act back in every case in which nothing happened since; return it, and in how many. Raises CaseError."""
    act = session.get(InboxAct, act_id, with_for_update=True)
    if act is None or act.account_id != account_id or act.undone_at is not None:
        message = "There is nothing to take back."
        raise CaseError(message)
    if act.good_until <= now or not _take_back_answer(session, act, now):
        message = "Too late to take it back: the answer has left." if act.planned_id else "Too late to take it back."
        raise CaseError(message)
    undone = [row["case"] for row in act.before if restore(session, row, by=by, now=now)]
    act.undone_at = now
    audit(session, actor=by, action="inbox.undone", subject=f"act {act.id}", now=now, detail={"cases": undone})
    return act, len(undone)


def _take_back_answer(session: Session, act: InboxAct, now: datetime) -> bool:
    """Cancel the answer of an act, and give its words back as a draft; False where it has left already."""
    if act.planned_id is None:
        return True
    planned = session.get_one(PlannedMessage, act.planned_id, with_for_update=True)
    if planned.state not in {State.PLANNED, State.HELD}:
        return False
    planned.state, planned.reason, planned.changed_at = move_message(State(planned.state), State.CANCELLED).value, TAKEN_BACK, now
    for row in act.before:
        desk.keep_draft(session, row["case"], act.account_id, desk.DraftKind.ANSWER, planned.body, now)
    return True


def restore(session: Session, row: Mapping[str, Any], *, by: str, now: datetime) -> bool:
    """Put a case back to how it stood (*row* of ``stands``, with its newest event then); False where something has happened since."""
    case = session.get(Case, row["case"], with_for_update=True)
    if case is None or desk.newest_event(session, case.id) != row["event"] or _has_newer(session, case, row["open_key"]):
        return False
    for name in _COLUMNS:
        value = row[name]
        setattr(case, name, datetime.fromisoformat(value) if name in _INSTANTS and value else value)
    add_event(session, case, EventKind.UNDONE, by=by, now=now)
    return True


def _has_newer(session: Session, case: Case, key: str | None) -> bool:
    return key is not None and session.scalar(select(Case.id).where(Case.open_key == key, Case.id != case.id)) is not None


# --- many at once ---------------------------------------------------------------------------------------------------------------


def in_bulk(
    session: Session, cases: Iterable[Case], action: Callable[[Case], object], said: str, *, account_id: int, now: datetime
) -> Done:
    """Do one thing to many cases; where it is refused, the case stays as it is. *said* has a place for the number that were done."""
    before, left = [], 0
    for case in cases:
        stood = stands(case)
        try:
            action(case)
        except CaseError:
            left += 1
        else:
            before.append(stood)
    act = remember(session, before, said.format(len(before)), account_id=account_id, now=now) if before else None
    return Done(act, len(before), left)
