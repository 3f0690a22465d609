"""The copy of an Ed-Fi server, written as canonical files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from outreach.feeds.delivery import Row, write_file
from outreach.feeds.edfi_resources import code
from outreach.feeds.store import Store


def write(store: Store, folder: Path) -> None:
    """Write every kind that an Ed-Fi server tells; rows come in the order of their keys, so the same copy gives the same bytes."""
    write_file(folder, "schools", ({"school_id": item.key["schoolId"], **item.body} for item in store.items("schools")))
    write_file(folder, "calendar", _calendar(store))
    write_file(folder, "students", _students(store))
    write_file(folder, "enrollments", _enrolments(store))
    write_file(folder, "contacts", _contacts(store))
    write_file(folder, "contact_phones", _phones(store))
    write_file(folder, "student_contacts", _ties(store))
    write_file(folder, "attendance", _attendance(store))


def _calendar(store: Store) -> Iterator[Row]:
    for item in store.items("calendarDates"):
        for event in item.body.get("events", []):
            yield {"school_id": item.key["schoolId"], "date": item.key["date"], "event": event, "track": item.key["calendarCode"]}


def _students(store: Store) -> Iterator[Row]:
    """Since data standard 3 a child's languages stand beside the child, once for every organisation that says something of it."""
    said: dict[str, list[tuple[int, str]]] = {}
    for item in store.items("studentEducationOrganizationAssociations"):
        if language := item.body.get("language"):
            said.setdefault(item.key["studentUniqueId"], []).append((language[0], language[1]))
    for item in store.items("students"):
        student = item.key["studentUniqueId"]
        yield {"student_id": student, **item.body, "home_language": min(said.get(student, [(0, "")]))[1]}


def _enrolments(store: Store) -> Iterator[Row]:
    for item in store.items("studentSchoolAssociations"):
        key = item.key
        yield {"student_id": key["studentUniqueId"], "school_id": key["schoolId"], "entry_date": key["entryDate"], **item.body}


def _contacts(store: Store) -> Iterator[Row]:
    for item in store.items("contacts"):
        told = {name: value for name, value in item.body.items() if name not in {"language", "phones"}}
        yield {"contact_id": item.key["contactUniqueId"], **told, "language": (item.body.get("language") or [0, ""])[1]}


def _phones(store: Store) -> Iterator[Row]:
    for item in store.items("contacts"):
        for phone in item.body.get("phones", []):
            yield {"contact_id": item.key["contactUniqueId"], **phone}


def _ties(store: Store) -> Iterator[Row]:
    for item in store.items("studentContactAssociations"):
        yield {"student_id": item.key["studentUniqueId"], "contact_id": item.key["contactUniqueId"], **item.body}


def _attendance(store: Store) -> Iterator[Row]:
    """One row a mark: an event that two overlapping sessions name is one mark, and the file's key makes it one."""
    for item in store.items("studentSchoolAttendanceEvents"):
        key = item.key
        yield {
            "student_id": key["studentUniqueId"],
            "school_id": key["schoolId"],
            "date": key["eventDate"],
            "code": code(key["attendanceEventCategoryDescriptor"]),
            **item.body,
        }
