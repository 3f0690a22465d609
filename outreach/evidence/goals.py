"""Goals per school and group: what was promised, where it stands, and how many children are between the two."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import floor

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.database import take_turns
from outreach.evidence import dashboard
from outreach.evidence.dashboard import Group
from outreach.evidence.goal_tables import Goal, PublicSwitch
from outreach.evidence.small_cells import SMALLEST
from outreach.evidence.snapshot_tables import Snapshot, SnapshotGroup
from outreach.evidence.snapshots import a_year_before

EVERYBODY = "all"
DIMENSIONS = (EVERYBODY, "grade", "subgroup", "language")
LONGEST = timedelta(days=3 * 366)
_WHOLE = 1000


class Measure(StrEnum):
    """What a goal is about."""

    CHRONIC = "chronic"
    """The share of children who miss a tenth of their days or more: at most the goal."""
    ATTENDANCE = "attendance"
    """Average daily attendance: at least the goal."""


class GoalError(ValueError):
    """A goal that cannot be set; the argument is a sentence for the person."""


@dataclass(frozen=True)
class Wanted:
    """A goal as somebody wants it."""

    school_id: str
    dimension: str
    value: str
    measure: Measure
    permille: int
    until: date

    @property
    def key(self) -> str:
        """What it is about."""
        return f"{self.school_id}\n{self.dimension}\n{self.value}\n{self.measure}"


@dataclass(frozen=True)
class Progress:
    """A goal and where its children stand on the newest kept day."""

    goal: Goal
    group: Group | None
    """None where no child is in it any more."""
    before: Group | None
    """The same day last year."""

    @property
    def target(self) -> Fraction:
        """The share to reach."""
        return Fraction(self.goal.permille, _WHOLE)

    @property
    def now(self) -> Fraction | None:
        """Where it stands; None where nothing can be told yet."""
        return _share(self.group, self.goal.measure)

    @property
    def last_year(self) -> Fraction | None:
        """Where it stood on the same day last year."""
        return _share(self.before, self.goal.measure)

    @property
    def is_met(self) -> bool | None:
        """Whether it is reached today."""
        if self.now is None:
            return None
        return self.now <= self.target if self.goal.measure == Measure.CHRONIC else self.now >= self.target

    @property
    def to_go(self) -> int | None:
        """How many children more would have to miss less than a tenth; None for attendance, which is no number of children."""
        if self.group is None or self.goal.measure != Measure.CHRONIC:
            return None
        return max(0, self.group.chronic - floor(self.target * self.group.counted))

    @property
    def is_small(self) -> bool:
        """Whether its figure would tell of fewer than ten children, or of all but fewer than ten."""
        return self.group is None or min(self.group.chronic, self.group.counted - self.group.chronic) < SMALLEST


def _share(group: Group | None, measure: str) -> Fraction | None:
    if group is None:
        return None
    return group.rate if measure == Measure.CHRONIC else group.attendance


def values(session: Session, kept: Snapshot, school_id: str) -> list[tuple[str, str]]:
    """The groups of a school, or (empty) of the district, that had children on a kept day: (dimension, value)."""
    mine = SnapshotGroup.snapshot_id == kept.id, SnapshotGroup.school_id == school_id, SnapshotGroup.value != ""
    found = session.execute(select(SnapshotGroup.dimension, SnapshotGroup.value).where(*mine))
    return sorted(((row.dimension, row.value) for row in found), key=lambda one: (DIMENSIONS.index(one[0]), one[1].casefold()))


def put(session: Session, wanted: Wanted, *, by: str, today: date, now: datetime) -> Goal:
    """Set a goal in place of the one about the same children and measure. Raises GoalError."""
    take_turns(session, "goals")
    _refuse(session, wanted, today)
    for earlier in session.scalars(select(Goal).where(Goal.open_key == wanted.key)):
        earlier.open_key, earlier.ended_by, earlier.ended_at = None, by, now
    session.flush()
    goal = Goal(
        open_key=wanted.key,
        school_id=wanted.school_id,
        dimension=wanted.dimension,
        value=wanted.value,
        measure=wanted.measure.value,
        permille=wanted.permille,
        until=wanted.until,
        set_by=by,
        set_at=now,
        ended_by="",
        ended_at=None,
    )
    session.add(goal)
    session.flush()
    return goal


def _refuse(session: Session, wanted: Wanted, today: date) -> None:
    kept = dashboard.newest(session)
    if kept is None:
        message = "There are no figures yet. Set goals once a feed was loaded."
    elif not 0 < wanted.permille < _WHOLE:
        message = "Give the share to reach as a number between 0.1 and 99.9."
    elif not today <= wanted.until <= today + LONGEST:
        message = "Choose a day from today on, within three years."
    elif (wanted.dimension, wanted.value) not in {(EVERYBODY, ""), *values(session, kept, wanted.school_id)}:
        message = "No child is in that group now. Choose one of the list."
    else:
        return
    raise GoalError(message)


def end(goal: Goal, *, by: str, now: datetime) -> None:
    """End a goal; one that is ended stays as it is."""
    if goal.ended_at is None:
        goal.open_key, goal.ended_by, goal.ended_at = None, by, now


def standing(session: Session, kept: Snapshot, schools: Collection[str] | None) -> list[Progress]:
    """The open goals of the district and of the schools a person may see (None: all), the district's first."""
    goals = session.scalars(select(Goal).where(Goal.ended_at.is_(None)).order_by(Goal.school_id, Goal.id)).all()
    seen = [goal for goal in goals if schools is None or not goal.school_id or goal.school_id in schools]
    before = dashboard.on(session, a_year_before(kept.as_of))
    return [Progress(goal, _group_of(session, kept, goal), _group_of(session, before, goal) if before else None) for goal in seen]


def ended(session: Session, schools: Collection[str] | None, limit: int = 50) -> Sequence[Goal]:
    """The goals that were ended, the last first."""
    goals = session.scalars(select(Goal).where(Goal.ended_at.is_not(None)).order_by(Goal.ended_at.desc(), Goal.id.desc()))
    return [goal for goal in goals if schools is None or not goal.school_id or goal.school_id in schools][:limit]


def _group_of(session: Session, kept: Snapshot, goal: Goal) -> Group | None:
    return dashboard.group(session, kept, goal.school_id, goal.dimension, goal.value)


def is_public(session: Session) -> bool:
    """Whether everybody may see the district's figures."""
    newest = session.scalars(select(PublicSwitch).order_by(PublicSwitch.id.desc())).first()
    return newest is not None and newest.is_on


def make_public(session: Session, *, is_on: bool, by: str, now: datetime) -> None:
    """Show the district's figures to everybody, or no longer."""
    session.add(PublicSwitch(is_on=is_on, by=by, at=now))
