"""What becomes of words that a machine translates."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Whose words they are."""

    READING = "reading"
    """A family's, for staff who do not read them."""
    DRAFT = "draft"
    """Staff's own answer, for a speaker to look at before it leaves."""


class MachineState(StrEnum):
    """Where they stand."""

    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"
    """The service gave none, or does not know the language: a language helper has it."""
    APPROVED = "approved"
    """A draft that a speaker looked at; what they made of it is the answer."""
    DROPPED = "dropped"
    """A draft that a speaker would not send."""
