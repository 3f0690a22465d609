"""Legal holds: what nobody may redact or delete, whatever any schedule says. The caller commits.

An open request to see a record holds it as well: nothing may be destroyed while somebody waits to inspect it (34 CFR 99.10(e)).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from outreach.cases.tables import Case
from outreach.district.overlays import merged
from outreach.district.tables import ContactPhone, StudentContact
from outreach.records.keeping_tables import LegalHold
from outreach.records.requests import RecordError
from outreach.records.tables import RecordRequest
from outreach.staff.actions import audit

HELD = "A legal hold, or an open request to see the record, keeps everything as it is. Lift it, or end the request, first."


@dataclass(frozen=True)
class Held:
    """Whose data stay as they are."""

    students: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()

    def covers(self, case: Case) -> bool:
        """Whether a conversation is held."""
        return case.student_id in self.students or case.contact_id in self.contacts or (case.phone != "" and case.phone in self.phones)


def place(session: Session, *, student_id: str = "", contact_id: str = "", why: str, by: str, now: datetime) -> LegalHold:
    """Hold a child's or a contact's data from now on; a second hold for the same is the first. Raises RecordError."""
    if not why.strip():
        message = "Write down why, and which letter or case asks for it."
        raise RecordError(message)
    same = LegalHold.student_id == student_id, LegalHold.contact_id == contact_id, LegalHold.lifted_at.is_(None)
    standing = session.scalars(select(LegalHold).where(*same)).first()
    if standing is not None:
        return standing
    row = LegalHold(student_id=student_id, contact_id=contact_id, why=why.strip(), set_at=now, set_by=by)
    row.lifted_at, row.lifted_by, row.lifted_why = None, "", ""
    session.add(row)
    session.flush()
    audit(session, actor=by, action="hold.placed", subject=_whom(row), now=now, detail={"hold": row.id})
    return row


def lift(session: Session, hold_id: int, *, why: str, by: str, now: datetime) -> None:
    """End a hold, for a reason; lifting a lifted one changes nothing. Raises RecordError."""
    row = session.get(LegalHold, hold_id, with_for_update=True)
    if row is None or not why.strip():
        message = "Write down why it ends." if row else "There is no such hold."
        raise RecordError(message)
    if row.lifted_at is None:
        row.lifted_at, row.lifted_by, row.lifted_why = now, by, why.strip()
        session.flush()
        audit(session, actor=by, action="hold.lifted", subject=_whom(row), now=now, detail={"hold": row.id})


def standing(session: Session) -> Sequence[LegalHold]:
    """The holds nobody has lifted, the newest first."""
    return session.scalars(select(LegalHold).where(LegalHold.lifted_at.is_(None)).order_by(LegalHold.id.desc())).all()


def held(session: Session) -> Held:
    """Everybody whose data stay: held children with all their adults, held contacts with all their numbers, and open requests."""
    rows = standing(session)
    waiting = session.scalars(select(RecordRequest.student_id).where(RecordRequest.ended_at.is_(None)))
    asked = {row.student_id for row in rows if row.student_id} | set(waiting)
    contacts = {row.contact_id for row in rows if row.contact_id}
    if not asked and not contacts:
        return Held()
    students = set(merged(session).ids(asked))
    contacts |= set(session.scalars(select(StudentContact.contact_id).where(StudentContact.student_id.in_(students))))
    talked = select(Case.contact_id, Case.phone).where(or_(Case.student_id.in_(students), Case.contact_id.in_(contacts)))
    talks = session.execute(talked).all()
    contacts |= {row.contact_id for row in talks if row.contact_id}
    phones = {row.phone for row in talks if row.phone} | _numbers(session, contacts)
    return Held(frozenset(students), frozenset(contacts), frozenset(phones))


def _numbers(session: Session, contacts: Collection[str]) -> set[str]:
    return set(session.scalars(select(ContactPhone.e164).where(ContactPhone.contact_id.in_(contacts), ContactPhone.e164 != "")))


def _whom(row: LegalHold) -> str:
    return f"student {row.student_id}" if row.student_id else f"contact {row.contact_id}"
