"""The same delivery once more: byte for byte, and shuffled with a hundred changed rows."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import polars as pl

from benchmarks import loading
from benchmarks.measuring import STUDENTS, alone

CHANGED = 100


def run(students: int = STUDENTS) -> dict[str, object]:
    """Bars: identical bytes ÷ first load at most 0.05; shuffled with changes ÷ the plain insert of all marks at most 1."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        feed = folder / "feed"
        alone(loading.write, feed, students)
        plain = alone(loading.baseline, folder, feed).value
        first = alone(loading.load, folder, feed)
        same = alone(loading.load, folder, feed)
        alone(shuffle, feed, folder / "shuffled")
        shuffled = alone(loading.load, folder, folder / "shuffled")
    return {
        "students": students,
        "baseline_seconds": round(plain, 2),
        "first_seconds": round(first.seconds, 2),
        "identical_seconds": round(same.seconds, 2),
        "shuffled_seconds": round(shuffled.seconds, 2),
        "rows_changed": shuffled.value,
        "identical_ratio": round(same.seconds / first.seconds, 3),
        "shuffled_ratio": round(shuffled.seconds / plain, 2),
        "shuffled_peak_mib": shuffled.mebibytes,
    }


def shuffle(feed: Path, target: Path) -> None:
    """Copy *feed* with the rows of attendance in another order and another portion in a hundred of them."""
    shutil.copytree(feed, target)
    rows = pl.read_csv(feed / "attendance.csv", infer_schema=False).fill_null("").sample(fraction=1, shuffle=True, seed=1)
    changed = rows.with_columns(pl.when(pl.int_range(pl.len()) < CHANGED).then(pl.lit("0.75")).otherwise("portion").alias("portion"))
    changed.write_csv(target / "attendance.csv", quote_style="never")
