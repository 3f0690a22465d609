"""Three households, one school, one reason, fourteen days: that is no family's problem alone, and becomes one task of the district.

Sealed reports and those that came with danger never count: who else names such a thing could be guessed from the task.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.cases import steps
from outreach.cases.actions import CaseError
from outreach.cases.barrier_words import shipped
from outreach.cases.help_states import BarrierState
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.shared_tables import SharedTask, SharedTaskCase
from outreach.cases.states import CaseState
from outreach.cases.steps import Plan
from outreach.cases.tables import Case
from outreach.district import queries as district
from outreach.district.households import households
from outreach.district.tables import School
from outreach.staff.actions import audit

HOUSEHOLDS, WITHIN = 3, timedelta(days=14)
_CHANGE = "school_change"
_Named = Mapping[tuple[str, str], Sequence[tuple[Case, Barrier]]]


def look(session: Session, now: datetime) -> list[SharedTask]:
    """Open a task wherever enough households name the same, and let later ones join; return those that are new."""
    found = []
    for (school_id, reason), named in _named(session, now).items():
        task = session.scalars(select(SharedTask).where(SharedTask.open_key == _key(school_id, reason))).one_or_none()
        homes = _households(session, {case.student_id for case, _ in named})
        if task is None and homes >= HOUSEHOLDS:
            task = _open(session, school_id, reason, now)
            found.append(task)
        if task is not None:
            _join(session, task, {case.id for case, _ in named}, homes, now)
    return found


def done(session: Session, task_id: int, words: str, *, account_id: int, by: str, now: datetime) -> int:
    """Say what was done for all: a step in each family's open case, from which its people tell it. Return in how many. Raises CaseError."""
    task = _open_one(session, task_id)
    if not words.strip():
        message = "Say what was done: the families are told of it."
        raise CaseError(message)
    prepared = 0
    for link in session.scalars(select(SharedTaskCase).where(SharedTaskCase.task_id == task.id)):
        case = session.get_one(Case, link.case_id)
        mine = Barrier.case_id == case.id, Barrier.reason == task.reason, ~Barrier.sealed, Barrier.state != BarrierState.CLOSED.value
        against = session.scalars(select(Barrier).where(*mine)).first()
        if case.state != CaseState.CLOSED and against is not None:
            step = steps.record(session, case, Plan(_CHANGE, words, barrier_id=against.id), account_id=account_id, by=by, now=now)
            link.step_id, prepared = step.id, prepared + 1
    task.done = words.strip()
    _end(session, task, by=by, now=now)
    return prepared


def put_aside(session: Session, task_id: int, why: str, *, by: str, now: datetime) -> None:
    """End a task without doing anything for all, for a reason. Raises CaseError."""
    task = _open_one(session, task_id)
    if not why.strip():
        message = "Say why nothing is done for all of them."
        raise CaseError(message)
    task.why_not = why.strip()
    _end(session, task, by=by, now=now)


def tasks(session: Session, schools: Collection[str] | None, *, limit: int = 50) -> list[SharedTask]:
    """Tasks of some schools (none: of all), the open ones first, then the newest."""
    rows = select(SharedTask).order_by(SharedTask.ended_at.is_not(None), SharedTask.id.desc()).limit(limit)
    return list(session.scalars(rows if schools is None else rows.where(SharedTask.school_id.in_(schools))))


def links(session: Session, task_ids: Collection[int]) -> Mapping[int, list[tuple[SharedTaskCase, bool]]]:
    """Task → its families, and whether each was told."""
    rows = select(SharedTaskCase, Step.told_id).join(Step, Step.id == SharedTaskCase.step_id, isouter=True)
    found = defaultdict[int, list[tuple[SharedTaskCase, bool]]](list)
    for link, told in session.execute(rows.where(SharedTaskCase.task_id.in_(task_ids)).order_by(SharedTaskCase.case_id)):
        found[link.task_id].append((link, told is not None))
    return found


def _named(session: Session, now: datetime) -> _Named:
    """School and reason → who names it, since the last task about it ended."""
    ended = (
        select(SharedTask.school_id, SharedTask.reason, func.max(SharedTask.ended_at).label("at"))
        .group_by(SharedTask.school_id, SharedTask.reason)
        .subquery()
    )
    rows = (
        select(Case, Barrier)
        .join(Barrier, Barrier.case_id == Case.id)
        .join(ended, (ended.c.school_id == Case.school_id) & (ended.c.reason == Barrier.reason), isouter=True)
        .where(Barrier.heard_at >= now - WITHIN, Barrier.state != BarrierState.CLOSED.value, ~Barrier.sealed, ~Barrier.urgent)
        .where(Barrier.reason.not_in(shipped().sealed), Case.school_id != "", Case.student_id != "")
        .where((ended.c.at.is_(None)) | (Barrier.heard_at > ended.c.at))
    )
    found = defaultdict[tuple[str, str], list[tuple[Case, Barrier]]](list)
    for case, barrier in session.execute(rows):
        found[case.school_id, barrier.reason].append((case, barrier))
    return found


def _households(session: Session, students: Collection[str]) -> int:
    """How many families these children are of; children whom no adult is known for count by themselves."""
    if len(students) < HOUSEHOLDS:
        return len(students)
    homes = [home.student_ids for home in households(district.load_families(session, students))]
    left, number = set(students), 0
    while left:
        one = left.pop()
        left -= set().union(*(ids for ids in homes if one in ids))
        number += 1
    return number


def _open(session: Session, school_id: str, reason: str, now: datetime) -> SharedTask:
    nothing = dict.fromkeys(("ended_by", "done", "why_not"), "")
    task = SharedTask(
        **nothing, open_key=_key(school_id, reason), school_id=school_id, reason=reason, households=0, opened_at=now, ended_at=None
    )
    session.add(task)
    session.flush()
    return task


def _join(session: Session, task: SharedTask, cases: Collection[int], homes: int, now: datetime) -> None:
    known = set(session.scalars(select(SharedTaskCase.case_id).where(SharedTaskCase.task_id == task.id)))
    new = set(cases) - known
    if not new:
        return
    session.add_all(SharedTaskCase(task_id=task.id, case_id=case_id, step_id=None) for case_id in sorted(new))
    task.households = max(task.households, homes)
    session.flush()
    school, what = session.get(School, task.school_id), shipped().reason(task.reason)
    where = school.name if school else task.school_id
    sentence = f"{task.households} families at {where} name the same within two weeks: {what}. One answer may help them all."
    attention.raise_item(session, kind="shared_reason", key=f"shared:{task.id}", sentence=sentence, now=now, school_id=task.school_id)


def _open_one(session: Session, task_id: int) -> SharedTask:
    task = session.get(SharedTask, task_id, with_for_update=True)
    if task is None or task.open_key is None:
        message = "This task has ended already."
        raise CaseError(message)
    return task


def _end(session: Session, task: SharedTask, *, by: str, now: datetime) -> None:
    task.open_key, task.ended_at, task.ended_by = None, now, by
    attention.resolve_key(session, f"shared:{task.id}", by=by, now=now)
    audit(session, actor=by, action="shared_task.end", subject=f"shared task {task.id}", now=now, detail={"done": bool(task.done)})


def _key(school_id: str, reason: str) -> str:
    return f"{school_id}:{reason}"
