"""Writes a database anew again and again, killed at one line after the other; prints how often. Started by test_sealed_database.

A process of its own: each turn is a fork, and a test's worker has threads.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from outreach import sqlite_files
from outreach.keyring import Ring, ring_of


def rows(file: Path, ring: Ring) -> list[Any]:
    """What the database holds, opened with whichever key fits."""
    connection = sqlite_files.connect(file, ring, sqlite_files.key_of(file, ring))
    try:
        return connection.execute("SELECT a FROM told ORDER BY rowid").fetchall()
    finally:
        connection.close()


def _write_anew_until(line: int, file: Path, ring: Ring) -> None:
    """Die as by ``kill -9`` when the *line*-th line of our own is reached."""
    reached = 0

    def count(frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal reached
        if frame.f_code.co_filename != sqlite_files.__file__:
            return None
        reached += event == "line"
        if reached == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return count

    sys.settrace(count)
    with sqlite_files.alone(file):
        sqlite_files.renew(file, ring, file.parent / "home")


def main(file: Path, keys: Path) -> None:
    """Kill at every line, until one turn comes to its end."""
    ring = ring_of(str(keys), file.parent / "home")
    before, line = rows(file, ring), 0
    while True:
        line += 1
        child = os.fork()
        if child == 0:
            _write_anew_until(line, file, ring)
            os._exit(0)
        ended = os.waitpid(child, 0)[1]
        if rows(file, ring) != before:
            sys.exit(f"killed at line {line}: rows are lost")
        if ended == 0:
            break
    sys.stdout.write(f"{line - 1} {sqlite_files.key_of(file, ring) == ring.newest}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
