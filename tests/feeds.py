"""A small made-up district that a test writes as a feed, loads, changes, and loads again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from outreach.attendance.importing import ImportReport, import_folder
from outreach.database import Database
from tests.attendance.feeds import Row, write_feed

LINCOLN, ROOSEVELT = "S1", "S2"
FIRST_DAY, LAST_DAY = date(2026, 8, 17), date(2027, 5, 28)
SETTINGS: dict[str, Any] = {
    "name": "sis",
    "trust_registration_phones": True,
    "codes": {
        "E": {"kind": "absent", "reason": "excused"},
        "U": {"kind": "absent", "reason": "unexcused"},
        "T": {"kind": "present"},
        "B": {"kind": "absent", "reason": "excused", "hold": True},
    },
}
_HEADERS = {
    "contacts": ("contact_id",),
    "contact_phones": ("contact_id", "phone"),
    "student_contacts": ("student_id", "contact_id"),
    "attendance": ("student_id", "school_id", "date", "code"),
    "students": ("student_id", "first_name", "last_name"),
    "enrollments": ("student_id", "school_id", "entry_date", "exit_date"),
}


def school_days(first: date, last: date) -> list[date]:
    """Every weekday from *first* to *last*: there are no holidays here."""
    return [day for n in range((last - first).days + 1) if (day := first + timedelta(days=n)).weekday() < 5]


@dataclass
class District:
    """Two schools, and the children and adults that a test adds; every row is a plain row of the feed and may be changed."""

    settings: dict[str, Any] = field(default_factory=lambda: {**SETTINGS})
    days: list[date] = field(default_factory=lambda: school_days(FIRST_DAY, LAST_DAY))
    schools: list[Row] = field(
        default_factory=lambda: [
            {"school_id": LINCOLN, "name": "Lincoln Elementary", "phone": "(312) 555-0101", "timezone": ""},
            {"school_id": ROOSEVELT, "name": "Roosevelt Middle", "phone": "(312) 555-0102", "timezone": ""},
        ]
    )
    students: dict[str, Row] = field(default_factory=dict)
    enrolments: dict[str, list[Row]] = field(default_factory=dict)
    contacts: dict[str, Row] = field(default_factory=dict)
    phones: list[Row] = field(default_factory=list)
    ties: dict[tuple[str, str], Row] = field(default_factory=dict)
    marks: dict[str, dict[date, str]] = field(default_factory=dict)
    """Child → date → code."""

    def child(self, student_id: str, *, absent: int = 0, until: date = date(2026, 10, 5), school: str = LINCOLN, **values: str) -> str:
        """Add a child, absent on that many school days up to *until*, every second one."""
        self.students[student_id] = {"student_id": student_id, "first_name": student_id.capitalize(), "last_name": "Reyes", **values}
        self.enrolments[student_id] = [self._stay(student_id, school)]
        self.marks[student_id] = {}
        self.miss(student_id, absent, until)
        return student_id

    def miss(self, student_id: str, days: int, until: date = date(2026, 10, 5), code: str = "U") -> None:
        """Let a child miss exactly that many school days up to *until*."""
        past = [day for day in self.days if day <= until]
        self.marks[student_id] = {past[-1 - 2 * n]: code for n in range(days)}

    def adult(
        self, contact_id: str, children: Sequence[str], *, phone: str = "", address: str = "", tie: Row | None = None, **values: str
    ) -> str:
        """Add an adult of some children; *phone* a mobile number, *address* a street in the same town."""
        place = {"address_line1": address, "city": "Lincoln", "state": "IL", "postal_code": "62656"} if address else {}
        self.contacts[contact_id] = {
            "contact_id": contact_id,
            "first_name": contact_id.capitalize(),
            "last_name": "Reyes",
            **place,
            **values,
        }
        if phone:
            self.phone(contact_id, phone)
        for child in children:
            self.ties[child, contact_id] = {"student_id": child, "contact_id": contact_id, **(tie or {})}
        return contact_id

    def phone(self, contact_id: str, phone: str, **values: str) -> None:
        """Give an adult one more number."""
        self.phones.append({"contact_id": contact_id, "phone": phone, "type": "mobile", **values})

    def move(self, student_id: str, school: str, day: date) -> None:
        """Let a child change school: the last day here is the eve of *day*."""
        self.leave(student_id, day - timedelta(days=1))
        self.enrolments[student_id].append(self._stay(student_id, school, day))

    def leave(self, student_id: str, last: date) -> None:
        """End a child's last enrolment."""
        self.enrolments[student_id][-1]["exit_date"] = last.isoformat()

    def feed(self) -> dict[str, Any]:
        """Everything as ``write_feed`` takes it."""
        calendar = [
            {"school_id": school["school_id"], "date": day.isoformat(), "event": "Instructional day"}
            for school in self.schools
            for day in self.days
        ]
        files = {
            "schools": self.schools,
            "calendar": calendar,
            "students": list(self.students.values()),
            "enrollments": [row for rows in self.enrolments.values() for row in rows],
            "contacts": list(self.contacts.values()),
            "contact_phones": self.phones,
            "student_contacts": list(self.ties.values()),
            "attendance": list(self._attendance()),
        }
        return {"settings": self.settings, "files": files}

    def load(self, database: Database, folder: Path, now: datetime) -> ImportReport:
        """Write the feed into *folder* and import it; a test may shrink its district at will."""
        write_feed(folder / "feed", self.feed(), _HEADERS)
        return import_folder(database, folder / "feed", home=folder / "home", now=now, accept_shrink=True)

    def _attendance(self) -> Iterator[Row]:
        for student_id, codes in self.marks.items():
            for day, code in codes.items():
                stay = max((row for row in self.enrolments[student_id] if row["entry_date"] <= day.isoformat()), key=_entry)
                yield {"student_id": student_id, "school_id": stay["school_id"], "date": day.isoformat(), "code": code}

    @staticmethod
    def _stay(student_id: str, school: str, entry: date = FIRST_DAY) -> Row:
        return {"student_id": student_id, "school_id": school, "entry_date": entry.isoformat(), "exit_date": ""}


def _entry(row: Row) -> str:
    return row["entry_date"]
