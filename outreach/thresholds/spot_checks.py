"""Counts that a person compares with the student information system before anything is told: a few children, chosen the same way twice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from outreach.attendance.queries import StudentCount, newest_import
from outreach.clock import local_date
from outreach.district.overlays import merged_away
from outreach.district.tables import Enrolment
from outreach.staff.actions import audit
from outreach.staff.tables import AuditEntry
from outreach.thresholds.counts import counts_to_tell

CHILDREN = 6
"""Children of one check."""
CHECKED = "counts.checked"
"""What the audit trail calls one child's comparison."""
_LOOKED_AT = 60
"""Children who are counted to choose from: enough for some with many absences, few enough for a page."""


def choose(session: Session, schools: Collection[str] | None, now: datetime, zone: str) -> list[StudentCount]:
    """A few children of some schools (None: the district), from the most days missed to the fewest; another load chooses others.

    Chance alone picks whom to look at, and of those every part of the range is there.
    """
    today, load = local_date(now, zone), newest_import(session)
    there = Enrolment.entry_date <= today, or_(Enrolment.exit_date.is_(None), Enrolment.exit_date >= today)
    ids = select(Enrolment.student_id).where(*there, Enrolment.student_id.not_in(merged_away())).distinct()
    every = session.scalars(ids if schools is None else ids.where(Enrolment.school_id.in_(schools)))
    some = sorted(every, key=lambda student_id: hashlib.sha256(f"{load}:{student_id}".encode()).digest())[:_LOOKED_AT]
    counted = counts_to_tell(session, now, zone, set(some)).by_student.values()
    order = sorted(counted, key=lambda one: (-one.count.absent, one.student_id))
    if len(order) <= CHILDREN:
        return order
    return [order[round(place * (len(order) - 1) / (CHILDREN - 1))] for place in range(CHILDREN)]


def keep(session: Session, counted: Collection[StudentCount], agree: Collection[str], *, by: str, now: datetime) -> None:
    """Put on the audit trail what a person found of each child: whether our count is the student information system's."""
    for one in counted:
        detail = {"agrees": one.student_id in agree, "days_absent": str(one.count.absent), "days_enrolled": one.count.enrolled}
        audit(session, actor=by, action=CHECKED, subject=f"student {one.student_id}", now=now, detail=detail)


def standing(session: Session) -> Mapping[str, bool]:
    """Each child who was ever compared → whether the last person who did found both the same."""
    last = select(func.max(AuditEntry.id)).where(AuditEntry.action == CHECKED).group_by(AuditEntry.subject)
    rows = session.scalars(select(AuditEntry).where(AuditEntry.id.in_(last)))
    return {row.subject.removeprefix("student "): bool(row.detail["agrees"]) for row in rows}
