"""What an export would count: loaded by the live import into a throw-away database, counted there, and forgotten."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

import outreach.tables  # noqa: F401 - the throw-away database must have every table
from outreach.attendance.importing import ImportReport
from outreach.attendance.refusal import RefusedError
from outreach.attendance.source_settings import SETTINGS_FILE
from outreach.attendance.tabulating import tabulate
from outreach.database import Base, Database
from outreach.feeds.dates import tried
from outreach.feeds.drafting import Look
from outreach.feeds.samples import Sample
from outreach.feeds.taking import take_in
from outreach.feeds.writing import written
from outreach.keyring import Ring, ring_of
from outreach.settings import Settings
from outreach.web import people

_MOST_PROBLEMS = 50
_FIGURES = {
    "students": "students",
    "chronic": "chronic_students",
    "unknown_students": "unknown_students",
    "absent": "days_absent",
    "unknown": "days_unknown",
    "enrolled": "days_enrolled",
}
"""A school's figures → the columns of ``outreach counts --by school``, in the order of the page."""
_LINES = 5
_SMALL = 1024 * 1024
"""Bytes that are loaded and counted within a second or two; to start a process takes as long."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SchoolLine(_Strict):
    """One school's sums, as ``outreach counts --by school`` prints them."""

    name: str
    students: int
    chronic: int
    unknown_students: int
    absent: Decimal
    unknown: Decimal
    enrolled: Decimal


class Problem(_Strict):
    """Rows with the same trouble. Their values are not told: they may be a child's."""

    file: str
    field: str
    problem: str
    action: str
    rows: int
    lines: list[int]


class Trial(_Strict):
    """What the import and the counts said."""

    of: str
    """By what the trial is known: the same files, settings and day need no second one."""
    as_of: date
    refused: str = ""
    """Why the whole delivery would be refused; then nothing was counted."""
    schools: list[SchoolLine] = []
    problems: list[Problem] = []
    more_problems: int = 0

    @property
    def all_schools(self) -> SchoolLine:
        """The sums over the schools; a child at two schools counts at both."""
        return SchoolLine.model_validate(
            {"name": "All schools"} | {name: sum(getattr(line, name) for line in self.schools) for name in _FIGURES}
        )


def counted_to(found: Look, today: date) -> date:
    """The day up to which a trial counts: the one a person chose, else the last on which the sample has a mark."""
    if found.choices.count_to is not None:
        return found.choices.count_to
    forms = tried(found.texts("attendance", "date"))
    last = next((one.last for one in forms if one.form == found.choices.date_format), today)
    return min(last, today)


def trial(sample: Sample, found: Look, today: date, *, settings: Settings, now: datetime) -> Trial:
    """The trial of these choices: the one that was remembered, where nothing changed since, else a new one."""
    state, as_of, text = sample.state, counted_to(found, today), written(found)
    known = _digest(sample, text, as_of)
    if state is not None and state.tried:
        try:
            before = Trial.model_validate_json(state.tried)
        except ValidationError:
            before = None
        if before is not None and before.of == known:
            return before
    done = _tried_out(sample, text, as_of, known, settings, now)
    if state is not None:
        sample.remember(state.model_copy(update={"tried": done.model_dump_json()}))
    return done


def _digest(sample: Sample, text: str, as_of: date) -> str:
    looks = [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sorted(sample.files.iterdir())]
    return hashlib.sha256("\n".join([text, as_of.isoformat(), *looks]).encode()).hexdigest()


def _tried_out(sample: Sample, text: str, as_of: date, known: str, settings: Settings, now: datetime) -> Trial:
    """Try it here, or, where it is large, in a process of its own, so that webhooks and other pages do not wait for it."""
    if sample.size <= _SMALL:
        return _run(sample, text, as_of, known, settings, now)
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            return process.submit(_run, sample, text, as_of, known, settings, now).result()
    except BrokenProcessPool:
        sentence = "The trial was ended, perhaps for want of memory. Take fewer schools or fewer weeks into the sample."
        return Trial(of=known, as_of=as_of, refused=sentence)


def _run(sample: Sample, text: str, as_of: date, known: str, settings: Settings, now: datetime) -> Trial:
    with TemporaryDirectory(dir=sample.folder, prefix="trial-") as name:
        place = Path(name)
        folder = shutil.copytree(sample.files, place / "sample", copy_function=os.link)
        (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
        with _throw_away(place, ring_of(settings.encryption_keys, settings.home)) as database:
            try:
                report = take_in(database, folder, settings=settings.model_copy(update={"home": place}), now=now)
            except RefusedError as refusal:
                return Trial(of=known, as_of=as_of, refused=str(refusal))
            lines, more = _problems(report)
            return Trial(of=known, as_of=as_of, schools=_schools(database, as_of), problems=lines, more_problems=more)


@contextmanager
def _throw_away(place: Path, ring: Ring) -> Iterator[Database]:
    database = Database(f"sqlite:///{place / 'trial.db'}", ring=ring)
    try:
        Base.metadata.create_all(database.engine)
        yield database
    finally:
        database.engine.dispose()


def _schools(database: Database, as_of: date) -> list[SchoolLine]:
    with database.read() as session:
        names = people.school_names(session)
        columns, rows = tabulate(session, as_of, "school")
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return [
        SchoolLine.model_validate(
            {"name": names.get(str(row["school_id"]), row["school_id"])} | {name: str(row[column]) for name, column in _FIGURES.items()}
        )
        for row in found
    ]


def _problems(report: ImportReport) -> tuple[list[Problem], int]:
    alike = ["file", "field", "problem", "action"]
    grouped = (
        report.problems.group_by(alike)
        .agg(pl.col("line").n_unique().alias("rows"), pl.col("line").unique().sort().head(_LINES).alias("lines"))
        .sort([pl.col("action") == "noted", pl.col("rows"), *alike], descending=[False, True, False, False, False, False])
    )
    return [Problem(**row) for row in grouped.head(_MOST_PROBLEMS).iter_rows(named=True)], max(0, grouped.height - _MOST_PROBLEMS)
