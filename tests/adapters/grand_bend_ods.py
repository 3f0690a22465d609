"""The public sample district as an Ed-Fi server holds it."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.adapters.ods import Ods

YEAR = 2011


def descriptor(name: str, value: str) -> str:
    """A descriptor of Ed-Fi's own namespace."""
    return f"uri://ed-fi.org/{name}Descriptor#{value}"


def student(one: str) -> dict[str, Any]:
    """A reference to a student."""
    return {"studentUniqueId": one}


def session(school: int, day: str) -> dict[str, Any]:
    """A reference to the session that holds a date."""
    return {"schoolId": school, "schoolYear": YEAR, "sessionName": "Fall" if day < "2010-12-31" else "Spring"}


def event(one: str, school: int, day: str, category: str, reason: str = "", **more: Any) -> dict[str, Any]:
    """An attendance event."""
    return {
        "studentReference": student(one),
        "schoolReference": {"schoolId": school},
        "sessionReference": session(school, day),
        "eventDate": day,
        "attendanceEventCategoryDescriptor": descriptor("AttendanceEventCategory", category),
        **({"attendanceEventReason": reason} if reason else {}),
        **more,
    }


def fill(ods: Ods, folder: Path) -> None:
    """Put every row of the sample's CSV files into the server."""
    for row in _rows(folder, "schools"):
        school = int(row["school_id"])
        agency = {"localEducationAgencyId": 255901}
        ods.put("schools", {"schoolId": school, "nameOfInstitution": row["name"], "localEducationAgencyReference": agency})
        for day in ("2010-09-01", "2011-02-01"):
            ods.put("sessions", {**session(school, day), "schoolReference": {"schoolId": school}})
    for row in _rows(folder, "calendar"):
        calendar = {"calendarCode": row["school_id"], "schoolId": int(row["school_id"]), "schoolYear": YEAR}
        events = [{"calendarEventDescriptor": descriptor("CalendarEvent", row["event"])}]
        ods.put("calendarDates", {"calendarReference": calendar, "date": row["date"], "calendarEvents": events})
    _people(ods, folder)
    for row in _rows(folder, "enrollments"):
        ods.put(
            "studentSchoolAssociations",
            {
                "studentReference": student(row["student_id"]),
                "schoolReference": {"schoolId": int(row["school_id"])},
                "entryDate": row["entry_date"],
                "entryGradeLevelDescriptor": descriptor("GradeLevel", row["entry_grade"]),
                **({"exitWithdrawDate": row["exit_date"]} if row["exit_date"] else {}),
            },
        )
    for row in _rows(folder, "attendance"):
        ods.put(
            "studentSchoolAttendanceEvents",
            event(row["student_id"], int(row["school_id"]), row["event_date"], row["category"], row["reason"]),
        )


def _people(ods: Ods, folder: Path) -> None:
    for row in _rows(folder, "students"):
        names = {"firstName": row["first_name"], "lastSurname": row["last_surname"], "birthDate": row["birth_date"]}
        ods.put("students", {"studentUniqueId": row["student_id"], **names})
        uses = [{"languageUseDescriptor": descriptor("LanguageUse", "Home language")}]
        spoken = [{"languageDescriptor": descriptor("Language", row["home_language"]), "uses": uses}] if row["home_language"] else []
        agency = {"educationOrganizationId": 255901}
        ods.put(
            "studentEducationOrganizationAssociations",
            {"studentReference": student(row["student_id"]), "educationOrganizationReference": agency, "languages": spoken},
        )
    phones: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(folder, "guardian_phones"):
        kind = descriptor("TelephoneNumberType", row["phone_type"])
        phones[row["guardian_id"]].append({"telephoneNumber": row["phone"], "telephoneNumberTypeDescriptor": kind})
    for row in _rows(folder, "guardians"):
        address = {
            "addressTypeDescriptor": descriptor("AddressType", "Home"),
            "streetNumberName": row["street"],
            "city": row["city"],
            "stateAbbreviationDescriptor": descriptor("StateAbbreviation", row["state"]),
            "postalCode": row["postal"],
        }
        names = {"firstName": row["first_name"], "lastSurname": row["last_surname"]}
        one = row["guardian_id"]
        ods.put("contacts", {"contactUniqueId": one, **names, "addresses": [address], "telephones": phones[one]})
    for row in _rows(folder, "student_guardians"):
        ods.put(
            "studentContactAssociations",
            {
                "studentReference": student(row["student_id"]),
                "contactReference": {"contactUniqueId": row["guardian_id"]},
                "relationDescriptor": descriptor("Relation", row["relation"]),
                "primaryContactStatus": row["primary_contact"] == "true",
                **({"livesWith": row["lives_with"] == "true"} if row["lives_with"] else {}),
            },
        )


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
