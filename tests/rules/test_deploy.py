"""What puts the service on a machine names commands, settings and files that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from outreach.cli import cli
from outreach.settings import Settings
from scheduler.stopping import WITHIN_SECONDS
from tests.rules.house import ROOT

DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.name != ".env")
UNITS = sorted((DEPLOY / "systemd").iterdir())
_AFTER_OUTREACH = re.compile(r"(?:/bin/outreach|^outreach) ([a-z-]+)", re.MULTILINE)
_COMMAND = re.compile(r"(?:command: \[|CMD \[\")([a-z-]+)")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_command_and_setting_named_there_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    commands = {*_AFTER_OUTREACH.findall(text), *_COMMAND.findall(text)} - {"python"}
    assert commands <= set(cli.list_commands(None)), path.name  # type: ignore[arg-type] # the list asks nothing of its context
    settings = {name.lower() for name in re.findall(r"OUTREACH_([A-Z_]*[A-Z])", text)}
    assert settings <= set(Settings.model_fields), path.name


def test_the_image_holds_all_that_the_wheel_is_built_from() -> None:
    copied = set(re.findall(r"^COPY (?!--)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))
    names = {name for line in copied for name in line.split()}
    allowed = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    needed = {"outreach", "scheduler", "config", "templates", "translations", "pyproject.toml", "README.md", "LICENSE", "requirements.lock"}
    assert names == allowed == needed
    assert all((ROOT / name).exists() for name in names)


def test_the_image_pins_the_versions_of_the_lock() -> None:
    """The line of the Dockerfile that strips the lock finds every package, and nothing but names and versions."""
    pattern = re.search(r"sed -n '(.+)' requirements", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    assert pattern is not None
    told = subprocess.run(["sed", "-n", pattern[1], ROOT / "requirements.lock"], capture_output=True, text=True, check=True).stdout
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if re.match(r"[a-zA-Z0-9]", line)]
    assert len(told.splitlines()) == len(packages)
    assert all(re.fullmatch(r"[a-z0-9._-]+==\S+", line) for line in told.splitlines())


def test_the_linter_of_images_finds_nothing_to_say() -> None:
    done = subprocess.run([Path(sys.executable).with_name("hadolint"), DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not on this machine")
def test_compose_understands_its_file_and_grants_every_service_of_ours_a_minute(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=x\n", encoding="utf-8")
    shutil.copy(DEPLOY / "compose.yaml", tmp_path)
    done = subprocess.run(
        ["docker-compose", "-f", "compose.yaml", "config"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("stop_grace_period: ") == done.stdout.count("image: outreach") == 3


def test_every_service_manager_grants_more_than_the_program_takes() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (DEPLOY / "compose.yaml", *UNITS))
    granted = re.findall(r"(?:stop_grace_period: |^TimeoutStopSec=)(\d+)s?$", text, re.MULTILINE)
    assert len(granted) == len(UNITS) + 1
    assert all(int(seconds) > WITHIN_SECONDS for seconds in granted)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name.replace("@", "@1")
    copy.write_text(unit.read_text(encoding="utf-8").replace("/opt/outreach/bin/outreach", "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, [line for line in done.stderr.splitlines() if copy.name in line]) == (0, [])
