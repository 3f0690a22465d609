"""Reads for the delivery page: what became of every planned message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from outreach.clock import start_of_day
from outreach.delivery.receipts import UNCONFIRMED_AFTER
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage

PER_PAGE = 50

WAITING = (State.WAITING, State.PLANNED, State.HELD)
MOVING = (State.SENDING, State.ACCEPTED, State.SENT)
ARRIVED = (State.DELIVERED, State.PRINTED)
TROUBLE = (State.UNCERTAIN, State.UNDELIVERED, State.FAILED)
NOT_SENT = (State.SKIPPED, State.CANCELLED)
GROUPS: dict[str, tuple[State, ...]] = {
    "Needs a look": TROUBLE,
    "Waiting": WAITING,
    "On the way": MOVING,
    "Arrived": ARRIVED,
    "Not sent": NOT_SENT,
}


@dataclass(frozen=True)
class Filters:
    """What the page's address asks for; days are local dates of the district, both included."""

    first_day: date
    last_day: date
    zone: str
    states: tuple[State, ...] = ()
    channel: str = ""
    schools: frozenset[str] | None = None
    """None: the whole district."""

    def conditions(self, *, states: bool = True) -> list[ColumnElement[bool]]:
        """The same as conditions of a query."""
        row = PlannedMessage
        found = [
            row.changed_at >= start_of_day(self.first_day, self.zone),
            row.changed_at < start_of_day(self.last_day + timedelta(days=1), self.zone),
        ]
        if self.schools is not None:
            found.append(row.school_id.in_(self.schools))
        if self.channel:
            found.append(row.channel == self.channel)
        if states and self.states:
            found.append(row.state.in_([state.value for state in self.states]))
        return found


def counts(session: Session, filters: Filters) -> dict[State, int]:
    """Messages by state, whatever state is being looked at."""
    rows = select(PlannedMessage.state, func.count()).where(*filters.conditions(states=False)).group_by(PlannedMessage.state)
    return {State(row[0]): row[1] for row in session.execute(rows)}


def by_day(session: Session, filters: Filters) -> list[tuple[date, dict[str, int]]]:
    """Messages by local day and group of states, newest day first; days without any are left out."""
    days = [filters.first_day + timedelta(days=n) for n in range((filters.last_day - filters.first_day).days + 1)]
    ends = [(PlannedMessage.changed_at < start_of_day(day + timedelta(days=1), filters.zone), n) for n, day in enumerate(days)]
    nth = case(*ends, else_=len(days) - 1).label("nth")
    rows = session.execute(
        select(nth, PlannedMessage.state, func.count()).where(*filters.conditions(states=False)).group_by(nth, PlannedMessage.state)
    )
    found: dict[int, dict[str, int]] = {}
    for number, state, count in rows:
        group = next(name for name, states in GROUPS.items() if State(state) in states)
        day = found.setdefault(number, dict.fromkeys(GROUPS, 0))
        day[group] += count
    return [(days[number], found[number]) for number in sorted(found, reverse=True)]


def page_of(session: Session, filters: Filters, page: int) -> tuple[Sequence[PlannedMessage], bool]:
    """One page of messages, the last changed first, and whether there are more."""
    newest = select(PlannedMessage).where(*filters.conditions()).order_by(PlannedMessage.changed_at.desc(), PlannedMessage.id.desc())
    rows = session.scalars(newest.offset((page - 1) * PER_PAGE).limit(PER_PAGE + 1)).all()
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def why(row: PlannedMessage, now: datetime) -> str:
    """Why a message is where it is: its reason, or what it waits for."""
    if row.reason:
        return row.reason
    if row.state == State.PLANNED and row.due_at > now:
        return "waits for its time"
    if row.state == State.SENT and row.sent_at and row.sent_at < now - UNCONFIRMED_AFTER:
        return "not confirmed: in three days the carrier has not said that it arrived"
    return f"carrier's error {row.error_code}" if row.error_code else ""
