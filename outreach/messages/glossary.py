"""What the school's terms are called in each language, so that all messages say them alike."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.database import take_turns
from outreach.messages.bench_tables import GlossaryVersion
from outreach.messages.editing import Hand
from outreach.resources import data_folder

LONGEST = 300
"""Characters of a term, its translation or its note."""


class GlossaryError(ValueError):
    """The term cannot be kept; nothing was written."""


@dataclass(frozen=True)
class Term:
    """One term in one language."""

    term: str
    translation: str
    """Empty where nobody has said it yet."""
    note: str
    written_by: str = ""
    """Empty where it stands as shipped: drafted, not reviewed."""
    written_at: datetime | None = None


def terms(session: Session, locale: str) -> list[Term]:
    """Return the glossary of a language in the order of the alphabet: what people wrote over what was shipped."""
    newest = select(func.max(GlossaryVersion.id)).where(GlossaryVersion.locale == locale).group_by(GlossaryVersion.term)
    rows = session.scalars(select(GlossaryVersion).where(GlossaryVersion.id.in_(newest)))
    written = {row.term: row for row in rows}
    known = {term: Term(term, about.get(locale, ""), about["note"]) for term, about in _shipped().items() if term not in written}
    known |= {
        row.term: Term(row.term, row.translation, row.note, row.written_by, row.written_at) for row in written.values() if not row.removed
    }
    return [known[term] for term in sorted(known)]


def history(session: Session, locale: str) -> list[GlossaryVersion]:
    """Return what was ever written about the terms of a language, the newest first."""
    return list(session.scalars(select(GlossaryVersion).filter_by(locale=locale).order_by(GlossaryVersion.id.desc())))


def occurring(known: Sequence[Term], english: str) -> list[Term]:
    """Return the terms that an English text uses, in any letter case and in the plural."""
    return [one for one in known if re.search(rf"(?<!\w){re.escape(one.term)}(?:e?s)?(?!\w)", english, re.IGNORECASE)]


def write(session: Session, locale: str, term: Term, hand: Hand, *, removed: bool = False) -> GlossaryVersion | None:
    """Keep what a term is called; None where exactly that stands already. Raises GlossaryError."""
    take_turns(session, "glossary")
    named, said, note = (" ".join(words.replace("\0", "").split()) for words in (term.term.lower(), term.translation, term.note))
    if not named:
        refusal = "Please write the English term."
        raise GlossaryError(refusal)
    if max(map(len, (named, said, note))) > LONGEST:
        refusal = f"Please use at most {LONGEST} characters for each."
        raise GlossaryError(refusal)
    standing = next((one for one in terms(session, locale) if one.term == named), None)
    same = standing is not None and bool(standing.written_by) and (standing.translation, standing.note) == (said, note)
    if (same and not removed) or (removed and standing is None):
        return None
    row = GlossaryVersion(locale=locale, term=named, translation=said, note=note, removed=removed, written_by=hand.by, written_at=hand.now)
    session.add(row)
    session.flush()
    return row


@cache
def _shipped() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = tomllib.loads((data_folder("config") / "glossary.toml").read_text(encoding="utf-8"))["terms"]
    return found
