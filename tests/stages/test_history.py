"""What was known before: a child's days as they stood after any earlier import, and what has changed since."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

import outreach.tables  # noqa: F401 - every table must be known before a schema is copied
from outreach.attendance import history
from outreach.attendance.queries import StudentCount, explain, student_counts
from outreach.attendance.verdicts import Day
from outreach.database import Database
from tests.attendance.districts import day_of, district
from tests.attendance.feeds import write_feed
from tests.attendance.loading import NOW, Districts, Loader
from tests.attendance.naive_feed import Row
from tests.attendance.small import FIRST, LAST, feed, mark, weekdays
from tests.command import run
from tests.stages.test_import_command import rows

Known = tuple[dict[str, StudentCount], dict[str, list[Day]]]


@pytest.fixture(scope="module")
def districts(tmp_path_factory: pytest.TempPathFactory) -> Districts:
    """Quick fresh databases."""
    return Districts(tmp_path_factory.mktemp("districts"))


def known(session: Session, as_of: date, students: list[str], known_at: int | None = None) -> Known:
    """All that is told of some children."""
    return student_counts(session, as_of, known_at=known_at), {s: explain(session, s, as_of, known_at=known_at) for s in students}


def another_night(random: Random, marks: list[Row]) -> list[Row]:
    """The attendance file of the next night: some marks went, some say otherwise now, some came."""
    kept = [dict(row) for row in marks if random.random() < 0.7]
    for row in kept:
        if random.random() < 0.2:
            row["portion"] = random.choice(["0.5", "1", ""])
    return kept


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=False))
def test_what_was_known_after_an_import_is_what_was_counted_right_after_it(districts: Districts, random: Random) -> None:
    """Whatever marks came and went in the nights after it, and however schools fell silent."""
    made = district(random)
    made["settings"]["delivery"] = "full"
    made["files"]["attendance"] = [{**row, "action": ""} for row in made["files"]["attendance"]]
    marks, as_of = made["files"]["attendance"], day_of(random)
    students = [row["student_id"] for row in made["files"]["students"]]
    with districts.fresh() as loader:
        seen: dict[int, Known] = {}
        for _night in range(random.randint(2, 4)):
            report = loader.load(made, accept_shrink=True)
            with loader.database.read() as session:
                seen[report.import_id] = known(session, as_of, students)
            made["files"]["attendance"] = another_night(random, random.choice([marks, made["files"]["attendance"]])) or marks
        with loader.database.read() as session:
            for import_id, then in seen.items():
                assert known(session, as_of, students, import_id) == then, import_id


@pytest.fixture
def loader(database: Database, tmp_path: Path) -> Loader:
    """A fresh database of each kind."""
    return Loader(database, tmp_path)


def test_a_change_names_the_import_that_made_it(loader: Loader) -> None:
    """A mark that went, one that says otherwise, one that came; what stayed is no change."""
    days = weekdays()
    loader.load(feed(marks=[mark("s1", days[0]), mark("s1", days[1]), mark("s1", days[2])]))
    loader.load(feed(marks=[mark("s1", days[0]), mark("s1", days[2]), mark("s2", days[5])]))
    loader.load(feed(marks=[mark("s1", days[0]), mark("s1", days[2], "E"), mark("s1", days[3])]))
    with loader.database.read() as session:
        found = history.changes(session, "s1", LAST, since=1)
        told = [(c.date, c.then and c.then.verdict.value, c.now and c.now.verdict.value, c.import_id) for c in found]
        assert history.changes(session, "s1", LAST, since=3) == []
        assert [c.date for c in history.changes(session, "s1", days[1], since=1)] == [days[1]]
        assert [c.import_id for c in history.changes(session, "s2", LAST, since=2)] == [3]
    assert told == [(days[1], "unexcused", None, 2), (days[2], "unexcused", "excused", 3), (days[3], None, "unexcused", 3)]


def test_a_school_that_was_silent_is_known_as_silent_then(loader: Loader) -> None:
    """Late marks of others end the silence: the day of a child without any mark of its own was unknown, and is known now."""
    found = feed(students=120, marks=[])
    days = weekdays(date(2026, 8, 24), date(2026, 10, 16))
    found["files"]["calendar"] = [{"school_id": "1", "date": str(day), "event": "Instructional day"} for day in days]
    found["files"]["attendance"] = [mark("s2", day) for day in days[:25]]
    loader.load(found)
    late = deepcopy(found)
    late["files"]["attendance"] += [mark("s2", days[n]) for n in range(25, 40, 3)]
    loader.load(late)
    with loader.database.read() as session:
        then, now = (student_counts(session, days[-1], students={"s1"}, known_at=at)["s1"].count for at in (1, None))
        changed = history.changes(session, "s1", days[-1], since=1)
    assert (then.unknown, now.unknown) == (15, 0)
    assert {change.import_id for change in changed} == {None}


def test_the_import_before_an_instant_is_the_newest_one(loader: Loader) -> None:
    """And there is none before the first."""
    loader.load(feed())
    loader.load(feed(marks=[]), accept_shrink=True)
    with loader.database.read() as session:
        assert history.import_before(session, NOW) == 2
        assert history.import_before(session, datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_explain_tells_then_and_now(tmp_path: Path) -> None:
    """The usual columns stay as they are; what is wrong with an option is one sentence and exit 2."""
    home, days = tmp_path / "home", weekdays()
    from_feed = [feed(marks=[mark("s1", days[0]), mark("s1", days[1])]), feed(marks=[mark("s1", days[0], "E")])]
    for number, one in enumerate(from_feed):
        assert run(home, "import", str(write_feed(tmp_path / str(number), one))).returncode == 0
    explained = ("explain", "s1", "--as-of", str(LAST), "--format", "csv")
    assert [row["code"] for row in rows(run(home, *explained).stdout)] == ["E"]
    before = rows(run(home, *explained, "--known-at", "1").stdout)
    assert [(row["date"], row["code"], row["file"], row["line"], row["import_id"]) for row in before] == [
        (str(FIRST), "A", "attendance.csv", "2", "1"),
        (str(days[1]), "A", "attendance.csv", "3", "1"),
    ]
    changed = run(home, *explained, "--known-at", "1", "--then-and-now")
    assert "After import 1: 2 of 20 days absent" in changed.stderr
    assert "Now: 1 of 20 days absent" in changed.stderr
    assert [(r["date"], r["then"], r["code_then"], r["now"], r["code_now"], r["import_id"]) for r in rows(changed.stdout)] == [
        (str(FIRST), "unexcused", "A", "excused", "E", "2"),
        (str(days[1]), "unexcused", "A", "", "", "2"),
    ]
    for wrong, why in {"9": "no import 9", "2026-09-18": "instant with its zone", "2020-01-01T00:00Z": "Nothing had been imported"}.items():
        refused = run(home, *explained, "--known-at", wrong)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert why in refused.stderr
