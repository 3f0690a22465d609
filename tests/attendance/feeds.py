"""Feeds as plain values, written to folders."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, str]


def toml(settings: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Settings as TOML text; JSON spells keys, texts, numbers, truth values and lists just as TOML does."""
    plain = [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in settings.items() if not isinstance(value, Mapping)]
    tables = [
        "\n".join([f"[{'.'.join(json.dumps(part) for part in (*path, key))}]", toml(value, (*path, key))])
        for key, value in settings.items()
        if isinstance(value, Mapping)
    ]
    return "\n".join([*plain, *tables])


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Every column that any row has, in the order of first sight."""
    return list(dict.fromkeys(column for row in rows for column in row))


def write_feed(folder: Path, feed: Mapping[str, Any], columns: Mapping[str, Sequence[str]] | None = None) -> Path:
    """Write source.toml and one CSV a file; *columns* names the header of files that may hold no row."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.toml").write_text(toml(feed["settings"]), encoding="utf-8")
    for name, rows in feed["files"].items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(columns_of(rows) or (columns or HEADERS)[name]), restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


HEADERS: Mapping[str, Sequence[str]] = {
    "schools": ("school_id", "name"),
    "calendar": ("school_id", "date", "event"),
    "students": ("student_id", "first_name", "last_name"),
    "enrollments": ("student_id", "school_id", "entry_date", "exit_date"),
    "attendance": ("student_id", "school_id", "date", "code"),
    "sections": ("student_id", "school_id", "section_id", "begin_date", "end_date"),
}
"""The headers of files that hold no row."""
