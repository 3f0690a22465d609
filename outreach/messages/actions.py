"""Approving words: only a named person's approval lets a pair of source and translation leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from outreach.attention.actions import resolve_key
from outreach.messages.check import problems_of
from outreach.messages.compose import Pair, phrases_hash
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.pairs import current_pairs, digest
from outreach.messages.queries import in_force, overlay
from outreach.messages.tables import Approval
from outreach.messages.templates import Source, sources


def draft_key(message: str, channel: str, school_id: str) -> str:
    """The key under which a draft of English words waits for an approver under *Attention*."""
    return f"words-draft:{message}:{channel}:{school_id}"


class ApprovalError(ValueError):
    """The words cannot be approved; nothing was written."""


@dataclass(frozen=True)
class ApprovedRow:
    """One pair that is now in force."""

    message: str
    channel: str
    locale: str
    approval_id: int
    new: bool
    """False where exactly this pair was in force already."""


def approve(
    session: Session,
    *,
    message: str | Collection[str] | None,
    language: str | None,
    by: str,
    now: datetime,
    home: Path | None = None,
    channel: str | None = None,
    school_id: str = "",
) -> list[ApprovedRow]:
    """Approve every current pair that matches one message or several; None matches all. *home* is ``settings.home``, with a district's own.

    With *school_id* the copies of that school. The texts are kept in the row, so later edits change nothing that leaves until somebody
    approves again. Raises ApprovalError, before anything is written, where nobody is named, nothing matches, or a matching pair has a
    problem.
    """
    wanted = {message} if isinstance(message, str) else message
    chosen = [
        (source, pair)
        for source, pair in current_pairs(home, overlay(session), school_id=school_id)
        if (wanted is None or pair.message in wanted) and language in (None, pair.locale) and channel in (None, pair.channel)
    ]
    if not chosen:
        refusal = (
            f"There are no words to approve for message {', '.join(sorted(wanted)) if wanted else 'any'} and language {language or 'any'}."
        )
        raise ApprovalError(refusal)
    return approve_pairs(session, chosen, by=by, now=now)


def keep_translation(
    session: Session,
    *,
    message: str,
    language: str | None,
    by: str,
    now: datetime,
    home: Path | None = None,
    channel: str | None = None,
    school_id: str = "",
) -> list[ApprovedRow]:
    """Say that a changed English text means what it meant: the translations in force go on as translations of the new one.

    For every channel of *message* (or one) whose English changed since its words in *language* (None: in any) were approved. Raises as
    ``approve``.
    """
    kept = in_force(session, school_id=school_id)
    chosen = [
        (source, Pair(message, source.channel, locale, source.text, row.translation_text))
        for source in sources(home, overlay(session), school_id=school_id)
        for locale in languages()
        if source.message == message
        and channel in (None, source.channel)
        and locale != DEFAULT
        and language in (None, locale)
        and (row := kept.get((message, source.channel, locale))) is not None
        and row.source_hash != digest(source.text)
    ]
    if not chosen:
        refusal = f"The English of {message} has not changed since its words in {language or 'other languages'} were approved."
        raise ApprovalError(refusal)
    return approve_pairs(session, chosen, by=by, now=now)


def approve_pairs(session: Session, chosen: list[tuple[Source, Pair]], *, by: str, now: datetime) -> list[ApprovedRow]:
    """Approve exactly these pairs; raises ApprovalError, before anything is written, where nobody is named or a pair has a problem."""
    if not by.strip():
        refusal = "Say who approves these words (--by EMAIL)."
        raise ApprovalError(refusal)
    if faults := [str(problem) for source, pair in chosen for problem in problems_of(source, pair)]:
        refusal = "These words cannot be approved as they stand: " + " ".join(faults)
        raise ApprovalError(refusal)
    known = {school: in_force(session, school_id=school) for school in {source.school_id for source, _pair in chosen}}
    return [_approve(session, known[source.school_id], source, pair, by.strip(), now) for source, pair in chosen]


def _approve(
    session: Session, known: Mapping[tuple[str, str, str], Approval], source: Source, pair: Pair, by: str, now: datetime
) -> ApprovedRow:
    source_hash, translation_hash = digest(pair.source), digest(pair.translation)
    row = known.get((pair.message, pair.channel, pair.locale))
    hashes = (source_hash, translation_hash, phrases_hash(pair))
    new = row is None or (row.source_hash, row.translation_hash, row.phrases_hash) != hashes
    if row is None or new:
        row = Approval(
            message=pair.message,
            channel=pair.channel,
            locale=pair.locale,
            school_id=source.school_id,
            version_id=source.version_id,
            source_hash=source_hash,
            translation_hash=translation_hash,
            source_text=pair.source,
            translation_text=pair.translation,
            phrases_hash=phrases_hash(pair),
            approved_by=by,
            approved_at=now,
        )
        session.add(row)
        session.flush()
    if pair.locale == DEFAULT:
        resolve_key(session, draft_key(pair.message, pair.channel, source.school_id), by=by, now=now)
    return ApprovedRow(pair.message, pair.channel, pair.locale, row.id, new=new)
