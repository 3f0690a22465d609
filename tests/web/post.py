"""Letters for pages to show: what the seeded families are told by post, printed in one batch."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from outreach.database import Database
from outreach.delivery import letter_batches as batches
from outreach.delivery.letter_tables import LetterPage
from outreach.district import corrections
from outreach.district.overlays import Act
from outreach.district.people import Address
from outreach.messages.actions import approve
from outreach.planning.actions import plan
from outreach.settings import Settings
from outreach.thresholds.actions import evaluate, release_baseline
from outreach.thresholds.rules import load_rules
from tests.conftest import NOON

CONTACTS = ("c1", "c2", "c3", "c4")


@dataclass(frozen=True)
class Posted:
    """The batch, and the letters in it by planned message."""

    batch: int
    letters: dict[int, str]


def letters_due(database: Database, settings: Settings) -> None:
    """Give every family an address, and plan what it is to be told."""
    with database.write() as session:
        for number, contact_id in enumerate(CONTACTS, start=1):
            corrections.correct_address(session, contact_id, Address(f"{number} Oak St", "", "Chicago", "IL", "60601"), Act("test", NOON))
        approve(session, message=None, language=None, by="words@example.org", now=NOON)
        evaluate(session, load_rules(), settings=settings, now=NOON)
        release_baseline(session, 100, by="test", now=NOON)
        plan(session, settings=settings, now=NOON)


def printed(database: Database, settings: Settings) -> Posted:
    """Print what is due."""
    letters_due(database, settings)
    with database.write() as session:
        batch = batches.gather(session, settings, NOON, "boss@example.org").batch
        assert batch is not None
        return Posted(batch.id, {page.planned_id: page.letter_id for page in session.scalars(select(LetterPage))})
