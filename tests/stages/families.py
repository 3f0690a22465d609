"""A made-up family for the tests of replies and cases: a school, children, a guardian with a number, and texts that arrive."""

from __future__ import annotations

import itertools
from datetime import date, datetime

from sqlalchemy.orm import Session

from outreach.cases.actions import take_in
from outreach.cases.tables import Case
from outreach.delivery.tables import WebhookEvent
from outreach.district.tables import Contact, ContactPhone, Enrolment, School, Student, StudentContact
from outreach.replies.actions import receive
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from tests.conftest import NOON

PHONE = "+13125550142"
_FED = {"source": "test", "import_id": 1, "line": 2}
_numbers = itertools.count(1)


def a_family(session: Session, contact: str, children: dict[str, str], *, phone: str = PHONE, locale: str = "en") -> None:
    """A guardian of *children* (student id → school id), reached on *phone*."""
    for student, school in children.items():
        if session.get(School, school) is None:
            nothing = dict.fromkeys(("parent_id", "phone", "address", "low_grade", "high_grade"), "")
            session.add(School(**_FED, **nothing, school_id=school, name=school, timezone="", gone_import_id=None))
        if session.get(Student, student) is None:
            nothing = dict.fromkeys(("preferred_name", "grade", "home_language", "home_locale", "subgroups"), "")
            session.add(
                Student(**_FED, **nothing, student_id=student, first_name="Rosa", last_name=student, birth_date=None, gone_import_id=None)
            )
            stay = Enrolment(**_FED, student_id=student, school_id=school, entry_date=date(2026, 8, 17), exit_date=None, grade="")
            stay.exit_type, stay.track, stay.primary = "", "", True
            session.add(stay)
        tie = StudentContact(**_FED, student_id=student, contact_id=contact, relation="mother", primary=True, priority=1, lives_with=True)
        tie.may_receive, tie.restriction = True, ""
        session.add(tie)
    nothing = dict.fromkeys(("language", "email", "address_line1", "address_line2", "city", "state", "postal_code"), "")
    session.add(Contact(**_FED, **nothing, contact_id=contact, first_name="Ana", last_name=contact, locale=locale, gone_import_id=None))
    number = ContactPhone(**_FED, contact_id=contact, phone=phone, e164=phone, type="mobile", can_text=True, priority=1, given_by="")
    number.given_on, number.verified_on, number.consent = None, date(2026, 8, 1), None
    session.add(number)
    session.flush()


def a_text(session: Session, body: str, *, phone: str = PHONE, at: datetime = NOON, sid: str = "", **more: str) -> WebhookEvent:
    """The raw row of a text that arrived."""
    sid = sid or f"SM{next(_numbers):032d}"
    params = {"MessageSid": sid, "From": phone, "To": "+13125550100", "Body": body, "NumMedia": "0", **more}
    event = WebhookEvent(
        kind="inbound", dedup_key=f"{sid}-{next(_numbers)}", params=params, ref="", received_at=at, processed_at=None, problem=""
    )
    session.add(event)
    session.flush()
    return event


def hear(session: Session, settings: Settings, body: str, *, phone: str = PHONE, at: datetime = NOON, **more: str) -> tuple[Inbound, Case]:
    """Let a text arrive and be taken in."""
    inbound = receive(session, a_text(session, body, phone=phone, at=at, **more), settings, at)
    return inbound, take_in(session, inbound, settings, at)
