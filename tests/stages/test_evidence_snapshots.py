"""Every figure of a kept day equals a plain recomputation in pandas from the rows it rests on."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from outreach.attendance.queries import student_counts
from outreach.database import Database
from outreach.evidence import dashboard, snapshots
from outreach.evidence.snapshot_tables import SnapshotGroup, SnapshotReach
from outreach.settings import Settings
from tests.feeds import LINCOLN, ROOSEVELT
from tests.stages.nights import Nights

_LANGUAGES = ("Spanish", "English", "Vietnamese")


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Sixty children by chance: two schools, three grades, languages and subgroups."""
    found, chance = Nights(database, settings, tmp_path), random.Random(4)  # noqa: S311 - a made-up district
    for number in range(60):
        child = f"kid{number:02}"
        found.district.child(
            child,
            absent=chance.choice([0, 0, 1, 2, 3, 5, 8, 10]),
            school=chance.choice([LINCOLN, ROOSEVELT]),
            grade=chance.choice(["K", "1", "10"]),
            home_language=chance.choice(_LANGUAGES),
            subgroups=chance.choice(["", "EL", "EL|SPED", "SPED; FRL"]),
        )
        found.district.adult(f"parent{number}", [child], phone=f"+131255501{number:02}")
    found.approve()
    return found


def _keep(nights: Nights) -> int:
    with nights.database.read() as session:
        days = [
            snapshots.add_up(session, nights.settings, day, nights.now) for day in snapshots.missing(session, nights.settings, nights.now)
        ]
    with nights.database.write() as session:
        return min(snapshots.keep(session, day, nights.now).id for day in days)


def _children(nights: Nights) -> pd.DataFrame:
    """One row per child and group that it belongs to, from the feed's rows and the counts of the command line."""
    rows = []
    with nights.database.read() as session:
        counts = student_counts(session, nights.now.date())
    for child, student in nights.district.students.items():
        count, school = counts[child].count, nights.district.enrolments[child][0]["school_id"]
        groups = [
            ("all", ""),
            ("grade", student["grade"]),
            ("language", {"Spanish": "es", "English": "en", "Vietnamese": "vi"}[student["home_language"]]),
        ]
        groups += [("subgroup", word.strip()) for word in student["subgroups"].replace(";", "|").split("|") if word.strip()]
        rows += [
            (at, dimension, value, child, count.tier, count.enrolled, float(count.absent))
            for dimension, value in groups
            for at in ("", school)
        ]
    return pd.DataFrame(rows, columns=["school", "dimension", "value", "child", "tier", "enrolled", "absent"])


def test_every_group_adds_up_to_its_children(nights: Nights) -> None:
    nights.load()
    kept = _keep(nights)
    frame = _children(nights)
    with nights.database.read() as session:
        rows = session.scalars(select(SnapshotGroup).where(SnapshotGroup.snapshot_id == kept)).all()
    assert {(row.school_id, row.dimension, row.value) for row in rows} == set(
        frame[["school", "dimension", "value"]].itertuples(index=False, name=None)
    )
    for row in rows:
        mine = frame[(frame.school == row.school_id) & (frame.dimension == row.dimension) & (frame.value == row.value)]
        assert row.children == mine.child.nunique()
        assert row.tiers == mine.tier.value_counts().to_dict()
        assert (row.enrolled, row.absent_halves) == (mine.enrolled.sum(), 2 * mine.absent.sum())


def test_shares_are_of_the_children_whose_tier_is_known(nights: Nights) -> None:
    nights.load()
    _keep(nights)
    frame = _children(nights)
    with nights.database.read() as session:
        kept = dashboard.newest(session)
        assert kept is not None
        found = {group.value: group for group in dashboard.groups(session, kept, "grade", school_id="", schools=None)}
        assert list(found) == ["K", "1", "10"], "in the order of a school"
        lincoln = dashboard.groups(session, kept, "school", school_id="", schools={LINCOLN})
        assert [group.school_id for group in lincoln] == [LINCOLN]
    for grade, group in found.items():
        mine = frame[(frame.school == "") & (frame.dimension == "grade") & (frame.value == grade)]
        assert float(group.rate or 0) == pytest.approx((mine.absent * 10 >= mine.enrolled).mean())
        assert float(group.attendance or 0) == pytest.approx(1 - mine.absent.sum() / mine.enrolled.sum())


def test_a_day_is_added_up_once_again_when_more_is_known_and_not_otherwise(nights: Nights) -> None:
    nights.load()
    _keep(nights)
    with nights.database.read() as session:
        assert snapshots.missing(session, nights.settings, nights.now) == [], "last year is kept too, empty as it was"
    nights.district.miss("kid00", 15)
    nights.now += timedelta(minutes=5)
    nights.load()
    with nights.database.read() as session:
        assert snapshots.missing(session, nights.settings, nights.now) == [nights.now.date()]
    _keep(nights)
    with nights.database.read() as session:
        [week] = dashboard.weeks(session, nights.now.date(), date(2026, 7, 1), "")
        assert week.group.children == 60


def test_reach_counts_households_and_says_why_the_others_heard_nothing(nights: Nights) -> None:
    nights.open()
    nights.plan()
    told = nights.rows(channel="sms", state="planned")
    for row in told[:3]:
        nights.become(row, state="delivered", claimed_at=nights.now)
    nights.become(told[3], state="undelivered", claimed_at=nights.now)
    kept = _keep(nights)
    frame = pd.DataFrame(
        [
            (row.school_id, row.family_language, row.household, row.state, row.reason.partition(":")[0], row.channel)
            for row in nights.rows()
        ],
        columns=["school", "language", "household", "state", "why", "channel"],
    )
    with nights.database.read() as session:
        everything = session.scalars(select(SnapshotReach).where(SnapshotReach.snapshot_id == kept)).all()
    rows = [row for row in everything if row.school_id]
    for whole in (row for row in everything if not row.school_id):
        mine = [row for row in rows if row.language == whole.language]
        assert (whole.households, whole.told, whole.delivered) == tuple(
            sum(getattr(row, name) for row in mine) for name in ("households", "told", "delivered")
        )
        assert sum(whole.unreached.values()) == sum(sum(row.unreached.values()) for row in mine)
    assert sum(row.households for row in rows) == frame.groupby(["school", "language"]).household.nunique().sum()
    assert sum(row.told for row in rows) == 4
    assert sum(row.delivered for row in rows) == 3
    for group in rows:
        mine = frame[(frame.school == group.school_id) & (frame.language == group.language)]
        told_homes = set(mine[mine.state.isin(["delivered", "undelivered"])].household)
        assert sum(group.unreached.values()) == mine.household.nunique() - len(told_homes)
