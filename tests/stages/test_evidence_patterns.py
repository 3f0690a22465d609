"""Every figure of the patterns equals a plain recomputation in pandas from each child's own days."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance.counting import SchoolRecord
from outreach.attendance.gates import last_day, up_to
from outreach.attendance.last_days import LastDays
from outreach.attendance.queries import records
from outreach.attendance.school_year import SchoolYear
from outreach.attendance.verdicts import Day, Verdict
from outreach.cases import mentors
from outreach.cases.mentor_tables import MentorTie
from outreach.database import Database
from outreach.district.tables import StudentAdult
from outreach.evidence import afterwards, patterns
from outreach.evidence.patterns import RUNS, Key, Row
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.thresholds.counts import everybody
from tests.attendance.districts import day_of, district
from tests.attendance.grand_bend import grand_bend
from tests.attendance.loading import NOW, Districts, Loader

ZONE = "America/Chicago"
GIVEN = os.environ.get("OUTREACH_GRAND_BEND")
"""Read here, because tests see none of the machine's settings."""


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Quick fresh databases."""
    return Districts(tmp_path_factory.mktemp("districts"))


def plainly(session: Session, now: datetime) -> dict[Key, Row]:
    """Weekdays and runs from every child's own days, one by one."""
    enrolled, days = everybody(session, now, ZONE).enrolled, LastDays(session, now, ZONE)
    rows, runs = [], []
    columns = ["school", "weekday", "month", "reason", "missed"]
    for mine in records(session, SchoolYear.of(session, days.as_of), None, None):
        last = last_day(mine, days.today, days.told)
        for record in (up_to(one, last) for one in mine if one.school_id in enrolled.get(one.student_id, ())):
            missed = {day.date: day.missed for day in record.days if day.verdict.absent}
            why = {day.date: day.verdict.value for day in record.days}
            rows += [
                (record.school_id, str(day.isoweekday()), f"{day:%Y-%m}", why.get(day, ""), round(100 * missed.get(day, 0)))
                for day in record.membership
            ]
            told = "".join("x" if missed.get(day) == 1 else "." for day in record.membership).split(".")
            runs += [(record.school_id, str(limit), max(map(len, told)) >= limit, len(told[-1]) >= limit) for limit in RUNS]
    table = pd.DataFrame(rows, columns=columns)
    found: dict[Key, Row] = {}
    for kind in ("weekday", "month"):
        sums = table.groupby(["school", kind])["missed"].agg(["sum", "size"])
        found |= {Key(school, kind, value): Row(int(row["sum"]), int(row["size"])) for (school, value), row in sums.iterrows()}
    for (school, month, reason), missed in table[table["missed"] > 0].groupby(["school", "month", "reason"])["missed"].sum().items():
        found[Key(school, "reason", f"{month} {reason}")] = Row(int(missed), found[Key(school, "month", month)].whole)
    lengths = pd.DataFrame(runs, columns=["school", "limit", "had", "has"]).groupby(["school", "limit"])[["has", "had"]].sum()
    had = {Key(school, "run", limit): Row(int(row["has"]), int(row["had"])) for (school, limit), row in lengths.iterrows() if row["had"]}
    return found | had


def added_up(session: Session, now: datetime) -> dict[Key, Row]:
    """What is kept, without the classes."""
    found = patterns.add_up(session, LastDays(session, now, ZONE), everybody(session, now, ZONE).enrolled)
    return {key: row for key, row in found.items() if key.kind != "class"}


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_generated_districts_show_the_same_patterns_in_columns_as_one_by_one(districts: Districts, random: Random) -> None:
    with districts.fresh() as loader:
        loader.load(district(random))
        with loader.database.read() as session:
            now = datetime.combine(day_of(random), random.choice((time(2), time(14), time(23))), UTC)
            assert added_up(session, now) == plainly(session, now)


def test_the_sample_district_shows_the_same_patterns_as_one_by_one(sqlite_database: Database, tmp_path: Path) -> None:
    Loader(sqlite_database, tmp_path).load_folder(grand_bend(GIVEN))
    with sqlite_database.read() as session:
        now = datetime(2011, 5, 27, 20, tzinfo=UTC)
        found = added_up(session, now)
        assert found == plainly(session, now)
        assert sum(row.part for key, row in found.items() if key.kind == "weekday") > 0
        assert any(row.whole for key, row in found.items() if key.kind == "run")


MEETINGS = [*(("a", day, "A", "math") for day in (8, 9, 10)), *(("b", 9, "A", section) for section in ("math", "art", "gym")),
    ("b", 10, "A", "math"), ("b", 11, "T", "art")]  # fmt: skip
CLASSES = {
    "settings": {
        "name": "made-up", "school_year_start": "07-01",
        "codes": {"A": {"kind": "absent", "reason": "unexcused"}, "T": {"kind": "present"}},
    },
    "files": {
        "schools": [{"school_id": "S1"}],
        "calendar": [
            {"school_id": "S1", "date": f"2026-09-{day:02}", "event": "Instructional day"} for day in (*range(8, 12), *range(14, 19))
        ],
        "students": [{"student_id": child, "first_name": child, "last_name": child} for child in "ab"],
        "enrollments": [{"student_id": child, "school_id": "S1", "entry_date": "2026-09-01"} for child in "ab"],
        "sections": [
            {"student_id": child, "school_id": "S1", "section_id": section, "begin_date": "2026-09-01", "end_date": "2027-06-01",
             "minutes": "60"}
            for child in "ab" for section in ("math", "art", "gym")
        ],
        "attendance": [
            {"student_id": child, "school_id": "S1", "date": f"2026-09-{day:02}", "code": code, "section_id": section}
            for child, day, code, section in MEETINGS
        ],
    },
}  # fmt: skip


def test_a_class_counts_where_a_child_came_that_day_and_was_not_there(sqlite_database: Database, tmp_path: Path) -> None:
    Loader(sqlite_database, tmp_path).load(CLASSES)
    now = datetime(2026, 9, 18, 23, tzinfo=UTC)
    with sqlite_database.read() as session:
        found = patterns.add_up(session, LastDays(session, now, ZONE), everybody(session, now, ZONE).enrolled)
    assert {key.value: row for key, row in found.items() if key.kind == "class"} == {"math": Row(4, 2)}
    assert found[Key("S1", "weekday", "3")] == Row(100, 4), "Ben missed a whole Wednesday"


def test_a_run_ends_with_the_first_day_attended_and_lasts_over_a_weekend() -> None:
    days = [date(2026, 9, day) for day in (3, 4, 7, 8, 9, 10)]
    assert patterns._runs(days, set(days[:4])) == (4, 0)
    assert patterns._runs(days, {*days[:2], *days[3:]}) == (3, 3)
    assert patterns._runs(days, set()) == (0, 0)


DATES = tuple(date(2026, 9, 1) + timedelta(days=number) for number in range(60))


def record_of(missed: dict[date, float], membership: tuple[date, ...] = DATES) -> SchoolRecord:
    """A child that missed so much of each date."""
    days = tuple(Day(day, "S1", Verdict.EXCUSED, (), "", Fraction(share)) for day, share in sorted(missed.items()))
    return SchoolRecord("a", "S1", membership, days, calendar_known=True)


@pytest.mark.parametrize(
    ("step", "missed", "found"),
    [
        (DATES[20], {DATES[0]: 1, DATES[19]: 0.5, DATES[20]: 1, DATES[39]: 1, DATES[40]: 1}, (150, 200)),
        (DATES[40], {}, (0, 0)),
        (DATES[19], {}, None),
        (DATES[41], {}, None),
        (DATES[-1] + timedelta(days=3), {}, None),
    ],
    ids=["both whole", "just whole", "too early", "too late", "after the last day known"],
)
def test_a_step_is_compared_over_twenty_school_days_on_either_side_or_not_at_all(
    step: date, missed: dict[date, float], found: tuple[int, int] | None
) -> None:
    assert afterwards.spans([record_of(missed)], step) == found


def test_a_step_on_a_day_off_belongs_to_the_next_school_day_and_two_schools_are_one_child() -> None:
    first, second = DATES[:30], DATES[32:]
    moved = [record_of({DATES[29]: 1}, first), record_of({DATES[33]: 1}, second)]
    assert afterwards.spans(moved, DATES[31]) == (100, 100)


def test_a_child_is_known_by_the_feed_or_by_a_mentor_who_is_still_here(sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        here, gone = (
            staff.add_account(session, email=f"{name}@example.org", name=name, role=Role.MENTOR, schools=["S1"], now=NOW)
            for name in ("here", "gone")
        )
        gone.disabled_at = NOW
        session.add(StudentAdult(source="s", student_id="feed", name="Ms. Diaz", role="counselor", import_id=1, line=1))
        for account, child in ((here, "tied"), (gone, "once")):
            session.add(MentorTie(account_id=account.id, student_id=child, name="", by="boss@example.org", at=NOW))
    with sqlite_database.read() as session:
        assert mentors.connected(session, {"feed", "tied", "once", "nobody"}) == {"feed", "tied"}
