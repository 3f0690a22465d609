"""The dashboard: the district for those who see it, schools for theirs, and no small number for whoever may not see children."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from outreach.cases.help_tables import Barrier
from outreach.database import Database
from outreach.evidence import snapshots
from outreach.evidence.snapshot_tables import Snapshot, SnapshotPattern
from outreach.settings import Settings
from tests.conftest import NOON as _NOW
from tests.web.conftest import SignedIn
from tests.web.seed import LINCOLN, ROOSEVELT


@pytest.fixture
def added_up(sqlite_database: Database, settings: Settings, signed_in: SignedIn) -> SignedIn:
    """The seed's five children, added up for today and for last year."""
    with sqlite_database.write() as session:
        for day in snapshots.missing(session, settings, _NOW):
            _add_up(session, settings, day)
    return signed_in


def _add_up(session: Session, settings: Settings, day: date) -> None:
    snapshots.keep(session, snapshots.add_up(session, settings, day, _NOW), _NOW)


def test_before_the_first_feed_the_page_says_so(signed_in: SignedIn) -> None:
    assert "Nothing to show yet" in signed_in("boss").get("/dashboard").text


@pytest.mark.parametrize(
    ("name", "query", "status", "words"),
    [
        ("boss", "", 200, ("Lincoln Elementary", "Roosevelt Middle")),
        ("boss", f"?by=grade&school={LINCOLN}", 200, ("Lincoln Elementary", ">3<")),
        ("boss", "?by=language", 200, ("Spanish", "Arabic")),
        ("boss", "?by=shoe-size", 404, ()),
        ("ana", "", 200, ("Lincoln Elementary",)),
        ("ana", f"?school={ROOSEVELT}", 404, ()),
        ("kim", "", 403, ()),
    ],
)
def test_everybody_sees_their_schools(added_up: SignedIn, name: str, query: str, status: int, words: tuple[str, ...]) -> None:
    answer = added_up(name).get(f"/dashboard{query}")
    assert answer.status_code == status
    assert all(word in answer.text for word in words)
    assert name != "ana" or "Roosevelt" not in answer.text


def test_whoever_may_not_see_children_sees_no_small_number(added_up: SignedIn) -> None:
    shown = added_up("eve").get("/dashboard?by=grade").text
    assert "Numbers below ten" in shown
    assert "20.0 %" not in shown
    assert "chart-cell" not in shown, "nor its picture"


def test_how_long_families_wait_is_told_by_root_cause_and_not_in_small_numbers(
    added_up: SignedIn, sqlite_database: Database, settings: Settings
) -> None:
    with sqlite_database.write() as session:
        row = session.scalars(select(Barrier).where(Barrier.reason == "transportation")).one()
        row.said_yes_at, row.sealed = row.heard_at + timedelta(days=3, hours=12), True
        _add_up(session, settings, max(session.scalars(select(Snapshot.as_of))))
    shown = added_up("ana").get("/dashboard").text
    assert "How long families wait for help" in shown
    assert "3.5 days" in shown
    assert "Something in the way" in shown
    assert "Getting to school" not in shown
    for_few = added_up("eve").get("/dashboard").text
    assert "How long families wait for help" in for_few
    assert "3.5 days" not in for_few
    assert "Something in the way" not in for_few


def test_how_days_missed_lie_is_told_and_rows_of_children_only_to_who_may_see_them(added_up: SignedIn, sqlite_database: Database) -> None:
    assert "Monday" in added_up("ana").get("/dashboard").text
    with sqlite_database.write() as session:
        for row in session.scalars(select(SnapshotPattern).where(SnapshotPattern.kind == "weekday")):
            row.part, row.whole = 100 * 12, 240
        session.execute(delete(SnapshotPattern).where(SnapshotPattern.kind == "alone"))
        kept = session.scalars(select(SnapshotPattern.snapshot_id)).first()
        session.add(SnapshotPattern(snapshot_id=kept, school_id=LINCOLN, kind="run", value="3", part=4, whole=31))
        session.add(SnapshotPattern(snapshot_id=kept, school_id=ROOSEVELT, kind="run", value="3", part=2, whole=6))
        session.add(SnapshotPattern(snapshot_id=kept, school_id="", kind="run", value="3", part=6, whole=37))
        session.add(SnapshotPattern(snapshot_id=kept, school_id=LINCOLN, kind="class", value="math-7", part=40, whole=9))
        for kind, value, part, whole in (("alone", "", 3, 8), ("before", "visit", 6600, 12), ("after", "visit", 4200, 12)):
            session.add(SnapshotPattern(snapshot_id=kept, school_id=LINCOLN, kind=kind, value=value, part=part, whole=whole))
    mine = added_up("ana").get("/dashboard").text
    assert all(words in mine for words in ("<strong>3</strong>", ">8<", "regression to the mean", ">5.5<", ">3.5<", "September 2026"))
    assert all(words in mine for words in ("5.0 %", "3 or more", "<strong>4</strong>", ">31<", "math-7"))
    everywhere = added_up("boss").get("/dashboard").text
    assert all(words in everywhere for words in ("<strong>6</strong>", ">37<"))
    for_few = added_up("eve").get("/dashboard").text
    assert not any(
        words in for_few
        for words in ("Monday", "September 2026", "days in a row", "math-7", "Unexcused", "Whom no adult at school knows", "regression")
    )
