"""Evaluates the rules and writes crossings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attendance.queries import StudentCount, enrolled_at, newest_import, student_counts
from outreach.attendance.school_year import SchoolYear
from outreach.clock import local_date
from outreach.settings import Settings
from outreach.thresholds.episodes import Step, steps
from outreach.thresholds.rules import Rule, digest_of
from outreach.thresholds.states import EpisodeState
from outreach.thresholds.tables import Episode, Evaluation, RuleStart, RuleVersion

_RUNNING = (EpisodeState.BASELINE, EpisodeState.OPEN, EpisodeState.PASSED)


@dataclass(frozen=True)
class Crossing:
    """A running episode after an evaluation; *new* says that this evaluation opened it."""

    student_id: str
    rule: str
    tier: str
    days_absent: int
    days_enrolled: int
    episode: int
    state: str
    new: bool


@dataclass
class _Evaluation:
    """What one evaluation has read."""

    session: Session
    now: datetime
    as_of: date
    versions: Mapping[str, RuleVersion]
    last_episode: dict[tuple[str, str, date], int]


def evaluate(session: Session, rules: Sequence[Rule], *, settings: Settings, now: datetime) -> list[Crossing]:
    """Count everybody, open, move and close episodes, and return those that run, by student and rule."""
    as_of = local_date(now, settings.zone)
    counts = student_counts(session, as_of)
    schools = enrolled_at(session, list(counts), as_of)
    year = SchoolYear(session, as_of)
    running = _running(session)
    started = set(session.execute(select(RuleStart.rule, RuleStart.school_id)).tuples())
    work = _Evaluation(session, now, as_of, _versions(session, rules, now), _last_episodes(session))
    fresh: set[int] = set()
    for student_id in sorted({*counts, *running}):
        counted = counts.get(student_id)
        home = next(iter(schools.get(student_id, [])), "")
        start = year.start(home)
        mine = running.get(student_id, {})
        old_years = [episode for episode in mine.values() if episode.school_year != start]
        this_year = {rule: episode for rule, episode in mine.items() if episode.school_year == start}
        for episode in old_years:
            _close(episode, now)
        first_time = frozenset(rule.name for rule in rules if (rule.name, home) not in started)
        changes = steps(
            rules,
            counted.count if counted and home else None,
            {rule: EpisodeState(episode.state) for rule, episode in this_year.items()},
            first_time=first_time,
        )
        for step in changes:
            opened = _apply(work, step, student_id, start, counted, this_year)
            fresh.update([opened.id] if opened else [])
    _mark_started(session, rules, {school for mine in schools.values() for school in mine}, started, now)
    session.add(Evaluation(at=now, as_of=as_of, import_id=newest_import(session), rules=digest_of(rules)))
    session.flush()
    return _crossings(session, counts, fresh)


def there_is_news(session: Session, rules: Sequence[Rule], *, settings: Settings, now: datetime) -> bool:
    """Whether an evaluation now could find something that the last one could not: another day, newer data, other rules."""
    if not (newest := newest_import(session)):
        return False
    last = session.scalars(select(Evaluation).order_by(Evaluation.id.desc()).limit(1)).first()
    return last is None or (last.as_of, last.import_id, last.rules) != (local_date(now, settings.zone), newest, digest_of(rules))


def _apply(
    work: _Evaluation, step: Step, student_id: str, start: date, counted: StudentCount | None, running: Mapping[str, Episode]
) -> Episode | None:
    if not step.new:
        episode = running[step.rule]
        episode.state = step.state.value
        if step.state == EpisodeState.CLOSED:
            _close(episode, work.now)
        return None
    assert counted is not None  # noqa: S101 - only a counted child crosses
    number = work.last_episode.get((student_id, step.rule, start), 0) + 1
    episode = Episode(
        student_id=student_id,
        rule=step.rule,
        rule_version_id=work.versions[step.rule].id,
        school_year=start,
        episode=number,
        state=step.state.value,
        tier=counted.count.tier,
        days_absent=str(counted.count.absent),
        days_enrolled=counted.count.enrolled,
        as_of=work.as_of,
        opened_at=work.now,
        released_at=None,
        released_by="",
        closed_at=None,
    )
    work.session.add(episode)
    work.session.flush()
    return episode


def release_baseline(session: Session, students: int, *, by: str, now: datetime) -> int:
    """Open the baseline episodes of that many children, those with most absences first; return how many children it were."""
    rows = session.scalars(select(Episode).where(Episode.state == EpisodeState.BASELINE))
    waiting: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in rows:
        waiting[episode.student_id].append(episode)
    worst_first = sorted(waiting, key=lambda student: (-max(int(e.days_absent) for e in waiting[student]), student))
    chosen = worst_first[:students]
    for student_id in chosen:
        for episode in waiting[student_id]:
            episode.state = EpisodeState.OPEN.value
            episode.released_at = now
            episode.released_by = by
    session.flush()
    return len(chosen)


def _close(episode: Episode, now: datetime) -> None:
    episode.state = EpisodeState.CLOSED.value
    episode.closed_at = now


def _running(session: Session) -> dict[str, dict[str, Episode]]:
    found: defaultdict[str, dict[str, Episode]] = defaultdict(dict)
    for episode in session.scalars(select(Episode).where(Episode.state.in_(_RUNNING)).order_by(Episode.school_year)):
        found[episode.student_id][episode.rule] = episode
    return found


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


def _mark_started(session: Session, rules: Sequence[Rule], schools: set[str], started: set[tuple[str, str]], now: datetime) -> None:
    pairs = {(rule.name, school) for rule in rules for school in schools} - started
    session.add_all(RuleStart(rule=rule, school_id=school, at=now) for rule, school in sorted(pairs))


def _crossings(session: Session, counts: Mapping[str, StudentCount], fresh: set[int]) -> list[Crossing]:
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
    ]
