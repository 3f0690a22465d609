"""A cut of the sample district, twice: as its own CSV feed, and as an export of a system nobody has described."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

CODES = {"Excused Absence": "EX", "Unexcused Absence": "UN", "Tardy": "ZU", "Partial": "½"}
MEANT = {"EX": "excused", "UN": "unexcused", "ZU": "present", "½": "present"}
"""What a person says each code means, as the mapping page's form has it."""
AS_OF = date(2011, 5, 27)
_Row = Mapping[str, str]


def cut(grand_bend: Path, target: Path, every: int) -> Path:
    """Every so-manieth child of the district with all that belongs to it, as its own feed; returns *target*."""
    target.mkdir()
    shutil.copy(grand_bend / "source.toml", target)
    children = {row["student_id"] for row in _rows(grand_bend / "students.csv")[::every]}
    for path in grand_bend.glob("*.csv"):
        if path.name not in {"guardians.csv", "guardian_phones.csv", "student_guardians.csv"}:
            rows = [row for row in _rows(path) if row.get("student_id", "") in {*children, ""} or "student_id" not in row]
            _write(target / path.name, rows, ",", "utf-8")
    toml = (target / "source.toml").read_text(encoding="utf-8")
    kept = [line for line in toml.splitlines() if not line.startswith(("contacts =", "contact_phones =", "student_contacts ="))]
    (target / "source.toml").write_text("\n".join(kept), encoding="utf-8")
    return target


def export(feed: Path, target: Path, spelled: str = "%d.%m.%Y", *, delimiter: str = ";", encoding: str = "latin-1") -> Path:
    """The same children as another system would write them: other names, codes, events, dates, separator, encoding."""
    target.mkdir()

    def day(text: str) -> str:
        return date.fromisoformat(text).strftime(spelled) if text else ""

    files: dict[str, tuple[str, Callable[[_Row], _Row]]] = {
        "Kinder.txt": (
            "students",
            lambda row: {
                "Pupil No": row["student_id"],
                "Rufname": row["first_name"],
                "Familienname": f"{row['last_surname']} Muñoz",
                "Born": day(row["birth_date"]),
                "Mother tongue": row["home_language"],
                "SSN": "123",
            },
        ),
        "Orte.txt": ("schools", lambda row: {"Site Code": row["school_id"], "Site Name": row["name"]}),
        "Stays.txt": (
            "enrollments",
            lambda row: {
                "Pupil No": row["student_id"],
                "Site Code": row["school_id"],
                "Entered": day(row["entry_date"]),
                "Left on": day(row["exit_date"]),
            },
        ),
        "Tage.txt": (
            "calendar",
            lambda row: {
                "Site Code": row["school_id"],
                "Day": day(row["date"]),
                "Type": row["event"].replace("Instructional day", "In session"),
            },
        ),
        "Fehlzeiten.txt": (
            "attendance",
            lambda row: {
                "Pupil No": row["student_id"],
                "Site Code": row["school_id"],
                "Day": day(row["event_date"]),
                "Kürzel": CODES[row["category"]],
            },
        ),
    }
    for name, (kind, write) in files.items():
        _write(target / name, [write(row) for row in _rows(feed / f"{kind}.csv")], delimiter, encoding)
    return target


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, rows: Iterable[_Row], delimiter: str, encoding: str) -> None:
    listed = list(rows)
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(listed[0]), delimiter=delimiter, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(listed)
