"""The first evaluation of all rules and the plan after it: against a plain insert of the rows that they commit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import Table, select

from benchmarks import loading
from benchmarks.district import EVENING
from benchmarks.measuring import STUDENTS, alone, insert_plainly
from outreach.database import Base
from outreach.planning.actions import plan
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import load_settings
from outreach.thresholds.actions import evaluate
from outreach.thresholds.rules import load_rules
from outreach.thresholds.tables import Episode, Evaluation, RuleStart, RuleVersion

WRITTEN: tuple[type[Base], ...] = (Episode, Evaluation, RuleStart, RuleVersion, PlannedMessage, PlannedEpisode)


def run(students: int = STUDENTS) -> dict[str, object]:
    """Bars: evaluation and plan ÷ plain insert at most 10; per child, large ÷ a tenth of it, at most 1.3."""
    small, large = _evening(students // 10), _evening(students)
    per_child = [evening["seconds"] / number for evening, number in ((small, students // 10), (large, students))]
    return {
        "students": [students // 10, students],
        "rows": [small["rows"], large["rows"]],
        "seconds": [small["seconds"], large["seconds"]],
        "baseline_seconds": [small["plain"], large["plain"]],
        "ratio": round(large["seconds"] / large["plain"], 2),
        "growth_ratio": round(per_child[1] / per_child[0], 2),
        "peak_mib": large["peak"],
    }


def _evening(students: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        alone(_load, folder, students)
        work = alone(evaluate_and_plan, folder)
        plain = alone(write_plainly, folder).value
    return {"seconds": round(work.seconds, 2), "peak": work.mebibytes, "plain": round(plain[0], 2), "rows": plain[1]}


def _load(folder: Path, students: int) -> None:
    loading.write(folder / "feed", students, contacts=True)
    loading.load(folder, folder / "feed")


def evaluate_and_plan(folder: Path) -> None:
    """Evaluate the shipped rules and plan, each in its own transaction, as the nightly job does."""
    database = loading.open_database(folder)
    settings = load_settings(home=folder, district_name="Made-up Schools", timezone="America/Chicago")
    with database.write() as session:
        evaluate(session, load_rules(), settings=settings, now=EVENING)
    with database.write() as session:
        plan(session, settings=settings, now=EVENING)
    database.engine.dispose()


def write_plainly(folder: Path) -> tuple[float, int]:
    """Seconds for every row that evaluation and plan wrote, table by table with one ``executemany`` each; and how many rows."""
    database = loading.open_database(folder)
    seconds, written = 0.0, 0
    for model in WRITTEN:
        table = model.__table__
        assert isinstance(table, Table)  # noqa: S101 - every class of ours maps one table
        with database.engine.connect() as connection:
            texts = [tuple(None if value is None else str(value) for value in row) for row in connection.execute(select(table))]
        if texts:
            seconds += insert_plainly(folder / f"plain-{table.name}.db", texts, unique=False)
            written += len(texts)
    database.engine.dispose()
    return seconds, written
