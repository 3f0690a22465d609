"""Which approved words there are for a family, and for a language as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.messages.compose import Pair
from outreach.messages.languages import DEFAULT
from outreach.messages.phrases import wording_digest
from outreach.messages.tables import Approval, WordingVersion
from outreach.messages.wording import Overlay, Written

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


def choose(
    session: Session, message: str, channel: str, locale: str, *, default: str = DEFAULT, wording: str = "", school_id: str = ""
) -> Choice | None:
    """Return the last approved pair for a family of language *locale* (empty: unknown), else that of *default*, else None.

    *wording* is a message that says the same for an occasion of its own, and comes first within a language; so does, within a message,
    the copy of the school *school_id*.

    Never silence for want of a translation: a family without words in its language gets the approved English, counted as such, with the
    approved line about interpreters in its language.
    """
    for wanted, words in product(dict.fromkeys((locale, default)), filter(None, (wording, message))):
        if approval := latest_approval(session, words, channel, wanted, school_id=school_id):
            line = latest_approval(session, TAG, "sms", locale, school_id=school_id) if wanted != locale else None
            return Choice(pair_of(approval), approval.id, fallback=wanted != locale, tag=pair_of(line) if line else None)
    return None


def pair_of(approval: Approval) -> Pair:
    """The words that were approved."""
    return Pair(approval.message, approval.channel, approval.locale, approval.source_text, approval.translation_text)


def latest_approval(session: Session, message: str, channel: str, locale: str, *, school_id: str = "") -> Approval | None:
    """Return the approval in force, whatever the wordings say now: the latest of the school's own copy, else of the district's words."""
    for whose in dict.fromkeys((school_id, "")):
        rows = select(Approval).filter_by(message=message, channel=channel, locale=locale, school_id=whose)
        newest = session.scalars(rows.order_by(Approval.id.desc()).limit(1)).first()
        if newest is not None and newest.translation_text:
            return newest if holds(newest) else None
    return None


def holds(approval: Approval) -> bool:
    """Whether the words around its numbers, dates and names are still those it was approved with; else a person looks again."""
    return approval.phrases_hash in ("", wording_digest(approval.locale))


def in_force(session: Session, *, school_id: str = "") -> Mapping[tuple[str, str, str], Approval]:
    """Return every approval in force of the district, or of one school's copies, by message, channel and locale."""
    newest = (
        select(func.max(Approval.id))
        .where(Approval.school_id == school_id)
        .group_by(Approval.message, Approval.channel, Approval.locale)
    )  # fmt: skip
    rows = session.scalars(select(Approval).where(Approval.id.in_(newest), Approval.translation_text != ""))
    return {(row.message, row.channel, row.locale): row for row in rows if holds(row)}


def schools_with_copies(session: Session) -> frozenset[str]:
    """Return the schools that ever had approved words of their own."""
    return frozenset(session.scalars(select(Approval.school_id).where(Approval.school_id != "").distinct()))


def overlay(session: Session) -> Overlay:
    """Return the newest version of every wording that was written in the web."""
    newest = select(func.max(WordingVersion.id)).group_by(
        WordingVersion.message, WordingVersion.channel, WordingVersion.locale, WordingVersion.school_id
    )
    rows = session.scalars(select(WordingVersion).where(WordingVersion.id.in_(newest)))
    return Overlay(
        {(row.message, row.channel, row.locale, row.school_id): Written(row.id, row.number, row.text, row.source_hash) for row in rows}
    )


def versions(session: Session, message: str, channel: str, *, locale: str = DEFAULT, school_id: str = "") -> list[WordingVersion]:
    """Return every version of one wording that was written in the web, the newest first."""
    rows = select(WordingVersion).filter_by(message=message, channel=channel, locale=locale, school_id=school_id)
    return list(session.scalars(rows.order_by(WordingVersion.number.desc())))


def missing_from_core(session: Session, locale: str) -> tuple[str, ...]:
    """Return the messages of the core pack whose text nobody approved in *locale*."""
    return tuple(message for message in CORE_PACK if latest_approval(session, message, "sms", locale) is None)
