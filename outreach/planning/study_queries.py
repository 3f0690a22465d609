"""Reads of studies: what runs, and who waits because of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.district.queries import slices
from outreach.planning.states import StudyState
from outreach.planning.studies import Arm, Design, Kind, waits
from outreach.planning.study_tables import Study, StudyChild, StudyHome

_WORST = "severe"
"""The tier from which nobody waits: 20 % of days missed."""


@dataclass(frozen=True)
class _Place:
    """The place of one child's household in one running study."""

    arm: Arm
    first_day: date
    last_day: date
    needs: str


@dataclass(frozen=True)
class Holding:
    """Who waits in the studies that run."""

    places: Mapping[str, Sequence[_Place]]

    def waits(self, student_ids: Collection[str], tiers: Mapping[str, str], today: date) -> bool:
        """Whether a family is not told of these children yet: where one of them is among the worst off or needs somebody, nobody waits."""
        if any(tiers.get(student_id) == _WORST for student_id in student_ids):
            return False
        places = [place for student_id in student_ids for place in self.places.get(student_id, ()) if place.first_day <= today]
        return any(waits(place.arm, today=today, last_day=place.last_day) for place in places) and not any(place.needs for place in places)

    def message(self, student_id: str, usual: str, today: date) -> str:
        """The message that a family gets in place of the *usual* one, where a study compares words."""
        places = (place for place in self.places.get(student_id, ()) if place.first_day <= today <= place.last_day)
        return next((place.arm.message for place in places if place.arm.message), usual)


def design(study: Study) -> Design:
    """A study's design, as it was proposed."""
    arms = [
        Arm(arm["name"], arm["share"], date.fromisoformat(arm["from_day"]) if arm["from_day"] else None, arm["message"])
        for arm in study.arms
    ]
    return Design(
        name=study.name,
        kind=Kind(study.kind),
        first_day=study.first_day,
        last_day=study.last_day,
        arms=tuple(arms),
        schools=tuple(study.schools),
        grades=tuple(study.grades),
        subgroups=tuple(study.subgroups),
    )


def running(session: Session) -> list[Study]:
    """The studies that run, the oldest first."""
    return list(session.scalars(select(Study).where(Study.state == StudyState.RUNNING).order_by(Study.id)))


def every(session: Session) -> list[Study]:
    """All studies, the newest first."""
    return list(session.scalars(select(Study).order_by(Study.id.desc())))


def homes(session: Session, study_id: int) -> list[StudyHome]:
    """The households of a study, by household."""
    return list(session.scalars(select(StudyHome).where(StudyHome.study_id == study_id).order_by(StudyHome.household)))


def children_by_home(session: Session, study_id: int) -> dict[int, list[str]]:
    """The children of each household of a study, by the household's row."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    statement = select(StudyChild.home_id, StudyChild.student_id).join(StudyHome, StudyHome.id == StudyChild.home_id)
    for home_id, student_id in session.execute(statement.where(StudyHome.study_id == study_id)):
        found[home_id].append(student_id)
    return found


def holding(session: Session, student_ids: Collection[str]) -> Holding:
    """Who of *student_ids* waits because of a study that runs."""
    studies = {study.id: design(study) for study in running(session)}
    places: defaultdict[str, list[_Place]] = defaultdict(list)
    if studies:
        statement = select(StudyChild.student_id, StudyChild.needs, StudyHome.study_id, StudyHome.arm)
        statement = statement.join(StudyHome, StudyHome.id == StudyChild.home_id).where(StudyHome.study_id.in_(studies))
        for some in slices(student_ids):
            for student_id, needs, study_id, arm in session.execute(statement.where(StudyChild.student_id.in_(some))):
                of = studies[study_id]
                places[student_id].append(_Place(of.arms[arm], of.first_day, of.last_day, needs))
    return Holding(places)
