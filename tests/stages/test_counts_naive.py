"""The service counts as a naive second counter does, which was written from the contract alone."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.profiles import profiles
from outreach.database import Database
from tests.attendance import naive
from tests.attendance.districts import PROFILES, day_of, district
from tests.attendance.loading import COUNTED_BY, Districts, Loader
from tests.attendance.naive_feed import Feed

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Quick fresh databases."""
    return Districts(tmp_path_factory.mktemp("districts"))


def agrees(loader: Loader, feed: Feed, as_of: date, profile: str) -> None:
    """Load the feed and compare all three forms of ``counts``."""
    loader.load(feed)
    for by in COUNTED_BY:
        assert loader.counts(as_of, by, profile) == naive.counts(feed, as_of, by, profile), (by, as_of, profile, feed)


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_generated_districts_are_counted_as_the_naive_counter_counts_them(districts: Districts, random: Random) -> None:
    """Some dozens with every test run; a failure is made small by Hypothesis."""
    with districts.fresh() as loader:
        agrees(loader, district(random), day_of(random), random.choice(PROFILES))


@pytest.mark.long
@pytest.mark.parametrize("part", range(20))
def test_thousands_of_districts_agree(districts: Districts, part: int) -> None:
    """DISTRICTS_A_PART sets how many in each part."""
    for number in range(int(os.environ.get("DISTRICTS_A_PART", "200"))):
        random = Random(f"{part}-{number}")  # noqa: S311 - made-up districts
        with districts.fresh() as loader:
            agrees(loader, district(random), day_of(random), random.choice(PROFILES))


def test_the_naive_counter_knows_every_profile_and_each_says_where_it_is_written() -> None:
    """Those whose rules are the federal ones need no districts of their own."""
    assert set(naive.RULES) == set(profiles())
    assert {name for name, rules in naive.RULES.items() if rules != naive.RULES["federal"]} <= set(PROFILES)
    assert all(rules.source for rules in profiles().values())


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(5))
def test_postgresql_counts_the_same(postgres_database: Database, tmp_path: Path, seed: int) -> None:
    """The same rules in the other database."""
    random = Random(seed)  # noqa: S311 - made-up districts
    agrees(Loader(postgres_database, tmp_path), district(random), day_of(random), random.choice(PROFILES))
