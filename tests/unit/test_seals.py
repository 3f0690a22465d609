"""Two seals on one conversation: whose eyes each word is for, as a table."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.cases import danger_queries as danger
from outreach.cases.seals import SEALED, Seals
from tests.conftest import NOON

HOUR = timedelta(hours=1)
EARLY, LATE = NOON - HOUR, NOON + HOUR
DANGER, REASON = danger.SEALED, SEALED


@pytest.mark.parametrize(
    ("seals", "early", "late", "urgent"),
    [
        (Seals(reads_danger=True), "", "", ""),
        (Seals(reads_danger=False), "", "", DANGER),
        (Seals(reads_danger=False, danger=NOON), "", DANGER, DANGER),
        (Seals(reads_danger=True, reason=NOON), "", REASON, ""),
        (Seals(reads_danger=True, reason=EARLY), REASON, REASON, ""),
        (Seals(reads_danger=True, reason=EARLY, incident=NOON), REASON, "", ""),
        (Seals(reads_danger=False, reason=NOON), "", REASON, DANGER),
        (Seals(reads_danger=False, danger=NOON, reason=EARLY), REASON, DANGER, DANGER),
    ],
)
def test_each_word_is_read_by_whom_it_is_for(seals: Seals, early: str, late: str, urgent: str) -> None:
    """A word an hour before noon, one an hour after, and a text at noon that may mean danger."""
    assert (seals.over(EARLY), seals.over(LATE), seals.over(NOON, urgent=True)) == (early, late, urgent)
