"""A fresh machine: an empty environment, the wheel, and the first text. Packages come from wherever this machine's pip gets them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from outreach.clock import FixedClock
from outreach.demo.servers import free_port
from outreach.settings import load_settings
from outreach.simulator import server as simulator
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from tests.conftest import NOON
from tests.journeys import containers
from tests.journeys.contract import NOW
from tests.journeys.feed import GUARDIAN, write_small_feed
from tests.rules.house import ROOT

pytestmark = pytest.mark.long
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Machine:
    """Where the program is installed, and a folder as we and as it call it."""

    program: list[str]
    folder: Path
    seen: str
    image: containers.Image | None = None

    def started(self, words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """The command that starts *words* there."""
        if self.image is None:
            return ["env", "-i", *(f"{key}={value}" for key, value in environment.items()), *words]
        return self.image.started(words, environment)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """An empty environment, and in it what the steps of ``deploy/Dockerfile`` put there: the same files copied, the same commands run."""
    folder = tmp_path_factory.mktemp("machine")
    source, app = folder / "src", folder / "app"
    source.mkdir()
    for names in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for name in names.split():
            place = ROOT / name
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__")) if place.is_dir() else shutil.copy(
                place, source
            )
    venv.create(app, with_pip=True)
    for step in re.findall(r"^RUN (sed .+|/app/bin/pip .+)$", DOCKERFILE, re.MULTILINE):
        done = subprocess.run(
            ["bash", "-c", step.replace("/app/", f"{app}/")], cwd=source, capture_output=True, text=True, check=False, timeout=900
        )
        assert done.returncode == 0, done.stderr[-2000:]
    return Machine([str(app / "bin" / "outreach")], folder, str(folder))


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The image of ``deploy/Dockerfile``, step by step, and what an engine would start from it."""
    if not containers.can_run():
        pytest.skip("needs root and debootstrap")
    work = tmp_path_factory.mktemp("image")
    image = containers.build(ROOT / "deploy" / "Dockerfile", ROOT, work)
    assert image.user not in {"", "0", "root"}
    yield Machine(image.entrypoint, image.root / image.volume.lstrip("/"), image.volume, image)
    shutil.rmtree(work)


@pytest.mark.parametrize("where", ["wheel", "container"])
def test_on_a_fresh_machine_it_gets_ready_and_sends_a_text(where: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    machine: Machine = request.getfixturevalue(where)
    account = {"twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": AUTH_TOKEN, "twilio_messaging_service_sid": "MG" + "1" * 32}
    settings = load_settings(home=tmp_path / "carrier", provider="simulator", timezone="America/Chicago", **account)
    carrier = simulator.start(settings, FixedClock(NOON))
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "OUTREACH_HOME": f"{machine.seen}/home",
        "OUTREACH_NOW": NOW,
        "OUTREACH_TIMEZONE": "America/Chicago",
        "OUTREACH_PROVIDER": "simulator",
        "OUTREACH_TWILIO_API_BASE": carrier.url,
        "OUTREACH_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **{name.upper(): value for name, value in account.items()},
    }
    feed = write_small_feed(machine.folder / "feed")
    for path in (machine.folder, feed, *feed.iterdir()):
        path.chmod(0o777)
    try:
        _said(machine, environment, tmp_path, "init", "--admin", "it@district.example")
        _said(machine, environment, tmp_path, "import", f"{machine.seen}/feed")
        _said(machine, environment, tmp_path, "messages", "approve", "--by", "it@district.example")
        _said(machine, environment, tmp_path, "evaluate")
        _said(machine, environment, tmp_path, "plan", "--release-baseline", "5")
        with _serving(machine, environment, tmp_path, port) as url:
            assert requests.get(f"{url}/readyz", timeout=10).json() == {"status": "ready"}
            if machine.image is not None:
                healthy = [word.replace("8000", str(port)) for word in machine.image.health]
                assert subprocess.run(machine.started(healthy, {}), check=False, timeout=60).returncode == 0
            end = time.monotonic() + 60
            while not carrier.carrier.thread(GUARDIAN) and time.monotonic() < end:
                time.sleep(0.5)
        (text,) = carrier.carrier.thread(GUARDIAN)
        assert "4" in text.body
    finally:
        carrier.stop()


def _said(machine: Machine, environment: Mapping[str, str], folder: Path, *words: str) -> str:
    command = machine.started([*machine.program, *words], environment)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{words}: {done.stderr[-2000:]}"
    return done.stdout


@contextmanager
def _serving(machine: Machine, environment: Mapping[str, str], folder: Path, port: int) -> Iterator[str]:
    """``outreach serve`` until the end of the block, ended as a service manager ends it."""
    url = f"http://127.0.0.1:{port}"
    command = machine.started([*machine.program, "serve", "--port", str(port)], environment)
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                requests.get(f"{url}/healthz", timeout=2)
                break
            except requests.ConnectionError:
                time.sleep(0.2)
        yield url
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        os.kill(int(children[0]) if machine.image else process.pid, signal.SIGTERM)  # an engine tells the first process inside
        assert process.wait(60) == 0, (folder / "serve.log").read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()
