"""Evaluates the rules and writes crossings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance.last_days import LastDays
from outreach.attendance.profiles import Days, in_figures
from outreach.attendance.queries import StudentSum, last_attendance_at, newest_version
from outreach.attendance.school_year import SchoolYear
from outreach.database import take_turns
from outreach.district.overlays import merged_away
from outreach.settings import Settings
from outreach.thresholds.counts import everybody
from outreach.thresholds.episodes import Running, Step, steps
from outreach.thresholds.rounds import days_of_rounds, round_of
from outreach.thresholds.rules import Rule, digest_of
from outreach.thresholds.scopes import Scopes
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode, Evaluation, RuleStart, RuleVersion

_RUNNING = (EpisodeState.BASELINE, EpisodeState.OPEN, EpisodeState.PASSED)


@dataclass(frozen=True)
class Crossing:
    """A running episode after an evaluation; *new* says that this evaluation opened it."""

    student_id: str
    rule: str
    tier: str
    days_absent: Days
    days_enrolled: int
    episode: int
    state: str
    new: bool


@dataclass(frozen=True)
class _Evaluation:
    """What one evaluation has read, and the episodes it opens."""

    now: datetime
    until: Mapping[str, date]
    """Child → the last day its count holds."""
    versions: Mapping[str, RuleVersion]
    last_episode: Mapping[tuple[str, str, date], int]
    opened: list[Episode] = field(default_factory=list)


def evaluate(session: Session, rules: Sequence[Rule], *, settings: Settings, now: datetime) -> list[Crossing]:
    """Count everybody, open, move and close episodes, and return those that run, by student and rule.

    A child who is enrolled nowhere is left as it is: it may come back, and has then not crossed again.
    """
    take_turns(session, "evaluate")
    known = newest_version(session)
    counts = everybody(session, now, settings.zone)
    homes = {student: schools[0] for student, schools in counts.enrolled.items()}
    year = SchoolYear.of(session, counts.as_of)
    running = _running(session)
    started = {tuple(row) for row in session.execute(select(RuleStart.rule, RuleStart.reach, RuleStart.school_id))}
    work = _Evaluation(now, counts.until, _versions(session, rules, now), _last_episodes(session))
    kept, scopes = _kept_rules(session, running), Scopes.of(session, rules, homes)
    rounds = _rounds(year, rules, set(homes.values()), settings)
    for student_id in sorted({*counts.by_student, *running}):
        counted, home = counts.by_student.get(student_id), homes.get(student_id, "")
        start = year.start(home or next(iter(counted.schools if counted else ()), ""))
        mine = {rule: episode for rule, episode in running.get(student_id, {}).items() if not _of_old_year(episode, start, now)}
        if counted is not None and home:
            here = scopes.rules_for(student_id)
            new = {rule.name for rule in here if (rule.name, rule.beginning(rounds[home]), home) not in started}
            mine = _begin_round(work, here, mine, rounds[home])
            asking = [
                _kept(rule, mine, kept)
                for rule in here
                if _may_open(rule, new, mine, work.last_episode.get((student_id, rule.name, start), 0), rounds[home])
            ]
            first_time = {rule.name for rule in here if rule.fires == "crossing"} & new
            _take_steps(work, counted, start, mine, steps(asking, counted.count, _as_running(mine), first_time=first_time))
    session.add_all(work.opened)
    _mark_started(session, rules, rounds, _schools_that_tell(session, counts.by_student, homes), started, now)
    session.add(Evaluation(at=now, as_of=counts.as_of, import_id=known.import_id, overlay_id=known.overlay_id, rules=digest_of(rules)))
    session.flush()
    return _crossings(session, counts.by_student, {episode.id for episode in work.opened})


def _rounds(year: SchoolYear, rules: Sequence[Rule], schools: Collection[str], settings: Settings) -> dict[str, date | None]:
    """School → the round that it is there; None before the first, and where no rule asks."""
    if not any(rule.fires == "round" for rule in rules):
        return dict.fromkeys(schools)
    return {school_id: _round(year, school_id, settings) for school_id in schools}


def _round(year: SchoolYear, school_id: str, settings: Settings) -> date | None:
    """The round that it is at a school; the days that its calendar foresees say when the year ends."""
    foreseen = year.calendar(school_id, "", "").days if year.settings(school_id).calendar == "file" else ()
    return round_of(days_of_rounds(year.start(school_id), max(foreseen, default=None), settings.rounds), year.as_of)


def _begin_round(work: _Evaluation, rules: Sequence[Rule], mine: Mapping[str, Episode], day: date | None) -> dict[str, Episode]:
    """What still runs in the round that began on *day*: an earlier one's episodes are over, whatever the count."""
    of_rounds = {rule.name for rule in rules if rule.fires == "round"} & mine.keys() if day else ()
    over = {name for name in of_rounds if day and mine[name].as_of < day}
    for name in over:
        _close(mine[name], work.now)
    return {name: episode for name, episode in mine.items() if name not in over}


def _kept(rule: Rule, running: Mapping[str, Episode], kept: Mapping[int, Rule]) -> Rule:
    """The rule as a child is asked by it: a running episode keeps the one it crossed; what still waits as baseline is asked by today's."""
    episode = running.get(rule.name)
    return rule if episode is None or (episode.baseline and episode.released_at is None) else kept[episode.rule_version_id]


def _may_open(rule: Rule, new: Collection[str], running: Collection[str], episodes: int, round_day: date | None) -> bool:
    """Whether a rule is asked of a child: a round's rule once a round, and one without *requalify* once a year."""
    if rule.name in running:
        return True
    if rule.fires == "round" and (round_day is None or rule.name not in new):
        return False
    return rule.requalify or not episodes


def there_is_news(session: Session, rules: Sequence[Rule], *, settings: Settings, now: datetime) -> bool:
    """Whether there is more to plan than at the last evaluation.

    Another day or a cut-off that passed, at any school; more known, other rules, a baseline just released.
    """
    known = newest_version(session)
    if not known.import_id:
        return False
    last = last_evaluation(session)
    if last is None or last.rules != digest_of(rules) or (last.import_id, last.overlay_id) != known:
        return True
    if LastDays(session, last.at, settings.zone).hours() != LastDays(session, now, settings.zone).hours():
        return True
    return session.scalars(select(Episode.id).where(Episode.released_at >= last.at).limit(1)).first() is not None


def last_evaluation(session: Session) -> Evaluation | None:
    """The newest evaluation; None before the first."""
    return session.scalars(select(Evaluation).order_by(Evaluation.id.desc()).limit(1)).first()


def _of_old_year(episode: Episode, start: date, now: datetime) -> bool:
    """Close an episode of another school year, and say so."""
    if episode.school_year == start:
        return False
    _close(episode, now)
    return True


def _as_running(mine: Mapping[str, Episode]) -> dict[str, Running]:
    return {rule: Running(EpisodeState(row.state), waits=row.baseline and row.released_at is None) for rule, row in mine.items()}


def _take_steps(work: _Evaluation, counted: StudentSum, start: date, running: Mapping[str, Episode], changes: Iterable[Step]) -> None:
    for step in changes:
        if step.new:
            work.opened.append(_opened(work, counted, start, step))
        elif step.state == EpisodeState.CLOSED:
            _close(running[step.rule], work.now)
        else:
            running[step.rule].state = step.state.value


def _opened(work: _Evaluation, counted: StudentSum, start: date, step: Step) -> Episode:
    return Episode(
        student_id=counted.student_id,
        rule=step.rule,
        rule_version_id=work.versions[step.rule].id,
        school_year=start,
        episode=work.last_episode.get((counted.student_id, step.rule, start), 0) + 1,
        state=step.state.value,
        baseline=step.baseline,
        tier=counted.count.tier,
        days_absent=in_figures(counted.count.absent),
        days_enrolled=counted.count.enrolled,
        as_of=work.until[counted.student_id],
        opened_at=work.now,
        released_at=None,
        released_by="",
        closed_at=None,
    )


def release_baseline(session: Session, students: int, *, by: str, now: datetime) -> int:
    """Release the baseline of that many children, those with most absences first; return how many children it were.

    All that waits about a child is released together; a rung that a higher one has passed stays silent, but no longer waits.
    """
    take_turns(session, "evaluate")
    unreleased = Episode.baseline.is_(True) & Episode.released_at.is_(None) & Episode.state.in_(_RUNNING)
    waiting: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in session.scalars(
        select(Episode).where(((Episode.state == EpisodeState.BASELINE) | unreleased) & Episode.student_id.not_in(merged_away()))
    ):
        waiting[episode.student_id].append(episode)
    asking = [student for student, mine in waiting.items() if any(episode.state == EpisodeState.BASELINE for episode in mine)]
    worst_first = sorted(asking, key=lambda student: (-max(Fraction(e.days_absent) for e in waiting[student]), student))
    for student_id in worst_first[:students]:
        for episode in waiting[student_id]:
            episode.state = EpisodeState.OPEN.value if episode.state == EpisodeState.BASELINE else episode.state
            episode.released_at = now
            episode.released_by = by
    session.flush()
    return len(worst_first[:students])


def _close(episode: Episode, now: datetime) -> None:
    episode.state = EpisodeState.CLOSED.value
    episode.closed_at = now


def _running(session: Session) -> dict[str, dict[str, Episode]]:
    found: defaultdict[str, dict[str, Episode]] = defaultdict(dict)
    for episode in session.scalars(select(Episode).where(Episode.state.in_(_RUNNING)).order_by(Episode.school_year)):
        found[episode.student_id][episode.rule] = episode
    return found


def _kept_rules(session: Session, running: Mapping[str, Mapping[str, Episode]]) -> dict[int, Rule]:
    """The rules as running episodes crossed them, by the id of their version."""
    ids = {episode.rule_version_id for mine in running.values() for episode in mine.values()}
    return {row.id: Rule(name=row.rule, **row.definition) for row in session.scalars(select(RuleVersion)) if row.id in ids}


def _versions(session: Session, rules: Sequence[Rule], now: datetime) -> dict[str, RuleVersion]:
    found = {}
    for rule in rules:
        version = session.scalars(select(RuleVersion).filter_by(rule=rule.name, digest=rule.digest)).first()
        if version is None:
            version = RuleVersion(rule=rule.name, digest=rule.digest, definition=rule.definition(), first_seen_at=now)
            session.add(version)
        found[rule.name] = version
    session.flush()
    return found


def _last_episodes(session: Session) -> dict[tuple[str, str, date], int]:
    statement = select(Episode.student_id, Episode.rule, Episode.school_year, func.max(Episode.episode))
    rows = session.execute(statement.group_by(Episode.student_id, Episode.rule, Episode.school_year))
    return {(student, rule, year): number for student, rule, year, number in rows}


def _schools_that_tell(session: Session, counts: Mapping[str, StudentSum], homes: Mapping[str, str]) -> set[str]:
    """The schools where a first evaluation means something: attendance has come, and most of their children's counts are known.

    Where the roster comes before the attendance, or codes are given their meaning later, the first real finds are still baseline.
    """
    if last_attendance_at(session) is None:
        return set()
    children: Counter[str] = Counter(homes.values())
    known = Counter(home for student, home in homes.items() if counts[student].count.calendar_known and not counts[student].count.unknown)
    return {school for school, number in children.items() if 2 * known[school] >= number}


def _mark_started(
    session: Session,
    rules: Sequence[Rule],
    rounds: Mapping[str, date | None],
    schools: Collection[str],
    started: Collection[tuple[str, ...]],
    now: datetime,
) -> None:
    begun = {
        (rule.name, rule.beginning(rounds[school]), school)
        for rule in rules
        for school in schools
        if not rule.schools or school in rule.schools
    }
    keys = {key for key in begun if key[1]}.difference(started)
    session.add_all(RuleStart(rule=rule, reach=reach, school_id=school, at=now) for rule, reach, school in sorted(keys))


def _crossings(session: Session, counts: Mapping[str, StudentSum], fresh: Collection[int]) -> list[Crossing]:
    """Every episode that runs, with the count of today; of a child whom no feed names any more there is none."""
    rows = session.scalars(select(Episode).where(Episode.state.in_(_RUNNING)).order_by(Episode.student_id, Episode.rule))
    return [
        Crossing(
            student_id=row.student_id,
            rule=row.rule,
            tier=counts[row.student_id].count.tier,
            days_absent=counts[row.student_id].count.absent,
            days_enrolled=counts[row.student_id].count.enrolled,
            episode=row.episode,
            state=row.state,
            new=row.id in fresh,
        )
        for row in rows
        if row.student_id in counts
    ]
