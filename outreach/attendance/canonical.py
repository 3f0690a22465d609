"""The canonical files: their columns, which of them a row cannot do without, and how their text is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """How a column's text is read."""

    ID = "id"
    """Opaque text, trimmed at the ends."""
    TEXT = "text"
    DATE = "date"
    FLAG = "flag"
    WHOLE = "whole"
    """A whole number of zero or more."""
    PORTION = "portion"
    """A share of the day, 0 to 1."""
    DAYS = "days"
    """A number of days, perhaps with decimals."""


@dataclass(frozen=True)
class Column:
    """A canonical column. A *required* one must stand in the file; a *filled* one must hold something in every row."""

    name: str
    type: Type = Type.TEXT
    required: bool = False
    filled: bool = False
    strict: bool = False
    """A value that cannot be read rejects the row; otherwise it is noted and read as empty."""


@dataclass(frozen=True)
class CanonicalFile:
    """One file of the feed; *key* names the columns that make a row the same row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def file(self) -> str:
        """The file's usual name."""
        return f"{self.name}.csv"


def _ids(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Type.ID, required=True, filled=True, strict=True) for name in names)


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


SCHOOLS = CanonicalFile(
    "schools",
    (*_ids("school_id"), *_texts("name", "parent_id", "phone", "address", "timezone", "low_grade", "high_grade")),
    ("school_id",),
)
CALENDAR = CanonicalFile(
    "calendar",
    (
        *_ids("school_id"),
        Column("date", Type.DATE, required=True, filled=True, strict=True),
        Column("event", required=True),
        Column("minutes", Type.WHOLE),
        *_texts("track", "cycle_day", "grades"),
    ),
    ("school_id", "date", "event", "track", "grades"),
)
STUDENTS = CanonicalFile(
    "students",
    (
        *_ids("student_id"),
        Column("first_name", required=True),
        Column("last_name", required=True),
        *_texts("preferred_name"),
        Column("birth_date", Type.DATE),
        *_texts("grade", "home_language", "subgroups"),
    ),
    ("student_id",),
)
ENROLLMENTS = CanonicalFile(
    "enrollments",
    (
        *_ids("student_id", "school_id"),
        Column("entry_date", Type.DATE, required=True, filled=True, strict=True),
        Column("exit_date", Type.DATE, strict=True),
        *_texts("grade", "exit_type", "track"),
        Column("primary", Type.FLAG),
    ),
    ("student_id", "school_id", "entry_date"),
)
CONTACTS = CanonicalFile(
    "contacts",
    (
        *_ids("contact_id"),
        *_texts("first_name", "last_name", "language", "email", "address_line1", "address_line2", "city", "state", "postal_code"),
    ),
    ("contact_id",),
)
CONTACT_PHONES = CanonicalFile(
    "contact_phones",
    (
        *_ids("contact_id"),
        Column("phone", required=True, filled=True, strict=True),
        Column("type"),
        Column("can_text", Type.FLAG),
        Column("priority", Type.WHOLE),
        Column("given_by"),
        Column("given_on", Type.DATE),
        Column("verified_on", Type.DATE),
        Column("consent", Type.FLAG),
    ),
    ("contact_id", "phone", "type"),
)
STUDENT_CONTACTS = CanonicalFile(
    "student_contacts",
    (
        *_ids("student_id", "contact_id"),
        Column("relation"),
        Column("primary", Type.FLAG),
        Column("priority", Type.WHOLE),
        Column("lives_with", Type.FLAG),
        Column("may_receive", Type.FLAG),
        Column("restriction"),
    ),
    ("student_id", "contact_id"),
)
ATTENDANCE = CanonicalFile(
    "attendance",
    (
        *_ids("student_id", "school_id"),
        Column("date", Type.DATE, required=True, filled=True, strict=True),
        Column("code", required=True),
        Column("section_id", Type.ID),
        Column("portion", Type.PORTION, strict=True),
        Column("minutes", Type.WHOLE, strict=True),
        Column("reason"),
        Column("action"),
    ),
    ("student_id", "date", "school_id", "section_id", "code"),
)
SECTIONS = CanonicalFile(
    "sections",
    (
        *_ids("student_id", "school_id", "section_id"),
        Column("begin_date", Type.DATE, required=True, filled=True, strict=True),
        Column("end_date", Type.DATE, required=True, strict=True),
        *_texts("cycle_days", "weekdays"),
        Column("minutes", Type.WHOLE, strict=True),
    ),
    ("student_id", "school_id", "section_id", "begin_date", "cycle_days", "weekdays"),
)
STUDENT_ADULTS = CanonicalFile(
    "student_adults",
    (*_ids("student_id"), Column("name", required=True, filled=True, strict=True), Column("role")),
    ("student_id", "name"),
)
OTHER_CONTACTS = CanonicalFile(
    "other_contacts",
    (
        *_ids("student_id"),
        Column("date", Type.DATE, required=True, filled=True, strict=True),
        Column("channel", required=True),
        Column("kind"),
    ),
    ("student_id", "date", "channel", "kind"),
)
SIS_TOTALS = CanonicalFile(
    "sis_totals",
    (
        *_ids("student_id", "school_id"),
        Column("as_of", Type.DATE, required=True, filled=True, strict=True),
        Column("days_enrolled", Type.DAYS, required=True, filled=True, strict=True),
        Column("days_absent", Type.DAYS, required=True, filled=True, strict=True),
    ),
    ("student_id", "school_id", "as_of"),
)

ROSTER = (
    SCHOOLS,
    CALENDAR,
    STUDENTS,
    ENROLLMENTS,
    CONTACTS,
    CONTACT_PHONES,
    STUDENT_CONTACTS,
    SECTIONS,
    STUDENT_ADULTS,
    OTHER_CONTACTS,
    SIS_TOTALS,
)
"""The files that are always delivered whole, parents before children."""
FILES = {file.name: file for file in (*ROSTER, ATTENDANCE)}
