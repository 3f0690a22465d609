"""Which approved words there are for a family, and for a language as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.messages.compose import Pair
from outreach.messages.languages import DEFAULT
from outreach.messages.tables import Approval

CORE_PACK = ("count", "welcome", "opt_out", "help", "after_hours", "safety", "which_days", "correction")
"""The messages whose texts a language needs before anything else: with them a family can be told, can answer, and can stop."""
TAG = "interpreter"
"""The message that stands under English words, in the family's own language."""


@dataclass(frozen=True)
class Choice:
    """Approved words for one family."""

    pair: Pair
    approval_id: int
    fallback: bool
    """The family's language has no approved words, so these are the approved ones of the default language."""
    tag: Pair | None = None
    """For words that are not in the family's language: the approved line in it that tells of an interpreter."""

    @property
    def locale(self) -> str:
        """The language of the words."""
        return self.pair.locale


def choose(session: Session, message: str, channel: str, locale: str, *, default: str = DEFAULT, wording: str = "") -> Choice | None:
    """Return the last approved pair for a family of language *locale* (empty: unknown), else that of *default*, else None.

    *wording* is a message that says the same for an occasion of its own, and comes first within a language.

    Never silence for want of a translation: a family without words in its language gets the approved English, counted as such, with the
    approved line about interpreters in its language.
    """
    for wanted, words in product(dict.fromkeys((locale, default)), filter(None, (wording, message))):
        if approval := latest_approval(session, words, channel, wanted):
            line = latest_approval(session, TAG, "sms", locale) if wanted != locale else None
            return Choice(pair_of(approval), approval.id, fallback=wanted != locale, tag=pair_of(line) if line else None)
    return None


def pair_of(approval: Approval) -> Pair:
    """The words that were approved."""
    return Pair(approval.message, approval.channel, approval.locale, approval.source_text, approval.translation_text)


def latest_approval(session: Session, message: str, channel: str, locale: str) -> Approval | None:
    """Return the approval in force: the latest row, whatever the files say now."""
    return session.scalars(
        select(Approval).filter_by(message=message, channel=channel, locale=locale).order_by(Approval.id.desc()).limit(1)
    ).first()


def in_force(session: Session) -> Mapping[tuple[str, str, str], Approval]:
    """Return every approval in force, by message, channel and locale."""
    newest = select(func.max(Approval.id)).group_by(Approval.message, Approval.channel, Approval.locale)
    return {(row.message, row.channel, row.locale): row for row in session.scalars(select(Approval).where(Approval.id.in_(newest)))}


def missing_from_core(session: Session, locale: str) -> tuple[str, ...]:
    """Return the messages of the core pack whose text nobody approved in *locale*."""
    approved = set(session.scalars(select(Approval.message).filter_by(channel="sms", locale=locale)))
    return tuple(message for message in CORE_PACK if message not in approved)
