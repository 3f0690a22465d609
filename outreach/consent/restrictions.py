"""What the feed writes into its restriction column, read by people in groups of identical text: one decision a text.

Any text blocks until a person has read exactly that text. "Works nights" stands beside hundreds of adults and forbids nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, exists, func, literal, select, update
from sqlalchemy.orm import Session

from outreach.consent.queries import CLEARED, decided
from outreach.consent.tables import RestrictionDecision
from outreach.district.tables import Enrolment, StudentContact


@dataclass(frozen=True)
class Text:
    """One restriction text, and how many ties of an adult to a child bear it."""

    words: str
    waiting: int
    """Ties of which nobody has decided; they block meanwhile."""
    cleared: int
    kept: int
    """Ties that a person found forbidden."""
    for_all: bool
    """Cleared for whoever has these words, now and later."""


def texts(session: Session, schools: Collection[str] | None) -> list[Text]:
    """Every text at *schools* (None: the whole district), those that wait first, and of those the most frequent."""
    kept = decided(forbids=True, for_all=False)
    count = [func.sum(case((which, 1), else_=0)) for which in (~(CLEARED | kept), CLEARED, kept)]
    for_all = func.max(case((decided(forbids=False, for_all=True), 1), else_=0))
    rows = select(StudentContact.restriction, *count, for_all).where(StudentContact.restriction != "", _within(schools))
    found = [
        Text(words, int(waiting), int(cleared), int(forbidden), bool(every))
        for words, waiting, cleared, forbidden, every in session.execute(rows.group_by(StudentContact.restriction))
    ]
    return sorted(found, key=lambda text: (not text.waiting, -text.waiting, text.words.casefold()))


def ties(session: Session, words: str, schools: Collection[str] | None, *, limit: int) -> list[tuple[str, str]]:
    """(student, contact) of ties that bear a text, in order."""
    rows = select(StudentContact.student_id, StudentContact.contact_id).where(StudentContact.restriction == words, _within(schools))
    ordered = rows.order_by(StudentContact.contact_id, StudentContact.student_id).limit(limit)
    return [(row.student_id, row.contact_id) for row in session.execute(ordered)]


def decide(
    session: Session, words: str, *, forbids: bool, schools: Collection[str] | None, by: str, now: datetime, for_all: bool = False
) -> int:
    """Say of one text whether it forbids messages, for all ties at *schools* that bear it now, and return of how many.

    *for_all* clears it for whoever will have exactly these words, too; only the whole district (None) can say so, and nobody
    forbids in advance: what no person has read blocks anyway.
    """
    rows = select(StudentContact.student_id, StudentContact.contact_id).where(StudentContact.restriction == words, _within(schools))
    pairs = [(row.student_id, row.contact_id) for row in session.execute(rows)]
    former = update(RestrictionDecision).where(RestrictionDecision.restriction == words, RestrictionDecision.ended_at.is_(None))
    theirs = RestrictionDecision.student_id.in_(rows.with_only_columns(StudentContact.student_id))
    session.execute((former if schools is None else former.where(theirs)).values(ended_at=now))
    for student_id, contact_id in [("", "")] if for_all and schools is None and not forbids else pairs:
        clear(session, student_id, contact_id, words, by=by, now=now, forbids=forbids)
    return len(pairs)


def clear(session: Session, student_id: str, contact_id: str, words: str, *, by: str, now: datetime, forbids: bool = False) -> None:
    """Note that a person read this exact text of one tie and found that it forbids no message; other text still blocks."""
    session.add(
        RestrictionDecision(
            student_id=student_id, contact_id=contact_id, restriction=words, forbids=forbids, decided_by=by, decided_at=now, ended_at=None
        )
    )
    session.flush()


def _within(schools: Collection[str] | None) -> ColumnElement[bool]:
    if schools is None:
        return literal(value=True)
    return exists().where(Enrolment.student_id == StudentContact.student_id, Enrolment.school_id.in_(schools))
