"""One child under two ids: gathered by a person, counted as one, and parted again without a trace."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.attendance.reconciling import differing
from outreach.attendance.sums import student_sums
from outreach.cases.crossings import open_for_crossings
from outreach.consent import queries as consent
from outreach.database import Database
from outreach.district.overlays import Act, OverlayError, merge, merged, withdraw
from outreach.district.queries import load_families
from outreach.district.tables import SisTotal
from outreach.settings import Settings
from tests.attendance.districts import Feed, day_of
from tests.attendance.loading import NOW, Districts, Loader
from tests.attendance.small import FIRST, LAST, feed, mark
from tests.stages.nights import Nights
from tests.stages.test_import_properties import plain

ROSA = Act("rosa@lincoln.invalid", NOW, "one child, registered twice")


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Quick fresh databases."""
    return Districts(tmp_path_factory.mktemp("districts"))


def renamed(given: Feed) -> Feed:
    """The same district whose s1 was never called anything but s0."""
    found = deepcopy(given)
    for name, rows in found["files"].items():
        for row in rows:
            if row.get("student_id") == "s1":
                row["student_id"] = "s0"
        found["files"][name] = [row for n, row in enumerate(rows) if name != "students" or row not in rows[:n]]
    return found


def has_both(given: Feed) -> bool:
    """Whether there are the two ids to be merged."""
    return {"s0", "s1"} <= {row["student_id"] for row in given["files"]["students"]}


def collides(given: Feed) -> bool:
    """Whether rows of the two ids would be the same row under one: then a feed that names one id cannot say both."""
    keys = {
        "attendance": ("student_id", "school_id", "date", "code", "section_id"),
        "enrollments": ("student_id", "school_id", "entry_date"),
    }
    keys["sections"] = ("student_id", "school_id", "section_id", "begin_date", "cycle_days", "weekdays")
    for name, key in keys.items():
        rows = [tuple(row.get(column, "") for column in key) for row in given["files"][name]]
        if len(set(rows)) < len(rows):
            return True
    return False


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_two_ids_count_as_one_child_would_and_parted_they_count_as_before(districts: Districts, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - makes up a district
    given = next(one for one in iter(lambda: plain(random), None) if has_both(one) and not collides(renamed(one)))
    as_of = day_of(random)
    with districts.fresh() as alone, districts.fresh() as loader:
        alone.load(renamed(given))
        loader.load(given)
        before = loader.all_counts(as_of)
        with loader.database.write() as session:
            joined = merge(session, "s1", "s0", ROSA).id
        assert loader.all_counts(as_of) == alone.all_counts(as_of)
        loader.load(given)
        assert loader.all_counts(as_of) == alone.all_counts(as_of), "no feed parts them"
        with loader.database.write() as session:
            withdraw(session, joined, ROSA)
        assert loader.all_counts(as_of) == before


@pytest.fixture
def loader(database: Database, tmp_path: Path) -> Loader:
    """Two ids of one child on each database."""
    made = Loader(database, tmp_path)
    made.load(feed(marks=[mark("s1", FIRST), mark("s2", FIRST, "E"), mark("s2", LAST)], students=3))
    return made


def test_ids_may_be_merged_in_turn_but_never_in_a_circle(loader: Loader) -> None:
    with loader.database.write() as session:
        merge(session, "s1", "s2", ROSA)
        merge(session, "s2", "s3", ROSA)
        assert merged(session).kept == {"s1": "s3", "s2": "s3"}
        for old, kept in (("s3", "s1"), ("s1", "s3"), ("s3", "s3"), ("s3", "nobody")):
            with pytest.raises(OverlayError):
                merge(session, old, kept, ROSA)
    [row] = loader.counts(LAST, "student")
    assert (row["student_id"], row["days_absent"], row["days_conflict"]) == ("s3", "2", "1")


def test_what_the_sis_reports_under_two_ids_is_compared_as_one(loader: Loader) -> None:
    totals = [
        SisTotal(student_id=name, school_id="1", as_of=LAST, days_enrolled=enrolled, days_absent=absent)
        for name, enrolled, absent in (("s1", "20", "1"), ("s2", "0", "1"))
    ]
    with loader.database.write() as session:
        assert len(differing(session, totals, {})) == 1
        merge(session, "s1", "s2", ROSA)
        assert differing(session, totals, {}) == []


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A child with a guardian under each of its ids, each over a threshold that asks for a person."""
    made = Nights(database, settings, tmp_path)
    made.approve()
    for child, adult, number in (("old", "rosa", "(312) 555-0142"), ("kept", "eva", "(312) 555-0143")):
        made.district.child(child, absent=12)
        made.district.adult(adult, [child], phone=number, address="1 Main St")
    made.open()
    return made


def test_an_old_id_has_no_crossing_message_case_or_family_of_its_own(nights: Nights) -> None:
    nights.plan()
    [theirs] = [row for row in nights.rows("sms") if row.student_ids == ["old"]]
    with nights.database.write() as session:
        joined = merge(session, "old", "kept", Act(ROSA.by, nights.now)).id

    assert {crossing.student_id for crossing in nights.evaluate()} == {"kept"}
    assert type(nights.check(theirs)).__name__ == "Stop"
    assert all("old" not in said.children for said in nights.plan())
    with nights.database.write() as session:
        assert {case.student_id for case in open_for_crossings(session, settings=nights.settings, now=nights.now)} <= {"kept"}
        session.rollback()
    with nights.database.read() as session:
        ties = {adult.contact_id: [link.student_id for link in adult.links] for adult in load_families(session, ["kept"])}
    assert ties == {"rosa": ["kept"], "eva": ["kept"]}

    with nights.database.write() as session:
        withdraw(session, joined, Act(ROSA.by, nights.now))
    assert {crossing.student_id for crossing in nights.evaluate()} == {"old", "kept"}
    assert type(nights.check(theirs)).__name__ == "Go"


def test_a_restriction_under_either_id_blocks_under_both(nights: Nights) -> None:
    nights.district.ties["old", "rosa"]["restriction"] = "no contact, court order"
    nights.load()
    with nights.database.write() as session:
        assert consent.block(session, "kept", "rosa") is None
        merge(session, "old", "kept", Act(ROSA.by, nights.now))
        assert consent.block(session, "kept", "rosa") == consent.RESTRICTED
        assert consent.blocks(session, ["kept"]) == {("kept", "rosa"): consent.RESTRICTED}


def test_sums_name_the_children_that_were_asked_for_and_no_other(loader: Loader) -> None:
    with loader.database.write() as session:
        merge(session, "s1", "s2", ROSA)
        assert set(student_sums(session, LAST)) == {"s2", "s3"}
        assert set(student_sums(session, LAST, students={"s3"})) == {"s3"}
        assert set(student_sums(session, LAST, students={"s1", "s2"})) == {"s2"}
