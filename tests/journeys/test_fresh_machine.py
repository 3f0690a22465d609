"""A fresh machine: an empty environment, the wheel, and the first text. Packages come from wherever this machine's pip gets them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from outreach.clock import FixedClock
from outreach.demo.servers import free_port
from outreach.settings import load_settings
from outreach.simulator import server as simulator
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from tests.conftest import NOON
from tests.journeys.contract import NOW
from tests.journeys.feed import GUARDIAN, write_small_feed
from tests.rules.house import ROOT

pytestmark = pytest.mark.long
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment made by the steps of ``deploy/Dockerfile``: the same files copied, the same commands run."""
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
    return app / "bin"


def test_the_wheel_in_an_empty_environment_gets_ready_and_sends_a_text(installed: Path, tmp_path: Path) -> None:
    account = {"twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": AUTH_TOKEN, "twilio_messaging_service_sid": "MG" + "1" * 32}
    settings = load_settings(home=tmp_path / "carrier", provider="simulator", timezone="America/Chicago", **account)
    carrier = simulator.start(settings, FixedClock(NOON))
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "OUTREACH_HOME": str(tmp_path / "home"),
        "OUTREACH_NOW": NOW,
        "OUTREACH_TIMEZONE": "America/Chicago",
        "OUTREACH_PROVIDER": "simulator",
        "OUTREACH_TWILIO_API_BASE": carrier.url,
        "OUTREACH_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **{name.upper(): value for name, value in account.items()},
    }
    feed = write_small_feed(tmp_path / "feed")
    try:
        _said(installed, environment, tmp_path, "init", "--admin", "it@district.example")
        _said(installed, environment, tmp_path, "import", str(feed))
        _said(installed, environment, tmp_path, "messages", "approve", "--by", "it@district.example")
        _said(installed, environment, tmp_path, "evaluate")
        _said(installed, environment, tmp_path, "plan", "--release-baseline", "5")
        with _serving(installed, environment, tmp_path, port) as url:
            assert requests.get(f"{url}/readyz", timeout=10).json() == {"status": "ready"}
            end = time.monotonic() + 60
            while not carrier.carrier.thread(GUARDIAN) and time.monotonic() < end:
                time.sleep(0.5)
        (text,) = carrier.carrier.thread(GUARDIAN)
        assert "4" in text.body
    finally:
        carrier.stop()


def _said(installed: Path, environment: Mapping[str, str], folder: Path, *words: str) -> str:
    done = subprocess.run(
        [installed / "outreach", *words], env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{words}: {done.stderr[-2000:]}"
    return done.stdout


@contextmanager
def _serving(installed: Path, environment: Mapping[str, str], folder: Path, port: int) -> Iterator[str]:
    """``outreach serve`` until the end of the block, ended as a service manager ends it."""
    url = f"http://127.0.0.1:{port}"
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [installed / "outreach", "serve", "--port", str(port)], env=environment, cwd=folder, stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                requests.get(f"{url}/healthz", timeout=2)
                break
            except requests.ConnectionError:
                time.sleep(0.2)
        yield url
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
