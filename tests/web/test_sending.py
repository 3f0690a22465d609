"""Who may stop what, and who lets a night's messages go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.database import Database
from outreach.planning import brakes
from outreach.planning.brakes import Kind
from outreach.settings import Settings
from outreach.staff.tables import AuditEntry
from tests.web.conftest import SignedIn, send
from tests.web.seed import LINCOLN, ROOSEVELT, Seeded
from tests.web.waiting_batch import a_waiting_batch

STOP = {"kind": "stop", "do": "on", "why": "a wrong import"}


@pytest.mark.parametrize(
    ("name", "kind", "school", "status"),
    [
        ("boss", "stop", "", 302),
        ("boss", "shadow", LINCOLN, 302),
        ("ana", "stop", LINCOLN, 302),
        ("ana", "stop", ROOSEVELT, 403),
        ("ana", "stop", "", 403),
        ("ana", "shadow", LINCOLN, 403),
        ("boss", "stop", "S99", 404),
        ("boss", "handbrake", LINCOLN, 403),
    ],
)
def test_everybody_stops_their_own_schools_and_nobody_elses(
    signed_in: SignedIn, sqlite_database: Database, name: str, kind: str, school: str, status: int
) -> None:
    answered, _, _ = send(signed_in(name), "/sending", "/sending/brake", **{**STOP, "kind": kind, "school": school})
    assert answered == status
    with sqlite_database.read() as session:
        assert set(brakes.standing(session).on) == ({(kind, school)} if status == 302 else set())
        assert (session.scalars(select(AuditEntry.action)).all() == [f"sending.{kind}.on"]) is (status == 302)


def test_who_stopped_when_and_why_is_shown_and_a_person_starts_again(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss, ana = signed_in("boss"), signed_in("ana")
    send(boss, "/sending", "/sending/brake", **STOP, school="")
    shown = ana.get("/sending").text
    assert "Everything is stopped" in shown
    assert "Boss Reyes" in shown
    assert "a wrong import" in shown
    assert "Start again" not in shown, "the district's stop is not hers to lift"
    assert "Everything that goes out is stopped" in boss.get("/attention").text

    send(boss, "/sending", "/sending/brake", kind="stop", do="off", school="")
    with sqlite_database.read() as session:
        assert not brakes.standing(session).holds(Kind.STOP, LINCOLN)
    assert "Everything that goes out is stopped" not in boss.get("/attention").text
    assert "Earlier stops" in boss.get("/sending").text


def test_whoever_released_the_children_does_not_let_their_mass_send_go(
    signed_in: SignedIn, sqlite_database: Database, settings: Settings, tmp_path: Path
) -> None:
    boss = signed_in("boss")
    a_waiting_batch(sqlite_database, settings, tmp_path, released_by="boss@example.org")
    page = "/sending/batches/1"
    assert "Somebody else must let these go" in boss.get(page).text
    status, _, _ = send(boss, "/sending", page, do="approve")
    assert status == 302
    assert "Somebody else must let these messages go" in boss.get(page).text
    assert signed_in("ana").get(page).status_code == 403
    assert boss.get("/sending/batches/999").status_code == 404
    assert send(boss, "/sending", "/sending/batches/999", do="approve")[0] == 404


def test_a_coordinator_leaves_a_family_of_hers_in_peace_and_ends_it(signed_in: SignedIn, sqlite_database: Database) -> None:
    ana = signed_in("ana")
    asked = {"student": "st1", "why": "bereavement", "until": "2026-10-20", "note": "her grandmother died"}
    send(ana, "/sending", "/sending/quiet", **asked)
    shown = ana.get("/sending").text
    assert "her grandmother died" in shown
    assert "bereavement, until 2026-10-20" in shown
    for wrong in ({"until": "soon"}, {"until": "2020-01-01"}, {"why": "holiday"}, {"student": "s99"}):
        assert send(ana, "/sending", "/sending/quiet", **{**asked, **wrong})[0] == 302
    send(ana, "/sending", "/sending/quiet", student="st1", do="end")
    assert "her grandmother died" not in ana.get("/sending").text
    with sqlite_database.read() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["sending.quiet.on", "sending.quiet.off"]


def test_a_family_is_left_in_peace_and_heard_of_again_beside_its_conversation(signed_in: SignedIn, seeded: Seeded) -> None:
    ana, page = signed_in("ana"), f"/cases/{seeded.maria}"
    student = re.search(r'name="student" value="([^"]+)"', ana.get(page).text)
    assert student is not None
    asked = {"case": str(seeded.maria), "student": student[1]}
    status, where, _ = send(ana, page, "/sending/quiet", **asked, why="illness", until="2026-10-20", note="in hospital")
    assert (status, where.endswith(page)) == (302, True)
    shown = ana.get(page).text
    assert "Left in peace</span> illness, until" in shown
    assert "in hospital" in shown
    assert send(ana, page, "/sending/quiet", **asked, do="end")[0] == 302
    assert "in hospital" not in ana.get(page).text
