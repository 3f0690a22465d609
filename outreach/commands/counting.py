"""``outreach counts`` and ``outreach explain``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.counting import Chronic, Count
from outreach.attendance.profiles import profile
from outreach.attendance.queries import explain as explain_days
from outreach.attendance.queries import school_counts, student_counts
from outreach.attendance.tables import KeptFile
from outreach.attendance.verdicts import Day, Verdict
from outreach.commands.options import as_of_option, today
from outreach.commands.output import format_option, print_rows
from outreach.wiring import wire

_SUMS = ("enrolled", "absent", "excused", "unexcused", "suspended", "unspecified", "conflict", "unknown")
_DAYS = tuple(f"days_{name}" for name in _SUMS)
_BY_STUDENT = ("student_id", "school_id", *_DAYS, "rate", "tier", "chronic")
_BY_SCHOOL = ("school_id", "students", *_DAYS, "rate", "chronic_students", "unknown_students")
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
        day = today(services, as_of)
        if by == "student":
            found = student_counts(session, day, profile_name=profile_name)
            rows = [(student, "", *_numbers(item.count)) for student, item in sorted(found.items())]
            print_rows(_BY_STUDENT, rows, form)
        elif by == "student-school":
            every = school_counts(session, day, profile_name=profile_name)
            print_rows(_BY_STUDENT, [(item.student_id, item.school_id, *_numbers(number)) for item, number in every], form)
        else:
            print_rows(_BY_SCHOOL, list(_schools(session, day, profile_name)), form)


def _numbers(number: Count) -> tuple[object, ...]:
    return (*(getattr(number, name) for name in _SUMS), _rate(number.rate), number.tier, number.chronic.value)


def _rate(rate: Fraction | None) -> str:
    """Four places, half up; empty where there is none."""
    if rate is None:
        return ""
    tenthousandths = (2 * 10_000 * rate.numerator + rate.denominator) // (2 * rate.denominator)
    return f"{tenthousandths // 10_000}.{tenthousandths % 10_000:04d}"


def _schools(session: Session, day: date, profile_name: str | None) -> Iterator[tuple[object, ...]]:
    by_school: defaultdict[str, list[Count]] = defaultdict(list)
    for item, number in school_counts(session, day, profile_name=profile_name):
        by_school[item.school_id].append(number)
    for school_id, numbers in sorted(by_school.items()):
        sums = {name: sum(getattr(number, name) for number in numbers) for name in _SUMS}
        rate = Fraction(sums["absent"], sums["enrolled"]) if sums["enrolled"] else None
        chronic = Counter(number.chronic for number in numbers)
        yield (school_id, len(numbers), *sums.values(), _rate(rate), chronic[Chronic.TRUE], chronic[Chronic.UNKNOWN])


@click.command()
@click.argument("student")
@as_of_option
@format_option
def explain(student: str, as_of: date | None, form: str) -> None:
    """Print every absent, conflict and unknown day of STUDENT with the mark, file and line behind it."""
    services = wire()
    with services.database.read() as session:
        days = explain_days(session, student.strip(), today(services, as_of))
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
