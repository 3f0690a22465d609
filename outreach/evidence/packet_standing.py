"""Reads the figures of one school's papers: from the kept days that *In figures* shows too, so that paper and page cannot disagree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.gates import up_to
from outreach.attendance.queries import StudentCount, profile_at, records
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.years import start_of_year
from outreach.cases import queries, surveys
from outreach.cases import reach as answering
from outreach.cases.barrier_words import shipped
from outreach.cases.help_states import StepState
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.tables import Case
from outreach.clock import local_date, start_of_day
from outreach.evidence import dashboard, heard, packet_reads, time_to_help
from outreach.evidence.dashboard import Group, Week
from outreach.evidence.heard import Heard
from outreach.evidence.packet import Work
from outreach.evidence.snapshot_tables import Snapshot, SnapshotReach
from outreach.evidence.snapshots import a_year_before
from outreach.evidence.time_to_help import Waits
from outreach.messages import queries as messages
from outreach.messages.languages import DEFAULT
from outreach.messages.page_words import wordings
from outreach.settings import Settings

_YEAR_START = "07-01"
"""Only where the line of weeks begins, as on *In figures*; counts know each school's own."""
AROUND = 10
"""School days before and after a step in which days missed are counted."""


@dataclass(frozen=True)
class Standing:
    """How a school stands."""

    today: date
    as_of: date | None
    """The newest kept day; None before the first."""
    known_at: datetime | None
    now: Group | None
    last_year: Group | None
    weeks: Sequence[Week]
    grades: Sequence[Group]
    reach: Sequence[SnapshotReach]
    heard: Sequence[Heard]
    choices: Mapping[str, str]
    """What each choice of a survey says."""


@dataclass(frozen=True)
class Desk:
    """How the work stands, in numbers."""

    watched: int
    severe_without_step: int
    never_reached: int
    silent: int
    improving: int
    open_talks: int
    waiting: int
    late: int
    helped: Waits
    """Reasons heard this school year."""


@dataclass(frozen=True)
class Tried:
    """What was done of one kind, and what became of it."""

    kind: str
    done: int
    against: int
    """How many of them were against a reason."""
    yes: int
    """How many of those reasons the family says are better."""
    children: int
    """Children with ten school days before and after it."""
    before: Fraction
    after: Fraction
    """Days they missed in the ten school days before, and in the ten after, together."""


@dataclass(frozen=True)
class Period:
    """What a step back looks at."""

    first: date
    last: date
    start: tuple[date, Group] | None
    """The kept day at its beginning."""
    start_grades: Mapping[str, Group]
    fortnights: Sequence[tuple[date, Mapping[str, int]]]
    """First day of each two weeks → reasons heard, by root cause."""
    causes: Mapping[str, str]
    """Root cause → its words."""
    helped: Mapping[str, Waits]
    helped_all: Waits
    answers: Mapping[str, timedelta | None]
    """Language → half of the answers came within."""
    tried: Sequence[Tried]
    work: Work


def standing(session: Session, school_id: str, settings: Settings, now: datetime) -> Standing:
    """The figures of a school as *In figures* has them, and what its last surveys heard."""
    today, kept = local_date(now, settings.zone), dashboard.newest(session)
    told = heard.of_school(session, school_id, today=today)
    if kept is None:
        return Standing(today, None, None, None, None, (), (), (), told, _choices(session))
    before = dashboard.on(session, a_year_before(kept.as_of))
    return Standing(
        today=today,
        as_of=kept.as_of,
        known_at=kept.made_at,
        now=dashboard.whole(session, kept, school_id),
        last_year=dashboard.whole(session, before, school_id) if before else None,
        weeks=dashboard.weeks(session, kept.as_of, start_of_year(kept.as_of, _YEAR_START), school_id),
        grades=dashboard.groups(session, kept, "grade", school_id=school_id, schools=None),
        reach=dashboard.reach(session, kept, [school_id]),
        heard=told,
        choices=_choices(session),
    )


def desk(session: Session, school_id: str, settings: Settings, now: datetime) -> Desk:
    """The work of a school in numbers: the same as its packet lists."""
    team = packet_reads.team(session, school_id, settings, now)
    begins = datetime.combine(start_of_year(team.today, _YEAR_START), time(), ZoneInfo(settings.zone))
    return Desk(
        watched=len(team.watched),
        severe_without_step=len(team.severe_without_step),
        never_reached=sum(not child.reached for child in team.watched),
        silent=sum(child.reached and not child.heard for child in team.watched),
        improving=len(team.improving),
        open_talks=len(team.talks),
        waiting=sum(talk.waits_since is not None for talk in team.talks),
        late=len(team.late),
        helped=time_to_help.waits(time_to_help.barriers(session, begins, now, {school_id})),
    )


def period(session: Session, school_id: str, weeks: int, settings: Settings, now: datetime) -> Period:
    """The last *weeks* weeks of a school."""
    today = local_date(now, settings.zone)
    first = today - timedelta(weeks=weeks)
    begins = start_of_day(first, settings.zone)
    barriers = time_to_help.barriers(session, begins, now, {school_id})
    start, whole = _kept_about(session, first, school_id)
    grades = dashboard.groups(session, start, "grade", school_id=school_id, schools=None) if start else []
    return Period(
        first=first,
        last=today,
        start=(start.as_of, whole) if start and whole else None,
        start_grades={group.value: group for group in grades},
        fortnights=fortnights([(local_date(one.heard_at, settings.zone), one.category) for one in barriers], first, today),
        causes=shipped().categories,
        helped=time_to_help.by_category(barriers),
        helped_all=time_to_help.waits(barriers),
        answers=answering.answer_times(session, begins, {school_id}),
        tried=_tried(session, school_id, begins, settings, now),
        work=packet_reads.work(session, school_id, begins, now),
    )


def fortnights(heard_on: Sequence[tuple[date, str]], first: date, last: date) -> list[tuple[date, Mapping[str, int]]]:
    """Two weeks by two weeks, how many reasons of each root cause were heard. Pure."""
    begins = [first + timedelta(days=ahead) for ahead in range(0, (last - first).days, 14)]
    ends = [*begins[1:], last + timedelta(days=1)]
    return [(begin, Counter(cause for day, cause in heard_on if begin <= day < end)) for begin, end in zip(begins, ends, strict=True)]


def _kept_about(session: Session, first: date, school_id: str) -> tuple[Snapshot | None, Group | None]:
    """The newest day that was kept in the week up to *first*, else the first one after it on which a share was known."""
    by_then = select(Snapshot).where(Snapshot.as_of <= first, Snapshot.as_of > first - timedelta(days=7)).order_by(Snapshot.as_of.desc())
    after = select(Snapshot).where(Snapshot.as_of > first).order_by(Snapshot.as_of)
    for kept in (*session.scalars(by_then.limit(1)), *session.scalars(after)):
        whole = dashboard.whole(session, kept, school_id)
        if whole is not None and whole.rate is not None:
            return kept, whole
    return None, None


def _tried(session: Session, school_id: str, since: datetime, settings: Settings, now: datetime) -> list[Tried]:
    rows = session.execute(
        select(Step.kind, Step.done_at, Step.barrier_id, Case.student_id, Barrier.said_yes_at)
        .join(Case, Case.id == Step.case_id)
        .join(Barrier, Barrier.id == Step.barrier_id, isouter=True)
        .where(Step.state == StepState.DONE.value, Step.done_at >= since, Step.done_at < now, queries.of_schools([school_id]))
    ).all()
    days = _days(session, {row.student_id for row in rows if row.student_id}, local_date(now, settings.zone))
    kinds: defaultdict[str, list[tuple[bool, bool, tuple[Fraction, Fraction] | None]]] = defaultdict(list)
    for kind, at, barrier_id, student_id, yes in rows:
        done_at = at or now
        after = around(*days[student_id], local_date(done_at, settings.zone)) if student_id in days else None
        kinds[kind].append((barrier_id is not None, yes is not None and yes >= done_at, after))
    found = [_one_kind(kind, some) for kind, some in kinds.items()]
    return sorted(found, key=lambda one: (-one.done, one.kind))


def _one_kind(kind: str, some: Sequence[tuple[bool, bool, tuple[Fraction, Fraction] | None]]) -> Tried:
    known = [windows for _, _, windows in some if windows is not None]
    return Tried(
        kind=shipped().kind(kind),
        done=len(some),
        against=sum(against for against, _, _ in some),
        yes=sum(yes for _, yes, _ in some),
        children=len(known),
        before=sum((before for before, _ in known), Fraction()),
        after=sum((after for _, after in known), Fraction()),
    )


def around(membership: Sequence[date], missed: Mapping[date, Fraction], done: date) -> tuple[Fraction, Fraction] | None:
    """Days missed of the ten school days before *done*, and of the ten after it; None while there are not so many. Pure."""
    before, after = [day for day in membership if day < done][-AROUND:], [day for day in membership if day > done][:AROUND]
    if len(before) < AROUND or len(after) < AROUND:
        return None
    return sum((missed.get(day, Fraction()) for day in before), Fraction()), sum((missed.get(day, Fraction()) for day in after), Fraction())


def _days(session: Session, students: set[str], today: date) -> dict[str, tuple[list[date], dict[date, Fraction]]]:
    """Child → its school days this year up to yesterday, and what it missed of them."""
    year, found = SchoolYear.of(session, today), {}
    for theirs in records(session, year, students, None):
        told = [up_to(record, today - timedelta(days=1)) for record in theirs]
        count = StudentCount.of(told, profile_at(year, theirs[0].school_id, None))
        missed = {day.date: Fraction(day.missed) for day in count.days if day.verdict.absent}
        found[theirs[0].student_id] = (sorted({day for record in told for day in record.membership}), missed)
    return found


def _choices(session: Session) -> Mapping[str, str]:
    """What the choices of a survey say in English, as they were approved last."""
    approved = messages.latest_approval(session, surveys.MESSAGE, surveys.CHANNEL, DEFAULT)
    said = wordings(messages.pair_of(approved).source) if approved else {}
    return {choice.value: said.get(choice.value, choice.value) for choice in surveys.Choice}
