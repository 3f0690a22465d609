"""``outreach import`` of a folder that points to a server, as a person at a prompt meets it; even killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

from tests.adapters.grand_bend_ods import YEAR
from tests.adapters.made_up_ods import CATEGORIES, made_up
from tests.adapters.ods import KEY, SECRET, serving
from tests.adapters.taking import NAME, source

EVENTS = "/data/v3/ed-fi/studentSchoolAttendanceEvents"


def started(home: Path, folder: Path, secret: str = SECRET) -> subprocess.Popen[str]:
    """The command in a process of its own; the key comes from the environment."""
    keys = json.dumps({NAME: {"key": KEY, "secret": secret}})
    environment = {**os.environ, "OUTREACH_HOME": str(home), "OUTREACH_FEED_KEYS": keys}
    command = [sys.executable, "-c", "from outreach.cli import main; main()", "import", str(folder)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_server_is_taken_in_by_the_command_and_after_a_kill_it_goes_on(tmp_path: Path) -> None:
    """A wrong secret is refused first; the killed command leaves nothing in the database, and is not begun anew."""
    ods = made_up(Random(1))  # noqa: S311 - a made-up district
    ods.version = "7.1"
    processes: list[subprocess.Popen[str]] = []

    def kill(path: str) -> None:
        if path == EVENTS and ods.asked[EVENTS] == 3:
            processes[-1].send_signal(signal.SIGKILL)
            processes[-1].wait()

    ods.on_page = kill
    with serving(ods) as url:
        edfi = {"url": url, "school_years": [YEAR], "page_size": 20}
        folder = source(tmp_path / "feed", {"name": NAME, "edfi": edfi, "codes": {code: {"kind": "absent"} for code in CATEGORIES}})
        with started(tmp_path / "home", folder, "a wrong secret") as refused:
            _, said = refused.communicate(timeout=60)
        assert refused.returncode == 2
        assert said.count("does not accept the key and secret") == 1
        assert "Traceback" not in said
        assert "a wrong secret" not in said
        with started(tmp_path / "home", folder) as killed:
            processes.append(killed)
        assert killed.returncode == -signal.SIGKILL
        students = ods.asked["/data/v3/ed-fi/students"]
        with started(tmp_path / "home", folder) as finished:
            table, said = finished.communicate(timeout=60)
    assert finished.returncode == 0, said
    assert ods.asked["/data/v3/ed-fi/students"] == students
    attendance = next(line for line in table.splitlines() if "attendance" in line)
    assert str(len(ods.rows["studentSchoolAttendanceEvents"])) in attendance
