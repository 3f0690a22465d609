"""How a benchmark measures: work alone in a fresh process, a plain baseline beside it, and a record of both in ``var/bench.json``."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import resource
import sqlite3
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

RECORD = Path(__file__).parents[1] / "var" / "bench.json"
STUDENTS = int(os.environ.get("BENCH_STUDENTS", "335840"))
"""Children in the made-up district; fewer make a quicker and less telling run."""


@dataclass(frozen=True)
class Measured:
    """What a piece of work returned, the seconds it took and the most memory its process held, in MiB."""

    value: Any
    seconds: float
    mebibytes: int


def alone(work: Callable[..., Any], *arguments: object) -> Measured:
    """Run *work* in a process of its own, so that neither its memory nor its caches are those of other work."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measure, work, arguments).result()


def _measure(work: Callable[..., Any], arguments: Sequence[object]) -> Measured:
    start = perf_counter()
    value = work(*arguments)
    return Measured(value, perf_counter() - start, _peak())


def _peak() -> int:
    """The most memory this process ever held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux getrusage also remembers the process that started this one
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)


def insert_plainly(file: Path, rows: Sequence[tuple[object, ...]], *, unique: bool) -> float:
    """Seconds that one ``executemany`` of *rows* as TEXT columns takes: WAL, synchronous NORMAL; *unique* puts UNIQUE over all columns."""
    columns = [f"c{n}" for n in range(len(rows[0]))]
    constraint = f", UNIQUE ({', '.join(columns)})" if unique else ""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"CREATE TABLE plain ({', '.join(f'{name} TEXT' for name in columns)}{constraint})")
        start = perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO plain VALUES ({', '.join('?' * len(columns))})", rows)  # noqa: S608 - our own names
        connection.execute("COMMIT")
        return perf_counter() - start


def record(name: str, figures: dict[str, object], file: Path = RECORD) -> dict[str, object]:
    """Put the figures of one benchmark, with the machine and the time, into *file* beside those of the others; return the entry."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known[name] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), **figures}
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(file)
    entry: dict[str, object] = known[name]
    return entry


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
