"""The throw-away district in which ``triage`` lets replies arrive: one school in session, and a subscribed guardian for each reply.

Each child has one known absence and each automatic answer its approved words, so that what a family would be told, it is told here.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from outreach.attendance.tables import FeedImport, FeedSource, Mark, ReportedDay
from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.district.tables import CalendarEvent, Contact, ContactPhone, Enrolment, School, Student, StudentContact
from outreach.messages.actions import approve
from outreach.settings import Settings

_SCHOOL = "S"
_FED = {"source": "triage", "import_id": 1, "line": 0}
_FIRST_DAY = date(2026, 8, 17)
_ABSENT = date(2026, 10, 1)
_AUTOMATIC = ("opt_out", "opt_in", "help", "which_days", "after_hours", "safety")


def introduce_school(session: Session, settings: Settings, now: datetime) -> None:
    """Make the school, its calendar up to *now*, the feed that brought them, and the approvals."""
    codes = {"A": {"kind": "absent", "reason": "unexcused"}}
    source = {"name": "triage", "settings": {"name": "triage", "codes": codes}, "digest": "", "last_import_id": 1, "looks": []}
    session.add(FeedSource(**source, last_delivered_at=now, files={"attendance": 1, "calendar": 1}))
    applied = {"source": "triage", "folder": "", "digest": "", "report": {}, "unchanged": False}
    session.add(FeedImport(**applied, id=1, started_at=now, finished_at=now))
    session.execute(insert(School).values(_school()))
    days = [_FIRST_DAY + timedelta(days=ahead) for ahead in range((now.date() - _FIRST_DAY).days + 1)]
    session.execute(insert(CalendarEvent), [_school_day(day) for day in days if day.weekday() < 5])  # noqa: PLR2004 - the weekend
    session.add(ReportedDay(school_id=_SCHOOL, date=_ABSENT, marks=1))
    approve(session, message=_AUTOMATIC, language=settings.default_language, by="triage", now=now)


def introduce_family(session: Session, number: int, language: str, now: datetime) -> str:
    """Make a child and a subscribed guardian with a number of their own, and return the number."""
    session.execute(insert(Student), [_student(number, language)])
    session.execute(insert(Contact), [_contact(number, language)])
    session.execute(insert(ContactPhone), [_number(number)])
    session.execute(insert(StudentContact), [_tie(number)])
    session.execute(insert(Enrolment), [_stay(number)])
    session.execute(insert(Mark), [_mark(number)])
    consent.record(session, _phone(number), Kind.OPT_IN, source=Source.STAFF, by="triage", now=now)
    return _phone(number)


def _phone(number: int) -> str:
    """A number for one reply; 555 is no area code, so nobody has it."""
    return f"+1555{number:07d}"


def _school() -> dict[str, object]:
    nothing = dict.fromkeys(("parent_id", "phone", "address", "low_grade", "high_grade"), "")
    return {**_FED, **nothing, "school_id": _SCHOOL, "name": "School", "timezone": "America/Chicago", "gone_import_id": None}


def _student(number: int, language: str) -> dict[str, object]:
    nothing = dict.fromkeys(("preferred_name", "grade", "subgroups"), "")
    names = {"first_name": "Child", "last_name": str(number), "birth_date": None, "home_language": language, "home_locale": language}
    return {**_FED, **nothing, **names, "student_id": str(number), "gone_import_id": None}


def _contact(number: int, language: str) -> dict[str, object]:
    nothing = dict.fromkeys(("email", "address_line1", "address_line2", "city", "state", "postal_code"), "")
    names = {"first_name": "Guardian", "last_name": str(number), "language": language, "locale": language}
    return {**_FED, **nothing, **names, "contact_id": str(number), "gone_import_id": None}


def _number(number: int) -> dict[str, object]:
    unknown = dict.fromkeys(("priority", "given_on"), None)
    known = {"type": "mobile", "can_text": True, "given_by": "guardian", "verified_on": date(2026, 8, 1), "consent": True}
    return {**_FED, **unknown, **known, "contact_id": str(number), "phone": _phone(number), "e164": _phone(number)}


def _tie(number: int) -> dict[str, object]:
    known = {"relation": "guardian", "primary": True, "priority": 1, "lives_with": True, "may_receive": True, "restriction": ""}
    return {**_FED, **known, "student_id": str(number), "contact_id": str(number)}


def _stay(number: int) -> dict[str, object]:
    known = {"school_id": _SCHOOL, "entry_date": _FIRST_DAY, "exit_date": None, "grade": "", "exit_type": "", "track": ""}
    return {**_FED, **known, "student_id": str(number), "primary": True}


def _school_day(day: date) -> dict[str, object]:
    nothing = dict.fromkeys(("track", "cycle_day", "grades"), "")
    return {**_FED, **nothing, "school_id": _SCHOOL, "date": day, "event": "Instructional day", "minutes": None}


def _mark(number: int) -> dict[str, object]:
    nothing = dict.fromkeys(("section_id", "portion", "reason"), "")
    return {**_FED, **nothing, "student_id": str(number), "date": _ABSENT, "school_id": _SCHOOL, "code": "A", "minutes": None}
