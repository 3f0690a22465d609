"""What is shown before rules change is what then happens: on made-up children here, on two whole districts in the long run."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from outreach.attendance.importing import import_folder
from outreach.database import Base, Database
from outreach.demo.stage import clear, set_up, settings_for
from outreach.planning.actions import plan
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.planning.what_if import Difference, Told, what_if
from outreach.settings import Settings
from outreach.thresholds import editing
from outreach.thresholds.actions import evaluate, release_baseline
from outreach.thresholds.rules import Rule, load_rules
from outreach.thresholds.tables import Episode
from outreach.thresholds.versions import in_force
from tests.attendance.grand_bend import grand_bend
from tests.feeds import ROOSEVELT
from tests.stages.nights import Nights

GIVEN = os.environ.get("OUTREACH_GRAND_BEND")
"""Read here, because tests see none of the machine's settings."""
Row = tuple[str, str, tuple[str, ...], str, str]


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A district with approved words, after its first night."""
    nights = Nights(database, settings, tmp_path / "feed")
    nights.approve()
    for child, absent in {"ann": 2, "bo": 3, "cy": 6, "di": 9}.items():
        nights.district.child(child, absent=absent)
        nights.district.adult(f"of-{child}", [child], phone=f"(312) 555-01{10 + absent}", address=f"{absent} Elm Street")
    nights.district.child("max", absent=2, school=ROOSEVELT)
    nights.open()
    nights.plan()
    return nights


def _apply(database: Database, rules: Sequence[Rule], settings: Settings, now: datetime) -> set[Row]:
    """Save the rules and let the night come: the rows of running crossings after it."""
    with database.write() as session:
        change = editing.Change("head@example.org", now, editing.today(settings, now))
        editing.save(session, rules, change, settings=settings)
    with database.write() as session:
        evaluate(session, in_force(session, settings, now), settings=settings, now=now)
        plan(session, settings=settings, now=now)
    return _rows(database)


def _release(database: Database, settings: Settings, now: datetime) -> set[Row]:
    """Release all that waits, and plan it: the rows after that."""
    with database.write() as session:
        release_baseline(session, 100_000, by="head@example.org", now=now)
        plan(session, settings=settings, now=now)
    return _rows(database)


def _rows(database: Database) -> set[Row]:
    with database.read() as session:
        running = select(PlannedEpisode.planned_id).join(Episode).where(Episode.state.in_(["open", "baseline"]))
        unsaid = PlannedMessage.state.in_(["planned", "waiting", "held", "skipped"])
        rows = session.scalars(select(PlannedMessage).where(unsaid, PlannedMessage.id.in_(running)))
        return {(row.household, row.channel, tuple(row.student_ids), row.state, row.reason) for row in rows}


def _everything(database: Database) -> dict[str, int]:
    """Every table → how many rows it has, and the words of what is planned."""
    with database.read() as session:
        found = {name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in Base.metadata.tables.items()}
        return found | {row.ref: row.id for row in session.scalars(select(PlannedMessage))}


def _shown(told: Sequence[Told]) -> set[Row]:
    return {(*one.key, one.state, one.reason) for one in told}


LOWER = {"percent": 4, "days": 2}
CHANGES = [
    pytest.param({"text_5": LOWER}, id="lower"),
    pytest.param({"text_5": {"percent": 15, "days": 5}}, id="higher"),
    pytest.param({"text_5": {"schools": [ROOSEVELT]}}, id="a pilot"),
    pytest.param({"letter_10": {"action": "case", "channel": "person", "message": "", "wording": ""}}, id="a person instead"),
    pytest.param({"letter_20": None}, id="a rule less"),
]


def _changed(changes: Mapping[str, Mapping[str, object] | None]) -> list[Rule]:
    found = []
    for rule in load_rules():
        change = changes.get(rule.name, {})
        if change is not None:
            found.append(Rule.model_validate({**rule.model_dump(), **change}))
    return found


@pytest.mark.parametrize("changes", CHANGES)
def test_what_is_shown_is_what_then_happens(nights: Nights, changes: Mapping[str, Mapping[str, object] | None]) -> None:
    rules = _changed(changes)
    found = what_if(nights.database, rules, settings=nights.settings, now=nights.now)
    assert _shown(found.after.told) == _apply(nights.database, rules, nights.settings, nights.now)
    assert _shown(found.after.once_released) == _release(nights.database, nights.settings, nights.now)


def test_looking_at_a_change_writes_nothing(nights: Nights) -> None:
    before = _everything(nights.database)
    found = what_if(nights.database, _changed({"text_5": LOWER}), settings=nights.settings, now=nights.now)
    assert {told.student_ids for told in found.reached} == {("ann",), ("max",)}
    assert [told.leaves for told in found.reached] == [True, False], "nobody is a contact of max"
    assert found.dropped == []
    assert _everything(nights.database) == before


@pytest.mark.long
def test_on_the_demo_district_it_is_what_then_happens(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "demo", web_url="http://127.0.0.1:1", carrier_url="http://127.0.0.1:2")
    clear(settings.home)
    services, _ = set_up(settings, lambda _step: None)
    try:
        _compare(services.database, services.settings, services.clock.now())
    finally:
        services.database.engine.dispose()


@pytest.mark.long
def test_on_the_public_sample_district_it_is_what_then_happens(sqlite_database: Database, settings: Settings, tmp_path: Path) -> None:
    now = datetime(2011, 5, 27, 15, tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)
    nights = Nights(sqlite_database, settings, tmp_path, now=now)
    nights.approve()
    import_folder(sqlite_database, grand_bend(GIVEN), home=tmp_path, now=now)
    nights.evaluate()
    nights.release_baseline(20)
    nights.plan()
    _compare(sqlite_database, settings, now)


def _compare(database: Database, settings: Settings, now: datetime) -> None:
    """A threshold goes down, then up: families are reached and dropped as it was shown each time."""
    higher = {"percent": 9, "days": 4}
    down = _looked_and_applied(database, {"text_5": LOWER, "letter_10": LOWER}, settings, now)
    assert len(down.reached) > 0 == len(down.dropped)
    up = _looked_and_applied(database, {"text_5": higher, "letter_10": higher}, settings, now)
    assert len(up.dropped) > 0 == len(up.reached)
    assert _shown(up.after.once_released) == _release(database, settings, now)


def _looked_and_applied(database: Database, changes: Mapping[str, Mapping[str, object]], settings: Settings, now: datetime) -> Difference:
    rules, before = _changed(changes), _families(_rows(database))
    found = what_if(database, rules, settings=settings, now=now)
    after = _apply(database, rules, settings, now)
    assert _shown(found.after.told) == after
    assert {(told.household, told.channel) for told in found.reached} == _families(after) - before
    assert {(told.household, told.channel) for told in found.dropped} == before - _families(after)
    return found


def _families(rows: Collection[Row]) -> set[tuple[str, str]]:
    return {(household, channel) for household, channel, *_ in rows}
