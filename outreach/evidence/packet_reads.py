"""Reads what a team's packet tells of the children of one school; it asks as nobody in particular, because many read the paper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from outreach.attendance.queries import StudentCount
from outreach.cases import help_queries, my_students, queries, shared_reasons
from outreach.cases.barrier_words import shipped
from outreach.cases.help_states import Layer, ReferralState, StepState
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.my_students import Watched
from outreach.cases.resource_tables import Referral, Resource
from outreach.cases.tables import Case
from outreach.clock import local_date, start_of_day
from outreach.district import queries as district
from outreach.district.overlays import merged
from outreach.district.queries import slices
from outreach.district.tables import Student
from outreach.evidence.packet import SEALED, TENTH, Before, Child, Decided, Kind, Late, Next, Offered, Shared, Talk, Team, Work
from outreach.evidence.packet_tables import Packet
from outreach.planning import peace
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.thresholds.counts import Counts, counts_to_tell

_FIRST = timedelta(days=14)
"""How far a school's first packet looks back for what happened."""
_AHEAD = date.max


def team(session: Session, school_id: str, settings: Settings, now: datetime) -> Team:
    """All that the packet of a school tells of children who are enrolled there today."""
    today = local_date(now, settings.zone)
    here = my_students.enrolled(session, [school_id], today)
    before = last_before(session, school_id, today)
    seen = my_students.watched(session, here, settings=settings, now=now)
    cases = _cases(session, school_id)
    at = _Steps.read(session, cases, settings.zone, now)
    talks = [_talk(case, at) for case in cases if case.open_key is not None and case.student_id in here]
    late = [one for case in cases for one in at.late(case, today) if case.student_id in here]
    offered = [one for one in _offered(session, cases, at) if one.student_id in here]
    watched_ids = {one.student_id for one in seen}
    better = {one for one in before.tiers if one in here and one not in watched_ids} if before else set()
    about = {talk.student_id for talk in talks} | {one.student_id for one in late} | {one.student_id for one in offered}
    further = about - watched_ids - better
    counts = counts_to_tell(session, now, settings.zone, watched_ids | better | further)
    children = _Children(session, counts, {one.student_id: one for one in reversed(talks)}, _quiet(session, today))
    back = children.plain(better)
    return Team(
        today=today,
        watched=tuple(children.watched(one) for one in seen),
        better=tuple(child for child in sorted(back.values(), key=lambda one: one.name) if child.count.tier not in TENTH),
        others={**children.plain(further), **{key: child for key, child in back.items() if child.count.tier in TENTH}},
        talks=tuple(talks),
        elsewhere=sum(case.open_key is not None and case.student_id not in here for case in cases),
        late=tuple(sorted(late, key=lambda one: one.due_on)),
        offered=tuple(sorted(offered, key=lambda one: one.since)),
        shared=_shared(session, school_id, settings.zone),
        before=before,
        work=work(session, school_id, start_of_day(before.on if before else today - _FIRST, settings.zone), now),
    )


def last_before(session: Session, school_id: str, today: date) -> Before | None:
    """The newest packet of an earlier day: what was printed twice on one morning is one packet."""
    earlier = select(Packet).where(Packet.school_id == school_id, Packet.kind == Kind.TEAM.value, Packet.made_on < today)
    row = session.scalars(earlier.order_by(Packet.made_on.desc(), Packet.id.desc()).limit(1)).first()
    if row is None:
        return None
    one = merged(session)
    return Before(row.made_on, {one.of(student_id): tier for student_id, tier in row.tiers.items()})


def work(session: Session, school_id: str, since: datetime, until: datetime) -> Work:
    """What people and families of a school did from *since* on and before *until*."""

    def number(of: InstrumentedAttribute[int], at: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> int:
        rows = select(func.count(of)).where(at >= since, at < until, Case.school_id == school_id, *where)
        if at.class_ is not Case:
            rows = rows.join(Case, Case.id == at.class_.case_id)
        return session.scalar(rows) or 0

    return Work(
        opened=number(Case.id, Case.opened_at),
        steps_done=number(Step.id, Step.done_at, Step.state == StepState.DONE.value),
        said_better=number(Barrier.id, Barrier.said_yes_at),
        accepted=number(Referral.id, Referral.changed_at, Referral.state.in_((ReferralState.ACCEPTED.value, ReferralState.HELPED.value))),
    )


def _cases(session: Session, school_id: str) -> Sequence[Case]:
    """The school's open conversations, and closed ones in which something is still planned."""
    planned = select(Step.case_id).where(Step.state == StepState.PLANNED.value)
    mine = queries.of_schools([school_id]), Case.open_key.is_not(None) | Case.id.in_(planned)
    return session.scalars(select(Case).where(*mine).order_by(Case.waiting_since.is_(None), Case.waiting_since, Case.id)).all()


@dataclass(frozen=True)
class _Steps:
    """What was planned and done in some cases, in words that may be printed."""

    rows: Mapping[int, Sequence[Step]]
    closed: Collection[int]
    """Cases of which something is sealed."""
    hidden: Collection[int]
    """Reasons that are sealed."""
    reasons: Mapping[int, Sequence[str]]
    names: Mapping[int, str]
    zone: str
    now: datetime

    @classmethod
    def read(cls, session: Session, cases: Sequence[Case], zone: str, now: datetime) -> _Steps:
        ids, rows = [case.id for case in cases], defaultdict[int, list[Step]](list)
        for row in session.scalars(select(Step).where(Step.case_id.in_(ids)).order_by(Step.id)):
            rows[row.case_id].append(row)
        closed = Barrier.sealed | Barrier.urgent | Barrier.reason.in_(shipped().sealed)
        people = {case.owner_id for case in cases} | {row.owner_id for some in rows.values() for row in some}
        return cls(
            rows=rows,
            closed=help_queries.closed_to_many(session, cases),
            hidden=set(session.scalars(select(Barrier.id).where(Barrier.case_id.in_(ids), closed))),
            reasons=help_queries.named_of(session, ids),
            names=staff.names(session, {one for one in people if one}),
            zone=zone,
            now=now,
        )

    def what(self, step: Step) -> str:
        """The kind of a step, and nothing that was written about it."""
        return SEALED if step.case_id in self.closed or step.barrier_id in self.hidden else shipped().kind(step.kind)

    def who(self, step: Step, case: Case) -> str:
        return self.names.get(step.owner_id or case.owner_id or 0, "")

    def planned(self, case: Case) -> list[Step]:
        mine = [step for step in self.rows.get(case.id, ()) if step.state == StepState.PLANNED and step.due_on is not None]
        return sorted(mine, key=lambda step: (step.due_on or _AHEAD, step.id))

    def next(self, case: Case) -> Next | None:
        steps = [Next(step.due_on or _AHEAD, self.what(step), self.who(step, case)) for step in self.planned(case)[:1]]
        if case.snoozed_until is not None and case.snoozed_until > self.now:
            steps.append(Next(local_date(case.snoozed_until, self.zone), "", self.names.get(case.owner_id or 0, "")))
        return min(steps, key=lambda one: one.on, default=None)

    def last(self, case: Case) -> Decided | None:
        """What was decided last: planned, or done."""
        found = [(step.done_at, f"done: {self.what(step)}") for step in self._in(case, StepState.DONE)]
        found += [(step.planned_at, f"planned: {self.what(step)}") for step in self._in(case, StepState.PLANNED)]
        at, words = max(((at, words) for at, words in found if at is not None), default=(None, ""))
        return Decided(local_date(at, self.zone), words) if at else None

    def layer(self, case: Case) -> Layer | None:
        steps = self.planned(case)[:1] or self._in(case, StepState.DONE)[-1:]
        return Layer(steps[0].layer) if steps else None

    def late(self, case: Case, today: date) -> Iterable[Late]:
        for step in self.planned(case):
            if step.due_on is not None and step.due_on < today:
                yield Late(case.student_id, self.what(step), step.due_on, self.who(step, case))

    def _in(self, case: Case, state: StepState) -> list[Step]:
        return [step for step in self.rows.get(case.id, ()) if step.state == state]


def _talk(case: Case, at: _Steps) -> Talk:
    return Talk(
        case_id=case.id,
        student_id=case.student_id,
        reasons=tuple(at.reasons.get(case.id, ())),
        owner=at.names.get(case.owner_id or 0, ""),
        layer=at.layer(case),
        next=at.next(case),
        last=at.last(case),
        waits_since=case.waiting_since,
    )


def _offered(session: Session, cases: Sequence[Case], at: _Steps) -> Iterable[Offered]:
    by_id = {case.id: case for case in cases}
    rows = (
        select(Referral, Resource.name, Step)
        .join(Resource, Resource.id == Referral.resource_id)
        .join(Step, Step.id == Referral.step_id)
        .where(Referral.case_id.in_(by_id), Referral.state == ReferralState.OFFERED.value)
    )
    for referral, name, step in session.execute(rows):
        case = by_id[referral.case_id]
        to = SEALED if at.what(step) == SEALED else name
        yield Offered(case.student_id, to, local_date(referral.changed_at, at.zone), at.who(step, case))


def _shared(session: Session, school_id: str, zone: str) -> tuple[Shared, ...]:
    tasks = [task for task in shared_reasons.tasks(session, [school_id]) if task.ended_at is None]
    return tuple(Shared(shipped().reason(task.reason), task.households, local_date(task.opened_at, zone)) for task in tasks)


def _quiet(session: Session, today: date) -> dict[str, date]:
    one, found = merged(session), dict[str, date]()
    for hold in peace.standing(session, today):
        child = one.of(hold.student_id)
        found[child] = max(hold.until, found.get(child, hold.until))
    return found


class _Children:
    """Makes children for the paper."""

    def __init__(self, session: Session, counts: Counts[StudentCount], talks: Mapping[str, Talk], quiet: Mapping[str, date]) -> None:
        self._counts, self._talks, self._quiet = counts, talks, quiet
        self._students: dict[str, Student] = {}
        for some in slices(counts.by_student.keys()):
            self._students |= district.students(session, some)

    def watched(self, one: Watched) -> Child:
        plain = self._child(one.student_id)
        return replace(
            plain,
            lately=one.lately,
            reached=one.reached,
            heard=one.heard,
            improving=one.improving,
            last=(one.last.on, one.last.how) if one.last else None,
            knows=one.knows,
            next_on=one.next_on,
        )

    def plain(self, student_ids: Iterable[str]) -> dict[str, Child]:
        return {one: self._child(one) for one in sorted(student_ids) if one in self._counts.by_student}

    def _child(self, student_id: str) -> Child:
        row = self._students.get(student_id)
        return Child(
            student_id=student_id,
            name=f"{row.preferred_name or row.first_name} {row.last_name}".strip() if row else student_id,
            grade=row.grade if row else "",
            count=self._counts.by_student[student_id].count,
            until=self._counts.until[student_id],
            talk=self._talks.get(student_id),
            quiet_until=self._quiet.get(student_id),
        )
