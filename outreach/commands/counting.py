"""``outreach counts`` and ``outreach explain``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.profiles import profile
from outreach.attendance.queries import explain as explain_days
from outreach.attendance.tables import KeptFile
from outreach.attendance.tabulating import tabulate
from outreach.attendance.verdicts import Day, Verdict
from outreach.commands.options import as_of_option, today
from outreach.commands.output import format_option, print_rows
from outreach.wiring import wire

_EXPLAIN = ("date", "school_id", "verdict", "code", "reason", "file", "line", "import_id", "rule")


@click.command()
@as_of_option
@click.option(
    "--by",
    type=click.Choice(["student-school", "student", "school"]),
    default="student-school",
    show_default=True,
    help="One row per what.",
)
@click.option("--profile", "profile_name", help="Rules to count by, in place of each source's own.")
@format_option
def counts(as_of: date | None, by: str, profile_name: str | None, form: str) -> None:
    """Print exact counts of the school year that contains the date, with the data known now."""
    if profile_name is not None:
        profile(profile_name)
    services = wire()
    with services.database.read() as session:
        columns, rows = tabulate(session, today(services, session, as_of), by, profile_name)
    print_rows(columns, rows, form)


@click.command()
@click.argument("student")
@as_of_option
@format_option
def explain(student: str, as_of: date | None, form: str) -> None:
    """Print every absent, conflict and unknown day of STUDENT with the mark, file and line behind it."""
    services = wire()
    with services.database.read() as session:
        days = explain_days(session, student.strip(), today(services, session, as_of))
        files = _files(session, {mark.import_id for day in days for mark in day.marks})
    print_rows(_EXPLAIN, [_explained(day, files) for day in days], form)


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
    columns = (
        (mark.code for mark in day.marks),
        (files.get(mark.import_id, "") for mark in day.marks),
        (str(mark.line) for mark in day.marks),
        (str(mark.import_id) for mark in day.marks),
    )
    code, file, line, import_id = ("|".join(values) for values in columns)
    return day.date.isoformat(), day.school_id, verdict, code, reason, file, line, import_id, day.rule
