"""Children who were mostly sent home: a count would blame the family for what the school did, so a person decides what to say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve
from outreach.attention.tables import AttentionItem

_KIND = "suspension"
_SENTENCE = (
    "A child over a threshold missed half or more of its days by suspension. No message leaves; decide what this family needs to hear."
)


def ask(session: Session, crossings: Mapping[str, tuple[int, str]], now: datetime) -> None:
    """Put each child before a person once per crossing, and take back what is no longer to be decided.

    *crossings* are the children whose message was skipped for this reason: child → its newest crossing, and its school. An item
    that a person resolved is decided and does not come back with the next planning.
    """
    wanted = {f"{_KIND}:{student_id}:{episode}": (student_id, school) for student_id, (episode, school) in crossings.items()}
    raised = {item.key: item for item in session.scalars(select(AttentionItem).where(AttentionItem.kind == _KIND))}
    for key, item in raised.items():
        if item.resolved_at is None and key not in wanted:
            resolve(session, item.id, by="plan", now=now)
    for key, (student_id, school_id) in sorted(wanted.items()):
        if key not in raised:
            detail = {"student": student_id}
            raise_item(session, kind=_KIND, key=key, sentence=_SENTENCE, now=now, school_id=school_id, detail=detail)
