"""What can become of a barrier, of a step against it, and of a referral: an enum each, and one table of moves for all of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar


class BarrierState(StrEnum):
    """Where something that stands in a child's way stands."""

    OPEN = "open"
    SAID_YES = "said_yes"
    """The family says that it is better; whoever looks after the case has yet to see it."""
    CLOSED = "closed"


class StepState(StrEnum):
    """Where something that a person does about it stands."""

    PLANNED = "planned"
    DONE = "done"
    DROPPED = "dropped"


class ReferralState(StrEnum):
    """Where a family's way to a partner stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    HELPED = "helped"
    NOT_HELPED = "not_helped"
    DECLINED = "declined"
    """By the family, or by the partner."""


class Layer(StrEnum):
    """The three layers of response (Attendance Works)."""

    PREVENTION = "prevention"
    PROBLEM_SOLVING = "problem_solving"
    MITIGATION = "mitigation"


class Severity(StrEnum):
    """How much it keeps the child away."""

    NOT_SAID = "not_said"
    SOME = "some"
    MOST = "most"
    ALL = "all"


class SaidBy(StrEnum):
    """Who said that it stands in the way."""

    TEXT = "text"
    PAGE = "page"
    FAMILY = "family"
    """To a person, who wrote it down."""
    STUDENT = "student"
    STAFF = "staff"


class IllegalMoveError(RuntimeError):
    """Something of a case cannot go from its state to the one asked for."""


State = TypeVar("State", BarrierState, StepState, ReferralState)

MOVES: dict[BarrierState | StepState | ReferralState, frozenset[StrEnum]] = {
    BarrierState.OPEN: frozenset({BarrierState.SAID_YES, BarrierState.CLOSED}),
    BarrierState.SAID_YES: frozenset({BarrierState.OPEN, BarrierState.CLOSED}),
    BarrierState.CLOSED: frozenset({BarrierState.OPEN}),
    StepState.PLANNED: frozenset({StepState.DONE, StepState.DROPPED}),
    # planned again: the family or the partner declined what was offered, or it did not help
    StepState.DONE: frozenset({StepState.PLANNED}),
    StepState.DROPPED: frozenset(),
    ReferralState.OFFERED: frozenset({ReferralState.ACCEPTED, ReferralState.DECLINED}),
    ReferralState.ACCEPTED: frozenset({ReferralState.HELPED, ReferralState.NOT_HELPED, ReferralState.DECLINED}),
    ReferralState.HELPED: frozenset(),
    ReferralState.NOT_HELPED: frozenset(),
    ReferralState.DECLINED: frozenset(),
}


def move(now: State, to: State) -> State:
    """Return *to*, or raise IllegalMoveError; staying where one is, is no move and is allowed."""
    if now != to and to not in MOVES[now]:
        message = f"This is {now.replace('_', ' ')} already; it cannot become {to.replace('_', ' ')}."
        raise IllegalMoveError(message)
    return to
