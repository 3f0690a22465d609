"""Which families may take part in a study, and why the others do not.

Families that share a child are one: chance must not tell one parent and keep the other waiting. Nobody waits who needs somebody now:
a family with a child at 20 % or more, an open case, or a barrier reported this school year.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.queries import StudentSum
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.sums import student_sums
from outreach.cases.tables import Case, CaseEvent
from outreach.district import queries as district
from outreach.district.households import households
from outreach.planning.studies import Design, Home
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.thresholds.counts import Counts, everybody

_WORST = "severe"


@dataclass(frozen=True)
class Eligible:
    """Who may take part."""

    homes: tuple[Home, ...]
    left_out: Mapping[str, int]
    """Why families of these schools and grades do not take part → how many."""


@dataclass(frozen=True)
class _Family:
    key: str
    student_ids: tuple[str, ...]
    households: frozenset[str]


def homes(session: Session, design: Design, settings: Settings, now: datetime) -> Eligible:
    """The families of the design's schools and grades that may take part, each with the child that stands for it.

    That child is the one that missed most days last year, so that the comparison can use last year's number; of equals the first by id.
    """
    counts = everybody(session, now, settings.zone)
    grades = {row.student_id: row.grade for row in district.students(session, counts.enrolled).values()}
    concerned = {child for child, schools in counts.enrolled.items() if _meant(design, schools[0], grades.get(child, ""))}
    reasons: Counter[str] = Counter()
    kept = []
    needing = _Needing(session, _year_began(session, counts.as_of))
    for family in _families(session, concerned):
        why = needing.why(family, counts)
        if why:
            reasons[why] += 1
        else:
            kept.append(family)
    prior = _last_year(session, counts.as_of, [child for family in kept for child in family.student_ids if child in concerned])
    found = tuple(_home(family, concerned, counts, grades, prior) for family in kept)
    return Eligible(found, dict(reasons))


def _meant(design: Design, school_id: str, grade: str) -> bool:
    return (not design.schools or school_id in design.schools) and (not design.grades or grade in design.grades)


def _families(session: Session, concerned: Collection[str]) -> Iterable[_Family]:
    """Households of the children, those that share a child joined."""
    every = households(district.load_families(session, concerned))
    parent: dict[str, str] = {}

    def root(child: str) -> str:
        while parent.setdefault(child, child) != child:
            parent[child] = parent[parent[child]]
            child = parent[child]
        return child

    for household in every:
        for child in household.student_ids:
            parent[root(child)] = root(household.student_ids[0])
    keys: defaultdict[str, set[str]] = defaultdict(set)
    children: defaultdict[str, set[str]] = defaultdict(set)
    for household in every:
        keys[root(household.student_ids[0])].add(household.key)
        children[root(household.student_ids[0])].update(household.student_ids)
    for group in sorted(keys):
        if children[group] & set(concerned):
            yield _Family(min(keys[group]), tuple(sorted(children[group])), frozenset(keys[group]))


class _Needing:
    """Families that need somebody now."""

    def __init__(self, session: Session, since: datetime) -> None:
        standing = session.execute(select(Case.household, Case.student_id).where(Case.open_key.is_not(None))).all()
        self._cases = {household for household, _ in standing if household}, {child for _, child in standing if child}
        told = (
            select(Case.household, Case.student_id)
            .join(CaseEvent, CaseEvent.case_id == Case.id)
            .join(Inbound, Inbound.id == CaseEvent.inbound_id)
            .where(Inbound.barrier != "", Inbound.received_at >= since)
        )
        reported = session.execute(told).all()
        self._barriers = {household for household, _ in reported if household}, {child for _, child in reported if child}

    def why(self, family: _Family, counts: Counts[StudentSum]) -> str:
        """Why a family does not take part; empty where it may."""
        if any(child in counts.by_student and counts.by_student[child].count.tier == _WORST for child in family.student_ids):
            return "20 % or more of the days missed"
        for sentence, (keys, children) in (("open case", self._cases), ("barrier reported this year", self._barriers)):
            if family.households & keys or children.intersection(family.student_ids):
                return sentence
        return ""


def _year_began(session: Session, as_of: date) -> datetime:
    year = SchoolYear.of(session, as_of)
    first = min((year.start(school_id) for school_id in district.schools(session)), default=as_of)
    return datetime.combine(first, time(), UTC)


def _last_year(session: Session, as_of: date, children: Collection[str]) -> Mapping[str, str]:
    """Child → days missed last year as text, where a count of it is known."""
    year = SchoolYear.of(session, as_of)
    ends = {year.start(school_id) - timedelta(days=1) for school_id in district.schools(session)}
    if not ends:
        return {}
    return {
        child: str(float(found.count.absent))
        for child, found in student_sums(session, max(ends), students=children).items()
        if found.count.enrolled and found.count.calendar_known
    }


def _home(
    family: _Family,
    concerned: Collection[str],
    counts: Counts[StudentSum],
    grades: Mapping[str, str],
    prior: Mapping[str, str],
) -> Home:
    mine = [child for child in family.student_ids if child in concerned]
    focal = min(mine, key=lambda child: (-float(prior.get(child, -1)), child))
    return Home(family.key, focal, family.student_ids, counts.enrolled[focal][0], grades.get(focal, ""), prior.get(focal, ""))
