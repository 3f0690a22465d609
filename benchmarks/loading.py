"""Work on a made-up district that several benchmarks share; each function runs in a process of its own."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl

from benchmarks.district import EVENING, LAST_DAY, District
from benchmarks.measuring import insert_plainly
from outreach.attendance.importing import import_folder
from outreach.attendance.sums import student_sums
from outreach.database import Database
from outreach.keyring import Ring, ring_of

KEY = ("student_id", "date", "school_id", "code")


def write(folder: Path, students: int, *, contacts: bool = False) -> int:
    """Write the feed of a district and return how many marks it holds."""
    district = District(students)
    district.write(folder, contacts=contacts)
    return district.marks().height


def open_database(folder: Path) -> Database:
    """The database in *folder*, made where there is none; encrypted where a file of keys lies there."""
    database = Database(f"sqlite:///{folder / 'outreach.db'}", ring=keys_of(folder))
    database.prepare(upgrade=True)
    return database


def keys_of(folder: Path) -> Ring:
    """The keys in *folder*, which may be none."""
    file = folder / "keys"
    return ring_of(str(file) if file.exists() else "", folder / "home")


def load(folder: Path, feed: Path) -> int:
    """Import *feed* into the database of *folder*; return how many rows of attendance were new, changed or deleted."""
    database = open_database(folder)
    report = import_folder(database, feed, home=folder, now=EVENING)
    database.engine.dispose()
    numbers = report.files["attendance"]
    return numbers.inserted + numbers.changed + numbers.deleted


def count(folder: Path, students: Collection[str] | None = None) -> int:
    """Count every child, or the named ones; return how many children were counted."""
    database = open_database(folder)
    with database.read() as session:
        found = len(student_sums(session, LAST_DAY, students=students))
    database.engine.dispose()
    return found


def baseline(folder: Path, feed: Path) -> float:
    """Seconds for the same marks, sorted, by one plain ``executemany`` into four TEXT columns with UNIQUE over all."""
    marks = pl.read_csv(feed / "attendance.csv", infer_schema=False, columns=list(KEY)).select(KEY).sort(KEY)
    return insert_plainly(folder / "plain.db", marks.rows(), unique=True)
