"""A year looked at again by other rules: what the weekly evaluations would have found, and nothing kept of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import func, select

from outreach.database import Database
from outreach.planning.backtest import backtest
from outreach.settings import Settings
from outreach.thresholds.rules import load_rules
from outreach.thresholds.tables import Episode, RuleStart
from tests.stages.nights import Nights


def test_a_year_is_looked_at_again_week_by_week_and_nothing_is_kept(sqlite_database: Database, settings: Settings, tmp_path: Path) -> None:
    nights = Nights(sqlite_database, settings, tmp_path / "feed")
    nights.district.child("lia", absent=9)
    nights.district.child("max", absent=2)
    nights.district.adult("anna", ["lia"], phone="(312) 555-0142", address="1 Elm Street")
    nights.open()
    with sqlite_database.read() as session:
        before = [session.scalar(select(func.count()).select_from(table)) for table in (Episode, RuleStart)], nights.episodes()
    found = backtest(sqlite_database, load_rules(), settings=settings, now=nights.now)
    assert (found.texts, found.letters, found.chronic) == (1, 2, 1), "a letter at a tenth, and one at a fifth"
    assert found.first == date(2026, 9, 18), "the third day was missed on the eve"
    assert (found.reached_by(date(2026, 9, 18)), found.reached_by(date(2026, 9, 11))) == (1, 0)
    with sqlite_database.read() as session:
        assert ([session.scalar(select(func.count()).select_from(table)) for table in (Episode, RuleStart)], nights.episodes()) == before
