"""What never changes a count: the order of rows, repetition, splitting, windows, and taking back what was added."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.importing import ImportReport
from tests.attendance import naive
from tests.attendance.districts import CODES, FIRST, day_of, district, shuffled
from tests.attendance.loading import COUNTED_BY, Districts
from tests.attendance.naive_feed import Feed, Row

MOMENTS = frozenset({("feed_sources", "last_delivered_at"), ("feed_sources", "looks")})
"""All that delivering the same bytes again changes: what is known is fresher, and the files are newer."""

generated = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
randomly = given(random=st.randoms(use_true_random=False))


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Quick fresh databases."""
    return Districts(tmp_path_factory.mktemp("districts"))


def plain(random: Random) -> Feed:
    """A district without deletes, whose attendance is a set: the order of its rows means nothing."""
    feed = district(random)
    rows = [{name: text for name, text in row.items() if name != "action"} for row in feed["files"]["attendance"]]
    standing = {tuple(row.get(name, "") for name in ("student_id", "school_id", "date", "code", "section_id")): row for row in rows}
    feed["files"]["attendance"] = list(standing.values())
    return feed


def wanted(feed: Feed, as_of: date) -> list[list[Row]]:
    """What the naive counter says."""
    return [naive.counts(feed, as_of, by) for by in COUNTED_BY]


def with_marks(feed: Feed, rows: list[Row], **changed: object) -> Feed:
    """The same district delivering other attendance, perhaps in another way."""
    other = deepcopy(feed)
    other["files"]["attendance"] = rows
    other["settings"] = {**{key: value for key, value in changed.items() if value is not None}, **other["settings"]}
    return other


def adds_up(report: ImportReport) -> None:
    """Read = inserted + changed + unchanged + rejected + held, and none of them is negative."""
    for name, numbers in report.files.items():
        parts = (numbers.inserted, numbers.changed, numbers.unchanged, numbers.rejected, numbers.held)
        assert min(parts) >= 0, (name, numbers)
        assert sum(parts) == numbers.read, (name, numbers)


@randomly
@generated
def test_the_order_of_rows_never_changes_a_count(districts: Districts, random: Random) -> None:
    """Shuffled files into a fresh database, and into the one that has the rows already."""
    feed, as_of = plain(random), day_of(random)
    with districts.fresh() as loader:
        loader.load(shuffled(random, feed))
        assert loader.all_counts(as_of) == wanted(feed, as_of)
        before = loader.dump()
        report = loader.load(shuffled(random, feed))
        after = loader.dump()
        assert {name: rows for name, rows in after.items() if name in {"marks", "enrolments", "reported_days", "mark_versions"}} == {
            name: before[name] for name in ("marks", "enrolments", "reported_days", "mark_versions")
        }
        assert all(numbers.inserted == numbers.changed == numbers.deleted == 0 for numbers in report.files.values())


@randomly
@generated
def test_the_same_folder_again_changes_nothing_but_the_moment_it_came(districts: Districts, random: Random) -> None:
    """Row for row, in every table."""
    feed = district(random)
    with districts.fresh() as loader:
        first = loader.load(feed)
        before = loader.dump(without=MOMENTS)
        again = loader.load(feed)
        assert loader.dump(without=MOMENTS) == before
        adds_up(again)
        assert again.unchanged
        assert again.needs_a_person == first.needs_a_person
        assert again.problems.sort("file", "line", "problem").equals(first.problems.sort("file", "line", "problem"))


@randomly
@generated
def test_splitting_a_delivery_into_deltas_never_changes_a_count(districts: Districts, random: Random) -> None:
    """A delta is a log: its parts, one after the other, are the whole."""
    feed, as_of = district(random), day_of(random)
    rows = feed["files"]["attendance"]
    cuts = sorted(random.sample(range(len(rows) + 1), min(3, len(rows) + 1)))
    with districts.fresh() as loader:
        for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True):
            adds_up(loader.load(with_marks(feed, rows[first:last], delivery="delta")))
        assert loader.all_counts(as_of) == wanted(feed, as_of)


@randomly
@generated
def test_windows_that_overlap_make_the_whole(districts: Districts, random: Random) -> None:
    """Night after night the last seven days, with what was wrong in the window put right by the next one."""
    feed, as_of = plain(random), day_of(random)
    # one school year: of a year that no calendar or enrolment knows every row is refused, and then a window has no end
    feed["settings"]["school_year_start"] = "07-01"
    rows = feed["files"]["attendance"]
    with districts.fresh() as loader:
        for end in range(4, 33, 4):
            last = FIRST + timedelta(days=end)
            inside = [row for row in rows if last - timedelta(days=6) <= date.fromisoformat(row["date"]) <= last]
            wrong = {"student_id": "s0", "school_id": feed["files"]["schools"][0]["school_id"], "date": last.isoformat(), "code": "A"}
            key = ("student_id", "school_id", "date", "code")
            extra = [] if end > 27 or any(all(row[k] == wrong[k] for k in key) for row in inside) else [wrong]
            anchor = {"student_id": "nobody", "school_id": "elsewhere", "date": last.isoformat(), "code": "A"}
            adds_up(loader.load(with_marks(feed, [*inside, *extra, anchor], delivery="window", window_days=7)))
        assert loader.all_counts(as_of) == wanted(feed, as_of)


@randomly
@generated
def test_deleting_what_was_added_restores_every_mark(districts: Districts, random: Random) -> None:
    """To the row, its import and its line."""
    feed = plain(random)
    taken = {tuple(row[k] for k in ("student_id", "school_id", "date", "code")) for row in feed["files"]["attendance"]}
    extra = []
    for _ in range(random.randint(1, 20)):
        row = {"student_id": random.choice(["s0", "s1", "nobody"]), "school_id": random.choice(["1", "2"]), "code": random.choice([*CODES])}
        row |= {"date": (FIRST + timedelta(days=random.randint(0, 40))).isoformat(), "action": ""}
        extra += [] if (row["student_id"], row["school_id"], row["date"], row["code"]) in taken else [row]
    with districts.fresh() as loader:
        loader.load(feed)
        before = loader.dump()
        loader.load(with_marks(feed, extra, delivery="delta"))
        loader.load(with_marks(feed, [{**row, "action": "delete"} for row in random.sample(extra, len(extra))], delivery="delta"))
        after = loader.dump()
    assert after["marks"] == before["marks"]
    assert after["reported_days"] == before["reported_days"]


@randomly
@generated
def test_a_full_delivery_replaces_all_that_its_source_sent(districts: Districts, random: Random) -> None:
    """Whatever district came first under that name, the next full one is what counts."""
    feed, as_of = plain(random), day_of(random)
    with districts.fresh() as loader:
        adds_up(loader.load(district(random)))
        adds_up(loader.load(feed, accept_shrink=True))
        assert loader.all_counts(as_of) == wanted(feed, as_of)


SPOIL: list[Callable[[Row], Row]] = [
    lambda row: row | {"date": "31.12.2026"},
    lambda row: row | {"date": "1900-01-01"},
    lambda row: row | {"date": ""},
    lambda row: row | {"portion": "1.5"},
    lambda row: row | {"minutes": "-3"},
    lambda row: row | {"action": "remove"},
    lambda row: row | {"student_id": " "},
    lambda row: row | {"code": "not in the list"},
    lambda row: row | {"student_id": "a stranger"},
    dict,
]


@randomly
@generated
def test_the_numbers_of_a_report_always_add_up(districts: Districts, random: Random) -> None:
    """Rejected, held, doubled and good rows alike; a spoilt copy of a row never changes what the good one counts."""
    feed = plain(random)
    spoilt = [random.choice(SPOIL)(row) for row in random.choices(feed["files"]["attendance"] or [{}], k=20) if row]
    with districts.fresh() as loader:
        for delivery in ("full", "delta"):
            report = loader.load(with_marks(feed, feed["files"]["attendance"] + spoilt, delivery=delivery))
            adds_up(report)
            listed = report.problems.filter(report.problems["action"] == "rejected")["line"].n_unique()
            assert listed == sum(numbers.rejected for numbers in report.files.values())
