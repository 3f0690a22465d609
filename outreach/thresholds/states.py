"""What can become of an episode."""

from __future__ import annotations

from enum import StrEnum


class EpisodeState(StrEnum):
    """Where an episode stands."""

    BASELINE = "baseline"
    """Found at a rule's or a school's first evaluation; waits for a person's release."""
    OPEN = "open"
    PASSED = "passed"
    """A lower rung, recorded because a higher one speaks."""
    CLOSED = "closed"
