"""What a study found, as it was set before it began: by assignment, interval first, twice, with the reach beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.counting import Count
from outreach.district import queries as district
from outreach.district.subgroups import subgroups
from outreach.evidence.estimating import Effect, TooFewError, effects
from outreach.evidence.outcomes import first_missed, missed
from outreach.planning import study_queries
from outreach.planning.states import TOLD, MessageClass, State
from outreach.planning.studies import Design, seal
from outreach.planning.study_tables import Study, StudyHome
from outreach.planning.tables import PlannedMessage

_TENTH = 10
_SMALL = 10
"""Households in a stratum below which an outside evaluator is not told which stratum it was."""
_AS_MARKED, _AS_FIRST = "as they stand now", "as they first came"


@dataclass(frozen=True)
class Reach:
    """What reached the households of one arm until the comparison arm was told."""

    arm: str
    households: int
    followed: int
    """Whose child was enrolled on at least one day between the first day and the last."""
    told: int
    """To whom at least one count left."""
    delivered: int


@dataclass(frozen=True)
class Finding:
    """One outcome of one group on one reading of the marks."""

    group: str
    """All, or a subgroup that was set before."""
    outcome: str
    """``days`` or ``chronic``."""
    marks: str
    effects: Sequence[Effect]
    why_none: str = ""
    """Why there is no figure; empty where there is one."""


@dataclass(frozen=True)
class Report:
    """All that a study says."""

    study: Study
    design: Design
    until: date
    """The last day counted: of the comparison, or yesterday while it runs."""
    sealed: bool
    """Whether the assignment is still the one that chance made."""
    reach: Sequence[Reach]
    findings: Sequence[Finding]
    compared: int
    """Claims in this report, which together hold at 95 %."""
    spread: float
    likeness: float


@dataclass(frozen=True)
class Row:
    """One household for an outside evaluator: nothing in it says whose it is."""

    arm: str
    stratum: str
    prior: str
    enrolled: int
    absent: str
    absent_first: str
    chronic: int
    told: int
    delivered: int


def report(session: Session, study: Study, *, today: date) -> Report:
    """What is known by *today*; a study that has just begun has no figures yet, and says so."""
    found = _Found(session, study, today)
    groups = [("all", found.homes), *((name, found.of_subgroup(name)) for name in found.design.subgroups)]
    compared = max(1, len(groups) * (len(found.design.arms) - 1))
    findings = [
        found.finding(name, homes, outcome, marks, compared)
        for name, homes in groups
        for outcome, marks in (("days", _AS_MARKED), ("days", _AS_FIRST), ("chronic", _AS_MARKED))
    ]
    assigned = {home.household: home.arm for home in found.homes}
    return Report(
        study, found.design, found.until, seal(assigned) == study.seal, found.reach(), findings, compared, found.spread, found.likeness
    )


def rows(session: Session, study: Study, *, today: date) -> list[Row]:
    """The households in an order that says nothing, for an outside evaluator."""
    found = _Found(session, study, today)
    sizes = Counter((home.school_id, home.grade) for home in found.homes)
    names = {place: f"stratum {number}" for number, place in enumerate(sorted(sizes, key=lambda place: (sizes[place], place)), start=1)}
    told = [
        found.row(home, names[home.school_id, home.grade] if sizes[home.school_id, home.grade] >= _SMALL else "small")
        for home in found.homes
    ]
    return sorted((row for row in told if row is not None), key=lambda row: (row.stratum, row.arm, row.prior, row.absent, row.enrolled))


class _Found:
    """What a report rests on."""

    def __init__(self, session: Session, study: Study, today: date) -> None:
        self._session = session
        self.design = study_queries.design(study)
        self.homes = study_queries.homes(session, study.id)
        self.until = min(self.design.compared_until, today - timedelta(days=1))
        children = [home.student_id for home in self.homes]
        began = self.until >= self.design.first_day
        self._now = missed(session, children, self.design.first_day, self.until) if began else {}
        self._first = first_missed(session, children, self.design.first_day, self.until) if began else {}
        self._told = _told(session, study.id, self.design.first_day, self.until)
        absent = [float(count.absent) for count in self._now.values()]
        self.spread = float(np.std(absent)) if absent else 0.0
        pairs = [
            (float(home.prior), float(self._now[home.student_id].absent))
            for home in self.homes
            if home.prior and home.student_id in self._now
        ]
        varied = len(pairs) > 2 and all(np.std(column) > 0 for column in zip(*pairs, strict=True))  # noqa: PLR2004 - a line needs three
        self.likeness = float(np.corrcoef(np.array(pairs).T)[0, 1]) if varied else 0.0

    def of_subgroup(self, name: str) -> list[StudyHome]:
        """The households whose child the feed puts into a subgroup."""
        students = district.students(self._session, [home.student_id for home in self.homes])
        return [home for home in self.homes if home.student_id in students and name in subgroups(students[home.student_id].subgroups)]

    def finding(self, group: str, homes: Sequence[StudyHome], outcome: str, marks: str, compared: int) -> Finding:
        """One outcome of one group."""
        counts = self._first if marks == _AS_FIRST else self._now
        known = [home for home in homes if home.student_id in counts]
        names = [arm.name for arm in self.design.arms]
        strata = {place: number for number, place in enumerate(sorted({(home.school_id, home.grade) for home in known}))}
        try:
            found = effects(
                np.array([_outcome(counts[home.student_id], outcome) for home in known]),
                np.array([home.arm for home in known], dtype=np.int64),
                np.array([float(home.prior) if home.prior else np.nan for home in known]),
                np.array([strata[home.school_id, home.grade] for home in known], dtype=np.int64),
                arms=names,
                comparisons=compared,
            )
        except TooFewError as error:
            return Finding(group, outcome, marks, (), str(error))
        return Finding(group, outcome, marks, tuple(found.values()))

    def reach(self) -> list[Reach]:
        """What reached each arm."""
        found = []
        for number, arm in enumerate(self.design.arms):
            mine = [home for home in self.homes if home.arm == number]
            told = [self._told.get(home.id, "") for home in mine]
            found.append(
                Reach(
                    arm.name,
                    len(mine),
                    sum(home.student_id in self._now for home in mine),
                    sum(map(bool, told)),
                    told.count(State.DELIVERED),
                )
            )
        return found

    def row(self, home: StudyHome, stratum: str) -> Row | None:
        """One household as an outside evaluator gets it; None where its child was not enrolled."""
        count, first = self._now.get(home.student_id), self._first.get(home.student_id)
        if count is None or first is None:
            return None
        told = self._told.get(home.id, "")
        return Row(
            self.design.arms[home.arm].name,
            stratum,
            home.prior,
            count.enrolled,
            str(float(count.absent)),
            str(float(first.absent)),
            int(_outcome(count, "chronic")),
            int(bool(told)),
            int(told == State.DELIVERED),
        )


def _outcome(count: Count, outcome: str) -> float:
    return float(count.absent) if outcome == "days" else float(_TENTH * count.absent >= count.enrolled)


def _told(session: Session, study_id: int, first: date, last: date) -> Mapping[int, str]:
    """Home → the furthest that a count about one of its children got while the arms were compared."""
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=2)))
    homes: defaultdict[str, list[int]] = defaultdict(list)
    for home_id, children in study_queries.children_by_home(session, study_id).items():
        for child in children:
            homes[child].append(home_id)
    statement = select(PlannedMessage.student_ids, PlannedMessage.state).where(
        PlannedMessage.message_class == MessageClass.NUDGE,
        PlannedMessage.state.in_(TOLD),
        PlannedMessage.claimed_at >= begin,
        PlannedMessage.claimed_at < end,
    )
    found: dict[int, str] = {}
    for students, state in session.execute(statement):
        for home_id in {number for child in students for number in homes.get(child, ())}:
            found[home_id] = State.DELIVERED if State.DELIVERED in (state, found.get(home_id)) else state
    return found
