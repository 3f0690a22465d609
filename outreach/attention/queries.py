"""Reads of what a person must see."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from outreach.attention.tables import AttentionItem


def open_items(session: Session, school_ids: Collection[str] | None, *, limit: int = 500) -> Sequence[AttentionItem]:
    """List what waits for a person, urgent first, then the oldest.

    *school_ids* are the schools a person may see; ``None`` means the whole district, its own items included.
    """
    order = AttentionItem.urgent.desc(), AttentionItem.opened_at, AttentionItem.id
    return session.scalars(select(AttentionItem).where(*_visible(school_ids)).order_by(*order).limit(limit)).all()


def open_counts(session: Session, school_ids: Collection[str] | None) -> dict[str, int]:
    """Count the open items of each kind that a person may see."""
    counts = select(AttentionItem.kind, func.count()).where(*_visible(school_ids)).group_by(AttentionItem.kind)
    return {row[0]: row[1] for row in session.execute(counts)}


def _visible(school_ids: Collection[str] | None) -> list[ColumnElement[bool]]:
    still_open: list[ColumnElement[bool]] = [AttentionItem.resolved_at.is_(None)]
    return still_open if school_ids is None else [*still_open, AttentionItem.school_id.in_(school_ids)]


def by_key(session: Session, key: str) -> AttentionItem | None:
    """Return the open item of *key*, if there is one."""
    return session.scalars(select(AttentionItem).where(AttentionItem.open_key == key)).one_or_none()


def is_open(session: Session, key: str) -> bool:
    """Whether the item called *key* still waits for a person."""
    return (
        session.scalar(select(AttentionItem.id).where(AttentionItem.key == key, AttentionItem.resolved_at.is_(None)).limit(1)) is not None
    )
