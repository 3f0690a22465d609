"""Two workers and a web server as separate hosts: whichever dies, whichever line is cut, nothing is lost, doubled or said after a stop."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from outreach.database import Database
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from tests.chaos.hosts import running
from tests.chaos.judge import judge

pytestmark = pytest.mark.long
SECONDS = 60


def test_hosts_that_die_and_lines_that_are_cut_cost_nothing_but_time(
    postgres_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.SystemRandom().getrandbits(32)
    with running(postgres_database, tmp_path, families=60, seed=seed) as site:
        _wait_for(f"{site.url}/readyz")
        site.nights.open()
        site.nights.plan()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            site.answer(3)
            if len(site.silenced) < len(site.phones) // 4:
                site.stop_texts()
            site.trouble()
            site.watch()
        site.settle()
        _wait_for(f"{site.url}/readyz")
        ended = {host.name: host.stop() for host in site.hosts}
        site.settle()
        site.watch()
        with postgres_database.read() as session:
            held = Counter(session.scalars(select(PlannedMessage.reason).where(PlannedMessage.state == State.HELD)))
            verdict = judge(session, site.carrier.carrier.log, site.asked(), site.truth())
        told = (
            f"seed {seed}: {site.troubles.total()} troubles {dict(sorted(site.troubles.items()))}, {verdict.texts} texts, "
            f"{len(site.silenced)} stops; lost {len(verdict.lost)}, doubled {len(verdict.doubled)}, silenced {len(verdict.silenced)}, "
            f"untrue {len(verdict.untrue)}; states {dict(verdict.states)}; held {dict(held)}; ended {ended}"
        )
        with capsys.disabled():
            print(f"\n{told}")  # noqa: T201 - the seed and the totals are for whoever runs it
    assert verdict.wrong == [], told
    assert verdict.texts > 30, told
    assert set(ended.values()) == {0}, told
    assert [host.name for host in site.hosts if host.ends] == [], "while the database is away everybody waits"


def _wait_for(address: str) -> None:
    end, said = time.monotonic() + 90, "nothing"
    while time.monotonic() < end:
        try:
            answer = requests.get(address, timeout=5)
        except requests.RequestException:
            time.sleep(0.3)
            continue
        if answer.ok:
            return
        said = answer.text
        time.sleep(0.3)
    pytest.fail(f"the web host did not become ready: {said}")
