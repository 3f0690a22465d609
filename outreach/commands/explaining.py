"""``outreach explain``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance import history
from outreach.attendance.history import DayChange
from outreach.attendance.profiles import in_figures
from outreach.attendance.queries import explain as explain_days
from outreach.attendance.queries import student_counts
from outreach.attendance.refusal import RefusedError
from outreach.attendance.tables import FeedImport, KeptFile
from outreach.attendance.verdicts import Day, Verdict
from outreach.commands.options import as_of_option, today
from outreach.commands.output import format_option, print_rows
from outreach.services import Services
from outreach.wiring import wire

_EXPLAIN = ("date", "school_id", "verdict", "code", "reason", "file", "line", "import_id", "rule")
_CHANGES = ("date", "school_id", "then", "code_then", "now", "code_now", "import_id", "imported_at", "source")


@click.command()
@click.argument("student")
@as_of_option
@click.option(
    "--known-at", metavar="INSTANT|IMPORT", help="Tell the days as they were known then: 2026-10-20T08:00-05:00, or an import's id."
)
@click.option(
    "--then-and-now", is_flag=True, help="Print the days that count otherwise now than at --known-at (default: than at the end of --as-of)."
)
@format_option
def explain(*, student: str, as_of: date | None, known_at: str | None, then_and_now: bool, form: str) -> None:
    """Print every absent, conflict and unknown day of STUDENT with the mark, file and line behind it."""
    services, child = wire(), student.strip()
    with services.database.read() as session:
        last = today(services, session, as_of)
        since = _import(session, known_at) if known_at else None
        if then_and_now:
            _print_changes(session, child, last, since or _import_of_day(session, services, last), form)
            return
        days = explain_days(session, child, last, known_at=since)
        files = _files(session, {mark.import_id for day in days for mark in day.marks})
    print_rows(_EXPLAIN, [_explained(day, files) for day in days], form)
    if since is not None:
        click.echo(f"As known after import {since}; enrolments, calendars and settings as they are now.", err=True)


def _import(session: Session, known_at: str) -> int:
    """The import that *known_at* names: by its id, or the newest one at an instant."""
    if known_at.isdecimal():
        if session.get(FeedImport, int(known_at)) is None:
            sentence = f"There is no import {known_at}."
            raise RefusedError(sentence)
        return int(known_at)
    try:
        instant = datetime.fromisoformat(known_at)
    except ValueError:
        instant = datetime.min  # noqa: DTZ901 - has no zone, and is refused with those that have none
    if instant.tzinfo is None:
        sentence = f"--known-at {known_at} is neither an import's id nor an instant with its zone, such as 2026-10-20T08:00-05:00."
        raise RefusedError(sentence)
    return _known(session, instant.astimezone(UTC))


def _import_of_day(session: Session, services: Services, day: date) -> int:
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(services.settings.zone))
    return _known(session, midnight.astimezone(UTC))


def _known(session: Session, instant: datetime) -> int:
    found = history.import_before(session, instant)
    if found is None:
        sentence = f"Nothing had been imported by {instant.isoformat(timespec='minutes')}."
        raise RefusedError(sentence)
    return found


def _print_changes(session: Session, student_id: str, as_of: date, since: int, form: str) -> None:
    changes = history.changes(session, student_id, as_of, since)
    wanted = {change.import_id for change in changes if change.import_id}
    imports = {row.id: row for row in session.scalars(select(FeedImport).where(FeedImport.id.in_(wanted)))}
    print_rows(_CHANGES, [_changed(change, imports.get(change.import_id or 0)) for change in changes], form)
    for when, known_at in ((f"After import {since}", since), ("Now", None)):
        counted = student_counts(session, as_of, students={student_id}, known_at=known_at).get(student_id)
        if counted is not None:
            numbers = counted.count
            unknown = f", {numbers.unknown} unknown" if numbers.unknown else ""
            click.echo(f"{when}: {in_figures(numbers.absent)} of {numbers.enrolled} days absent{unknown}, up to {as_of}.", err=True)
    click.echo("Enrolments, calendars and settings are taken as they are now on both sides.", err=True)


def _changed(change: DayChange, made_by: FeedImport | None) -> tuple[str, ...]:
    codes = ["|".join(mark.code for mark in day.marks) if day else "" for day in (change.then, change.now)]
    verdicts = [_verdict(day) if day else "" for day in (change.then, change.now)]
    known = (str(made_by.id), made_by.finished_at.isoformat(timespec="seconds"), made_by.source) if made_by else ("", "", "")
    return change.date.isoformat(), change.school_id, verdicts[0], codes[0], verdicts[1], codes[1], *known


def _verdict(day: Day) -> str:
    """The verdict with the part of the day where it is not a whole one: ``excused 0.5``."""
    return day.verdict.value if day.missed == 1 else f"{day.verdict.value} {in_figures(day.missed)}"


def _files(session: Session, import_ids: Iterable[int]) -> dict[int, str]:
    rows = session.execute(
        select(KeptFile.import_id, KeptFile.file).where(KeptFile.import_id.in_(sorted(import_ids)), KeptFile.canonical == "attendance")
    )
    return {row.import_id: row.file for row in rows}


def _explained(day: Day, files: dict[int, str]) -> tuple[str, ...]:
    """One row for a day; where several marks stand behind it, their values are joined by a bar."""
    verdict = day.verdict.value if day.verdict in {Verdict.UNKNOWN, Verdict.CONFLICT} else "absent"
    reasons = list(dict.fromkeys(mark.meaning.reason.value for mark in day.marks if mark.meaning))
    reason = day.verdict.value if verdict == "absent" else "|".join(reasons)
    columns: tuple[Iterable[str], ...] = (
        (mark.code for mark in day.marks),
        (files.get(mark.import_id, "") for mark in day.marks),
        (str(mark.line) for mark in day.marks),
        (str(mark.import_id) for mark in day.marks),
    )
    code, file, line, import_id = ("|".join(values) for values in columns)
    return day.date.isoformat(), day.school_id, verdict, code, reason, file, line, import_id, day.rule
