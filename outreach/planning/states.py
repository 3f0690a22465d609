"""What can become of a planned message: one enum, one transition table; and the classes that say which checks apply."""

from __future__ import annotations

from enum import StrEnum


class MessageClass(StrEnum):
    """What a message is for; ``planning.checks`` says which checks bind which class."""

    NUDGE = "nudge"
    CAMPAIGN = "campaign"
    ANSWER = "answer"
    CONFIRMATION = "confirmation"
    SAFETY = "safety"
    NOTICE = "notice"
    WELCOME = "welcome"
    """A first contact with a number that nobody has confirmed; it names nobody."""
    PROPOSAL = "proposal"
    """Asks the number on file whether a change named on the family page is the family's; it names nobody."""
    PAGE = "page"
    """To staff, never to a family: somebody has to look now."""
    TRIAL = "trial"
    """Words under work, to a staff member's own pretended phone."""


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    LETTER = "letter"


class State(StrEnum):
    """Where a planned message stands."""

    SKIPPED = "skipped"
    """Never to be sent as things are; planned again when the reason is gone."""
    WAITING = "waiting"
    """Ready, and waits for a person's approval; nothing else releases it."""
    PLANNED = "planned"
    HELD = "held"
    """Could not be released now; tried again at each dispatch until it expires."""
    CANCELLED = "cancelled"
    SENDING = "sending"
    """Released: the request may have left."""
    UNCERTAIN = "uncertain"
    """The request left and no clear answer came; only reconciliation moves it on."""
    ACCEPTED = "accepted"
    """The carrier took it."""
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    PRINTED = "printed"
    """A letter released in a batch."""


_MOVES: dict[State, frozenset[State]] = {
    State.SKIPPED: frozenset({State.PLANNED, State.CANCELLED}),
    State.WAITING: frozenset({State.PLANNED, State.CANCELLED}),
    # back to waiting: what a person approved has changed since
    State.PLANNED: frozenset({State.HELD, State.CANCELLED, State.SENDING, State.PRINTED, State.SKIPPED, State.WAITING}),
    State.HELD: frozenset({State.PLANNED, State.CANCELLED, State.SENDING, State.PRINTED, State.SKIPPED, State.WAITING}),
    State.CANCELLED: frozenset(),
    # back to planned: the provider said that it took nothing (429), or two clean reconciliations found nothing
    State.SENDING: frozenset(
        {State.ACCEPTED, State.FAILED, State.UNCERTAIN, State.PLANNED, State.CANCELLED, State.SENT, State.DELIVERED, State.UNDELIVERED}
    ),
    State.UNCERTAIN: frozenset({State.ACCEPTED, State.SENT, State.DELIVERED, State.UNDELIVERED, State.FAILED, State.PLANNED}),
    State.ACCEPTED: frozenset({State.SENT, State.DELIVERED, State.UNDELIVERED, State.FAILED, State.CANCELLED}),
    State.SENT: frozenset({State.DELIVERED, State.UNDELIVERED, State.FAILED}),
    # a late "delivered" wins over an earlier failure; nothing moves a delivered message
    State.UNDELIVERED: frozenset({State.DELIVERED}),
    State.FAILED: frozenset({State.DELIVERED}),
    State.DELIVERED: frozenset(),
    # its batch was taken back, it was pulled out of the pile, or the post brought it back
    State.PRINTED: frozenset({State.WAITING, State.CANCELLED, State.UNDELIVERED}),
}


class StudyState(StrEnum):
    """Where a study stands: proposed by one person, started by another, over."""

    PROPOSED = "proposed"
    RUNNING = "running"
    ENDED = "ended"


UNSAID = (State.SKIPPED, State.CANCELLED, State.WAITING)
"""States of rows that told nobody anything, and will not by themselves."""
TOLD = (State.SENDING, State.UNCERTAIN, State.ACCEPTED, State.SENT, State.DELIVERED, State.PRINTED)
"""States of rows that a family has read, or may have."""


class IllegalMoveError(RuntimeError):
    """A message cannot go from its state to the one asked for."""


def may_move(now: State, to: State) -> bool:
    """Say whether the table allows the move; staying where one is, is no move and is allowed."""
    return now == to or to in _MOVES[now]


def move(now: State, to: State) -> State:
    """Return *to*, or raise IllegalMoveError; a repeated move is a no-op."""
    if not may_move(now, to):
        message = f"a message cannot go from {now} to {to}"
        raise IllegalMoveError(message)
    return to
