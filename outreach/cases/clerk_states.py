"""What a family can say of the record, what can become of it, and when the feed agrees with the family. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from outreach.attendance.history import DayChange
from outreach.attendance.verdicts import Verdict
from outreach.replies.reasons import Intent


class WordKind(StrEnum):
    """What was said."""

    NOTE = "note"
    """Why the child was, or will be, away."""
    DISPUTE = "dispute"
    """That a day or the number is wrong."""
    PHOTO = "photo"
    """A photo without such words; it may be a note."""


class WordState(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    FIXED = "fixed"
    """Somebody set it right in the SIS; the next feed should show it."""
    STANDS = "stands"
    """The mark is right, for a reason that was written down."""
    ASKED = "asked"
    """Not clear: the family has to be asked."""
    CLOSED = "closed"


OUTCOMES = (WordState.FIXED, WordState.STANDS, WordState.ASKED)
"""What a person can say of one that is not closed."""
_ANY = frozenset(WordState)
MOVES: Mapping[WordState, frozenset[WordState]] = MappingProxyType(
    {**dict.fromkeys(WordState, _ANY), WordState.CLOSED: frozenset({WordState.CLOSED, WordState.WAITING})}
)
"""A person may think better of it; what is closed is first opened again."""
_KINDS = {Intent.REPORT_ABSENCE: WordKind.NOTE, Intent.DISPUTE_COUNT: WordKind.DISPUTE}


def kind_of(intent: Intent, *, photos: int) -> WordKind | None:
    """What a text says of the record; None where it says nothing of it."""
    return _KINDS.get(intent, WordKind.PHOTO if photos else None)


def shown_by(kind: WordKind, said: Collection[date], until: date, changes: Sequence[DayChange]) -> list[date]:
    """The days of which the feed says by now what the family said, among what changed since it said so.

    *said* are the dates it named; without any, every day up to *until* may be meant. A disputed day is agreed once it counts as absent no
    more, or less; a note once its day is excused, or no absence at all.
    """
    return sorted({change.date for change in changes if (change.date in said if said else change.date <= until) and _agrees(kind, change)})


def _agrees(kind: WordKind, change: DayChange) -> bool:
    then, now = change.then, change.now
    was_absent = then is not None and then.verdict.absent
    if now is None:
        return was_absent
    if kind is not WordKind.DISPUTE and now.verdict is Verdict.EXCUSED:
        return True
    return was_absent and now.verdict is not Verdict.UNKNOWN and (not now.verdict.absent or now.missed < (then.missed if then else 1))
