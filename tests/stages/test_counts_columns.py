"""Counting in columns and counting child by child are one counting."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.counting import count
from outreach.attendance.queries import profile_at, records, student_counts
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.sums import school_sums, student_sums
from outreach.database import Database
from tests.attendance.districts import PROFILES, day_of, district
from tests.attendance.loading import Districts, Loader


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


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_generated_districts_come_to_the_same_in_columns(districts: Districts, random: Random) -> None:
    """Dirt, several schools, parts of days, sections, silence: whatever the generator makes."""
    with districts.fresh() as loader:
        loader.load(district(random))
        with loader.database.read() as session:
            agree(session, day_of(random), random.choice(PROFILES))


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(3))
def test_postgresql_adds_up_the_same(postgres_database: Database, tmp_path: Path, seed: int) -> None:
    """The same texts of marks in the other database."""
    random = Random(seed)  # noqa: S311 - made-up districts
    Loader(postgres_database, tmp_path).load(district(random))
    with postgres_database.read() as session:
        agree(session, day_of(random), random.choice(PROFILES))
