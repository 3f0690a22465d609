"""Reads of barriers and steps, as far as the person who asks may know of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import danger_queries as danger
from outreach.cases import seals
from outreach.cases.barrier_words import shipped
from outreach.cases.help_states import BarrierState, Layer, StepState
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.seals import Seals
from outreach.cases.tables import Case
from outreach.staff.queries import SignedIn


@dataclass(frozen=True)
class ShownBarrier:
    """One reason, as one person may see it."""

    id: int
    case_id: int
    what: str
    """The reason in plain words; where it is sealed for this person, its root cause."""
    category: str
    closed_to_me: bool
    sealed: bool
    state: BarrierState
    heard_at: datetime
    row: Barrier | None
    """Everything else; None where it is sealed for this person."""

    @property
    def is_open(self) -> bool:
        """Whether it still stands in the way."""
        return self.state is not BarrierState.CLOSED


@dataclass(frozen=True)
class ShownStep:
    """One step, as one person may see it."""

    id: int
    what: str
    """Its kind in plain words; empty where it is sealed for this person."""
    layer: Layer
    state: StepState
    due_on: date | None
    done_at: datetime | None
    against: ShownBarrier | None
    row: Step | None
    """Everything else; None where it is sealed for this person."""


def barriers(session: Session, cases: Collection[Case], person: SignedIn) -> list[ShownBarrier]:
    """The reasons of some cases, the open ones first, then the newest; texts of danger keep their own seal."""
    closed = seals.of_cases(session, cases, person)
    owned = {case.id for case in cases if case.owner_id == person.id}
    rows = session.scalars(select(Barrier).where(Barrier.case_id.in_(closed)).order_by(Barrier.heard_at.desc(), Barrier.id.desc())).all()
    found = [_shown(row, closed[row.case_id], owned=row.case_id in owned) for row in rows]
    return sorted(found, key=lambda one: not one.is_open)


def _shown(row: Barrier, closed: Seals, *, owned: bool) -> ShownBarrier:
    words = shipped()
    hidden = (row.sealed and not owned) or bool(closed.over(row.heard_at, urgent=row.urgent))
    category = words.category(row.reason)
    state = BarrierState(row.state)
    what = category if hidden else words.reason(row.reason)
    return ShownBarrier(row.id, row.case_id, what, category, hidden, row.sealed, state, row.heard_at, None if hidden else row)


def steps(session: Session, case: Case, against: Sequence[ShownBarrier], person: SignedIn) -> list[ShownStep]:
    """The steps of a case: planned ones first, the next before the rest, then what was done last."""
    closed, by_id = seals.of_case(session, case, person), {one.id: one for one in against}
    rows = session.scalars(select(Step).where(Step.case_id == case.id).order_by(Step.id.desc())).all()
    found = [_shown_step(row, by_id.get(row.barrier_id or 0), closed) for row in rows]
    return sorted(found, key=lambda one: (one.due_on or date.max) if one.state is StepState.PLANNED else date.max)


def _shown_step(row: Step, against: ShownBarrier | None, closed: Seals) -> ShownStep:
    hidden = (against is not None and against.closed_to_me) or bool(closed.over(row.planned_at))
    what = "" if hidden else shipped().kind(row.kind)
    return ShownStep(row.id, what, Layer(row.layer), StepState(row.state), row.due_on, row.done_at, against, None if hidden else row)


def next_steps(session: Session, cases: Collection[Case], person: SignedIn | None = None) -> Mapping[int, tuple[date, str]]:
    """Case → the day of its next planned step, and which; only the day where words are sealed for *person* (None: for anybody)."""
    mine = Step.case_id.in_([case.id for case in cases]), Step.state == StepState.PLANNED.value, Step.due_on.is_not(None)
    rows = session.scalars(select(Step).where(*mine).order_by(Step.due_on, Step.id)).all()
    sealed = _sealed(session, cases, person) if rows else set()
    found: dict[int, tuple[date, str]] = {}
    for row in rows:
        if row.due_on is not None and row.case_id not in found:
            words = ": ".join(filter(None, (shipped().kind(row.kind), row.words)))
            found[row.case_id] = (row.due_on, "" if row.case_id in sealed else words)
    return found


def _sealed(session: Session, cases: Collection[Case], person: SignedIn | None) -> set[int]:
    if person is None:
        return closed_to_many(session, cases)
    return {case_id for case_id, closed in seals.of_cases(session, cases, person).items() if closed.danger or closed.reason}


def closed_to_many(session: Session, cases: Collection[Case]) -> set[int]:
    """Those of some cases in which words are sealed for somebody, so that none of them may stand in what many read."""
    return {case.id for case in cases if case.sealed_since is not None} | set(danger.sealed_since(session, [case.id for case in cases]))


def named(session: Session, case_id: int) -> list[str]:
    """The open reasons of a case for a note that many read: of a sealed one the root cause alone."""
    return named_of(session, [case_id]).get(case_id, [])


def named_of(session: Session, case_ids: Collection[int]) -> Mapping[int, list[str]]:
    """The same of several cases; those without an open reason are absent."""
    mine = Barrier.case_id.in_(case_ids), Barrier.state != BarrierState.CLOSED.value
    words, found = shipped(), defaultdict[int, list[str]](list)
    for row in session.scalars(select(Barrier).where(*mine).order_by(Barrier.heard_at, Barrier.id)):
        closed = row.sealed or row.urgent or row.reason in words.sealed
        said = (words.category if closed else words.reason)(row.reason).lower()
        if said not in found[row.case_id]:
            found[row.case_id].append(said)
    return found


def by_case(shown: Collection[ShownBarrier]) -> Mapping[int, list[ShownBarrier]]:
    """The same by case."""
    found: defaultdict[int, list[ShownBarrier]] = defaultdict(list)
    for one in shown:
        found[one.case_id].append(one)
    return found
