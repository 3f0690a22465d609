"""Canonical rows become a canonical delivery: one CSV for each kind, beside the source's own ``source.toml``."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from outreach.attendance.canonical import FILES
from outreach.attendance.source_settings import SETTINGS_FILE, SourceSettings

Row = Mapping[str, str]


def write_file(folder: Path, name: str, rows: Iterable[Row]) -> None:
    """Write one canonical file; a header without rows means *none*."""
    columns = [column.name for column in FILES[name].columns]
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def bring_along(source: Path, folder: Path, settings: SourceSettings) -> None:
    """Copy ``source.toml`` and the canonical files that stand beside what an adapter reads (calendar.csv, attendance.csv)."""
    shutil.copyfile(source / SETTINGS_FILE, folder / SETTINGS_FILE)
    for name in FILES:
        path = source / settings.files.get(name, f"{name}.csv")
        if path.is_file() and not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)
