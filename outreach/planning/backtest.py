"""What some rules would have led to in a school year so far: evaluated week by week, in a transaction that is thrown away.

It is the evaluation of every night, with the clock put back, on what is known today of those days. It tells crossings, a household once a
week and channel; consents, blocks and words of the time are not known any more, so it is the most that could have left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance.counting import Chronic
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.tables import Mark
from outreach.clock import local_date, start_of_day
from outreach.database import Database
from outreach.district import queries as district
from outreach.district.households import households
from outreach.planning.states import Channel
from outreach.settings import Settings
from outreach.thresholds.actions import evaluate, release_baseline
from outreach.thresholds.counts import everybody
from outreach.thresholds.rules import Rule
from outreach.thresholds.states import EpisodeState

_EVERYBODY = 10_000_000
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Backtest:
    """What a year of weekly evaluations would have led to."""

    weeks: tuple[tuple[date, int, int], ...]
    """Each week's day, with how many texts and letters, the empty ones included."""
    chronic: int
    """Children who are chronically absent at the end."""
    reached: Mapping[str, date]
    """Those of them whom a rule found → the first such day."""

    @property
    def texts(self) -> int:
        """All texts."""
        return sum(texts for _, texts, _ in self.weeks)

    @property
    def letters(self) -> int:
        """All letters."""
        return sum(letters for _, _, letters in self.weeks)

    @property
    def first(self) -> date | None:
        """The first week in which anything would have left."""
        return next((day for day, texts, letters in self.weeks if texts or letters), None)

    def reached_by(self, day: date) -> int:
        """How many of those who are chronically absent at the end were found by *day*."""
        return sum(found <= day for found in self.reached.values())


def backtest(database: Database, rules: Sequence[Rule], *, settings: Settings, now: datetime) -> Backtest:
    """Evaluate *rules* once a week over the school year of *now*, up to it; nothing of it is kept."""
    # under names of their own no crossing of the real year stands in their way
    trial = [rule.model_copy(update={"name": f"backtest {rule.name}"}) for rule in rules]
    with database.write() as session:
        days = _days(session, settings, now)
        found = {day: _crossings(session, trial, settings, min(now, start_of_day(day + timedelta(days=1), settings.zone))) for day in days}
        homes = _homes(session, {student for crossings in found.values() for student, _ in crossings})
        counts = everybody(session, now, settings.zone).by_student
        session.rollback()
    chronic = {student for student, whole in counts.items() if whole.count.chronic == Chronic.TRUE}
    reached: dict[str, date] = {}
    weeks = []
    for day, crossings in found.items():
        told = Counter(
            channel for _, channel in {(home, channel) for student, channel in crossings for home in homes.get(student, [student])}
        )
        weeks.append((day, told[Channel.SMS], told[Channel.LETTER]))
        for student, _ in crossings:
            if student in chronic:
                reached.setdefault(student, day)
    return Backtest(tuple(weeks), len(chronic), reached)


def _days(session: Session, settings: Settings, now: datetime) -> list[date]:
    """A day a week from the first mark of the school year on, and today."""
    today = local_date(now, settings.zone)
    year = SchoolYear.of(session, today)
    start = min((year.start(school_id) for school_id in district.schools(session)), default=today)
    first = session.scalar(select(func.min(Mark.date)).where(Mark.date >= start, Mark.date <= today))
    if first is None:
        return []
    return sorted({first + n * _WEEK for n in range((today - first) // _WEEK + 1)} | {today})


def _crossings(session: Session, rules: Sequence[Rule], settings: Settings, at: datetime) -> set[tuple[str, str]]:
    """(child, channel) of what speaks newly at one evaluation; the first round counts as released at once."""
    channels = {rule.name: rule.channel for rule in rules}
    found = evaluate(session, rules, settings=settings, now=at)
    release_baseline(session, _EVERYBODY, by="backtest", now=at)
    return {(one.student_id, channels[one.rule]) for one in found if one.new and one.state != EpisodeState.PASSED}


def _homes(session: Session, students: set[str]) -> dict[str, list[str]]:
    """Child → the keys of its households."""
    found: dict[str, list[str]] = {}
    for home in households(district.load_families(session, students)):
        for student_id in home.student_ids:
            found.setdefault(student_id, []).append(home.key)
    return found
