"""What one dispatch did, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class DispatchReport:
    """What one dispatch did: outcome → messages."""

    counts: Counter[str] = field(default_factory=Counter)
    claimed: int = 0
    """Messages taken in hand, sent or not; 0 means that nothing more is due."""
    errors_for_a_person: int = 0
    stopped: str = ""
    """Why nothing more leaves, where our own set-up is wrong."""

    def add(self, other: DispatchReport) -> None:
        """Add what another dispatch did."""
        self.counts.update(other.counts)
        self.claimed += other.claimed
        self.errors_for_a_person += other.errors_for_a_person
        self.stopped = self.stopped or other.stopped
