"""Writing words in the web: a new version of the district's wording or of a school's copy, and the way back to an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item, resolve_key
from outreach.database import take_turns
from outreach.district.tables import School
from outreach.messages import actions, queries
from outreach.messages.check import problems_of
from outreach.messages.compose import Pair
from outreach.messages.languages import DEFAULT
from outreach.messages.pairs import digest
from outreach.messages.tables import Approval, WordingVersion
from outreach.messages.templates import Source, sources


class EditError(ValueError):
    """The words cannot be kept; nothing was written."""


class ChangedError(EditError):
    """Somebody else changed the words since the writer began; nothing was written."""


@dataclass(frozen=True)
class Spot:
    """One wording: a message on one channel, of the district (no school) or as a school's own copy, in one language."""

    message: str
    channel: str
    school_id: str = ""
    locale: str = DEFAULT


@dataclass(frozen=True)
class Hand:
    """Who writes, when, and why in a few words of their own."""

    by: str
    now: datetime
    why: str = ""


def source_of(session: Session, spot: Spot, home: Path | None = None) -> Source:
    """Return the English text that stands at *spot*: the school's copy, else the district's wording, else the file's; raises EditError."""
    overlay = queries.overlay(session)
    own = sources(home, overlay, school_id=spot.school_id) if spot.school_id else []
    for source in (*own, *sources(home, overlay)):
        if (source.message, source.channel) == (spot.message, spot.channel):
            return source
    refusal = f"There is no message {spot.message} for {spot.channel}."
    raise EditError(refusal)


def own_source_of(session: Session, spot: Spot, home: Path | None = None) -> Source:
    """Return the English of *spot* itself, to be approved there; raises EditError where a school has no copy of its own."""
    source = source_of(session, spot, home)
    if source.school_id != spot.school_id:
        refusal = "The school uses the district's words. Change something, and it has a copy of its own."
        raise EditError(refusal)
    return source


def file_text(spot: Spot, home: Path | None = None) -> str:
    """Return version 0 of the district's English at *spot*: the file's words."""
    return next(source.text for source in sources(home) if (source.message, source.channel) == (spot.message, spot.channel))


def write(
    session: Session, spot: Spot, text: str, hand: Hand, *, home: Path | None = None, seen: str | None = None
) -> WordingVersion | None:
    """Keep *text* as the newest version at *spot*; None where exactly these words stand there already.

    For a translation *text* translates the English as it stands now. *seen* is the digest of the words that the writer began with. Nothing
    leaves until the pair is approved. Raises EditError where the words have a problem, or others wrote at *spot* meanwhile.
    """
    take_turns(session, "wording")
    source = source_of(session, spot, home)
    words = text.replace("\r\n", "\n").strip()
    standing = _standing(session, spot, source)
    if seen is not None and seen != digest(standing):
        refusal = "Somebody else changed these words while you were writing. Look at theirs below, then save again."
        raise ChangedError(refusal)
    if words == standing:
        return None
    english = words if spot.locale == DEFAULT else source.text
    if faults := problems_of(source, Pair(spot.message, spot.channel, spot.locale, english, words)):
        raise EditError(" ".join(fault.sentence for fault in faults))
    return _add(session, spot, words, digest(english), hand)


def return_to(session: Session, spot: Spot, number: int, hand: Hand) -> WordingVersion | None:
    """Make an earlier version of the English stand again, as a new version; None where it stands already.

    Version 0 is the file, and for a school the district's words. Approve it with ``restore``; a school that goes back to the district's
    words needs no approval, for they are approved. Raises EditError.
    """
    take_turns(session, "wording")
    rows = queries.versions(session, spot.message, spot.channel, school_id=spot.school_id)
    earlier = {0: "", **{row.number: row.text for row in rows}}
    if number not in earlier:
        refusal = f"There is no version {number} of these words."
        raise EditError(refusal)
    words = earlier[number]
    if words == (rows[0].text if rows else ""):
        return None
    if spot.school_id and not words:
        _give_up(session, spot, hand)
    return _add(session, spot, words, digest(words), hand, number)


def restore(session: Session, spot: Spot, hand: Hand, *, home: Path | None = None) -> list[actions.ApprovedRow]:
    """Approve the English that stands at *spot*, and with it each translation that was last approved for exactly these words.

    Raises ApprovalError; EditError where a school has no copy.
    """
    source = own_source_of(session, spot, home)
    rows = select(Approval).filter_by(message=spot.message, channel=spot.channel, school_id=spot.school_id, source_hash=digest(source.text))
    once = {row.locale: row.translation_text for row in session.scalars(rows.order_by(Approval.id)) if row.translation_text}
    pairs = {**once, DEFAULT: source.text}
    return actions.approve_pairs(
        session,
        [(source, Pair(spot.message, spot.channel, locale, source.text, words)) for locale, words in pairs.items()],
        by=hand.by,
        now=hand.now,
    )


def ask_for_approval(session: Session, spot: Spot, hand: Hand) -> None:
    """Put a draft before those who may approve it; the approval settles it."""
    what = f"{spot.message.replace('_', ' ')} ({'letter' if spot.channel == 'letter' else 'text'})"
    school = session.scalar(select(School.name).where(School.school_id == spot.school_id)) if spot.school_id else ""
    whose = f"for {school or spot.school_id} " if spot.school_id else ""
    raise_item(
        session,
        kind="words_draft",
        key=actions.draft_key(spot.message, spot.channel, spot.school_id),
        sentence=f"New words of {what} {whose}wait for your approval: page Words, Edit. Until then the approved ones go out.",
        now=hand.now,
        detail={"message": spot.message, "channel": spot.channel, "school": spot.school_id, "by": hand.by},
    )


def _standing(session: Session, spot: Spot, source: Source) -> str:
    """The words that stand at *spot* now: for a translation those written in the web for the English as it is, else nothing."""
    if spot.locale == DEFAULT:
        return source.text
    written = queries.overlay(session).words(spot.message, spot.channel, locale=spot.locale, school_id=spot.school_id)
    return written.text if written is not None and written.source_hash == digest(source.text) else ""


def _add(session: Session, spot: Spot, text: str, source_hash: str, hand: Hand, back_to: int | None = None) -> WordingVersion:
    if not hand.by.strip():
        refusal = "Say who writes these words."
        raise EditError(refusal)
    earlier = queries.versions(session, spot.message, spot.channel, locale=spot.locale, school_id=spot.school_id)
    row = WordingVersion(
        message=spot.message,
        channel=spot.channel,
        locale=spot.locale,
        school_id=spot.school_id,
        number=earlier[0].number + 1 if earlier else 1,
        text=text,
        source_hash=source_hash,
        back_to=back_to,
        written_by=hand.by.strip(),
        written_at=hand.now,
        why=hand.why.strip(),
    )
    session.add(row)
    session.flush()
    return row


def _give_up(session: Session, spot: Spot, hand: Hand) -> None:
    """End what was approved of a school's copy, in every language."""
    for (message, channel, locale), row in queries.in_force(session, school_id=spot.school_id).items():
        if (message, channel) == (spot.message, spot.channel):
            session.add(
                Approval(
                    message=message,
                    channel=channel,
                    locale=locale,
                    school_id=spot.school_id,
                    source_hash=row.source_hash,
                    translation_hash="",
                    source_text=row.source_text,
                    translation_text="",
                    phrases_hash="",
                    approved_by=hand.by,
                    approved_at=hand.now,
                )
            )
    session.flush()
    resolve_key(session, actions.draft_key(spot.message, spot.channel, spot.school_id), by=hand.by, now=hand.now)
