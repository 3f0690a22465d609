"""What is asked of people who read a language, and what becomes of it."""

from __future__ import annotations

from enum import StrEnum


class TaskKind(StrEnum):
    """One kind of help."""

    READ = "read"
    """Say what a family wrote, and answer it."""
    CHECK = "check"
    """Look at a machine's draft of an answer, and send it or not."""
    INTERPRET = "interpret"
    """Interpret at a time that was agreed."""


class TaskState(StrEnum):
    """Where it stands."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
