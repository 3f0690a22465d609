"""Compares the carrier's own log with what was true when each text was asked for; knows nothing of how the service sends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.queries import is_open
from outreach.planning.states import MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.simulator.carrier import Message

_COUNT = re.compile(r"missed (\d+) days?")
_REF = re.compile(r"[?&]o=([\w-]+)")
_AT_REST = frozenset({State.CANCELLED, State.SKIPPED, State.HELD, State.FAILED})
"""States in which a message that never left says why."""
_WITH_CARRIER = frozenset({State.ACCEPTED, State.SENT, State.DELIVERED, State.UNDELIVERED, State.FAILED})


@dataclass(frozen=True)
class Asked:
    """One request that a sender made; instants in seconds of the machine's one steady clock."""

    ref: str
    after: float
    """When the sender was last seen before: its last look at consent, blocks and imports came later."""
    at: float


@dataclass(frozen=True)
class Silenced:
    """A number that must hear nothing any more, or whose adult must not, and when that stood."""

    phone: str
    at: float


@dataclass(frozen=True)
class Counted:
    """What every child had missed from one import to the next; when it began and when it stood."""

    missed: Mapping[str, int]
    begun: float
    stood: float


@dataclass
class Verdict:
    """What was found; every list is empty where the promises hold."""

    texts: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    silenced: list[str] = field(default_factory=list)
    """Texts to numbers that had opted out or to adults who were blocked."""
    untrue: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)

    @property
    def wrong(self) -> list[str]:
        """Everything that breaks a promise."""
        return [*self.lost, *self.doubled, *self.silenced, *self.untrue]


@dataclass(frozen=True)
class Truth:
    """What happened beside the sending."""

    silenced: Sequence[Silenced]
    counts: Sequence[Counted]
    written: frozenset[int]
    """Rows that a person had asked for: they must still be there."""


def judge(session: Session, log: Sequence[Message], asked: Sequence[Asked], truth: Truth) -> Verdict:
    """Judge the carrier's *log* against the rows as they stand once everything is settled."""
    rows = {row.ref: row for row in session.scalars(select(PlannedMessage).where(PlannedMessage.channel == "sms"))}
    by_ref: dict[str, list[Message]] = {}
    for message in log:
        by_ref.setdefault(ref_of(message.callback), []).append(message)
    verdict = Verdict(texts=len(log), states=Counter(row.state for row in rows.values()))
    verdict.doubled = [f"{len(found)} texts of one message" for found in by_ref.values() if len(found) > 1]
    verdict.lost = [*_lost(session, rows, by_ref), *(f"row {gone} is gone" for gone in truth.written - {row.id for row in rows.values()})]
    for ref, found in by_ref.items():
        if ref not in rows:
            verdict.lost.append("a text that no row knows")
            continue
        requests = [request for request in asked if request.ref == ref]
        verdict.silenced += _silenced(rows[ref], requests, truth.silenced)
        verdict.untrue += _untrue(rows[ref], found[0], requests, truth.counts)
    return verdict


def ref_of(callback: str) -> str:
    """Our reference in the address that the carrier calls back; empty where there is none."""
    found = _REF.search(callback)
    return found[1] if found else ""


def _lost(session: Session, rows: Mapping[str, PlannedMessage], by_ref: Mapping[str, list[Message]]) -> Iterator[str]:
    for ref, row in rows.items():
        state, seen = State(row.state), is_open(session, f"uncertain:{row.id}")
        if ref in by_ref:
            if state not in _WITH_CARRIER and not seen:
                yield f"row {row.id} is {state}, but the carrier has it"
        elif not ((state in _AT_REST and row.reason) or (state is State.UNCERTAIN and seen)):
            yield f"row {row.id} is {state} ({row.reason}), and the carrier does not have it"


def _silenced(row: PlannedMessage, requests: Sequence[Asked], silenced: Sequence[Silenced]) -> Iterator[str]:
    if row.message_class == MessageClass.CONFIRMATION:
        return
    for order in silenced:
        if order.phone == row.phone and all(order.at < request.after for request in requests):
            yield f"row {row.id} left after its number was silenced"


def _untrue(row: PlannedMessage, message: Message, requests: Sequence[Asked], counts: Sequence[Counted]) -> Iterator[str]:
    told = _COUNT.search(message.body)
    if row.message_class != MessageClass.NUDGE or told is None:
        return
    true = {number for request in requests for number in _true(row.student_ids[0], request, counts)}
    if int(told[1]) not in true:
        yield f"row {row.id} tells {told[1]} days where {sorted(true)} were true"


def _true(student_id: str, request: Asked, counts: Sequence[Counted]) -> Iterator[int]:
    """What was true at some instant between the sender's last sign of life and its request."""
    for n, count in enumerate(counts):
        over = n + 1 < len(counts) and counts[n + 1].stood < request.after
        if count.begun <= request.at and not over:
            yield count.missed[student_id]
