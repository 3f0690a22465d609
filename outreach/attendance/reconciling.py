"""Where the student information system and this service count differently, and which setting of its source would explain it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.profiles import Days, profiles
from outreach.attendance.refusal import RefusedError
from outreach.attendance.sums import school_sums
from outreach.district import overlays
from outreach.district.overlays import Merged
from outreach.district.tables import SisTotal

Variation = Mapping[str, str]
"""A source setting and the value it is tried with; empty is as it stands."""

NOTHING_TO_COMPARE = "No source has brought a sis_totals.csv, so there is nothing to compare with."


@dataclass(frozen=True)
class Difference:
    """One child at one school, counted differently; *ours* is None where we know of no enrolment."""

    student_id: str
    school_id: str
    as_of: date
    theirs: tuple[Days, Days]
    """Days enrolled and absent, as the student information system has them."""
    ours: tuple[Days, Days] | None


@dataclass(frozen=True)
class Trial:
    """What would remain different if a setting had another value; *explained* is how many of the differences it removes."""

    setting: str
    value: str
    explained: int
    remaining: int


@dataclass(frozen=True)
class Comparison:
    """All that was compared; *trials* has the settings that explain most first."""

    compared: int
    differences: tuple[Difference, ...]
    trials: tuple[Trial, ...]


def compare(session: Session) -> Comparison:
    """Compare every delivered total, then try each setting alone. Raises RefusedError when there is no total."""
    totals = list(session.scalars(select(SisTotal).order_by(SisTotal.as_of, SisTotal.school_id, SisTotal.student_id)))
    if not totals:
        raise RefusedError(NOTHING_TO_COMPARE)
    differences = differing(session, totals, {})
    trials = []
    for setting, value in _variations() if differences else ():
        remaining = len(differing(session, totals, {setting: value}))
        trials.append(Trial(setting, value, len(differences) - remaining, remaining))
    helpful = sorted((trial for trial in trials if trial.explained > 0), key=lambda trial: (-trial.explained, trial.setting, trial.value))
    return Comparison(len(totals), tuple(differences), tuple(helpful))


def differing(session: Session, totals: Sequence[SisTotal], variation: Variation) -> list[Difference]:
    """The totals that our count does not equal, with every source's settings varied."""
    by_day: defaultdict[date, list[SisTotal]] = defaultdict(list)
    for total in totals:
        by_day[total.as_of].append(total)
    found = []
    merged = overlays.merged(session)
    for as_of, rows in by_day.items():
        theirs = _by_child(rows, merged)
        students = {student_id for student_id, _ in theirs}
        counted = school_sums(session, as_of, students=students, variation=variation)
        ours = {(each.student_id, each.school_id): (each.count.enrolled, each.count.absent) for each in counted}
        for (student_id, school_id), said in theirs.items():
            mine: tuple[Days, Days] | None = ours.get((student_id, school_id))
            if mine != said:
                found.append(Difference(student_id, school_id, as_of, said, mine))
    return found


def _by_child(totals: Sequence[SisTotal], merged: Merged) -> dict[tuple[str, str], tuple[Days, Days]]:
    """Days enrolled and absent by child and school; the totals of ids that are one child are added up."""
    found: dict[tuple[str, str], tuple[Days, Days]] = {}
    for total in totals:
        key = merged.of(total.student_id), total.school_id
        enrolled, absent = found.get(key, (0, 0))
        found[key] = (enrolled + Fraction(total.days_enrolled), absent + Fraction(total.days_absent))
    return found


def _variations() -> list[tuple[str, str]]:
    """Each setting of a source that changes days enrolled or absent, with the values it may have; of school years the usual starts.

    ``reporting`` is none: it tells unknown days from present ones, and no total of a student information system has unknown days.
    """
    fixed = [("exit_day", "inclusive"), ("exit_day", "exclusive"), ("calendar", "file"), ("calendar", "from-events")]
    starts = [("school_year_start", start) for start in ("06-01", "07-01", "08-01", "09-01")]
    return [*fixed, *starts, *(("profile", name) for name in profiles())]
