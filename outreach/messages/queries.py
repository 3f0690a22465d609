"""Which approved words there are for a family."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.messages.compose import Pair
from outreach.messages.languages import DEFAULT
from outreach.messages.tables import Approval


@dataclass(frozen=True)
class Choice:
    """Approved words for one family."""

    pair: Pair
    approval_id: int
    fallback: bool
    """The family's language has no approved words, so these are the approved ones of the default language."""

    @property
    def locale(self) -> str:
        """The language of the words."""
        return self.pair.locale


def choose(session: Session, message: str, channel: str, locale: str, *, default: str = DEFAULT) -> Choice | None:
    """Return the last approved pair for a family of language *locale* (empty: unknown), else that of *default*, else None.

    Never silence for want of a translation: a family without words in its language gets the approved English, counted as such.
    """
    for wanted in dict.fromkeys((locale, default)):
        if approval := latest_approval(session, message, channel, wanted):
            pair = Pair(message, channel, wanted, approval.source_text, approval.translation_text)
            return Choice(pair, approval.id, fallback=wanted != locale)
    return None


def latest_approval(session: Session, message: str, channel: str, locale: str) -> Approval | None:
    """Return the approval in force: the latest row, whatever the files say now."""
    return session.scalars(
        select(Approval).filter_by(message=message, channel=channel, locale=locale).order_by(Approval.id.desc()).limit(1)
    ).first()
