"""The nouns of a district as its feeds deliver them.

Ids are the district's own, opaque text. Every row knows the source that brought it: a source replaces or deletes only its own
rows. Students, contacts and schools that vanish from a full feed are kept with ``gone_import_id`` set, because messages and
cases still speak of them; all other rows are deleted.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.database import Base, Json


class _FromFeed:
    """Which source brought a row, in which import, from which line of its file."""

    source: Mapped[str]
    import_id: Mapped[int]
    line: Mapped[int]


class School(_FromFeed, Base):
    """A school, or an organisation above schools that lends them its calendar."""

    __tablename__ = "schools"

    school_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[str]
    phone: Mapped[str]
    address: Mapped[str]
    timezone: Mapped[str]
    """IANA name, or empty for the district's."""
    low_grade: Mapped[str]
    high_grade: Mapped[str]
    gone_import_id: Mapped[int | None]


class CalendarEvent(_FromFeed, Base):
    """One event of one school (or parent organisation) on one date; a date may carry several."""

    __tablename__ = "calendar_events"
    __table_args__ = (UniqueConstraint("source", "school_id", "date", "event", "track", "grades"), Index(None, "school_id", "date"))

    id: Mapped[int] = mapped_column(primary_key=True)
    school_id: Mapped[str]
    date: Mapped[date]
    event: Mapped[str]
    minutes: Mapped[int | None]
    """Scheduled minutes of that day."""
    track: Mapped[str]
    cycle_day: Mapped[str]
    grades: Mapped[str]


class Student(_FromFeed, Base):
    """A child."""

    __tablename__ = "students"
    __table_args__ = (Index(None, "birth_date"),)

    student_id: Mapped[str] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    preferred_name: Mapped[str]
    birth_date: Mapped[date | None]
    grade: Mapped[str]
    home_language: Mapped[str]
    """As the feed names it."""
    home_locale: Mapped[str]
    """The locale it means; empty where unknown or unlisted."""
    subgroups: Mapped[str]
    gone_import_id: Mapped[int | None]


class Enrolment(_FromFeed, Base):
    """One stay of one child at one school."""

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("source", "student_id", "school_id", "entry_date"),
        Index(None, "student_id"),
        Index(None, "school_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    school_id: Mapped[str]
    entry_date: Mapped[date]
    exit_date: Mapped[date | None]
    grade: Mapped[str]
    exit_type: Mapped[str]
    track: Mapped[str]
    primary: Mapped[bool | None]


class Contact(_FromFeed, Base):
    """A guardian or another adult whom the district may write to."""

    __tablename__ = "contacts"

    contact_id: Mapped[str] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    language: Mapped[str]
    locale: Mapped[str]
    email: Mapped[str]
    address_line1: Mapped[str]
    address_line2: Mapped[str]
    city: Mapped[str]
    state: Mapped[str]
    postal_code: Mapped[str]
    gone_import_id: Mapped[int | None]


class ContactPhone(_FromFeed, Base):
    """A number of a contact, as received and, where it is a valid number, as E.164."""

    __tablename__ = "contact_phones"
    __table_args__ = (UniqueConstraint("source", "contact_id", "phone", "type"), Index(None, "contact_id"), Index(None, "e164"))

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[str]
    phone: Mapped[str]
    e164: Mapped[str]
    """Empty where the text is no valid number."""
    type: Mapped[str]
    can_text: Mapped[bool | None]
    priority: Mapped[int | None]
    given_by: Mapped[str]
    given_on: Mapped[date | None]
    verified_on: Mapped[date | None]
    consent: Mapped[bool | None]


class StudentContact(_FromFeed, Base):
    """What a contact is to a child, and whether they may be told about it."""

    __tablename__ = "student_contacts"
    __table_args__ = (UniqueConstraint("source", "student_id", "contact_id"), Index(None, "student_id"), Index(None, "contact_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    contact_id: Mapped[str]
    relation: Mapped[str]
    primary: Mapped[bool | None]
    priority: Mapped[int | None]
    lives_with: Mapped[bool | None]
    may_receive: Mapped[bool | None]
    restriction: Mapped[str]
    """Free text; any text blocks until a person clears exactly that text."""


class SectionPlace(_FromFeed, Base):
    """A child's place in a section (a class), and when that section meets."""

    __tablename__ = "section_places"
    __table_args__ = (
        UniqueConstraint("source", "student_id", "school_id", "section_id", "begin_date", "cycle_days", "weekdays"),
        Index(None, "student_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    school_id: Mapped[str]
    section_id: Mapped[str]
    begin_date: Mapped[date]
    end_date: Mapped[date | None]
    cycle_days: Mapped[str]
    weekdays: Mapped[str]
    minutes: Mapped[int | None]


class StudentAdult(_FromFeed, Base):
    """An adult at school who knows the child; signs messages where set."""

    __tablename__ = "student_adults"
    __table_args__ = (UniqueConstraint("source", "student_id", "name"), Index(None, "student_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]


class OtherContact(_FromFeed, Base):
    """Something another system said to a family: a robocall, a truancy notice."""

    __tablename__ = "other_contacts"
    __table_args__ = (UniqueConstraint("source", "student_id", "date", "channel", "kind"), Index(None, "student_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    date: Mapped[date]
    channel: Mapped[str]
    kind: Mapped[str]


class SisTotal(_FromFeed, Base):
    """What the student information system itself reports of one child at one school."""

    __tablename__ = "sis_totals"
    __table_args__ = (UniqueConstraint("source", "student_id", "school_id", "as_of"), Index(None, "student_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str]
    school_id: Mapped[str]
    as_of: Mapped[date]
    days_enrolled: Mapped[str]
    days_absent: Mapped[str]
    """Exact decimals as texts: a system may count halves."""


class Overlay(Base):
    """What a person here said against, or besides, what the feeds say; rows are only ever added.

    Of one subject (all columns from kind to name) the newest row holds; one that withdraws leaves nothing holding.
    """

    __tablename__ = "overlays"
    __table_args__ = (Index(None, "student_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """A ``district.overlays.Kind``."""
    source: Mapped[str]
    school_id: Mapped[str]
    student_id: Mapped[str]
    contact_id: Mapped[str]
    date: Mapped[date | None]
    name: Mapped[str]
    """The code, the field or the number that it speaks of. Empty texts in these columns: it speaks of none, or of all."""
    value: Mapped[Json] = mapped_column(JSON)
    instead_of: Mapped[Json] = mapped_column(JSON)
    """What the feeds said then; when they say a third thing later, a person is told."""
    withdraws: Mapped[int | None]
    """The row that this one takes back."""
    at: Mapped[datetime]
    by: Mapped[str]
    why: Mapped[str]
