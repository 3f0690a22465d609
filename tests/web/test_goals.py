"""Goals and the public page: set within one's reach, told without small numbers, and hidden until somebody switches them on."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from outreach.database import Database
from outreach.evidence import goals, snapshots
from outreach.evidence.goal_tables import Goal
from outreach.evidence.snapshot_tables import Snapshot, SnapshotGroup
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.stages.nights import Nights
from tests.web.conftest import SignedIn, send
from tests.web.seed import LINCOLN, ROOSEVELT

JUNE = "2027-06-01"
LARGE = {"satisfactory": 60, "at_risk": 20, "moderate": 15, "severe": 5}
SMALL = {"satisfactory": 90, "at_risk": 20, "moderate": 3, "severe": 0}


@pytest.fixture
def added_up(sqlite_database: Database, settings: Settings, signed_in: SignedIn) -> SignedIn:
    """The seed's five children, added up for today; and Lea, who leads a school."""
    nights = Nights(sqlite_database, settings, Path())
    with sqlite_database.write() as session:
        staff.add_account(session, email="lea@example.org", name="Lea Reyes", role=Role.SCHOOL_ADMINISTRATOR, schools=[LINCOLN], now=NOON)
        for day in snapshots.missing(session, settings, nights.now):
            snapshots.keep(session, snapshots.add_up(session, settings, day, nights.now), nights.now)
    return signed_in


def keep_a_week(database: Database, schools: dict[str, dict[str, int]], as_of: date = date(2026, 10, 4)) -> None:
    """A kept day of made-up sums; the grades stand for the schools, so that both tables hold the same children."""
    with database.write() as session:
        kept = Snapshot(as_of=as_of, made_at=NOON, import_id=1, overlay_id=0)
        session.add(kept)
        session.flush()
        whole = {tier: sum(tiers[tier] for tiers in schools.values()) for tier in LARGE}
        named = [("", "all", "", whole), *((school, "all", "", tiers) for school, tiers in schools.items())]
        named += [("", "grade", str(number), tiers) for number, tiers in enumerate(schools.values(), 1)]
        session.add_all(
            SnapshotGroup(
                snapshot_id=kept.id, school_id=school, dimension=dimension, value=value, children=sum(tiers.values()), tiers=tiers,
                enrolled=1000, absent_halves=100,
            )
            for school, dimension, value, tiers in named
        )  # fmt: skip


def wanted(**changed: str) -> dict[str, str]:
    """The fields of the form."""
    return {"school": LINCOLN, "group": "all:", "measure": "chronic", "share": "15", "until": JUNE, **changed}


def test_a_goal_stands_beside_where_its_children_are_and_a_new_one_takes_its_place(added_up: SignedIn, sqlite_database: Database) -> None:
    lea = added_up("lea")
    assert send(lea, "/goals", "/goals", **wanted())[:2] == (302, "/goals")
    assert send(lea, "/goals", "/goals", **wanted(share="12,5 %"))[0] == 302

    shown = lea.get("/goals").text
    assert "at most 12.5 %" in shown
    assert "Goals that were ended" in shown
    with sqlite_database.read() as session:
        first, second = session.scalars(select(Goal).order_by(Goal.id)).all()
        assert (first.permille, first.ended_by, second.permille, second.ended_at) == (150, "lea@example.org", 125, None)
        kept = session.scalars(select(Snapshot).order_by(Snapshot.as_of.desc())).first()
        assert kept is not None
        (progress,) = goals.standing(session, kept, None)
        children = session.scalars(select(SnapshotGroup).where(SnapshotGroup.snapshot_id == kept.id, SnapshotGroup.school_id == LINCOLN, SnapshotGroup.dimension == "all")).one()  # fmt: skip  # noqa: E501
        chronic = children.tiers.get("severe", 0) + children.tiers.get("moderate", 0)
        counted = sum(number for tier, number in children.tiers.items() if tier not in {"unknown", "too_early"})
        assert progress.now is not None
        assert (progress.now.numerator * counted, progress.is_met) == (chronic * progress.now.denominator, chronic * 1000 <= 125 * counted)
        assert progress.to_go == max(0, chronic - 125 * counted // 1000)
        assert [entry.action for entry in session.scalars(select(AuditEntry).where(AuditEntry.subject.like("goal %")))] == ["goal.set"] * 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"share": "0"}, "between 0.1 and 99.9"),
        ({"share": "100"}, "between 0.1 and 99.9"),
        ({"share": "12.55"}, "between 0.1 and 99.9"),
        ({"share": "NaN"}, "between 0.1 and 99.9"),
        ({"share": "1e999"}, "between 0.1 and 99.9"),
        ({"until": "2026-10-05"}, "from today on"),
        ({"until": "2036-10-05"}, "within three years"),
        ({"until": "soon"}, "until when"),
        ({"measure": "happiness"}, "what the goal is about"),
        ({"group": "grade:99"}, "No child is in that group"),
        ({"group": "shoe:9"}, "what the goal is about"),
    ],
)
def test_what_cannot_be_a_goal_is_refused_in_a_sentence_and_what_was_typed_stays(
    added_up: SignedIn, sqlite_database: Database, changed: dict[str, str], told: str
) -> None:
    status, _, page = send(added_up("lea"), "/goals", "/goals", **wanted(**changed))
    assert (status, told in page) == (422, True)
    with sqlite_database.read() as session:
        assert session.scalars(select(Goal)).all() == []


def test_goals_are_set_within_ones_reach_only(added_up: SignedIn, sqlite_database: Database) -> None:
    assert send(added_up("lea"), "/goals", "/goals", **wanted(school=ROOSEVELT))[0] == 404
    assert send(added_up("lea"), "/goals", "/goals", **wanted(school=""))[0] == 404
    assert "Set a goal" not in added_up("ana").get("/goals").text, "a coordinator reads them"
    assert send(added_up("boss"), "/goals", "/goals", **wanted(school=ROOSEVELT))[0] == 302
    assert "Roosevelt" not in added_up("lea").get("/goals").text
    with sqlite_database.read() as session:
        other = session.scalars(select(Goal.id)).one()
    assert send(added_up("lea"), "/goals", f"/goals/{other}/end")[0] == 404


def test_whoever_may_not_see_children_sees_no_share_of_few(added_up: SignedIn) -> None:
    send(added_up("boss"), "/goals", "/goals", **wanted())
    send(added_up("boss"), "/goals", "/goals", **wanted(school=""))
    shown = added_up("eve").get("/goals").text
    assert shown.count("it could tell of few children") == 2
    assert "Now " not in shown
    assert "chart-bar" not in shown


def test_whoever_may_not_see_children_sees_the_share_of_the_district_and_none_to_subtract_from_it(
    added_up: SignedIn, sqlite_database: Database
) -> None:
    keep_a_week(sqlite_database, {LINCOLN: LARGE, ROOSEVELT: LARGE}, date(2026, 10, 7))
    for school in ("", LINCOLN):
        send(added_up("boss"), "/goals", "/goals", **wanted(school=school))
    shown = added_up("eve").get("/goals").text
    assert (shown.count("Now 20.0 %"), shown.count("it could tell of few children")) == (1, 1)


def test_the_public_page_is_not_there_until_it_is_switched_on_and_gone_when_it_is_off(added_up: SignedIn, app: Flask) -> None:
    stranger = app.test_client()
    assert stranger.get("/attendance").status_code == 404
    assert send(added_up("lea"), "/goals", "/goals/public", on="1")[0] == 403
    assert send(added_up("boss"), "/goals", "/goals/public", on="1")[0] == 302
    answer = stranger.get("/attendance")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Sign out" not in added_up("boss").get("/attendance").text, "staff see what everybody sees"
    send(added_up("boss"), "/goals", "/goals/public", on="0")
    assert stranger.get("/attendance").status_code == 404


def test_a_flood_on_the_public_page_from_one_place_waits_a_minute(added_up: SignedIn, app: Flask) -> None:
    send(added_up("boss"), "/goals", "/goals/public", on="1")
    stranger, looks = app.test_client(), app.extensions["public_looks"]
    assert stranger.get("/attendance").status_code == 200
    [place] = [key for key in looks.counted if key[1]]
    assert "127.0.0.1" not in str(place), "not even in memory"
    looks.counted[place] = 60
    answer = stranger.get("/attendance")
    assert (answer.status_code, "wait a minute" in answer.text) == (429, True)
    looks.since = NOON - timedelta(minutes=2)
    assert stranger.get("/attendance").status_code == 200


def test_the_public_page_tells_shares_of_the_last_whole_week_and_no_small_number(
    added_up: SignedIn, sqlite_database: Database, app: Flask
) -> None:
    keep_a_week(sqlite_database, {LINCOLN: LARGE, ROOSEVELT: LARGE})
    send(added_up("boss"), "/goals", "/goals/public", on="1")
    send(added_up("boss"), "/goals", "/goals", **wanted(share="15"))
    send(added_up("boss"), "/goals", "/goals", **wanted(group="grade:3"))

    shown = app.test_client().get("/attendance").text
    assert "Oct 4" in shown
    assert "20.0 %" in shown
    assert "95.0 %" in shown
    assert "at most 15.0 %" in shown
    assert shown.count("What we want to reach") == 1
    assert shown.count("fix-what") == 1, "a group's goal would be one more table of the same children"


def test_no_small_number_of_a_school_can_be_worked_out(added_up: SignedIn, sqlite_database: Database, app: Flask) -> None:
    keep_a_week(sqlite_database, {LINCOLN: SMALL, ROOSEVELT: LARGE})
    send(added_up("boss"), "/goals", "/goals/public", on="1")
    send(added_up("boss"), "/goals", "/goals", **wanted())
    send(added_up("boss"), "/goals", "/goals", **wanted(school=ROOSEVELT))

    shown = app.test_client().get("/attendance").text
    assert "2.7 %" not in shown
    assert not any(f">{number}<" in shown for number in (3, 110, 20, 80)), "nor the other school's, from which it could be subtracted"
    assert "fix-what" not in shown, "nor either goal"


def test_a_week_of_another_school_year_is_not_told(added_up: SignedIn, sqlite_database: Database, app: Flask) -> None:
    with sqlite_database.write() as session:
        for kept in session.scalars(select(Snapshot)):
            kept.as_of -= timedelta(days=120)
    send(added_up("boss"), "/goals", "/goals/public", on="1")
    assert "no figures of this school year yet" in app.test_client().get("/attendance").text
