"""Proposes, starts and ends studies; whoever needs somebody is told whatever chance decided."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from outreach.database import take_turns
from outreach.planning import study_queries
from outreach.planning.states import StudyState
from outreach.planning.studies import Design, DesignError, Home, assign, check, seal
from outreach.planning.study_tables import Study, StudyChild, StudyHome
from outreach.staff import queries as staff


def propose(session: Session, design: Design, *, by: str, now: datetime) -> Study:
    """Write down a design; nobody is assigned yet. Raises DesignError."""
    check(design)
    arms = [{**asdict(arm), "from_day": arm.from_day.isoformat() if arm.from_day else None} for arm in design.arms]
    study = Study(
        name=design.name.strip(),
        kind=design.kind.value,
        state=StudyState.PROPOSED,
        first_day=design.first_day,
        last_day=design.last_day,
        arms=arms,
        schools=list(design.schools),
        grades=list(design.grades),
        subgroups=list(design.subgroups),
        proposed_by=by,
        proposed_at=now,
        started_by="",
        ended_by="",
        seed="",
        seal="",
        left_out={},
    )
    session.add(study)
    session.flush()
    return study


def start(
    session: Session,
    study: Study,
    homes: Sequence[Home],
    *,
    left_out: Mapping[str, int],
    by: str,
    today: date,
    now: datetime,
    seed: str = "",
) -> Study:
    """Let chance decide about *homes* and seal it. *by* is the named approver, another person than who proposed it.

    *seed* repeats an assignment; without it chance takes a fresh one. Raises DesignError where the study is not merely proposed, has the
    same approver, should have begun already, or shares a household with one that runs.
    """
    take_turns(session, "plan")
    session.refresh(study)
    running = {
        child
        for one in study_queries.running(session)
        for children in study_queries.children_by_home(session, one.id).values()
        for child in children
    }
    for wrong, sentence in (
        (study.state != StudyState.PROPOSED, "This study was started already."),
        (study.proposed_by in staff.addresses(session, by), "A study is started by another person than the one who proposed it."),
        (study.first_day <= today, "A study starts before its first day; move the days and propose it again."),
        (not homes, "No household can take part in this study."),
        (
            any(running.intersection(home.student_ids) for home in homes),
            "Some of these households take part in another study that still runs.",
        ),
    ):
        if wrong:
            raise DesignError(sentence)
    study.seed = seed or secrets.token_hex(16)
    assigned = assign(homes, study_queries.design(study).arms, study.seed)
    study.seal = seal(assigned)
    study.left_out = dict(left_out)
    study.state, study.started_by, study.started_at = StudyState.RUNNING, by, now
    _write(session, study, homes, assigned)
    return study


def _write(session: Session, study: Study, homes: Sequence[Home], assigned: Mapping[str, int]) -> None:
    rows = [
        {
            "study_id": study.id,
            "household": home.household,
            "student_id": home.student_id,
            "school_id": home.school_id,
            "grade": home.grade,
            "prior": home.prior,
            "arm": assigned[home.household],
        }
        for home in homes
    ]
    session.flush()
    session.execute(insert(StudyHome), rows)
    stored = session.execute(select(StudyHome.household, StudyHome.id).where(StudyHome.study_id == study.id))
    numbers = dict(stored.all())
    children = [
        {"home_id": numbers[home.household], "student_id": student_id, "needs": ""} for home in homes for student_id in home.student_ids
    ]
    session.execute(insert(StudyChild), children)


def end(study: Study, *, by: str, now: datetime) -> Study:
    """End a study now: from the next planning on nobody waits because of it. Ending it again changes nothing."""
    if study.state != StudyState.ENDED:
        study.state, study.ended_by, study.ended_at = StudyState.ENDED, by, now
    return study


def needs_somebody(session: Session, *, household: str, student_id: str, why: str) -> None:
    """Let a family hear from the next planning on, whatever its arm: a case was opened or a barrier reported.

    The arm stays what it was, so the comparison is still that of the assignment.
    """
    known_by = [StudyHome.household == household] if household else []
    if student_id:
        known_by.append(StudyHome.id.in_(select(StudyChild.home_id).where(StudyChild.student_id == student_id)))
    if known_by:
        homes = select(StudyHome.id).where(or_(*known_by))
        session.execute(update(StudyChild).where(StudyChild.home_id.in_(homes), StudyChild.needs == "").values(needs=why))
