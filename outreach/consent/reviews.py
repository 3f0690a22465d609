"""Puts before people what waits for their reading: restriction texts that still block, and blocks whose day of review has come."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from outreach.attention import actions as attention
from outreach.attention.tables import AttentionItem
from outreach.consent import blocks
from outreach.consent.queries import CLEARED, decided
from outreach.consent.tables import ContactBlock
from outreach.district.tables import Enrolment, StudentContact

KIND = "review"
_TEXTS, _BLOCK = "restrictions:", "block:"


def remind(session: Session, today: date, now: datetime) -> int:
    """Raise one item a school with unread texts, and one a block that is due; settle those that are done. Return how many are open."""
    waiting = _unread(session, today)
    for school_id, adults in waiting.items():
        many = "1 adult" if adults == 1 else f"{adults} adults"
        sentence = f"Words in the feed's restriction column keep {many} from hearing of their children until somebody reads them (Blocks)."
        attention.raise_item(session, kind=KIND, key=f"{_TEXTS}{school_id}", sentence=sentence, now=now, school_id=school_id)
    due = blocks.due(session, today)
    for block in due:
        sentence = f"Block {block.id} has come to its day of review: look whether the paper still stands (Blocks)."
        school_id = _school_of(session, block, today)
        attention.raise_item(session, kind=KIND, key=f"{_BLOCK}{block.id}", sentence=sentence, now=now, school_id=school_id)
    keys = {f"{_TEXTS}{school_id}" for school_id in waiting} | {f"{_BLOCK}{block.id}" for block in due}
    ours = select(AttentionItem).where(AttentionItem.kind == KIND, AttentionItem.open_key.is_not(None))
    for item in session.scalars(ours).all():
        if item.key not in keys:
            attention.resolve(session, item.id, by=KIND, now=now)
    return len(keys)


def _unread(session: Session, today: date) -> dict[str, int]:
    """School → adults of children there whose restriction text nobody has read."""
    unread = ~(CLEARED | decided(forbids=True, for_all=False))
    rows = (
        select(Enrolment.school_id, func.count(StudentContact.contact_id.distinct()))
        .join(StudentContact, StudentContact.student_id == Enrolment.student_id)
        .where(Enrolment.entry_date <= today, or_(Enrolment.exit_date.is_(None), Enrolment.exit_date >= today))
        .where(StudentContact.restriction != "", unread)
        .group_by(Enrolment.school_id)
    )
    return {row[0]: row[1] for row in session.execute(rows)}


def _school_of(session: Session, block: ContactBlock, today: date) -> str:
    """The school of the child that a block is about; empty, the district's own, where it is about any child."""
    newest = select(Enrolment.school_id).where(Enrolment.student_id == block.student_id, Enrolment.entry_date <= today)
    return session.scalar(newest.order_by(Enrolment.entry_date.desc()).limit(1)) or ""
