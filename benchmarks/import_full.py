"""A first load of a whole district, with provenance, and the count of every child: against a plain insert of the same marks."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import loading
from benchmarks.measuring import STUDENTS, alone


def run(students: int = STUDENTS) -> dict[str, object]:
    """Bars: (load and counts) ÷ baseline at most 2; memory of the load at most 1.5 GiB."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        marks = alone(loading.write, folder / "feed", students).value
        before = alone(loading.baseline, folder, folder / "feed").value
        load = alone(loading.load, folder, folder / "feed")
        counts = alone(loading.count, folder)
        (folder / "plain.db").unlink()
        after = alone(loading.baseline, folder, folder / "feed").value
    plain = min(before, after)  # on a busy machine the quicker one is nearer to the truth, and harder on us
    return {
        "students": students,
        "marks": marks,
        "baseline_seconds": [round(before, 2), round(after, 2)],
        "load_seconds": round(load.seconds, 2),
        "count_seconds": round(counts.seconds, 2),
        "load_ratio": round(load.seconds / plain, 2),
        "ratio": round((load.seconds + counts.seconds) / plain, 2),
        "load_peak_mib": load.mebibytes,
        "count_peak_mib": counts.mebibytes,
    }
