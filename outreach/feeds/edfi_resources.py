"""The Ed-Fi resources that are read, in the order in which they depend on one another, and what is kept of each.

Names and shapes: Ed-Fi data standards 3 to 5. Only what the service needs is kept; everything else is dropped at the door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.feeds.store import Item

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource. *keys* are its key's names, taken from the item itself or from *references*."""

    name: str
    keys: tuple[str, ...]
    references: tuple[str, ...] = ()
    keep: Callable[[Json], dict[str, Any]] = lambda _item: {}
    older: str = ""
    """Its name before data standard 5."""
    yearly: bool = False
    """Whether it is asked for one school year at a time."""

    def path(self, *, has_contacts: bool) -> str:
        """What the server calls it."""
        return self.name if has_contacts or not self.older else self.older

    def item(self, said: Json) -> Item:
        """What is kept of an item that the server sent."""
        flat = dict(said)
        for reference in self.references:
            flat |= said.get(reference) or said.get(_older(reference)) or {}
        return Item(self.key(flat), id_of(said), {name: value for name, value in self.keep(said).items() if value not in ("", [])})

    def key(self, values: Json) -> dict[str, str]:
        """The key among *values*, as text; raises ValueError where a part of it is missing, for two such items would seem one."""
        found = {name: _text(values.get(name, values.get(_older(name)))) for name in self.keys}
        if not all(found.values()):
            message = "an item without its whole key"
            raise ValueError(message)
        return found


def id_of(said: Json) -> str:
    """The server's own name of an item, which is written with hyphens in some answers and without in others."""
    return _text(said["id"]).replace("-", "").lower()


def renamed(values: Json) -> dict[str, str]:
    """Key values as the server names them, with the names of data standard 5."""
    return {_newer(name): _text(value) for name, value in values.items()}


def code(descriptor: object) -> str:
    """The code value of a descriptor: what follows the ``#`` of ``uri://ed-fi.org/XDescriptor#Value``."""
    text = _text(descriptor)
    return text.rpartition("#")[2] if "#" in text else text


def _older(name: str) -> str:
    return name.replace("contact", "parent", 1)


def _newer(name: str) -> str:
    return name.replace("parent", "contact", 1)


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _first(rows: Iterable[Json], name: str, wanted: tuple[str, ...]) -> Json:
    """The row whose descriptor *name* comes first in *wanted*; others come last, as they were sent."""

    def rank(row: Json) -> int:
        kind = code(row.get(name)).casefold()
        return next((place for place, one in enumerate(wanted) if kind.startswith(one)), len(wanted))

    return min(rows, key=rank, default={})


def _address(item: Json) -> dict[str, str]:
    row = _first(item.get("addresses") or [], "addressTypeDescriptor", ("mailing", "home", "physical"))
    return {
        "address_line1": _text(row.get("streetNumberName")),
        "address_line2": _text(row.get("apartmentRoomSuiteNumber")),
        "city": _text(row.get("city")),
        "state": code(row.get("stateAbbreviationDescriptor")),
        "postal_code": _text(row.get("postalCode")),
    }


_USES = ("correspondence", "home", "dominant", "native", "spoken", "written")


def _language(item: Json) -> list[Any]:
    """The language to write in, and how sure that is (0 is best): by its uses, correspondence before home before all others."""
    found = [
        (min((_use(use) for use in row.get("uses") or []), default=len(_USES)), place, code(row.get("languageDescriptor")))
        for place, row in enumerate(item.get("languages") or [])
    ]
    best = min(found, default=None)
    return [] if best is None else [best[0], best[2]]


def _use(row: Json) -> int:
    kind = code(row.get("languageUseDescriptor")).casefold()
    return next((place for place, one in enumerate(_USES) if kind.startswith(one)), len(_USES))


def _school(item: Json) -> dict[str, Any]:
    agency = item.get("localEducationAgencyReference") or {}
    phone = _first(item.get("institutionTelephones") or [], "institutionTelephoneNumberTypeDescriptor", ("main",))
    place = _address(item)
    line = ", ".join(filter(None, [place["address_line1"], place["city"], " ".join(filter(None, [place["state"], place["postal_code"]]))]))
    return {
        "name": _text(item.get("nameOfInstitution")),
        "parent_id": _text(agency.get("localEducationAgencyId")),
        "phone": _text(phone.get("telephoneNumber")),
        "address": line,
    }


def _student(item: Json) -> dict[str, Any]:
    return {
        "first_name": _text(item.get("firstName")),
        "last_name": _text(item.get("lastSurname")),
        "preferred_name": _text(item.get("preferredFirstName")),
        "birth_date": _text(item.get("birthDate")),
    }


def _contact(item: Json) -> dict[str, Any]:
    mails = item.get("electronicMails") or []
    mail = next((row for row in mails if row.get("primaryEmailAddressIndicator") is True), mails[0] if mails else {})
    phones = [
        {
            "phone": _text(row.get("telephoneNumber")),
            "type": code(row.get("telephoneNumberTypeDescriptor")),
            "can_text": _text(row.get("textMessageCapabilityIndicator")),
            "priority": _text(row.get("orderOfPriority")),
        }
        for row in item.get("telephones") or []
    ]
    names = {"first_name": _text(item.get("firstName")), "last_name": _text(item.get("lastSurname"))}
    return {**names, **_address(item), "email": _text(mail.get("electronicMailAddress")), "language": _language(item), "phones": phones}


def _tie(item: Json) -> dict[str, Any]:
    return {
        "relation": code(item.get("relationDescriptor")),
        "primary": _text(item.get("primaryContactStatus")),
        "priority": _text(item.get("contactPriority")),
        "lives_with": _text(item.get("livesWith")),
        "restriction": _text(item.get("contactRestrictions")),
    }


def _enrolment(item: Json) -> dict[str, Any]:
    return {
        "exit_date": _text(item.get("exitWithdrawDate")),
        "grade": code(item.get("entryGradeLevelDescriptor")),
        "exit_type": code(item.get("exitWithdrawTypeDescriptor")),
        "track": _text((item.get("calendarReference") or {}).get("calendarCode")),
        "primary": _text(item.get("primarySchool")),
    }


def _event(item: Json) -> dict[str, Any]:
    portion = _text(item.get("eventDuration"))
    return {
        "portion": portion,
        "minutes": "" if portion else _text(item.get("schoolAttendanceDuration")),
        "reason": _text(item.get("attendanceEventReason")),
    }


def _calendar_events(item: Json) -> dict[str, Any]:
    return {"events": sorted({code(row.get("calendarEventDescriptor")) for row in item.get("calendarEvents") or []})}


RESOURCES = (
    Resource("schools", ("schoolId",), keep=_school),
    Resource("sessions", ("schoolId", "schoolYear", "sessionName"), ("schoolReference", "schoolYearTypeReference"), yearly=True),
    Resource("calendarDates", ("calendarCode", "date", "schoolId", "schoolYear"), ("calendarReference",), _calendar_events, yearly=True),
    Resource("students", ("studentUniqueId",), keep=_student),
    Resource(
        "studentEducationOrganizationAssociations",
        ("educationOrganizationId", "studentUniqueId"),
        ("studentReference", "educationOrganizationReference"),
        lambda item: {"language": _language(item)},
    ),
    Resource("contacts", ("contactUniqueId",), keep=_contact, older="parents"),
    Resource(
        "studentContactAssociations",
        ("contactUniqueId", "studentUniqueId"),
        ("studentReference", "contactReference"),
        _tie,
        older="studentParentAssociations",
    ),
    Resource(
        "studentSchoolAssociations", ("entryDate", "schoolId", "studentUniqueId"), ("studentReference", "schoolReference"), _enrolment
    ),
    Resource(
        "studentSchoolAttendanceEvents",
        ("attendanceEventCategoryDescriptor", "eventDate", "schoolId", "schoolYear", "sessionName", "studentUniqueId"),
        ("studentReference", "schoolReference", "sessionReference"),
        _event,
        yearly=True,
    ),
)
"""Parents before children."""
