"""Reads kept days for dashboards: groups beside each other, the same day last year, the weeks since the year began, reach, and waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from outreach.attendance.counting import TIERS
from outreach.district.queries import schools as all_schools
from outreach.evidence.snapshot_tables import WHOLE, Snapshot, SnapshotGroup, SnapshotPattern, SnapshotReach, SnapshotWait
from outreach.evidence.snapshots import CHRONIC
from outreach.evidence.time_to_help import Waits

SHOWN_TIERS = tuple(name for name, _ in TIERS)
_HUNDREDTHS = 100
_BY_SCHOOL = ("class", "alone")
DIMENSIONS = ("school", "grade", "subgroup", "language")


@dataclass(frozen=True)
class Group:
    """The children of one group on one day."""

    school_id: str
    value: str
    """The school's name, or what the dimension calls it."""
    children: int
    tiers: Mapping[str, int]
    attendance: Fraction | None
    """Average daily attendance: the share of membership days that were attended, of children whose count is known."""

    @property
    def chronic(self) -> int:
        """Children who miss a tenth of their days or more."""
        return sum(self.tiers.get(tier, 0) for tier in CHRONIC)

    @property
    def counted(self) -> int:
        """Children whose tier is known, the ones the share of the chronically absent is of."""
        return sum(self.tiers.get(tier, 0) for tier in SHOWN_TIERS)

    @property
    def rate(self) -> Fraction | None:
        """The share of counted children who are chronically absent."""
        return Fraction(self.chronic, self.counted) if self.counted else None


@dataclass(frozen=True)
class Week:
    """The last kept day of one week."""

    as_of: date
    group: Group


def newest(session: Session) -> Snapshot | None:
    """The newest kept day."""
    return session.scalars(select(Snapshot).order_by(Snapshot.as_of.desc())).first()


def on(session: Session, day: date) -> Snapshot | None:
    """What was kept of *day*."""
    return session.scalars(select(Snapshot).where(Snapshot.as_of == day)).one_or_none()


def groups(session: Session, kept: Snapshot, dimension: str, *, school_id: str, schools: Collection[str] | None) -> list[Group]:
    """The groups of one day by *dimension*, at one school or (empty) in the district; *schools* are those a person may see, None all.

    By school, only schools that the person may see come back.
    """
    statement = select(SnapshotGroup).where(SnapshotGroup.snapshot_id == kept.id)
    if dimension == "school":
        statement = statement.where(SnapshotGroup.dimension == "all", SnapshotGroup.school_id != WHOLE)
    else:
        statement = statement.where(SnapshotGroup.dimension == dimension, SnapshotGroup.school_id == school_id)
    rows = [row for row in session.scalars(statement) if schools is None or row.school_id in schools]
    names = {school.school_id: school.name or school.school_id for school in all_schools(session).values()}
    found = [_group(row, names.get(row.school_id, row.school_id) if dimension == "school" else row.value) for row in rows]
    return sorted(found, key=lambda group: (_order(group.value) if dimension == "grade" else (0, 0), group.value.casefold()))


def whole(session: Session, kept: Snapshot, school_id: str) -> Group | None:
    """All children of one school, or (empty) of the district."""
    return group(session, kept, school_id, "all", "")


def unknown(session: Session) -> list[tuple[str, int]]:
    """Schools with children whose count was not known on the newest kept day, and how many; the most first."""
    kept = newest(session)
    if kept is None:
        return []
    found = [(one.school_id, one.tiers.get("unknown", 0)) for one in groups(session, kept, "school", school_id=WHOLE, schools=None)]
    return sorted(((school, children) for school, children in found if children), key=lambda one: (-one[1], one[0]))


def group(session: Session, kept: Snapshot, school_id: str, dimension: str, value: str) -> Group | None:
    """One group of a school, or (empty) of the district; None where no child was in it."""
    mine = SnapshotGroup.snapshot_id == kept.id, SnapshotGroup.school_id == school_id, SnapshotGroup.dimension == dimension
    row = session.scalars(select(SnapshotGroup).where(*mine, SnapshotGroup.value == value)).one_or_none()
    return _group(row, value) if row else None


def weeks(session: Session, until: date, since: date, school_id: str) -> list[Week]:
    """The last kept day of each week from *since* to *until*."""
    statement = (
        select(Snapshot.as_of, SnapshotGroup)
        .join(SnapshotGroup, SnapshotGroup.snapshot_id == Snapshot.id)
        .where(Snapshot.as_of >= since, Snapshot.as_of <= until)
        .where(SnapshotGroup.dimension == "all", SnapshotGroup.school_id == school_id)
        .order_by(Snapshot.as_of)
    )
    last: dict[tuple[int, int], Week] = {}
    for as_of, row in session.execute(statement):
        last[as_of.isocalendar()[:2]] = Week(as_of, _group(row, ""))
    return list(last.values())


def reach(session: Session, kept: Snapshot, schools: Collection[str] | None) -> Sequence[SnapshotReach]:
    """Reach by language: the rows of the named schools, or (None) those of the district."""
    rows = select(SnapshotReach).where(SnapshotReach.snapshot_id == kept.id, _of(SnapshotReach.school_id, schools))
    return session.scalars(rows.order_by(SnapshotReach.language)).all()


def waited(session: Session, kept: Snapshot, kind: str, schools: Collection[str] | None) -> dict[str, Waits]:
    """Language or root cause → how long families of the named schools, or (None) of the district, waited for an answer or for help."""
    rows = select(SnapshotWait).where(SnapshotWait.snapshot_id == kept.id, SnapshotWait.kind == kind, _of(SnapshotWait.school_id, schools))
    found: defaultdict[str, list[SnapshotWait]] = defaultdict(list)
    for row in session.scalars(rows.order_by(SnapshotWait.value)):
        found[row.value].append(row)
    return {value: _waits(some) for value, some in found.items()}


def _waits(rows: Sequence[SnapshotWait]) -> Waits:
    number, ended, closed = (sum(getattr(row, name) for row in rows) for name in ("number", "ended", "closed"))
    middle = rows[0].middle if len(rows) == 1 else median([wait for row in rows for wait in row.seconds]) if ended else None
    return Waits(number, ended, closed, number - ended - closed, None if middle is None else timedelta(seconds=middle))


def _of(column: InstrumentedAttribute[str], schools: Collection[str] | None) -> ColumnElement[bool]:
    return column == WHOLE if schools is None else column.in_(set(schools) - {WHOLE})


@dataclass(frozen=True)
class Weekday:
    """One day of the week; 1 is Monday."""

    number: int
    missed: Fraction
    """Days."""
    of: int
    """Membership days."""

    @property
    def share(self) -> Fraction:
        """The share of membership days missed."""
        return self.missed / self.of


@dataclass(frozen=True)
class Month:
    """One month of the school year."""

    name: str
    """As ``2026-09``."""
    missed: Fraction
    """Days."""
    of: int
    """Membership days."""
    reasons: Mapping[str, Fraction]
    """Reason → days."""


@dataclass(frozen=True)
class Lying:
    """How days missed lie at some schools."""

    weekdays: Sequence[Weekday]
    runs: Sequence[tuple[int, int, int]]
    """School days in a row at least; children in whom such a run lasts now; children who had one this school year."""
    classes: Sequence[tuple[str, str, int, int]]
    """School, class, meetings missed on days on which the child came, and how many children; the most missed first."""
    months: Sequence[Month]
    alone: Sequence[tuple[str, int, int]]
    """School, children at 10 % or more whom no adult at school knows, and all children at 10 % or more there; the most such first."""
    more_alone: int
    """Schools with such children that are not named."""
    steps: Sequence[tuple[str, int, Fraction, Fraction]]
    """A kind of step, how many were taken, and days missed per step in the 20 school days before and from it on."""
    barriers: Mapping[str, Mapping[str, int]]
    """Month → root cause → how often it was heard."""


def lying(session: Session, kept: Snapshot, schools: Collection[str] | None, most: int = 10, most_schools: int = 20) -> Lying:
    """The patterns of the named schools together, or (None) of the district."""
    here = select(SnapshotPattern).where(SnapshotPattern.snapshot_id == kept.id)
    added = here.where(_of(SnapshotPattern.school_id, schools), SnapshotPattern.kind.not_in(_BY_SCHOOL))
    sums: defaultdict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in session.scalars(added):
        part, whole = sums[row.kind].get(row.value, (0, 0))
        sums[row.kind][row.value] = part + row.part, whole + row.whole
    mine = here if schools is None else here.where(_of(SnapshotPattern.school_id, schools))
    largest = mine.order_by(SnapshotPattern.part.desc(), SnapshotPattern.school_id, SnapshotPattern.value)
    alone = mine.where(SnapshotPattern.kind == "alone", SnapshotPattern.part > 0)
    classes = session.scalars(largest.where(SnapshotPattern.kind == "class").limit(most)).all()
    lonely = session.scalars(largest.where(SnapshotPattern.kind == "alone", SnapshotPattern.part > 0).limit(most_schools)).all()
    schools_alone = session.scalar(select(func.count()).select_from(alone.subquery())) or 0
    before = sums["before"].items()
    return Lying(
        weekdays=[Weekday(int(day), Fraction(part, _HUNDREDTHS), whole) for day, (part, whole) in sorted(sums["weekday"].items())],
        runs=sorted((int(limit), now, had) for limit, (now, had) in sums["run"].items()),
        classes=[(row.school_id, row.value, row.part, row.whole) for row in classes],
        months=[_month(name, sums["reason"], *figures) for name, figures in sorted(sums["month"].items())],
        alone=[(row.school_id, row.part, row.whole) for row in lonely],
        more_alone=schools_alone - len(lonely),
        steps=[(kind, n, _each(missed, n), _each(sums["after"][kind][0], n)) for kind, (missed, n) in sorted(before)],
        barriers=_barriers({value: number for value, (number, _) in sums["barrier"].items()}),
    )


def _barriers(numbers: Mapping[str, int]) -> Mapping[str, Mapping[str, int]]:
    """Each month with each root cause that was heard in any."""
    causes = sorted({value.split()[1] for value in numbers})
    months = sorted({value.split()[0] for value in numbers})
    return {month: {cause: numbers.get(f"{month} {cause}", 0) for cause in causes} for month in months}


def _month(name: str, reasons: Mapping[str, tuple[int, int]], missed: int, membership: int) -> Month:
    mine = {value.split()[1]: Fraction(part, _HUNDREDTHS) for value, (part, _) in reasons.items() if value.split()[0] == name}
    return Month(name, Fraction(missed, _HUNDREDTHS), membership, mine)


def _each(missed: int, steps: int) -> Fraction:
    return Fraction(missed, _HUNDREDTHS * steps)


def _group(row: SnapshotGroup, value: str) -> Group:
    attended = Fraction(2 * row.enrolled - row.absent_halves, 2 * row.enrolled) if row.enrolled else None
    return Group(row.school_id, value, row.children, row.tiers, attended)


def _order(grade: str) -> tuple[int, int]:
    """Grades in school order: named ones (PK, K) first, then by number."""
    return (1, int(grade)) if grade.isascii() and grade.isdigit() else (0, len(grade) == 1)
