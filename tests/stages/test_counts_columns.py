"""Counting in columns and counting child by child are one counting."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.counting import count
from outreach.attendance.queries import profile_at, records, student_counts
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.sums import school_sums, student_sums
from outreach.database import Database
from outreach.district.tables import Student
from outreach.thresholds.counts import counts_to_tell, everybody
from tests.attendance.districts import PROFILES, day_of, district
from tests.attendance.loading import Districts, Loader

ZONE = "America/Chicago"
HOURS = (time(2), time(14), time(23))
"""UTC; some schools have yesterday then, and some have passed their cut-off."""


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Quick fresh databases."""
    return Districts(tmp_path_factory.mktemp("districts"))


def agree(session: Session, as_of: date, profile: str) -> None:
    """Compare every child's sums, district-wide and school by school, with what its days come to one by one."""
    slow = student_counts(session, as_of, profile_name=profile)
    quick = student_sums(session, as_of, profile_name=profile)
    assert {k: (v.count, v.schools, v.held_code) for k, v in quick.items()} == {
        k: (v.count, v.schools, v.held_code) for k, v in slow.items()
    }
    year = SchoolYear(session, as_of)
    by_school = {
        (record.student_id, record.school_id): count(record, profile_at(year, record.school_id, profile))
        for mine in records(session, year, None, profile)
        for record in mine
    }
    assert {(each.student_id, each.school_id): each.count for each in school_sums(session, as_of, profile_name=profile)} == by_school


def tell_the_same(session: Session, now: datetime) -> None:
    """Compare what may be told of every child at a moment, before and after a day's attendance is in."""
    quick = everybody(session, now, ZONE)
    slow = counts_to_tell(session, now, ZONE, set(session.scalars(select(Student.student_id))))
    assert {k: (v.count, v.schools, v.held_code) for k, v in quick.by_student.items()} == {
        k: (v.count, v.schools, v.held_code) for k, v in slow.by_student.items()
    }
    assert (quick.as_of, quick.until, quick.enrolled) == (slow.as_of, slow.until, slow.enrolled)


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_generated_districts_come_to_the_same_in_columns(districts: Districts, random: Random) -> None:
    """Dirt, several schools, parts of days, sections, silence: whatever the generator makes."""
    with districts.fresh() as loader:
        loader.load(district(random))
        with loader.database.read() as session:
            day = day_of(random)
            agree(session, day, random.choice(PROFILES))
            tell_the_same(session, datetime.combine(day, random.choice(HOURS), UTC))


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(3))
def test_postgresql_adds_up_the_same(postgres_database: Database, tmp_path: Path, seed: int) -> None:
    """The same texts of marks in the other database."""
    random = Random(seed)  # noqa: S311 - made-up districts
    Loader(postgres_database, tmp_path).load(district(random))
    with postgres_database.read() as session:
        agree(session, day_of(random), random.choice(PROFILES))
