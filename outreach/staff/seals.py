"""Seals over the audit trail: whoever changes, removes or slips in an entry breaks one.

An entry is sealed an hour after it was written, in the order of ids: each seal signs its entries and the seal before it with a key that is
not in the database. Sealing in the act would make every act of everybody wait for one lock. What is younger than an hour is not sealed
yet, and ``verify`` says how much that is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.database import take_turns
from outreach.staff.tables import AuditEntry, AuditSeal

SETTLED = timedelta(hours=1)
"""No transaction that writes an entry is open for longer, so no smaller id can still appear."""
_AT_ONCE = 5_000
_OUTSIDE = "audit-seal"


@dataclass(frozen=True)
class Verified:
    """What a look through all seals found."""

    sealed: int
    unsealed: int
    """Entries younger than the newest seal."""
    broken: Sequence[str]
    """One sentence each, the oldest first; empty where nothing was touched."""


def seal(session: Session, key: str, now: datetime) -> AuditSeal | None:
    """Seal what has settled, up to five thousand entries; None where nothing has. *key* is ``keys.secret_key``."""
    take_turns(session, "audit seals")
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.id.desc())).first()
    after = last.last_id if last else 0
    settled = select(AuditEntry).where(AuditEntry.id > after, AuditEntry.at <= now - SETTLED).order_by(AuditEntry.id).limit(_AT_ONCE)
    entries = session.scalars(settled).all()
    if not entries:
        return None
    signed = _sign(key, last.digest if last else "", entries)
    made = AuditSeal(last_id=entries[-1].id, entries=len(entries), sealed_at=now, digest=signed)
    session.add(made)
    session.flush()
    return made


def note_outside(home: Path, number: int, digest: str) -> None:
    """Keep the newest seal beside the database too, once it is committed: without it the newest could be cut off with their entries."""
    draft = home / f"{_OUTSIDE}.new"
    draft.write_text(f"{number} {digest}\n", encoding="ascii")
    draft.replace(home / _OUTSIDE)


def verify(session: Session, key: str, home: Path) -> Verified:
    """Look through every seal, and say which no longer fits its entries; *home* holds the note of the newest."""
    broken, before, sealed = [], AuditSeal(last_id=0, entries=0, digest=""), 0
    for one in session.scalars(select(AuditSeal).order_by(AuditSeal.id)):
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.id > before.last_id, AuditEntry.id <= one.last_id).order_by(AuditEntry.id)
        ).all()
        if not hmac.compare_digest(one.digest, _sign(key, before.digest, entries)):
            broken.append(_sentence(one, before.last_id, len(entries)))
        sealed += one.entries
        before = one
    broken += _cut_off(session, home / _OUTSIDE)
    unsealed = session.scalar(select(func.count()).where(AuditEntry.id > before.last_id)) or 0
    return Verified(sealed, unsealed, broken)


def _cut_off(session: Session, note: Path) -> list[str]:
    """Whether the newest seal that was noted outside is gone."""
    if not note.exists():
        return []
    number, _, digest = note.read_text(encoding="ascii").strip().partition(" ")
    kept = session.get(AuditSeal, int(number))
    if kept is not None and hmac.compare_digest(kept.digest, digest):
        return []
    return [f"Seal {number} was made and is not there any more: the newest part of the audit trail was cut off. Compare it with a backup."]


def _sentence(one: AuditSeal, after: int, found: int) -> str:
    between = f"Audit entries {after + 1} to {one.last_id}, sealed {one.sealed_at:%Y-%m-%d %H:%M} UTC"
    if found != one.entries:
        return f"{between}: {one.entries} were sealed and {found} are there. Compare them with a backup."
    return f"{between}: something in them, or the seal itself, was changed since. Compare them with a backup."


def _sign(key: str, before: str, entries: Sequence[AuditEntry]) -> str:
    signed = hmac.new(f"audit seals/{key}".encode(), before.encode(), hashlib.sha256)
    for entry in entries:
        told = [entry.id, entry.at.isoformat(), entry.actor, entry.action, entry.subject, entry.detail]
        signed.update(json.dumps(told, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return signed.hexdigest()
