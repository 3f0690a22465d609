"""Attendance rows become live marks; what they replace or remove is kept as a former version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, Table, func, select
from sqlalchemy.orm import Session

from outreach.attendance import bulk
from outreach.attendance.calendars import Event, SchoolCalendar, chain, from_events, nearest
from outreach.attendance.canonical import ATTENDANCE
from outreach.attendance.comparing import Changes, compare, one_per_key
from outreach.attendance.parsing import Action, Parsed, gather, only, problems_of
from outreach.attendance.reading import LINE
from outreach.attendance.roster import Applied, table_of
from outreach.attendance.school_year import NO_MEMBERSHIP
from outreach.attendance.source_settings import SourceSettings
from outreach.attendance.tables import Mark, MarkVersion, ReportedDay
from outreach.attendance.years import end_of_year, start_of_year
from outreach.district.tables import CalendarEvent, Enrolment, School, Student

KEY = list(ATTENDANCE.key)
_SUSPECT_MARKS = 10
"""So many marks of one school on a date that is no school day are no slips: then the calendar may be wrong."""
VALUES = ["portion", "minutes", "reason"]
_SCHEMA = {
    "student_id": pl.String, "date": pl.Date, "school_id": pl.String, "section_id": pl.String, "code": pl.String,
    "portion": pl.String, "minutes": pl.Int64, "reason": pl.String,
}  # fmt: skip


def apply(session: Session, parsed: Parsed, settings: SourceSettings, import_id: int) -> Applied:
    """Bring this source's marks to what the file says: all of them, those of its window, or the ones a delta names."""
    actions = parsed.rows.with_columns(pl.col("action").str.to_lowercase())
    known = pl.col("action").is_in(["", "upsert", "delete"])
    wrong = problems_of(
        actions, ~known, field="action", value=pl.col("action"), problem="is neither upsert nor delete", action=Action.REJECTED
    )
    rows, out_of_year = _inside_known_years(session, only(actions, known), settings)
    in_order = settings.delivery == "delta" or not rows.filter(pl.col("action") == "delete").is_empty()
    rows, losers = one_per_key(rows, KEY, in_order=in_order)
    upserts = only(rows, pl.col("action") != "delete").drop("action")
    deletes = rows.filter(pl.col("action") == "delete")
    changes = compare(upserts, _old(session, settings, rows), KEY, VALUES)
    named = deletes.join(changes.vanished, on=KEY, how="semi")
    vanished = named.select(KEY) if settings.delivery == "delta" else changes.vanished
    _write(session, Changes(changes.inserted, changes.changed, vanished), settings.name, import_id)
    students = _known_students(session, rows, settings)
    held, held_problems = _held(upserts, students, settings)
    notes = _notes(session, upserts, losers.clear() if in_order else losers.drop("action"), students, settings)
    outcome = Changes(changes.inserted, pl.concat([changes.changed, named.drop("action")]), vanished)
    return Applied(outcome, gather([parsed.problems, wrong, out_of_year, held_problems, notes]), held, losers.height)


def _inside_known_years(session: Session, rows: pl.DataFrame, settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Refuse dates outside every school year that calendars or enrolments know: 1900-01-01 is no school day."""
    years = _known_years(session, settings)
    if not years:
        return rows, gather([])
    table = {day: start_of_year(day, settings.school_year_start) in years for day in rows["date"].unique().to_list()}
    fits = pl.col("date").replace_strict(table, default=True, return_dtype=pl.Boolean)
    said = "lies outside every school year of the feed"
    return only(rows, fits), problems_of(rows, ~fits, field="date", value=pl.col("date"), problem=said, action=Action.REJECTED)


def _known_years(session: Session, settings: SourceSettings) -> set[date]:
    """The first days of the school years that calendars, or else enrolments, know."""
    years = {start_of_year(day, settings.school_year_start) for day in session.scalars(select(CalendarEvent.date).distinct())}
    if not years:
        stays = session.execute(select(Enrolment.entry_date, Enrolment.exit_date).distinct())
        years = {year for entry, leaving in stays for year in _years(entry, leaving or entry, settings.school_year_start)}
    return years


def governed_from(session: Session, rows: pl.DataFrame, settings: SourceSettings) -> date:
    """The first day of which a full delivery speaks: that of its earliest school year, or of the newest known where it holds no row.

    What came in earlier years stays: in August a system sends the new year alone, and that takes nothing back.
    """
    earliest = rows["date"].min()
    if isinstance(earliest, date):
        return start_of_year(earliest, settings.school_year_start)
    return max(_known_years(session, settings), default=date.min)


def reported_since(session: Session, first: date, source: str) -> dict[str, int]:
    """School → live marks that a source brought of *first* and later."""
    told = select(Mark.school_id, func.count()).where(Mark.source == source, Mark.date >= first).group_by(Mark.school_id)
    return {row[0]: row[1] for row in session.execute(told)}


def known_rows(session: Session, parsed: Parsed, settings: SourceSettings) -> pl.DataFrame:
    """The rows of a file that lie in a school year of the feed."""
    return _inside_known_years(session, parsed.rows, settings)[0]


def _years(first: date, last: date, month_day: str) -> Iterator[date]:
    """The first days of the school years from that of *first* to that of *last*."""
    start = start_of_year(first, month_day)
    while start <= last and start.year < date.max.year:
        yield start
        start = start.replace(year=start.year + 1)


def _old(session: Session, settings: SourceSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """The live marks that this delivery may touch: those of its school years, of its window, or of the children it names."""
    marks = table_of(Mark)
    statement = select(*[marks.c[name] for name in _SCHEMA]).where(marks.c.source == settings.name)
    if settings.delivery == "window":
        first, last = _window(rows, settings)
        outside = rows.filter(~pl.col("date").is_between(first, last))["date"].unique().to_list()
        statement = statement.where(marks.c.date.between(first, last) | marks.c.date.in_(outside))
        old = bulk.read(session, statement, _SCHEMA)
        return pl.concat(
            [
                old.filter(pl.col("date").is_between(first, last)),
                old.join(rows, on=KEY, how="semi").filter(~pl.col("date").is_between(first, last)),
            ]
        )
    if settings.delivery == "full":
        statement = statement.where(marks.c.date >= governed_from(session, rows, settings))
    return _concerning(session, statement, marks.c.student_id, rows, settings, _SCHEMA)


def _concerning(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    student: ColumnElement[str],
    rows: pl.DataFrame,
    settings: SourceSettings,
    schema: dict[str, Any],
) -> pl.DataFrame:
    """What *statement* finds; of a delta only what it finds about the children it names, so that a night costs what changed."""
    if settings.delivery != "delta":
        return bulk.read(session, statement, schema)
    students = rows["student_id"].unique().sort().to_list()
    pieces = [bulk.read(session, statement.where(student.in_(students[n : n + 500])), schema) for n in range(0, len(students), 500)]
    return pl.concat([pl.DataFrame(schema=schema), *pieces])


def _window(rows: pl.DataFrame, settings: SourceSettings) -> tuple[date, date]:
    last = rows["date"].max()
    if not isinstance(last, date) or settings.window_days is None:
        return date.max, date.min
    return last - timedelta(days=settings.window_days - 1), last


def _write(session: Session, changes: Changes, source: str, import_id: int) -> None:
    """Keep former versions, then delete, update and insert; the inserted are sorted as the table is, so each page is written once."""
    marks = table_of(Mark)
    ended = pl.concat([changes.changed.select(KEY), changes.vanished])
    _keep_versions(session, ended.with_columns(pl.lit(source).alias("source")), import_id)
    bulk.delete_by_key(session, marks, changes.vanished.with_columns(pl.lit(source).alias("source")))
    stamp = [pl.lit(source).alias("source"), pl.lit(import_id).alias("import_id")]
    changed = changes.changed.rename({LINE: "line"}).with_columns(stamp)
    bulk.update_by_key(session, marks, changed, [*KEY, "source"])
    bulk.insert(session, marks, changes.inserted.rename({LINE: "line"}).with_columns(stamp), in_order_of=KEY)
    _count_reported(session, changes)


def _keep_versions(session: Session, keys: pl.DataFrame, import_id: int) -> None:
    marks, versions = table_of(Mark), table_of(MarkVersion)
    students = keys["student_id"].unique().sort().to_list()
    names = [column.name for column in marks.columns]
    schema = {**_SCHEMA, "source": pl.String, "import_id": pl.Int64, "line": pl.Int64}
    for start in range(0, len(students), 500):
        statement = select(*[marks.c[name] for name in names]).where(marks.c.student_id.in_(students[start : start + 500]))
        live = bulk.read(session, statement, {name: schema[name] for name in names})
        former = live.join(keys, on=[*KEY, "source"], how="semi").with_columns(pl.lit(import_id).alias("ended_import_id"))
        bulk.insert(session, versions, former)


def _count_reported(session: Session, changes: Changes) -> None:
    """Keep the number of marks per school and date, by which a silent day is seen without reading all marks."""
    where = ["school_id", "date"]
    more = changes.inserted.group_by(where).len("marks").with_columns(pl.col("marks").cast(pl.Int64))
    fewer = changes.vanished.group_by(where).len("marks").with_columns(-pl.col("marks").cast(pl.Int64))
    delta = pl.concat([more, fewer]).group_by(where).agg(pl.col("marks").sum())
    table = table_of(ReportedDay)
    old = bulk.read(
        session, select(table.c.school_id, table.c.date, table.c.marks), {"school_id": pl.String, "date": pl.Date, "marks": pl.Int64}
    )
    total = (
        delta.join(old, on=where, how="left", suffix="_old")
        .with_columns(pl.col("marks") + pl.col("marks_old").fill_null(0))
        .drop("marks_old")
    )
    bulk.delete_by_key(session, table, total.select(where))
    bulk.insert(session, table, total.filter(pl.col("marks") > 0))


def _known_students(session: Session, rows: pl.DataFrame, settings: SourceSettings) -> pl.DataFrame:
    students: Table = table_of(Student)
    known = select(students.c.student_id).where(students.c.gone_import_id.is_(None))
    return _concerning(session, known, students.c.student_id, rows, settings, {"student_id": pl.String})


def _held(rows: pl.DataFrame, known: pl.DataFrame, settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Marks that need a person: a code without a meaning (the day is unknown until it has one), or a child no feed names."""
    pairs = rows.select("school_id", "code").unique()
    strange = [(school, code) for school, code in pairs.iter_rows() if code not in settings.at(school).codes]
    unmapped = rows.join(
        pl.DataFrame(strange, schema={"school_id": pl.String, "code": pl.String}, orient="row"), on=["school_id", "code"], how="semi"
    )
    strangers = rows.select("student_id").unique().join(known, on="student_id", how="anti")
    orphans = rows.join(strangers, on="student_id", how="semi")
    said = "this code has no meaning in source.toml; the day counts as unknown until it has one"
    nobody = "no feed names this student; the mark counts once one does"
    problems = [
        problems_of(unmapped, pl.lit(value=True), field="code", value=pl.col("code"), problem=said, action=Action.HELD),
        problems_of(orphans, pl.lit(value=True), field="student_id", value=pl.col("student_id"), problem=nobody, action=Action.HELD),
    ]
    return pl.concat([unmapped, orphans]).unique(LINE), gather(problems)


def _notes(session: Session, rows: pl.DataFrame, losers: pl.DataFrame, known: pl.DataFrame, settings: SourceSettings) -> pl.DataFrame:
    """Marks that do not count: outside enrolment or at another school, on a date that is no school day, or gainsaid in the file."""
    outside = _outside(rows, _memberships(session, rows, settings)).join(known, on="student_id", how="semi")
    said = "lies outside the child's enrolment, or at another school; it does not count"
    gainsaid = losers.join(rows, on=[*KEY, *VALUES], how="anti", nulls_equal=True)
    otherwise = "another row of this file says otherwise of the same mark; that one was taken"
    return gather(
        [
            problems_of(outside, pl.lit(value=True), field="date", value=pl.col("date"), problem=said, action=Action.NOTED),
            problems_of(gainsaid, pl.lit(value=True), field="code", value=pl.col("code"), problem=otherwise, action=Action.NOTED),
            _off_calendar(session, rows, settings),
        ]
    )


def _outside(rows: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    """The marks on a date that is in no stay of the child at the school; nearly all children have all of theirs in one."""
    child = ["student_id", "school_id"]
    spans = rows.group_by(child).agg(pl.col("date").min().alias("first_mark"), pl.col("date").max().alias("last_mark"))
    within = (pl.col("entry") <= pl.col("first_mark")) & (pl.col("last_mark") <= pl.col("last"))
    others = spans.join(spans.join(stays, on=child).filter(within), on=child, how="anti")
    doubtful = rows.join(others, on=child, how="semi").select(LINE, *child, "date")
    inside = doubtful.join(stays, on=child).filter(pl.col("date").is_between(pl.col("entry"), pl.col("last")))
    return doubtful.join(inside, on=LINE, how="anti")


def _memberships(session: Session, rows: pl.DataFrame, settings: SourceSettings) -> pl.DataFrame:
    """First and last date of every stay, as ``school_year.stay_of`` has them, in whole columns."""
    enrolments = table_of(Enrolment)
    schema = {"student_id": pl.String, "school_id": pl.String, "entry_date": pl.Date, "exit_date": pl.Date, "exit_type": pl.String}
    every = select(*[enrolments.c[name] for name in schema])
    found = _concerning(session, every, enrolments.c.student_id, rows, settings, schema)
    stays = found.rename({"entry_date": "entry", "exit_date": "exit"})
    exclusive = [school for school in stays["school_id"].unique().to_list() if settings.at(school).exit_day == "exclusive"]
    years = {entry: end_of_year(entry, settings.school_year_start) for entry in stays["entry"].unique().to_list()}
    leaving = pl.when(pl.col("school_id").is_in(exclusive)).then(pl.col("exit").dt.offset_by("-1d")).otherwise(pl.col("exit"))
    ending = leaving.fill_null(pl.col("entry").replace_strict(years, return_dtype=pl.Date)) if years else leaving
    never = pl.col("exit_type").str.to_lowercase().is_in(sorted(NO_MEMBERSHIP))
    return stays.filter(~never).select("student_id", "school_id", "entry", ending.alias("last"))


def _off_calendar(session: Session, rows: pl.DataFrame, settings: SourceSettings) -> pl.DataFrame:
    """Marks on a date that is no school day; schools whose calendar is made of their marks have none, nor those without any."""
    schools = [school for school in rows["school_id"].unique().to_list() if settings.at(school).calendar == "file"]
    dates = _school_days(session, schools, settings)
    marked = rows.select("school_id", "date").unique().join(dates.select("school_id").unique(), on="school_id", how="semi")
    off = rows.join(marked.join(dates, on=["school_id", "date"], how="anti"), on=["school_id", "date"], how="semi")
    many = off.with_columns(pl.len().over("school_id", "date").alias("together"))
    said = "is no school day on the calendar; the mark does not count"
    suspect = pl.format(said + "; {} marks of that date at this school: is the calendar right?", pl.col("together"))
    problem = pl.when(pl.col("together") >= _SUSPECT_MARKS).then(suspect).otherwise(pl.lit(said))
    return problems_of(many, pl.lit(value=True), field="date", value=pl.col("date"), problem=problem, action=Action.NOTED)


def _school_days(session: Session, schools: list[str], settings: SourceSettings) -> pl.DataFrame:
    parents = {row.school_id: row.parent_id for row in session.execute(select(School.school_id, School.parent_id))}
    events: dict[str, dict[date, list[Event]]] = {}
    for row in session.execute(select(CalendarEvent.school_id, CalendarEvent.date, CalendarEvent.event)):
        events.setdefault(row.school_id, {}).setdefault(row.date, []).append(Event(row.date, row.event))
    calendars: dict[tuple[object, ...], SchoolCalendar] = {}
    pairs: list[tuple[str, date]] = []
    for school in schools:
        telling, meanings = tuple(each for each in chain(school, parents) if each in events), settings.at(school).events
        key = (telling, *sorted(meanings.items()))
        if key not in calendars:  # schools of which the same events speak are many, and their days the same
            calendars[key] = from_events(nearest(events, telling), meanings)
        pairs.extend((school, day) for day in calendars[key].days)
    return pl.DataFrame(pairs, schema={"school_id": pl.String, "date": pl.Date}, orient="row")
