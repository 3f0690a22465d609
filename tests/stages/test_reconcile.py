"""Where the student information system counts otherwise: listed by ``outreach reconcile``, and nobody is told a number meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from outreach.attendance import sis_differences
from outreach.attendance.profiles import profiles
from outreach.attendance.reconciling import compare
from outreach.database import Database
from outreach.planning.release import Go, Stop
from outreach.planning.states import State
from outreach.settings import Settings
from tests.attendance.feeds import write_feed
from tests.attendance.loading import Loader
from tests.attendance.small import LAST, feed, mark, weekdays
from tests.command import run
from tests.feeds import LINCOLN, District
from tests.stages.nights import Nights
from tests.stages.test_import_command import rows

ANNA = "+13125550142"
AS_OF = date(2026, 10, 5)


def total(student: str, enrolled: str, absent: str, as_of: date = LAST, school: str = "1") -> dict[str, str]:
    """One row of sis_totals.csv."""
    return {"student_id": student, "school_id": school, "as_of": str(as_of), "days_enrolled": enrolled, "days_absent": absent}


class Reported(District):
    """A district whose SIS reports Lia's absences up to October 5; None: it reports nothing."""

    absent: str | None = None

    def feed(self) -> dict[str, Any]:
        """The feed with its totals."""
        found = super().feed()
        enrolled = len([day for day in self.days if day <= AS_OF])
        said = [] if self.absent is None else [total("lia", str(enrolled), self.absent, AS_OF, LINCOLN)]
        found["files"]["sis_totals"] = [*said, total("max", str(enrolled), "0", AS_OF, LINCOLN)]
        return found


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Lia missed 4 days; her mother may be texted. Her brother's total agrees."""
    found = Nights(database, settings, tmp_path, Reported())
    found.district.child("lia", absent=4)
    found.district.child("max")
    found.district.adult("anna", ["lia", "max"], phone=ANNA)
    found.approve()
    return found


def test_nobody_is_told_a_number_that_the_sis_counts_otherwise(nights: Nights) -> None:
    """A skip with its reason, planned once the two agree."""
    assert isinstance(nights.district, Reported)
    nights.district.absent = "5"
    nights.open()
    assert [(row.why, row.state) for row in nights.plan()] == [("totals differ", "skipped")]
    with nights.database.read() as session:
        [found] = sis_differences.differences(session)
        assert (found.student_id, found.sis_absent, found.absent, found.as_of) == ("lia", "5", "4", AS_OF)
        assert sis_differences.differences(session, {"S2"}) == []
        assert len(sis_differences.differences(session, {LINCOLN})) == 1
    nights.district.absent = "4.0"
    assert [row.state for row in nights.night()] == ["planned"]


def test_a_planned_message_is_held_while_totals_differ_or_are_not_compared_yet(nights: Nights) -> None:
    """New data hold every child of whom there is a total, until they have been compared."""
    assert isinstance(nights.district, Reported)
    nights.open()
    nights.plan()
    [text] = nights.rows(state="planned")
    assert isinstance(nights.check(text), Go)
    nights.district.absent = "4"
    nights.load()
    stopped = nights.check(text)
    assert isinstance(stopped, Stop)
    assert (stopped.state, stopped.reason.split(":")[0]) == (State.HELD, "totals differ")
    nights.plan()
    assert isinstance(nights.check(text), Go), "compared, and equal"
    nights.district.absent = "3"
    nights.load()
    nights.plan()
    assert isinstance(nights.check(text), Stop)


def test_comparing_again_without_news_reads_and_writes_nothing_more(nights: Nights) -> None:
    nights.open()
    with nights.database.write() as session:
        sis_differences.refresh(session, nights.now)
    asked = []
    event.listen(nights.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    with nights.database.write() as session:
        sis_differences.refresh(session, nights.now)
    assert not [words for words in asked if "sis_totals" in words or words.startswith(("INSERT", "DELETE", "UPDATE"))]


def varied(**settings: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """For each source setting that changes a count: its name, the value it is counted by here, and a feed for it."""
    made = feed(marks=[mark("s1", weekdays()[2], "H", portion="0.5"), mark("s2", weekdays()[4])], **settings)
    made["settings"] = {**made["settings"], "codes": {**made["settings"]["codes"], "H": {"kind": "partial", "reason": "excused"}}}
    for row in made["files"]["enrollments"]:
        row["exit_date"] = str(weekdays()[10])
    other = ("exit_day", "exclusive"), ("calendar", "from-events"), ("school_year_start", "09-01"), ("profile", "half-days")
    yield from ((name, value, made) for name, value in other)


@pytest.mark.parametrize(("setting", "value", "made"), list(varied()), ids=lambda value: value if isinstance(value, str) else "")
def test_each_setting_is_tried_and_the_one_that_explains_all_comes_first(
    database: Database, tmp_path: Path, setting: str, value: str, made: dict[str, Any]
) -> None:
    """The totals are those of the same feed under that setting."""
    loader = Loader(database, tmp_path)
    loader.load({**made, "settings": {**made["settings"], setting: value}})
    theirs = [total(row["student_id"], row["days_enrolled"], row["days_absent"]) for row in loader.counts(LAST, "student-school")]
    loader.load({**made, "files": {**made["files"], "sis_totals": theirs}})
    with loader.database.read() as session:
        found = compare(session)
    assert found.differences
    best = [trial for trial in found.trials if trial.explained == found.trials[0].explained]
    assert [trial.remaining for trial in best] == [0] * len(best)
    assert (setting, value) in {(trial.setting, trial.value) for trial in best}


def test_every_profile_is_tried(database: Database, tmp_path: Path) -> None:
    """One that changes nothing is not named."""
    loader = Loader(database, tmp_path)
    loader.load({**(made := feed()), "files": {**made["files"], "sis_totals": [total("s1", "20", "7")]}})
    with loader.database.read() as session:
        found = compare(session)
    assert (len(found.differences), found.trials) == (1, ())
    assert "federal" in profiles()


def test_the_command_lists_what_differs_and_says_what_explains_it(tmp_path: Path) -> None:
    """Exit 2 without totals, 0 where all agree, 1 where some differ; rows to stdout, sentences to stderr."""
    home, made = tmp_path / "home", feed(marks=[mark("s1", weekdays()[0])])
    for row in made["files"]["enrollments"]:
        row["exit_date"] = str(weekdays()[9])

    def reconcile(*totals: dict[str, str], form: str = "csv") -> tuple[int, list[dict[str, str]], str]:
        found = {**made, "files": {**made["files"], **({"sis_totals": list(totals)} if totals else {})}}
        assert run(home, "import", str(write_feed(tmp_path / f"feed-{len(totals)}-{form}", found))).returncode == 0
        done = run(home, "reconcile", "--format", form)
        return done.returncode, rows(done.stdout), done.stderr

    assert reconcile()[::2] == (2, "outreach: No source has brought a sis_totals.csv, so there is nothing to compare with.\n")
    status, listed, said = reconcile(total("s1", "10", "1"))
    assert (status, listed, said) == (0, [], "1 totals compared, 0 differ.\n")
    status, listed, said = reconcile(total("s1", "9", "1"), total("s2", "10", "2.5"))
    assert status == 1
    columns = ("student_id", "school_id", "as_of", "sis_days_enrolled", "days_enrolled", "sis_days_absent", "days_absent")
    assert tuple(listed[0]) == columns
    assert [tuple(row.values()) for row in listed] == [
        ("s1", "1", str(LAST), "9", "10", "1", "1"),
        ("s2", "1", str(LAST), "10", "10", "2.5", "0"),
    ]
    assert "2 totals compared, 2 differ." in said
    assert 'exit_day = "exclusive" would explain 1 of them; 1 would differ.' in said
    assert "No single setting explains any of them" in reconcile(total("s1", "10", "7"), form="json")[2]
