"""Adds the district up for one day and keeps it: tiers and attendance by school, grade, subgroup and language, and reach."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from outreach.attendance.counting import Count
from outreach.attendance.last_days import LastDays
from outreach.attendance.queries import StudentSum, enrolled_at, newest_version
from outreach.attendance.sums import student_sums
from outreach.cases.mentors import connected
from outreach.district import queries as district
from outreach.district.subgroups import subgroups
from outreach.district.tables import Student
from outreach.evidence import patterns, waits
from outreach.evidence.afterwards import around
from outreach.evidence.reach import Reached, reached
from outreach.evidence.snapshot_tables import WHOLE, Snapshot, SnapshotGroup, SnapshotPattern, SnapshotReach, SnapshotWait
from outreach.evidence.time_to_help import Heard
from outreach.settings import Settings
from outreach.thresholds.counts import everybody

CHRONIC = ("severe", "moderate")
"""The tiers of 10 % and more."""
_OF_SCHOOLS = frozenset({"class", "alone"})
"""Patterns that no row of the district sums up."""


_TABLES = (SnapshotGroup, SnapshotReach, SnapshotPattern, SnapshotWait)


@dataclass
class Sum:
    """What the children of one group add up to."""

    tiers: Counter[str] = field(default_factory=Counter)
    enrolled: int = 0
    absent_halves: int = 0

    def add(self, count: Count) -> None:
        """Add a child. Days whose verdict nobody knows belong to no rate, so such a child adds its tier and no days."""
        self.tiers[count.tier] += 1
        if count.calendar_known and not count.unknown:
            self.enrolled += count.enrolled
            self.absent_halves += int(2 * count.absent)


@dataclass(frozen=True)
class Day:
    """A day added up, before it is kept."""

    as_of: date
    groups: Mapping[tuple[str, str, str], Sum]
    """(school, dimension, value) → its children."""
    reach: Mapping[tuple[str, str], Reached]
    patterns: Mapping[patterns.Key, patterns.Row]
    waits: Mapping[waits.Key, waits.Waited]
    version: tuple[int, int]


def missing(session: Session, settings: Settings, now: datetime) -> list[date]:
    """The days to add up: today where what is known has changed, and the same day last year where nothing is kept of it."""
    version = newest_version(session)
    if not version.import_id:
        return []
    today = LastDays(session, now, settings.zone).as_of
    known = session.scalars(select(Snapshot).where(Snapshot.as_of == today)).one_or_none()
    found = [] if known is not None and (known.import_id, known.overlay_id) == tuple(version) else [today]
    last_year = a_year_before(today)
    if session.scalar(select(Snapshot.id).where(Snapshot.as_of == last_year)) is None:
        found.append(last_year)
    return found


def a_year_before(day: date) -> date:
    """The same day of the year before; of February 29 the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def add_up(session: Session, settings: Settings, day: date, now: datetime) -> Day:
    """Add up what may be told of every child enrolled today, or, of an earlier *day*, what is known now of those enrolled then."""
    version = newest_version(session)
    counts: Mapping[str, StudentSum]
    last_days, lying, waited = LastDays(session, now, settings.zone), dict[patterns.Key, patterns.Row](), dict[waits.Key, waits.Waited]()
    if day >= last_days.as_of:
        told = everybody(session, now, settings.zone)
        counts, enrolled, reach = told.by_student, told.enrolled, reached(session, day)
        lying.update(patterns.add_up(session, last_days, enrolled))
        lying.update(_alone(session, counts, enrolled))
        lying.update(_around(session, last_days, settings.zone))
        lying.update(_district(lying))
        heard = waits.heard_this_year(session, day, settings.zone)
        lying.update(_barriers(heard, settings.zone))
        waited.update(waits.add_up(session, heard, waits.year_to(day, settings.zone)[0]))
    else:
        counts, reach = student_sums(session, day), {}
        enrolled = enrolled_at(session, counts, day)
    students = district.students(session, enrolled)
    groups: defaultdict[tuple[str, str, str], Sum] = defaultdict(Sum)
    for student_id, schools in enrolled.items():
        if student_id in counts and student_id in students:
            for key in _groups(students[student_id], schools[0]):
                groups[key].add(counts[student_id].count)
    return Day(day, groups, reach, lying, waited, (version.import_id, version.overlay_id))


def _alone(
    session: Session, counts: Mapping[str, StudentSum], enrolled: Mapping[str, list[str]]
) -> Iterator[tuple[patterns.Key, patterns.Row]]:
    """By school the chronically absent children, and those of them whom no adult at school knows: neither the feed nor a mentor."""
    chronic = {child for child in enrolled if child in counts and counts[child].count.tier in CHRONIC}
    known = connected(session, chronic)
    alone, every = (Counter(enrolled[child][0] for child in some) for some in (chronic - known, chronic))
    for school_id, children in every.items():
        yield patterns.Key(school_id, "alone", ""), patterns.Row(alone[school_id], children)


def _around(session: Session, days: LastDays, zone: str) -> Iterator[tuple[patterns.Key, patterns.Row]]:
    for (school_id, kind), found in around(session, days, zone).items():
        yield patterns.Key(school_id, "before", kind), patterns.Row(found.before, found.steps)
        yield patterns.Key(school_id, "after", kind), patterns.Row(found.after, found.steps)


def _barriers(heard: Sequence[Heard], zone: str) -> Iterator[tuple[patterns.Key, patterns.Row]]:
    for school_id, value, number in waits.by_month(heard, zone):
        yield patterns.Key(school_id, "barrier", value), patterns.Row(number, number)


def _district(lying: Mapping[patterns.Key, patterns.Row]) -> Iterator[tuple[patterns.Key, patterns.Row]]:
    """The sums over all schools."""
    parts, wholes = Counter[patterns.Key](), Counter[patterns.Key]()
    for key, row in lying.items():
        if key.kind not in _OF_SCHOOLS:
            parts[key._replace(school_id=WHOLE)] += row.part
            wholes[key._replace(school_id=WHOLE)] += row.whole
    for key, whole in wholes.items():
        # not every school misses days for every reason, and the month is everybody's
        month = key._replace(kind="month", value=key.value.split()[0]) if key.kind == "reason" else key
        yield key, patterns.Row(parts[key], wholes[month] if key.kind == "reason" else whole)


def _groups(student: Student, school_id: str) -> Iterator[tuple[str, str, str]]:
    named = [("all", ""), ("grade", student.grade), ("language", student.home_locale or student.home_language)]
    for dimension, value in (*named, *(("subgroup", name) for name in subgroups(student.subgroups))):
        yield WHOLE, dimension, value
        yield school_id, dimension, value


def keep(session: Session, day: Day, now: datetime) -> Snapshot:
    """Keep a day's sums in place of what was kept for it before."""
    for old in session.scalars(select(Snapshot.id).where(Snapshot.as_of == day.as_of)).all():
        for table in _TABLES:
            session.execute(delete(table).where(table.snapshot_id == old))
        session.execute(delete(Snapshot).where(Snapshot.id == old))
    made = Snapshot(as_of=day.as_of, made_at=now, import_id=day.version[0], overlay_id=day.version[1])
    session.add(made)
    session.flush()
    session.add_all(_rows(made.id, day))
    session.flush()
    return made


def _rows(snapshot_id: int, day: Day) -> Iterable[SnapshotGroup | SnapshotReach | SnapshotPattern | SnapshotWait]:
    for key, row in day.patterns.items():
        yield SnapshotPattern(snapshot_id=snapshot_id, **key._asdict(), **row._asdict())
    for (school_id, dimension, value), found in sorted(day.groups.items()):
        yield SnapshotGroup(
            snapshot_id=snapshot_id,
            school_id=school_id,
            dimension=dimension,
            value=value,
            children=found.tiers.total(),
            tiers=dict(found.tiers),
            enrolled=found.enrolled,
            absent_halves=found.absent_halves,
        )
    for (school_id, language), reach in sorted(day.reach.items()):
        yield SnapshotReach(snapshot_id=snapshot_id, school_id=school_id, language=language, **vars(reach))
    for wait, waited in sorted(day.waits.items()):
        yield SnapshotWait(
            snapshot_id=snapshot_id,
            **wait._asdict(),
            number=waited.number,
            ended=len(waited.seconds),
            closed=waited.closed,
            seconds=[] if wait.school_id == WHOLE else list(waited.seconds),
            middle=waited.middle,
        )
