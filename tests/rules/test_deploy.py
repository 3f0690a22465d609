"""What puts the service on a machine names commands, settings and files that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from outreach.cli import cli
from outreach.settings import Settings
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


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name.replace("@", "@1")
    copy.write_text(unit.read_text(encoding="utf-8").replace("/opt/outreach/bin/outreach", "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, [line for line in done.stderr.splitlines() if copy.name in line]) == (0, [])
