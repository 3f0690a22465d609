"""Small made-up districts full of the dirt that real ones send."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from tests.attendance.edges import add_edges

Row = dict[str, str]
Feed = dict[str, Any]

FIRST = date(2026, 8, 24)
"""A Monday; all calendars begin around it."""
CODES: dict[str, dict[str, Any]] = {
    "A": {"kind": "absent"},
    "E": {"kind": "absent", "reason": "excused"},
    "U": {"kind": "absent", "reason": "unexcused"},
    "P": {"kind": "partial", "reason": "excused"},
    "Q": {"kind": "partial"},
    "OSS": {"kind": "suspended_out"},
    "ISS": {"kind": "suspended_in"},
    "FT": {"kind": "instructed_elsewhere"},
    "NUR": {"kind": "on_site"},
    "T": {"kind": "present"},
    "HOSP": {"kind": "absent", "reason": "excused", "hold": True},
}
SECTIONS = ["math", "art", "P3"]
PROFILES = ["federal", "CA", "CT", "NY", "OH", "OH", "IN", "TX", "half-days", "half-days"]
"""Those that count parts of days twice: they have more to go wrong."""
UNMAPPED = ["X", "e", "OSS1"]
EVENTS = ["Instructional day", "instructional DAY", "Make-up day", "Student late arrival/early dismissal", "Holiday", "Weather day"]
STRANGE = ["Field day", "Testing"]


def district(random: Random) -> Feed:
    """One district: settings and files as texts."""
    schools = [f"{n}" for n in random.sample(["1", "2", "10", "03", "x y"], random.randint(1, 3))]
    span = random.choice([8, 12, 16, 30])
    dates = [FIRST + timedelta(days=n) for n in range(span)]
    feed: Feed = {"settings": _settings(random, schools), "files": {}}
    students = [f"s{n}" for n in range(random.choice([1, 1, 2, 3]))]
    feed["files"]["schools"] = _schools(random, schools)
    feed["files"]["calendar"] = _calendar(random, feed["files"]["schools"], dates)
    feed["files"]["students"] = [{"student_id": s, "first_name": "Ada", "last_name": "Lee"} for s in students]
    feed["files"]["enrollments"] = _enrolments(random, students, schools, dates)
    feed["files"]["sections"] = _sections(random, feed["files"]["enrollments"])
    feed["files"]["attendance"] = _marks(random, feed["files"], [*students, "nobody"], schools, dates)
    add_edges(random, feed, dates)
    return feed


def day_of(random: Random) -> date:
    """A last day to count."""
    return FIRST + timedelta(days=random.choice([-3, 0, 5, 9, 14, 20, 31, 60]))


def _settings(random: Random, schools: list[str]) -> dict[str, Any]:
    codes = {code: meaning for code, meaning in CODES.items() if random.random() < 0.95}
    found: dict[str, Any] = {"name": "made-up", "codes": codes}
    _vary(random, found, 0.4)
    if random.random() < 0.3:
        found["school_year_start"] = random.choice(["08-30", "09-01", "01-01"])
    if random.random() < 0.3:
        found["events"] = random.choice([{"testing": True}, {"Instructional day": False}, {"HOLIDAY": True, "Field day": False}])
    overrides: dict[str, Any] = {}
    for school in schools:
        if random.random() < 0.3:
            overrides[school] = {}
            _vary(random, overrides[school], 0.5)
            if random.random() < 0.4:
                overrides[school]["codes"] = {"E": {"kind": "present"}, "X": {"kind": "absent", "reason": "unexcused"}}
    if overrides:
        found["schools"] = overrides
    return found


def _vary(random: Random, found: dict[str, Any], chance: float) -> None:
    for name, values in (
        ("exit_day", ["inclusive", "exclusive"]),
        ("reporting", ["exceptions", "affirmative"]),
        ("calendar", ["file", "file", "from-events"]),
    ):
        if random.random() < chance:
            found[name] = random.choice(values)


def _schools(random: Random, schools: list[str]) -> list[Row]:
    rows = [{"school_id": school, "name": "Lincoln", "parent_id": ""} for school in schools]
    if random.random() < 0.5:
        rows.append({"school_id": "district", "name": "", "parent_id": random.choice(["", "", "state", schools[0]])})
        rows.append({"school_id": "state", "name": "", "parent_id": ""})
        for row in rows[: len(schools)]:
            if random.random() < 0.7:
                row["parent_id"] = "district"
    return rows


def _calendar(random: Random, schools: list[Row], dates: list[date]) -> list[Row]:
    rows: list[Row] = []
    for school in schools:
        if random.random() < 0.15:
            continue
        for when in dates:
            if random.random() < 0.15 or (when.weekday() > 4 and random.random() < 0.9):
                continue
            for _ in range(random.choice([1, 1, 1, 2])):
                event = random.choice(EVENTS) if random.random() < 0.4 else "Instructional day"
                if random.random() < 0.06:
                    event = random.choice(STRANGE)
                row = {"school_id": school["school_id"], "date": when.isoformat(), "event": event, "minutes": ""}
                if random.random() < 0.5:
                    row["minutes"] = random.choice(["420", "200", "0", "360"])
                row |= {"track": random.choice([*[""] * 8, "A", "b"]), "grades": random.choice([*[""] * 9, "1", "1|2", "KG, 1"])}
                row["cycle_day"] = random.choice(["", "A", "B", "b"])
                key = ("school_id", "date", "event", "track", "grades")
                same = [r for r in rows if all(r[name] == row[name] for name in key)]
                rows.append(dict(same[0]) if same else row)
    return rows


def _enrolments(random: Random, students: list[str], schools: list[str], dates: list[date]) -> list[Row]:
    rows: dict[tuple[str, str, str], Row] = {}
    for student in students:
        for _ in range(random.choice([0, 1, 1, 2, 3])):
            early = dates[0] - timedelta(days=random.choice([1, 1, 1, 60, 400]))
            entry = early if random.random() < 0.6 else random.choice(dates[: len(dates) // 2])
            row = {"student_id": student, "school_id": random.choice(schools), "entry_date": entry.isoformat(), "exit_date": ""}
            if random.random() < 0.3:
                leaving = random.choice([entry, entry - timedelta(days=2), *dates])
                row["exit_date"] = leaving.isoformat()
            row |= {"track": random.choice(["", "", "A", "B"]), "grade": random.choice(["", "", "1", "2", "kg"])}
            row["exit_type"] = random.choice([*[""] * 8, "Transferred", "no show", "Invalid Enrollment"])
            rows[student, row["school_id"], row["entry_date"]] = row
    return list(rows.values())


def _sections(random: Random, enrolments: list[Row]) -> list[Row]:
    rows: dict[tuple[str, ...], Row] = {}
    timed = random.choice([0.0, 1.0, 1.0, 0.9])
    for stay in enrolments:
        for _ in range(random.choice([0, 2, 3, 5])):
            row = {"student_id": stay["student_id"], "school_id": stay["school_id"], "section_id": random.choice(SECTIONS)}
            row |= {"begin_date": stay["entry_date"], "end_date": random.choice(["", "2026-09-03", "2026-12-18"])}
            row |= {"cycle_days": random.choice(["", "", "", "A", "A|B"]), "weekdays": random.choice(["", "", "", "MWF", "TR"])}
            row["minutes"] = random.choice(["45", "60", "90"]) if random.random() < timed else ""
            key = ("student_id", "school_id", "section_id", "begin_date", "cycle_days", "weekdays")
            rows[tuple(row[name] for name in key)] = row
    return list(rows.values())


def _marks(random: Random, files: dict[str, list[Row]], students: list[str], schools: list[str], dates: list[date]) -> list[Row]:
    """Many marks on a few days, most of them of enrolled children, so that they meet."""
    rows: list[Row] = []
    deletes = random.random() < 0.2
    busy = random.sample(dates, 5)
    for _ in range(random.choice([0, 5, 30, 60])):
        row = {"student_id": random.choice(students), "school_id": random.choice([*schools, "elsewhere"])}
        stays = files["sections"] if random.random() < 0.5 else files["enrollments"]
        if stays and random.random() < 0.9:
            stay = random.choice(stays)
            row = {name: stay[name] for name in ("student_id", "school_id")}
        row["date"] = random.choice(busy if random.random() < 0.8 else dates).isoformat()
        row["code"] = random.choice(UNMAPPED) if random.random() < 0.06 else random.choice([*CODES, "A", "E", "U", "P", "Q", "P", "Q"])
        if random.random() < 0.4 or row["code"] in "PQ":
            row["portion"] = random.choice(["", "0.5", "0.25", "0.49", ".3", "1", "0", "0.3333"])
        if random.random() < 0.3:
            row["minutes"] = random.choice(["", "0", "90", "100", "209", "210", "420"])
        row["section_id"] = random.choice(["", "", "", *SECTIONS, *SECTIONS])
        if deletes and random.random() < 0.3:
            row["action"] = random.choice(["delete", "upsert"])
        key = ("student_id", "school_id", "date", "code", "section_id")
        same = [r for r in rows if all(r[k] == row[k] for k in key)]
        rows.append(dict(same[0]) if same and not deletes else row)
    return rows


def shuffled(random: Random, feed: Feed) -> Feed:
    """The same feed with the rows of every file in another order."""
    files = {name: random.sample(rows, len(rows)) for name, rows in feed["files"].items()}
    return {"settings": feed["settings"], "files": files}
