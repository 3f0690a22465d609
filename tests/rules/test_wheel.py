"""What is installed is complete: the wheel alone brings program, words, templates and settings."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.rules.house import ROOT, files

LOOK_UP = """
from outreach.resources import data_folder
from outreach.settings import load_settings

for name in ("config", "templates", "translations"):
    print(data_folder(name))
print(load_settings().zone)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be released."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_every_file_the_program_uses(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    program = {path.relative_to(ROOT).as_posix() for path in files() if path.relative_to(ROOT).parts[0] in {"outreach", "scheduler"}}
    data = {
        path.relative_to(ROOT).as_posix() for path in files() if path.relative_to(ROOT).parts[0] in {"config", "templates", "translations"}
    }

    assert program - inside == set()
    assert {f"outreach/_data/{name}" for name in data} - inside == set()
    assert {name.split("/")[0] for name in data} == {"config", "templates", "translations"}


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"outreach", "scheduler"}


def test_the_installed_command_runs_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own; the dependencies are lent by a path file, so that nothing is fetched."""
    home, empty = tmp_path / "environment", tmp_path / "empty"
    empty.mkdir()
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    own = Path(_run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    _run(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    (own / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")

    help_page = _run(str(home / "bin" / "outreach"), "--help", cwd=empty)
    looked_up = _run(str(python), "-c", LOOK_UP, cwd=empty).splitlines()

    assert "import" in help_page
    assert looked_up == [*(str(own / "outreach" / "_data" / name) for name in ("config", "templates", "translations")), "America/Chicago"]
    assert list(empty.iterdir()) == []


def _run(*command: str, cwd: Path | None = None) -> str:
    """Run a command to its good end and return what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
