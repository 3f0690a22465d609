"""A small made-up district on an Ed-Fi server, and everything that may happen to its rows."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.adapters.grand_bend_ods import YEAR, descriptor, event, student
from tests.adapters.ods import Ods

SCHOOL = 255901001
SESSIONS = ("Fall", "Spring")
CATEGORIES = ("Excused Absence", "Unexcused Absence", "Tardy")
DAYS = [f"2010-09-{day:02}" for day in range(1, 29)]


def made_up(random: Random) -> Ods:
    """One school, thirty children, their adults and marks."""
    ods = Ods()
    ods.put("schools", {"schoolId": SCHOOL, "nameOfInstitution": "Lincoln"})
    for name in SESSIONS:
        ods.put("sessions", {"schoolReference": {"schoolId": SCHOOL}, "schoolYear": YEAR, "sessionName": name})
    for number in range(30):
        add_child(ods, random, f"c{number}")
    return ods


def add_child(ods: Ods, random: Random, one: str) -> None:
    """A child with a stay, an adult and some marks."""
    ods.put("students", {"studentUniqueId": one, "firstName": one, "lastSurname": "Reyes", "birthDate": "2003-01-01"})
    stay = {"studentReference": student(one), "schoolReference": {"schoolId": SCHOOL}, "entryDate": "2010-08-23"}
    ods.put("studentSchoolAssociations", stay)
    ods.put("contacts", {"contactUniqueId": f"a-{one}", "firstName": "Ana", "lastSurname": "Reyes"})
    ods.put("studentContactAssociations", {"studentReference": student(one), "contactReference": {"contactUniqueId": f"a-{one}"}})
    for _ in range(4):
        mark(ods, random, one)


def mark(ods: Ods, random: Random, one: str) -> None:
    """One event, new or told again with another reason."""
    item = event(one, SCHOOL, random.choice(DAYS), random.choice(CATEGORIES), random.choice(("", "ill", "late bus")))
    ods.put("studentSchoolAttendanceEvents", item)


def any_of(ods: Ods, random: Random, resource: str) -> tuple[str, dict[str, Any]]:
    """Some row of a resource."""
    key = random.choice(sorted(ods.rows[resource]))
    return key, ods.rows[resource][key].item


def delete_child(ods: Ods, one: str) -> None:
    """A child and all that speaks of it, children of rows first, as the server demands it."""
    for resource in reversed(ods.rows):
        for key, row in list(ods.rows[resource].items()):
            if row.flat.get("studentUniqueId") == one:
                ods.delete(resource, key)


def change_code(ods: Ods, random: Random) -> None:
    """A changed code is a deletion and a new row."""
    key, item = any_of(ods, random, "studentSchoolAttendanceEvents")
    ods.delete("studentSchoolAttendanceEvents", key)
    category = descriptor("AttendanceEventCategory", random.choice(CATEGORIES))
    ods.put("studentSchoolAttendanceEvents", {**item, "attendanceEventCategoryDescriptor": category})


def make_anew(ods: Ods, random: Random) -> None:
    """A row deleted and made again has another id, and its deletion is never told."""
    resource = random.choice(("studentSchoolAttendanceEvents", "studentContactAssociations", "studentSchoolAssociations"))
    key, item = any_of(ods, random, resource)
    ods.delete(resource, key)
    ods.put(resource, item)


def rename_child(ods: Ods, random: Random) -> None:
    """A child gets a new number; nothing that speaks of it has a new version."""
    key, _ = any_of(ods, random, "students")
    ods.change_key("students", key, {"studentUniqueId": f"n{ods.newest}"})


def exchange_sessions(ods: Ods, _random: Random) -> None:
    """Two sessions exchange their names."""
    keys = [ods.key("sessions", {"schoolId": SCHOOL, "schoolYear": YEAR, "sessionName": name}) for name in ("Fall", "Spring", "between")]
    for old, name in ((keys[0], "between"), (keys[1], "Fall"), (keys[2], "Spring")):
        ods.change_key("sessions", old, {"sessionName": name})


def correct_entry(ods: Ods, random: Random) -> None:
    """A corrected entry date is a key change."""
    key, _ = any_of(ods, random, "studentSchoolAssociations")
    ods.change_key("studentSchoolAssociations", key, {"entryDate": f"2010-08-{random.randint(1, 31):02}"})


CHANGES: tuple[Callable[[Ods, Random], None], ...] = (
    lambda ods, random: mark(ods, random, any_of(ods, random, "students")[1]["studentUniqueId"]),
    lambda ods, random: ods.delete("studentSchoolAttendanceEvents", any_of(ods, random, "studentSchoolAttendanceEvents")[0]),
    lambda ods, random: add_child(ods, random, f"late{ods.newest}"),
    lambda ods, random: delete_child(ods, any_of(ods, random, "students")[1]["studentUniqueId"]),
    change_code,
    make_anew,
    rename_child,
    exchange_sessions,
    correct_entry,
)
