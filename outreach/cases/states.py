"""What can become of a case; only a person closes one."""

from __future__ import annotations

from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    """Someone of the district has to act."""
    ANSWERED = "answered"
    """The family has the last word."""
    CLOSED = "closed"


class Queue(StrEnum):
    """Where staff find it."""

    NEEDS_ME = "needs_me"
    INFORMATION = "information"


MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.ANSWERED, CaseState.CLOSED}),
    CaseState.ANSWERED: frozenset({CaseState.OPEN, CaseState.CLOSED}),
    CaseState.CLOSED: frozenset({CaseState.OPEN}),
}
