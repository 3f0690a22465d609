"""A small made-up district for pages to show: a real import, and conversations written directly."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pwdlib import PasswordHash
from sqlalchemy.orm import Session

from outreach.attendance.importing import import_folder
from outreach.attention import actions as attention
from outreach.cases import barrier_reports, clerk_hearing
from outreach.cases.tables import Case, CaseEvent
from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.planning.reasons import Reason
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.thresholds.rules import load_rules
from outreach.thresholds.tables import Episode, RuleVersion
from tests.conftest import NOON

LINCOLN, ROOSEVELT = "S1", "S2"
MARIA, OMAR, JANE, WEI = "+13125550142", "+13125550143", "+13125550144", "+13125550145"
STRANGER = "+13125550199"
PASSWORD = "three calm green herons"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
ARABIC = "ابني مريض اليوم ولا يستطيع الحضور، هل يمكن أن تتصلوا بي على 555-0143؟"

_STUDENTS = (
    ("st1", "Luis", "Lopez", "3", "Spanish", LINCOLN),
    ("st2", "Elena", "Lopez", "7", "Spanish", ROOSEVELT),
    ("st3", "Yusuf", "Haddad", "5", "Arabic", LINCOLN),
    ("st4", "Sam", "O'Neil", "4", "English", LINCOLN),
    ("st5", "Mei", "Chen", "6", "Chinese", ROOSEVELT),
)
_CONTACTS = (
    ("c1", "Maria", "Lopez", "Spanish", MARIA, ("st1", "st2"), "Mother"),
    ("c2", "Omar", "Haddad", "Arabic", OMAR, ("st3",), "Father"),
    ("c3", "Jane", "O'Neil", "English", JANE, ("st4",), "Guardian"),
    ("c4", "Wei", "Chen", "Chinese", WEI, ("st5",), "Father"),
)
_ABSENT = {"st1": 6, "st2": 2, "st3": 8, "st4": 3, "st5": 1}
_FIRST_DAY, _LAST_DAY = date(2026, 8, 17), date(2026, 12, 18)


@dataclass(frozen=True)
class Seeded:
    """What a test may want to point at."""

    maria: int
    omar: int
    jane: int
    wei: int
    stranger: int
    done: int
    """Cases by family; *wei* is at Roosevelt, *stranger* at no school, *done* is closed."""


def seed(database: Database, settings: Settings, folder: Path, now: datetime = NOON) -> Seeded:
    """Fill an empty database; everybody signs in with PASSWORD."""
    _write_feed(folder, now.date())
    import_folder(database, folder, home=settings.home, now=now - timedelta(hours=6))
    with database.write() as session:
        people(session, now)
        cases = _conversations(session, now)
        _outbox(session, now)
        _attention(session, now)
        _baseline(session, now)
    return cases


def people(session: Session, now: datetime) -> None:
    """A district administrator, a coordinator at each school, a clerk, a person of IT, an evaluator and a mentor."""
    for name, role, schools in (
        ("boss", Role.DISTRICT_ADMINISTRATOR, []),
        ("ana", Role.COORDINATOR, [LINCOLN]),
        ("raj", Role.COORDINATOR, [ROOSEVELT]),
        ("kim", Role.ATTENDANCE_CLERK, [LINCOLN]),
        ("ira", Role.IT, []),
        ("eve", Role.EVALUATOR, []),
        ("mia", Role.MENTOR, [LINCOLN]),
    ):
        account = staff.add_account(
            session, email=f"{name}@example.org", name=f"{name.capitalize()} Reyes", role=role, schools=schools, now=now
        )
        account.password_hash = _password_hash()


@cache
def _password_hash() -> str:
    """Made once: argon2 is slow on purpose."""
    return PasswordHash.recommended().hash(PASSWORD)


def heard(session: Session, case: Case, body: str, at: datetime, **values: Any) -> Inbound:
    """Put a family's text into a case."""
    row = Inbound(
        **{
            "message_sid": f"SM{secrets.token_hex(16)}",
            "phone": case.phone,
            "body": body,
            "media": 0,
            "received_at": at,
            "locale": "",
            "intent": "question",
            "barrier": "",
            "category": "",
            "urgent": False,
            "suppress": False,
            "to_human": True,
            "why": "",
            **values,
        }
    )
    session.add(row)
    session.flush()
    barrier_reports.hear(session, case, row)
    clerk_hearing.hear(session, case, row, "America/Chicago")
    session.add(CaseEvent(case_id=case.id, at=at, kind="inbound", by="", text="", inbound_id=row.id, planned_id=None))
    return row


def told(session: Session, phone: str, at: datetime, **values: Any) -> PlannedMessage:
    """A planned message, delivered unless *values* say otherwise."""
    row = PlannedMessage(
        **{
            "ref": secrets.token_urlsafe(8),
            "once_key": secrets.token_urlsafe(8),
            "message_class": "nudge",
            "channel": "sms",
            "state": "delivered",
            "reason": "",
            "household": "c1",
            "contact_id": "",
            "phone": phone,
            "student_ids": [],
            "school_id": LINCOLN,
            "message": "count",
            "language": "en",
            "family_language": "en",
            "facts": {},
            "body": "",
            "approval_id": None,
            "segments": 2,
            "reply_to_id": None,
            "retry_of_id": None,
            "created_by": "plan",
            "created_at": at,
            "due_at": at,
            "expires_at": None,
            "claimed_at": None,
            "requeued": 0,
            "provider_sid": "",
            "carrier_status": "",
            "error_code": "",
            "sent_at": at,
            "changed_at": at,
            **values,
        }
    )
    session.add(row)
    session.flush()
    return row


def case_of(session: Session, now: datetime, **values: Any) -> Case:
    """An open case that needs a person."""
    row = Case(
        **{
            "open_key": None,
            "state": "open",
            "queue": "needs_me",
            "phone": "",
            "household": "",
            "contact_id": "",
            "student_id": "",
            "school_id": LINCOLN,
            "owner_id": None,
            "opened_at": now,
            "waiting_since": now,
            "urgent": False,
            "opened_because": "a reply that needs a person",
            "closed_at": None,
            "closed_by": "",
            **values,
        }
    )
    session.add(row)
    session.flush()
    session.add(CaseEvent(case_id=row.id, at=now, kind="opened", by="", text="", inbound_id=None, planned_id=None))
    return row


def _conversations(session: Session, now: datetime) -> Seeded:
    hours = timedelta(hours=1)
    nudge = "Lincoln Schools: Luis ha faltado 6 días este año escolar. ¿Qué lo hace difícil? Responda STOP para no recibir más."
    told(session, MARIA, now - 26 * hours, body=nudge, language="es", family_language="es", student_ids=["st1"], contact_id="c1")
    maria = case_of(session, now - 3 * hours, phone=MARIA, contact_id="c1", student_id="st1", household="c1", open_key=f"phone:{MARIA}")
    heard(session, maria, "Hola, el autobús no pasa por nuestra calle desde hace dos semanas 😞", now - 3 * hours, barrier="transportation")
    reply = told(
        session, MARIA, now - 2 * hours, body="Gracias, María. Voy a llamar a transporte hoy. Ana", message="", message_class="answer"
    )
    _event(session, maria, "answer", now - 2 * hours, by="ana@example.org", planned_id=reply.id)
    _event(
        session,
        maria,
        "note",
        now - 2 * hours,
        by="ana@example.org",
        text="Transport says route 14 was changed on Sep 21. Asked for a stop.",
    )
    heard(session, maria, "Muchas gracias. ¿Cuándo empieza?", now - hours)
    maria.waiting_since = now - hours
    omar = case_of(session, now - 5 * hours, phone=OMAR, contact_id="c2", student_id="st3", open_key=f"phone:{OMAR}")
    told(session, OMAR, now - 27 * hours, body="Lincoln Schools: Yusuf has missed 8 days this school year.", contact_id="c2")
    heard(session, omar, ARABIC, now - 5 * hours, barrier="illness_acute")
    jane = case_of(session, now - hours / 2, phone=JANE, contact_id="c3", student_id="st4", urgent=True, open_key=f"phone:{JANE}")
    heard(session, jane, f"he says he wants to hurt himself pls call {HOSTILE}", now - hours / 2, urgent=True, intent="crisis")
    wei = case_of(session, now - 2 * hours, phone=WEI, contact_id="c4", student_id="st5", school_id=ROOSEVELT, open_key=f"phone:{WEI}")
    heard(session, wei, "我們明天去看醫生", now - 2 * hours, intent="report_absence", locale="zh-Hans")
    stranger = case_of(session, now - hours, phone=STRANGER, school_id="", open_key=f"phone:{STRANGER}")
    heard(session, stranger, "who is this", now - hours)
    thanks = case_of(session, now - 4 * hours, phone=JANE, queue="information", contact_id="c3", student_id="st4", waiting_since=None)
    heard(session, thanks, "thank you!", now - 4 * hours, intent="ack", to_human=False)
    done = case_of(
        session,
        now - 80 * hours,
        phone=OMAR,
        contact_id="c2",
        student_id="st3",
        state="closed",
        waiting_since=None,
        closed_at=now - 70 * hours,
    )
    heard(session, done, "ok", now - 80 * hours)
    consent.record(session, JANE, Kind.VERIFIED, source=Source.STAFF, by="ana@example.org", now=now)
    return Seeded(maria.id, omar.id, jane.id, wei.id, stranger.id, done.id)


def _event(session: Session, case: Case, kind: str, at: datetime, *, by: str, text: str = "", planned_id: int | None = None) -> None:
    session.add(CaseEvent(case_id=case.id, at=at, kind=kind, by=by, text=text, inbound_id=None, planned_id=planned_id))


def _outbox(session: Session, now: datetime) -> None:
    rows: Sequence[tuple[str, str, str, str, str]] = (
        ("planned", "", "c1", "st1", LINCOLN),
        ("held", Reason.QUIET_HOURS, "c3", "st4", LINCOLN),
        ("skipped", Reason.UNVERIFIED, "c2", "st3", LINCOLN),
        ("skipped", Reason.OPTED_OUT, "c3", "st4", LINCOLN),
        ("uncertain", "", "c3", "st4", LINCOLN),
        ("failed", "the number does not exist", "c2", "st3", LINCOLN),
        ("delivered", "", "c4", "st5", ROOSEVELT),
        ("cancelled", Reason.BELOW, "c3", "st4", LINCOLN),
    )
    for n, (state, reason, contact, student, school) in enumerate(rows):
        at = now - timedelta(hours=9 * n)
        told(session, "", at, state=state, reason=str(reason), contact_id=contact, student_ids=[student], school_id=school, due_at=now)
    told(session, "", now, channel="letter", state="printed", contact_id="c2", student_ids=["st3"], segments=None)


def _attention(session: Session, now: datetime) -> None:
    sentence = "Roosevelt Middle has sent no attendance since October 1. Ask its office; nothing is sent about its children until then."
    attention.raise_item(
        session, kind="silent_school", key="silent:S2", sentence=sentence, now=now - timedelta(days=2), school_id=ROOSEVELT
    )
    sentence = "The code UNV is not in the feed's list of codes; 3 marks at Lincoln Elementary are held until it is."
    attention.raise_item(session, kind="unknown_code", key="code:UNV", sentence=sentence, now=now - timedelta(hours=7), school_id=LINCOLN)
    sentence = "The text provider refuses every message (error 20003). Check the account's token."
    attention.raise_item(session, kind="provider", key="provider", sentence=sentence, now=now - timedelta(minutes=9), urgent=True)


def _baseline(session: Session, now: datetime) -> None:
    version = RuleVersion(rule="text_at_5", digest="x", definition=load_rules()[0].definition(), first_seen_at=now)
    session.add(version)
    session.flush()
    for student, tier in (("st1", "moderate"), ("st3", "severe"), ("st4", "at_risk"), ("st5", "at_risk")):
        session.add(
            Episode(
                student_id=student,
                rule="text_at_5",
                rule_version_id=version.id,
                school_year=date(2026, 7, 1),
                episode=1,
                state="baseline",
                tier=tier,
                days_absent=str(_ABSENT[student]),
                days_enrolled=36,
                as_of=now.date(),
                opened_at=now,
                released_at=None,
                released_by="",
                closed_at=None,
            )
        )


def _write_feed(folder: Path, today: date) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    settings = """\
name = "seed"
trust_registration_phones = true
[codes]
E = { kind = "absent", reason = "excused" }
U = { kind = "absent", reason = "unexcused" }
"""
    (folder / "source.toml").write_text(settings, encoding="utf-8")
    days = [day for n in range((_LAST_DAY - _FIRST_DAY).days + 1) if (day := _FIRST_DAY + timedelta(days=n)).weekday() < 5]
    past = [day for day in days if day < today]
    files = {
        "schools.csv": [
            "school_id,name,phone",
            f"{LINCOLN},Lincoln Elementary,(312) 555-0101",
            f"{ROOSEVELT},Roosevelt Middle,(312) 555-0102",
        ],
        "calendar.csv": ["school_id,date,event", *(f"{school},{day},Instructional day" for school in (LINCOLN, ROOSEVELT) for day in days)],
        "students.csv": ["student_id,first_name,last_name,grade,home_language", *(",".join(row[:5]) for row in _STUDENTS)],
        "enrollments.csv": ["student_id,school_id,entry_date", *(f"{row[0]},{row[5]},{_FIRST_DAY}" for row in _STUDENTS)],
        "contacts.csv": ["contact_id,first_name,last_name,language", *(",".join(row[:4]) for row in _CONTACTS)],
        "contact_phones.csv": ["contact_id,phone,type,can_text", *(f"{row[0]},{row[4]},mobile,yes" for row in _CONTACTS)],
        "student_contacts.csv": [
            "student_id,contact_id,relation,priority",
            *(f"{child},{row[0]},{row[6]},1" for row in _CONTACTS for child in row[5]),
        ],
        "attendance.csv": [
            "student_id,school_id,date,code",
            *(f"{row[0]},{row[5]},{past[-1 - 3 * n]},{'U' if n % 3 else 'E'}" for row in _STUDENTS for n in range(_ABSENT[row[0]])),
        ],
    }
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
