"""A service manager says stop amid a send: what is in hand is finished, the rest waits, and the next start does it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from outreach.attendance.tables import Mark
from outreach.attention.tables import AttentionItem
from outreach.database import Database
from outreach.demo.servers import free_port
from scheduler.stopping import heeding
from tests.journeys.contract import DAYS, OUTREACH, district
from tests.rules.house import ROOT
from tests.stages.outbox import NOON, Outbox, running

PHONES = [f"+1312555{number:04d}" for number in range(100, 112)]
GRACE_SECONDS = 60
"""What deploy/ grants."""
UNSETTLED = {"sending", "uncertain"}


@pytest.fixture
def outbox(database: Database, tmp_path: Path) -> Iterator[Outbox]:
    """Twelve families to be answered, through a carrier that takes its time for each."""
    with running(database, tmp_path / "home", sender_rate=4.0) as ready:
        ready.carrier.simulation.latency = 0.7
        for phone in PHONES:
            ready.answer(phone=phone)
        yield ready


@contextmanager
def _started(outbox: Outbox, log: Path, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The installed command on the outbox's database, at noon for ever."""
    settings = outbox.settings
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OUTREACH_", "TWILIO_"))}
    told = {
        "OUTREACH_HOME": str(settings.home),
        "OUTREACH_DATABASE_URL": outbox.database.url.render_as_string(hide_password=False),
        "OUTREACH_NOW": NOON.isoformat(),
        "OUTREACH_TIMEZONE": "America/Chicago",
        "OUTREACH_PROVIDER": "simulator",
        "OUTREACH_TWILIO_API_BASE": settings.twilio_api_base,
        "OUTREACH_SENDER_RATE": str(settings.sender_rate),
        "TWILIO_ACCOUNT_SID": str(settings.twilio_account_sid),
        "TWILIO_AUTH_TOKEN": str(settings.twilio_auth_token),
        "TWILIO_MESSAGING_SERVICE_SID": str(settings.twilio_messaging_service_sid),
    }
    with log.open("wb") as file:
        process = subprocess.Popen([str(OUTREACH), *words], env={**clean, **told, **more}, stdout=file, stderr=file, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for_texts(outbox: Outbox, number: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while len(outbox.sent()) < number:
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        assert process.poll() is None, log.read_text(encoding="utf-8")
        time.sleep(0.02)


@pytest.mark.long
@pytest.mark.parametrize("everybody", [False, True], ids=["the first process is told", "all processes are told"])
@pytest.mark.parametrize("command", ["dispatch --watch", "serve", "worker"])
def test_told_to_stop_amid_a_send_it_finishes_that_one_and_leaves_the_rest(
    outbox: Outbox, tmp_path: Path, command: str, *, everybody: bool
) -> None:
    if command == "worker" and outbox.database.is_sqlite:
        pytest.skip("workers share a PostgreSQL")
    words, log = command.split(), tmp_path / "said.log"
    if command == "serve":
        words += ["--port", str(free_port())]
    with _started(outbox, log, *words) as process:
        _wait_for_texts(outbox, 2, process, log)
        time.sleep(0.2)  # the next request is on its way
        (os.killpg if everybody else os.kill)(process.pid, signal.SIGTERM)
        told = time.monotonic()
        assert process.wait(GRACE_SECONDS) == 0, log.read_text(encoding="utf-8")
    took = time.monotonic() - told
    said = log.read_text(encoding="utf-8")
    assert "Traceback" not in said, said
    states = outbox.states()
    assert not UNSETTLED & set(states), f"{states} after {took:.1f} s\n{said}"
    left = len(PHONES) - len(outbox.sent())
    assert states.count("planned") == left > 0, f"{states} after {took:.1f} s\n{said}"

    outbox.carrier.simulation.latency = 0.0
    outbox.send()
    assert sorted(message.to for message in outbox.sent()) == PHONES, "each once"


@pytest.mark.long
@pytest.mark.parametrize("seconds", [0.8, 1.6, 2.4, 3.2, 4.0])
def test_told_to_stop_while_it_starts_it_ends_and_drops_no_word(outbox: Outbox, tmp_path: Path, seconds: float) -> None:
    log = tmp_path / "said.log"
    with _started(outbox, log, "serve", "--port", str(free_port())) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, -signal.SIGTERM}, log.read_text(encoding="utf-8")


def _is_loading(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process of the same session loads a feed."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(folder.name)) == process.pid and b"spawn_main" in (folder / "cmdline").read_bytes():
                return True
    return False


@pytest.mark.long
@pytest.mark.parametrize("seconds", [0.3, 1.5], ids=["as the process that loads starts", "as it loads"])
def test_told_to_stop_amid_a_feed_all_processes_end_and_the_feed_is_whole(outbox: Outbox, tmp_path: Path, seconds: float) -> None:
    """The process that loads it is told as well, and would else be taken for one without memory."""
    children = [f"s{number}" for number in range(12_000)]
    feed = tmp_path / "feeds" / "sis"
    feed.mkdir(parents=True)
    marks = "".join(f"{child},7,{day},U\n" for child in children for day in DAYS[::4])
    for name, content in district(marks, students=" ".join(children)).items():
        (feed / name).write_text(str(content), encoding="utf-8")
    log = tmp_path / "said.log"
    with _started(outbox, log, "serve", "--port", str(free_port()), OUTREACH_FEED_FOLDER=str(feed.parent)) as process:
        end = time.monotonic() + 60
        while not _is_loading(process):
            assert time.monotonic() < end, log.read_text(encoding="utf-8")
            time.sleep(0.02)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(GRACE_SECONDS) == 0, log.read_text(encoding="utf-8")
    with outbox.database.read() as session:
        assert [one for one in session.scalars(select(AttentionItem.sentence)) if "could not be loaded" in one] == []
        loaded = session.scalar(select(func.count()).select_from(Mark)) or 0
    assert loaded in {0, marks.count("\n")}
    assert (loaded > 0) == ("feed loaded" in log.read_text(encoding="utf-8"))


SLOW = "import time; from scheduler.stopping import be_brief, heeding\nwith heeding():\n print('ready', flush=True); {}; time.sleep(60)"


@pytest.mark.parametrize("signals", [1, 2])
def test_who_does_not_heed_the_word_is_ended(signals: int) -> None:
    """By the kernel after the time it was given, or by a second word."""
    brief = "be_brief(1)" if signals == 1 else "pass"
    with subprocess.Popen([sys.executable, "-c", SLOW.format(brief)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(signals if signals > 1 else 0):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        assert process.wait(20) == (-signal.SIGALRM if signals == 1 else -signal.SIGTERM)


def test_the_word_cuts_a_pause_short_and_is_forgotten_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with heeding() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        stop.pause(600)
        assert stop.said
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.alarm(0) == 0
