"""Approving words: only a named person's approval lets a pair of source and translation leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from outreach.messages.check import problems_of
from outreach.messages.compose import Pair
from outreach.messages.pairs import current_pairs, digest
from outreach.messages.queries import latest_approval
from outreach.messages.tables import Approval


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
    session: Session, *, message: str | None, language: str | None, by: str, now: datetime, home: Path | None = None
) -> list[ApprovedRow]:
    """Approve every current pair that matches; None matches all. *home* is ``settings.home``, where a district keeps its own words.

    The texts are kept in the row, so later edits of the files change nothing that leaves until somebody approves again. Raises
    ApprovalError, before anything is written, where nobody is named, nothing matches, or a matching pair has a problem.
    """
    if not by.strip():
        refusal = "Say who approves these words (--by EMAIL)."
        raise ApprovalError(refusal)
    chosen = [(s, p) for s, p in current_pairs(home) if message in (None, p.message) and language in (None, p.locale)]
    if not chosen:
        refusal = f"There are no words to approve for message {message or 'any'} and language {language or 'any'}."
        raise ApprovalError(refusal)
    if faults := [str(problem) for source, pair in chosen for problem in problems_of(source, pair)]:
        refusal = "These words cannot be approved as they stand: " + " ".join(faults)
        raise ApprovalError(refusal)
    return [_approve(session, pair, by.strip(), now) for _source, pair in chosen]


def _approve(session: Session, pair: Pair, by: str, now: datetime) -> ApprovedRow:
    source_hash, translation_hash = digest(pair.source), digest(pair.translation)
    row = latest_approval(session, pair.message, pair.channel, pair.locale)
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
