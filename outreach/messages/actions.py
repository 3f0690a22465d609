"""Approving words: only a named person's approval lets a pair of source and translation leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from outreach.messages.check import problems_of
from outreach.messages.compose import Pair
from outreach.messages.pairs import current_pairs, digest
from outreach.messages.queries import in_force
from outreach.messages.tables import Approval
from outreach.messages.templates import Source, sources


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
    session: Session, *, message: str | Collection[str] | None, language: str | None, by: str, now: datetime, home: Path | None = None
) -> list[ApprovedRow]:
    """Approve every current pair that matches one message or several; None matches all. *home* is ``settings.home``, with a district's own.

    The texts are kept in the row, so later edits of the files change nothing that leaves until somebody approves again. Raises
    ApprovalError, before anything is written, where nobody is named, nothing matches, or a matching pair has a problem.
    """
    wanted = {message} if isinstance(message, str) else message
    chosen = [
        (source, pair)
        for source, pair in current_pairs(home)
        if (wanted is None or pair.message in wanted) and language in (None, pair.locale)
    ]
    if not chosen:
        refusal = (
            f"There are no words to approve for message {', '.join(sorted(wanted)) if wanted else 'any'} and language {language or 'any'}."
        )
        raise ApprovalError(refusal)
    return _approved(session, chosen, by, now)


def keep_translation(
    session: Session, *, message: str, language: str, by: str, now: datetime, home: Path | None = None
) -> list[ApprovedRow]:
    """Say that a changed English text means what it meant: the translations in force go on as translations of the new one.

    For every channel of *message* whose English changed since its words in *language* were approved. Raises as ``approve``.
    """
    known = in_force(session)
    chosen = []
    for source in sources(home):
        row = known.get((message, source.channel, language))
        if source.message == message and row is not None and row.source_hash != digest(source.text):
            chosen.append((source, Pair(message, source.channel, language, source.text, row.translation_text)))
    if not chosen:
        refusal = f"The English of {message} has not changed since its words in {language} were approved."
        raise ApprovalError(refusal)
    return _approved(session, chosen, by, now)


def _approved(session: Session, chosen: list[tuple[Source, Pair]], by: str, now: datetime) -> list[ApprovedRow]:
    if not by.strip():
        refusal = "Say who approves these words (--by EMAIL)."
        raise ApprovalError(refusal)
    if faults := [str(problem) for source, pair in chosen for problem in problems_of(source, pair)]:
        refusal = "These words cannot be approved as they stand: " + " ".join(faults)
        raise ApprovalError(refusal)
    known = in_force(session)
    return [_approve(session, known, pair, by.strip(), now) for _source, pair in chosen]


def _approve(session: Session, known: Mapping[tuple[str, str, str], Approval], pair: Pair, by: str, now: datetime) -> ApprovedRow:
    source_hash, translation_hash = digest(pair.source), digest(pair.translation)
    row = known.get((pair.message, pair.channel, pair.locale))
    new = row is None or (row.source_hash, row.translation_hash) != (source_hash, translation_hash)
    if row is None or new:
        row = Approval(
            message=pair.message,
            channel=pair.channel,
            locale=pair.locale,
            source_hash=source_hash,
            translation_hash=translation_hash,
            source_text=pair.source,
            translation_text=pair.translation,
            approved_by=by,
            approved_at=now,
        )
        session.add(row)
        session.flush()
    return ApprovedRow(pair.message, pair.channel, pair.locale, row.id, new=new)
