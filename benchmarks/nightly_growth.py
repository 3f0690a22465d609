"""A night's delta, loaded and recounted, in a district and in one a tenth its size: a night costs what changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import loading
from benchmarks.district import District
from benchmarks.measuring import STUDENTS, alone


def run(students: int = STUDENTS) -> dict[str, object]:
    """Bar: the large district's night ÷ the small one's at most 1.3."""
    touched = min(20_000, students // 10)
    small, large = _night(students // 10, touched), _night(students, touched)
    return {
        "students": [students // 10, students],
        "rows_changed": [small["changed"], large["changed"]],
        "load_seconds": [small["load"], large["load"]],
        "recount_seconds": [small["recount"], large["recount"]],
        "ratio": round((large["load"] + large["recount"]) / (small["load"] + small["recount"]), 2),
    }


def _night(students: int, touched: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        alone(loading.write, folder / "feed", students)
        alone(loading.load, folder, folder / "feed")
        District(students).write_delta(folder / "delta", students=touched, rows=touched * 3 // 2)
        load = alone(loading.load, folder, folder / "delta")
        recount = alone(loading.count, folder, District(students).touched(touched))
    return {"changed": load.value, "load": round(load.seconds, 2), "recount": round(recount.seconds, 2)}
