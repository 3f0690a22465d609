"""Raising what a person must see, and resolving it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.attention import queries
from outreach.attention.tables import AttentionItem
from outreach.database import Json


class UnknownItemError(LookupError):
    """There is no such item."""


def raise_item(  # an item is what these words say; a record to carry them would only repeat them
    session: Session,
    *,
    kind: str,
    key: str,
    sentence: str,
    now: datetime,
    school_id: str = "",
    detail: Json | None = None,
    urgent: bool = False,
) -> AttentionItem:
    """Put *sentence* before a person, and return the open row of that *key*.

    While the row is open the same trouble does not make a second one: ``times_seen`` grows, the newest words stand, and
    ``urgent`` never falls back. One statement does it, so two workers that see the same trouble at once still leave one row.
    *sentence* and *detail* carry no family's name, number or words; *school_id* empty means the district's own staff.
    """
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(AttentionItem)
    new = insert.values(
        kind=kind,
        key=key,
        open_key=key,
        school_id=school_id,
        sentence=sentence,
        detail=detail or {},
        urgent=urgent,
        opened_at=now,
        last_seen_at=now,
        times_seen=1,
        resolved_at=None,
        resolved_by="",
    )
    upsert = new.on_conflict_do_update(
        index_elements=[AttentionItem.open_key],
        set_={
            "sentence": new.excluded.sentence,
            "detail": new.excluded.detail,
            "school_id": new.excluded.school_id,
            "urgent": or_(AttentionItem.urgent, new.excluded.urgent),
            "last_seen_at": new.excluded.last_seen_at,
            "times_seen": AttentionItem.times_seen + 1,
        },
    ).returning(AttentionItem)
    item: AttentionItem = session.scalars(upsert, execution_options={"populate_existing": True}).one()
    return item


def resolve(session: Session, item_id: int, *, by: str, now: datetime) -> AttentionItem:
    """Mark an item as settled by *by* (an account's e-mail, or the name of the stage that saw the trouble gone).

    Resolving again changes nothing: the first person stays on record. Raises UnknownItemError.
    """
    item = session.get(AttentionItem, item_id, with_for_update=True)
    if item is None:
        message = f"There is no item {item_id}."
        raise UnknownItemError(message)
    if item.resolved_at is None:
        item.resolved_at, item.resolved_by, item.open_key = now, by, None
        session.flush()
    return item


def resolve_key(session: Session, key: str, *, by: str, now: datetime) -> AttentionItem | None:
    """Resolve the open item of *key*, if there is one: the trouble is gone."""
    item = queries.by_key(session, key)
    return None if item is None else resolve(session, item.id, by=by, now=now)
