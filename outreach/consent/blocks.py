"""Blocks that people place: whom a child's matters are kept from, on which paper, and when somebody looks at it again.

A block errs on the side of silence at both ends: it holds from the moment it is placed, whatever day the paper begins, and after the
paper's last day until a person lifts it. Its dates bring it before a person; they open nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select
from sqlalchemy.orm import Session

from outreach import kept_files, keyring
from outreach.consent.states import BlockKind
from outreach.consent.tables import ContactBlock
from outreach.district.tables import Enrolment, StudentContact
from outreach.settings import Settings


class BlockError(RuntimeError):
    """What was asked of a block cannot be done."""


@dataclass(frozen=True)
class Paper:
    """The order or letter a block rests on: its dates, and its picture or PDF as it is kept."""

    begins_on: date | None = None
    ends_on: date | None = None
    review_on: date | None = None
    document: str = ""
    """A name given by ``keep``."""
    document_type: str = ""


def place(
    session: Session,
    contact_id: str,
    *,
    reason: str,
    by: str,
    now: datetime,
    student_id: str = "",
    kind: BlockKind = BlockKind.NO_CONTACT,
    paper: Paper = Paper(),
) -> ContactBlock:
    """Forbid every message to a contact about a child, or about any child; a second block of a kind for the same pair is the first.

    Raises BlockError where its dates contradict each other.
    """
    if paper.begins_on and paper.ends_on and paper.ends_on < paper.begins_on:
        message = "The paper ends before it begins: look at the dates."
        raise BlockError(message)
    same = ContactBlock.contact_id == contact_id, ContactBlock.student_id == student_id, ContactBlock.kind == kind
    standing = session.scalars(select(ContactBlock).where(*same, ContactBlock.lifted_at.is_(None))).first()
    if standing is not None:
        return standing
    block = ContactBlock(contact_id=contact_id, student_id=student_id, kind=kind.value, reason=reason)
    block.begins_on, block.ends_on, block.review_on = paper.begins_on, paper.ends_on, paper.review_on
    block.document, block.document_type = paper.document, paper.document_type
    block.placed_by, block.placed_at, block.lifted_by, block.lifted_at, block.lifted_why = by, now, "", None, ""
    session.add(block)
    session.flush()
    return block


def lift(session: Session, block_id: int, *, why: str, by: str, now: datetime) -> ContactBlock:
    """Lift one block, for a reason. Raises BlockError; lifting a lifted one changes nothing."""
    block = _locked(session, block_id)
    if not why.strip():
        message = "Write down why it ends, and which paper says so."
        raise BlockError(message)
    if block.lifted_at is None:
        block.lifted_by, block.lifted_at, block.lifted_why = by, now, why.strip()
        session.flush()
    return block


def look_again(session: Session, block_id: int, on: date, today: date) -> ContactBlock:
    """Note that a person looked at a block and it still stands, and when the next look is due. Raises BlockError."""
    block = _locked(session, block_id)
    if on <= today:
        message = "Choose a day in the future for the next look."
        raise BlockError(message)
    block.review_on = on
    if block.ends_on is not None and block.ends_on <= today:
        block.ends_on = None  # the paper was renewed, or it would have been lifted
    session.flush()
    return block


def standing(session: Session, schools: Collection[str] | None) -> Sequence[ContactBlock]:
    """The blocks that hold, of contacts of children at *schools* (None: the whole district), the next to look at first."""
    held = select(ContactBlock).where(ContactBlock.lifted_at.is_(None), _within(schools))
    return session.scalars(held.order_by(ContactBlock.review_on.is_(None), ContactBlock.review_on, ContactBlock.id.desc())).all()


def lifted(session: Session, schools: Collection[str] | None, *, limit: int) -> Sequence[ContactBlock]:
    """Those that were lifted, the last one first."""
    ended = select(ContactBlock).where(ContactBlock.lifted_at.is_not(None), _within(schools))
    return session.scalars(ended.order_by(ContactBlock.lifted_at.desc(), ContactBlock.id.desc()).limit(limit)).all()


def of_contact(session: Session, contact_id: str) -> Sequence[ContactBlock]:
    """Every block of a contact, those that hold first, the newest first."""
    rows = select(ContactBlock).where(ContactBlock.contact_id == contact_id)
    return session.scalars(rows.order_by(ContactBlock.lifted_at.is_not(None), ContactBlock.id.desc())).all()


def one(session: Session, block_id: int, schools: Collection[str] | None) -> ContactBlock | None:
    """A block of *schools*; None where there is none."""
    return session.scalars(select(ContactBlock).where(ContactBlock.id == block_id, _within(schools))).one_or_none()


def due(session: Session, today: date) -> Sequence[ContactBlock]:
    """The blocks that hold and whose day of review, or whose paper's last day, has come."""
    come = or_(ContactBlock.review_on <= today, ContactBlock.ends_on <= today)
    return session.scalars(select(ContactBlock).where(ContactBlock.lifted_at.is_(None), come).order_by(ContactBlock.id)).all()


def is_due(block: ContactBlock, today: date) -> bool:
    """Whether somebody should look at a block that holds: pure."""
    return any(day is not None and day <= today for day in (block.review_on, block.ends_on))


def keep(settings: Settings, content: bytes) -> str:
    """Keep a paper's bytes and return its name for ``Paper``; what it is was looked at before. Raises OSError."""
    return kept_files.write(_folder(settings), content, keyring.ring_of(settings.encryption_keys, settings.home))


def document(settings: Settings, block: ContactBlock) -> bytes | None:
    """The bytes of a block's paper; None where there is none."""
    return kept_files.read(_folder(settings), block.document, keyring.ring_of(settings.encryption_keys, settings.home))


def drop(settings: Settings, name: str) -> None:
    """Delete a paper that belongs to no block."""
    kept_files.delete(_folder(settings), name)


def _folder(settings: Settings) -> Path:
    return settings.home / "documents"


def _locked(session: Session, block_id: int) -> ContactBlock:
    block = session.get(ContactBlock, block_id, with_for_update=True)
    if block is None:
        message = "There is no such block."
        raise BlockError(message)
    return block


def _within(schools: Collection[str] | None) -> ColumnElement[bool]:
    """Blocks of one child at *schools*, or of a contact of any child there."""
    if schools is None:
        return literal(value=True)
    about = or_(ContactBlock.student_id == "", ContactBlock.student_id == StudentContact.student_id)
    tied = and_(StudentContact.contact_id == ContactBlock.contact_id, about)
    return exists().where(tied, Enrolment.student_id == StudentContact.student_id, Enrolment.school_id.in_(schools))
