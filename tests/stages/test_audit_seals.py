"""An entry that is changed, removed, slipped in or cut off shows, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from outreach.attention.tables import AttentionItem
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import Settings
from outreach.staff import seals
from outreach.staff.actions import audit
from outreach.staff.tables import AuditEntry, AuditSeal
from scheduler import ticks
from tests.conftest import NOON

KEY = "k" * 40
HOUR = timedelta(hours=1)


@pytest.fixture
def sealed(database: Database, settings: Settings) -> Database:
    """Two seals over two entries each, and one entry that is too young for a third."""
    settings.home.mkdir(parents=True, exist_ok=True)
    for hour in range(3):
        with database.write() as session:
            for number in range(2 if hour < 2 else 1):
                audit(session, actor="ana", action="case.closed", subject=f"case {number}", now=NOON + hour * HOUR, detail={"é": [1, None]})
    for hour in (1, 2):
        with database.write() as session:
            made = seals.seal(session, KEY, NOON + hour * HOUR)
            assert made is not None
            seals.note_outside(settings.home, made.id, made.digest)
    return database


def _broken(database: Database, settings: Settings, key: str = KEY) -> list[str]:
    with database.read() as session:
        return list(seals.verify(session, key, settings.home).broken)


def test_an_untouched_trail_verifies_and_says_how_much_is_sealed(sealed: Database, settings: Settings) -> None:
    with sealed.read() as session:
        found = seals.verify(session, KEY, settings.home)
    assert (found.sealed, found.unsealed, list(found.broken)) == (4, 1, [])
    with sealed.write() as session:
        assert seals.seal(session, KEY, NOON + 2 * HOUR) is None, "what is younger than an hour waits"


_TOUCHES: dict[str, tuple[Callable[[Session], object], str]] = {
    "a changed word": (lambda s: s.execute(update(AuditEntry).where(AuditEntry.id == 1).values(actor="raj")), "was changed since"),
    "a changed time": (lambda s: s.execute(update(AuditEntry).where(AuditEntry.id == 3).values(at=NOON)), "was changed since"),
    "a changed figure": (lambda s: s.execute(update(AuditEntry).where(AuditEntry.id == 2).values(detail={"é": [2]})), "was changed since"),
    "a removed entry": (lambda s: s.execute(delete(AuditEntry).where(AuditEntry.id == 2)), "2 were sealed and 1 are there"),
    "a removed seal": (lambda s: s.execute(delete(AuditSeal).where(AuditSeal.id == 1)), "were sealed and"),
    "a changed seal": (lambda s: s.execute(update(AuditSeal).where(AuditSeal.id == 1).values(digest="0" * 64)), "was changed since"),
    "the newest cut off": (
        lambda s: (s.execute(delete(AuditEntry).where(AuditEntry.id > 2)), s.execute(delete(AuditSeal).where(AuditSeal.id == 2))),
        "was cut off",
    ),
}


@pytest.mark.parametrize("touch", _TOUCHES)
def test_what_was_sealed_cannot_be_touched_unseen(sealed: Database, settings: Settings, touch: str) -> None:
    act, sentence = _TOUCHES[touch]
    with sealed.write() as session:
        act(session)
    broken = _broken(sealed, settings)
    assert broken
    assert sentence in broken[0]


def test_nobody_forges_a_seal_without_the_key(sealed: Database, settings: Settings) -> None:
    assert len(_broken(sealed, settings, key="another")) == 2


def test_the_hourly_job_notes_its_seal_and_a_new_seal_hides_no_missing_one(database: Database, settings: Settings) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    for hour in range(3):
        with database.write() as session:
            audit(session, actor="ana", action="case.closed", subject=f"case {hour}", now=NOON + hour * HOUR)
            if hour == 2:
                session.execute(delete(AuditSeal))
                session.execute(delete(AuditEntry).where(AuditEntry.id == 1))
        ticks.seal_audit(Services(settings, database, FixedClock(NOON + (hour + 1) * HOUR), None))
        with database.read() as session:
            told = session.scalars(select(AttentionItem.sentence).where(AttentionItem.kind == "audit_broken")).all()
            newest = session.scalar(select(func.max(AuditSeal.id)))
        assert ["was cut off" in sentence for sentence in told] == [True] * (hour == 2)
        assert (settings.home / "audit-seal").read_text(encoding="ascii").split()[0] == str(newest)
