"""Another program on the same database: run as a process by the tests of webhooks that must not wait."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

from outreach.arrivals import Arrival
from outreach.cases import intake
from outreach.database import Database
from outreach.settings import load_settings


def hold(database: str) -> None:
    """Hold SQLite's one place for a writer, as a long import does, until standard input closes."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()
        connection.rollback()


def take_and_die(database: str, home: str, sid: str, body: str, at: str) -> None:
    """Take a family's text as a webhook does, and die at once."""
    params = {"MessageSid": sid, "From": "+13125550142", "Body": body, "NumMedia": "0"}
    now = datetime.fromisoformat(at)
    intake.take(Database(f"sqlite:///{database}"), load_settings(home=Path(home)), Arrival("inbound", sid, params, "", now), now)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        hold(*sys.argv[2:])
    else:
        take_and_die(*sys.argv[2:])
