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


class EventKind(StrEnum):
    """What can happen in a case."""

    INBOUND = "inbound"
    ANSWER = "answer"
    AUTOMATIC = "automatic"
    NOTE = "note"
    OPENED = "opened"
    CLOSED = "closed"
    REOPENED = "reopened"
    CROSSING = "crossing"
    ASSIGNED = "assigned"
    CORRECTION = "correction"
    SNOOZED = "snoozed"
    UNDONE = "undone"
    CALL = "call"
    """Somebody spoke with the family on the phone."""
    NO_ANSWER = "no_answer"
    """Somebody called and reached nobody."""
    VISIT = "visit"
    BARRIER = "barrier"
    """Something that stands in the child's way was reported, looked at or closed."""
    STEP = "step"
    """Somebody planned or did something about it."""
    HANDOVER = "handover"
    """Another school leads from now on; the words are what its people should know."""


class WrongState(StrEnum):
    """What became of a number that was told and turned out wrong."""

    OPEN = "open"
    """A person has to approve its correction, or dismiss it."""
    APPROVED = "approved"
    DISMISSED = "dismissed"
    RIGHT_AGAIN = "right_again"
    """Later data say what was told; nothing had left by then."""


class IllegalMoveError(RuntimeError):
    """A case cannot go from its state to the one asked for."""


MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.ANSWERED, CaseState.CLOSED}),
    CaseState.ANSWERED: frozenset({CaseState.OPEN, CaseState.CLOSED}),
    CaseState.CLOSED: frozenset({CaseState.OPEN}),
}


def move(now: CaseState, to: CaseState) -> CaseState:
    """Return *to*, or raise IllegalMoveError; staying where one is, is no move and is allowed."""
    if now != to and to not in MOVES[now]:
        message = f"This case is {now}; it cannot become {to}."
        raise IllegalMoveError(message)
    return to
