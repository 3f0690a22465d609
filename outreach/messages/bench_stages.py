"""Where one translation stands, what it amounts to in words, and when it is due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from outreach.messages.differences import differences
from outreach.messages.pairs import digest

_SLOT = re.compile(r"\{\{[^{}]*\}\}")
_WORD = re.compile(r"\w+(?:['’-]\w+)*")


class Stage(StrEnum):
    """How far a translation is."""

    NEW = "new"
    """Nobody has translated it, and nothing was ever approved."""
    CHANGED = "changed"
    """The English changed; the words approved for the older one go on leaving."""
    DRAFTED = "drafted"
    """A file holds a translation that no person stands behind."""
    SUBMITTED = "submitted"
    """A translator handed it in, and it waits for its reviewer."""
    RETURNED = "returned"
    """A reviewer sent what was handed in back, with a note."""
    DONE = "done"


@dataclass(frozen=True)
class Deadlines:
    """Days from the approval of an English text to its translation: for the core pack, and for all others."""

    core: int
    others: int

    def due(self, since: datetime | None, *, core: bool) -> datetime | None:
        """Until when; none while the English itself is not approved, since it may still change."""
        return since + timedelta(days=self.core if core else self.others) if since else None


def stage_of(source: str, offered: str, *, approved: tuple[str, str] | None, by_person: bool, sent_back: bool = False) -> Stage:
    """Return the stage of a translation.

    *offered* is the translation of exactly this English (empty: none), *approved* the hashes of source and translation in force,
    *by_person* whether somebody handed *offered* in, *sent_back* whether a reviewer wants it otherwise.
    """
    if approved is not None and approved[0] == digest(source) and (not offered or approved[1] == digest(offered)):
        return Stage.DONE
    if offered:
        return (Stage.RETURNED if sent_back else Stage.SUBMITTED) if by_person else Stage.DRAFTED
    return Stage.CHANGED if approved is not None else Stage.NEW


def words_in(template: str) -> int:
    """Count the words of a text as a translator is paid for them; placeholders are none."""
    return len(_WORD.findall(_SLOT.sub(" ", template)))


def words_changed(before: str, now: str) -> int:
    """Count the words of *now* that were not in *before*, in their order; all where *before* is empty."""
    return sum(words_in(piece.text) for piece in differences(before, now) if piece.kind == "new")
