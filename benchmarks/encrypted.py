"""What encryption costs: the same loads, counts and pages on an encrypted database ÷ on a plain one.

SQLCipher brings a SQLite of its own, often newer than Python's, so a plain file opened by it is measured as well.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import inbox_growth, loading
from benchmarks.district import District
from benchmarks.measuring import alone
from outreach import keyring, sqlite_files
from outreach.database import Database

STUDENTS, MESSAGES = 33_584, 100_000


def run(students: int = STUDENTS, messages: int = MESSAGES) -> dict[str, object]:
    """No bar: figures to decide by (ADR on the encrypted database)."""
    _of(200, 1_000)  # the first of all runs pays for cold files
    plain, same_driver, sealed = (
        _of(students, messages),
        _of(students, messages, keys=True),
        _of(students, messages, keys=True, sealed=True),
    )
    return {
        "students": students,
        "messages": messages,
        "plain": plain,
        "plain_by_sqlcipher": same_driver,
        "encrypted": {name: sealed[name] for name in plain},
        "ratio": {name: round(sealed[name] / plain[name], 2) for name in plain},
        "ratio_by_sqlcipher": {name: round(sealed[name] / same_driver[name], 2) for name in plain},
        "rotate_seconds": sealed["rotate_seconds"],
        "mebibytes": sealed["mebibytes"],
    }


def _of(students: int, messages: int, *, keys: bool = False, sealed: bool = False) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        if not sealed:
            alone(_prepare, folder)
        if keys:
            keyring.add_key(folder / "keys")
        alone(loading.write, folder / "feed", students)
        load = alone(loading.load, folder, folder / "feed")
        touched = students // 10
        District(students).write_delta(folder / "delta", students=touched, rows=touched * 3 // 2)
        night = alone(loading.load, folder, folder / "delta")
        count = alone(loading.count, folder)
        alone(inbox_growth.fill, folder, messages)
        page = alone(inbox_growth.measure, folder).value["milliseconds"]["ana"]
        found = {"load_seconds": load.seconds, "night_seconds": night.seconds, "count_seconds": count.seconds, "inbox_milliseconds": page}
        if sealed:
            found |= alone(_rotate, folder).value
    return {name: round(value, 2) for name, value in found.items()}


def _prepare(folder: Path) -> None:
    loading.open_database(folder).close()
    Database(f"sqlite:///{folder / 'inbox.db'}").prepare(upgrade=True)


def _rotate(folder: Path) -> dict[str, float]:
    """Seconds for the loaded database to be written anew with another key, and how large it is."""
    keyring.add_key(folder / "keys")
    done = alone(_renew, folder)
    return {"rotate_seconds": done.seconds, "mebibytes": (folder / "outreach.db").stat().st_size / 2**20}


def _renew(folder: Path) -> bool:
    file = folder / "outreach.db"
    with sqlite_files.alone(file):
        return sqlite_files.renew(file, loading.keys_of(folder), folder / "home")
