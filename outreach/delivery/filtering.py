"""Words that carriers' filters stop are stopped by us, before the filter learns to stop everything of ours."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item
from outreach.attention.tables import AttentionItem
from outreach.planning.tables import PlannedMessage

STOPPED = "words stopped: carriers filter this message; see Attention"
FILTERED = "30007"
"""The carrier's code of a text that a filter stopped."""
_SPAN = timedelta(days=7)
_SHARE = 100
"""One filtered text in more than so many is bearable; more stop the message."""


def stopped_words(session: Session) -> set[str]:
    """The messages whose words leave no more until a person has looked at them."""
    key = select(AttentionItem.key).where(AttentionItem.key.startswith(_key("")), AttentionItem.resolved_at.is_(None))
    return {name.removeprefix(_key("")) for name in session.scalars(key)}


def stop_if_filtered(session: Session, row: PlannedMessage, now: datetime) -> None:
    """Stop *row*'s message if more than 1 in 100 of its texts were filtered lately, or since a person last looked at its words."""
    if row.error_code != FILTERED or not row.message:
        return
    session.flush()
    looked = session.scalar(select(func.max(AttentionItem.resolved_at)).where(AttentionItem.key == _key(row.message)))
    since = max(now - _SPAN, looked or now - _SPAN)
    lately = PlannedMessage.message == row.message, PlannedMessage.sent_at >= since
    sent = session.scalar(select(func.count()).select_from(PlannedMessage).where(*lately)) or 0
    filtered = session.scalar(select(func.count()).select_from(PlannedMessage).where(*lately, PlannedMessage.error_code == FILTERED)) or 0
    if filtered * _SHARE > sent:
        sentence = (
            f"Carriers' filters stop the message {row.message} ({filtered} of {sent} texts). It leaves no more until its words and links "
            "were looked at and this is marked as done."
        )
        raise_item(session, kind="words", key=_key(row.message), sentence=sentence, now=now, urgent=True)


def _key(message: str) -> str:
    return f"words-stopped:{message}"
