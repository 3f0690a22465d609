"""Requests to see a child's record: opened, decided item by item, given or put aside. The caller commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.attention.tables import AttentionItem
from outreach.consent import queries as consent
from outreach.district import queries as district
from outreach.district.overlays import merged
from outreach.records import bases
from outreach.records.bases import DAYS_TO_ANSWER, Basis
from outreach.records.gathering import family
from outreach.records.items import Share
from outreach.records.keeping_tables import RecordStatement
from outreach.records.tables import Disclosure, RecordDecision, RecordRequest
from outreach.staff.actions import audit

KIND = "record_request"
_NEAR = timedelta(days=10)
"""Before the last day; a person is told from then on."""
_BLOCKED = "A block or an unread restriction keeps this adult from hearing of the child, and beats every request. Look under Blocks first."


class RecordError(RuntimeError):
    """What was asked of a record cannot be done."""


@dataclass(frozen=True)
class Asked:
    """Who asks, on what basis and what for."""

    basis: Basis
    purpose: str
    contact_id: str = ""
    """An adult of the child who is on file; empty for anybody else."""
    recipient: str = ""
    """Who it is, where it is nobody on file."""


def open_request(session: Session, student_id: str, asked: Asked, *, today: date, by: str, now: datetime) -> RecordRequest:
    """Note that somebody asks. Raises RecordError where nothing may be given to them on that basis."""
    _must_be_allowed(session, student_id, asked, today)
    row = RecordRequest(student_id=merged(session).of(student_id), contact_id=asked.contact_id, recipient=asked.recipient.strip())
    row.basis, row.purpose, row.opened_at, row.opened_by, row.ended_at, row.ended_by = (
        asked.basis.value,
        asked.purpose.strip(),
        now,
        by,
        None,
        "",
    )
    session.add(row)
    session.flush()
    audit(
        session,
        actor=by,
        action="record.asked",
        subject=f"student {row.student_id}",
        now=now,
        detail={"request": row.id, "basis": row.basis},
    )
    return row


def one(session: Session, request_id: int, *, lock: bool = False) -> RecordRequest | None:
    """A request; None where there is none."""
    return session.get(RecordRequest, request_id, with_for_update=lock)


def waiting(session: Session) -> Sequence[RecordRequest]:
    """The requests nobody has ended, the oldest first."""
    return session.scalars(select(RecordRequest).where(RecordRequest.ended_at.is_(None)).order_by(RecordRequest.id)).all()


def answer_by(request: RecordRequest) -> datetime:
    """When it must be answered (34 CFR 99.10(b))."""
    return request.opened_at + timedelta(days=DAYS_TO_ANSWER)


def remind(session: Session, now: datetime) -> int:
    """Put before a person each request whose last day is near, and settle those that have ended. Return how many are open."""
    near = [row for row in waiting(session) if now >= answer_by(row) - _NEAR]
    for row in near:
        sentence = f"Request {row.id} to see a child's record must be answered by {answer_by(row):%B %d} (Children's records)."
        attention.raise_item(session, kind=KIND, key=f"{KIND}:{row.id}", sentence=sentence, now=now, urgent=now >= answer_by(row))
    keys = {f"{KIND}:{row.id}" for row in near}
    ours = select(AttentionItem).where(AttentionItem.kind == KIND, AttentionItem.open_key.is_not(None))
    for item in session.scalars(ours).all():
        if item.key not in keys:
            attention.resolve(session, item.id, by=KIND, now=now)
    return len(keys)


def decide(session: Session, request: RecordRequest, item: str, *, gives: bool, why: str, by: str, now: datetime) -> None:
    """Say of one withheld item whether it is given, and why. Raises RecordError."""
    if request.ended_at is not None:
        message = "This request has ended. Open a new one."
        raise RecordError(message)
    if not why.strip():
        message = "Write down why: whoever asks later must be able to read it."
        raise RecordError(message)
    session.add(RecordDecision(request_id=request.id, item=item, gives=gives, why=why.strip(), by=by, at=now))
    session.flush()
    detail = {"request": request.id, "item": item, "gives": gives}
    audit(session, actor=by, action="record.decided", subject=f"student {request.student_id}", now=now, detail=detail)


def decisions(session: Session, request_id: int) -> dict[str, RecordDecision]:
    """Item → the decision that holds."""
    rows = select(RecordDecision).where(RecordDecision.request_id == request_id).order_by(RecordDecision.id)
    return {row.item: row for row in session.scalars(rows)}


def given_items(decided: Collection[RecordDecision]) -> frozenset[str]:
    """The items that a person said are given."""
    return frozenset(row.item for row in decided if row.gives)


def give(session: Session, request: RecordRequest, share: Share, sha256: str, *, today: date, by: str, now: datetime) -> Disclosure:
    """Write down that the record was given as a file. Raises RecordError where a block came meanwhile: it beats every request."""
    basis = Basis(request.basis)
    _must_be_allowed(session, request.student_id, Asked(basis, request.purpose, request.contact_id, request.recipient), today)
    if request.ended_at is not None:
        message = "This request has ended. Open a new one."
        raise RecordError(message)
    what = f"The record: {len(share.given)} entries given, {len(share.withheld)} withheld."
    row = _disclosed(session, request, what, sha256, by, now)
    request.ended_at, request.ended_by = now, by
    session.flush()
    return row


def put_aside(session: Session, request: RecordRequest, *, by: str, now: datetime) -> None:
    """End a request without giving anything."""
    if request.ended_at is None:
        request.ended_at, request.ended_by = now, by
        session.flush()
        audit(
            session, actor=by, action="record.put_aside", subject=f"student {request.student_id}", now=now, detail={"request": request.id}
        )


def note(session: Session, student_id: str, asked: Asked, what: str, *, today: date, by: str, now: datetime) -> Disclosure:
    """Write down something that was told or handed over otherwise: to a court, in an emergency, by phone. Raises RecordError."""
    if not what.strip():
        message = "Write down what was given."
        raise RecordError(message)
    request = open_request(session, student_id, asked, today=today, by=by, now=now)
    request.ended_at, request.ended_by = now, by
    return _disclosed(session, request, what.strip(), "", by, now)


def blocked(session: Session, student_id: str, contact_id: str) -> str:
    """Why nothing of a child may be given to a contact, on whatever basis; empty where it may."""
    return _BLOCKED if contact_id and consent.block(session, student_id, contact_id) is not None else ""


def state(session: Session, student_id: str, words: str, *, by: str, now: datetime) -> RecordStatement:
    """Put what a family says about a contested record beside it (34 CFR 99.21). Raises RecordError."""
    if not words.strip():
        message = "Write down what the family says."
        raise RecordError(message)
    row = RecordStatement(student_id=student_id, words=words.strip(), at=now, by=by)
    session.add(row)
    session.flush()
    audit(session, actor=by, action="record.statement", subject=f"student {student_id}", now=now, detail={"statement": row.id})
    return row


def _disclosed(session: Session, request: RecordRequest, what: str, sha256: str, by: str, now: datetime) -> Disclosure:
    row = Disclosure(at=now, student_id=request.student_id, contact_id=request.contact_id, recipient=request.recipient, basis=request.basis)
    row.purpose, row.what, row.request_id, row.sha256, row.by = request.purpose, what, request.id, sha256, by
    session.add(row)
    session.flush()
    detail = {"disclosure": row.id, "request": request.id, "basis": row.basis, "sha256": sha256}
    audit(session, actor=by, action="record.disclosed", subject=f"student {row.student_id}", now=now, detail=detail)
    return row


def _must_be_allowed(session: Session, student_id: str, asked: Asked, today: date) -> None:
    """Raises RecordError."""
    child = district.students(session, [student_id]).get(student_id)
    if child is None:
        message = "There is no such child."
        raise RecordError(message)
    ids = merged(session).ids([student_id])
    if asked.contact_id and asked.contact_id not in {adult.contact_id for adult in family(session, ids)}:
        message = "This adult is not on file for the child."
        raise RecordError(message)
    if why := blocked(session, student_id, asked.contact_id):
        raise RecordError(why)
    if why := bases.refusal(asked.basis, asked.contact_id, child.birth_date, today):
        raise RecordError(why)
    if not asked.purpose.strip() or not (asked.contact_id or asked.recipient.strip() or asked.basis is Basis.STUDENT):
        message = "Write down who asks, and what for."
        raise RecordError(message)
