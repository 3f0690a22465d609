"""Shipped data files are found from anywhere."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from outreach.resources import data_folder


@pytest.mark.parametrize("name", ["config", "templates", "translations"])
def test_shipped_folders_are_found_wherever_one_stands(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert data_folder(name).is_absolute()
    assert data_folder(name).is_dir()


def test_the_shipped_settings_can_be_read() -> None:
    assert tomllib.loads((data_folder("config") / "default.toml").read_text(encoding="utf-8"))["default_language"] == "en"
