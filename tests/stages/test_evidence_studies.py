"""From families to a report: who may take part, what they missed on corrected and on first marks, and what the study says of it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from outreach.cases.actions import open_case
from outreach.cases.matching import Match
from outreach.database import Database
from outreach.evidence import eligible, outcomes, study_report
from outreach.planning import study_queries
from outreach.planning.rows import new_row
from outreach.planning.states import Channel, MessageClass, State
from outreach.planning.studies import Design, Kind
from outreach.planning.study_tables import Study
from outreach.settings import Settings
from tests.conftest import NOON
from tests.feeds import LINCOLN, ROOSEVELT
from tests.stages.nights import Nights
from tests.stages.studies import FIRST, LAST, a_design, a_family, a_study


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    return Nights(database, settings, tmp_path)


def _eligible(nights: Nights, design: Design | None = None) -> eligible.Eligible:
    with nights.database.read() as session:
        return eligible.homes(session, design or a_design(FIRST), nights.settings, nights.now)


def test_families_that_share_a_child_are_one_and_the_child_that_missed_most_last_year_stands_for_it(nights: Nights) -> None:
    a_family(nights, "ben", "mother", "father")
    a_family(nights, "ana", "mother")
    a_family(nights, "zoe", "father", "new-wife")
    a_family(nights, "kim")
    last_year = [day.replace(year=2026) for day in (date(2026, 2, 2), date(2026, 2, 3), date(2026, 2, 4))]
    nights.district.days = [*last_year, *nights.district.days]
    nights.district.enrolments["ana"].insert(
        0, {**nights.district.enrolments["ana"][0], "entry_date": "2026-01-05", "exit_date": "2026-05-29"}
    )
    nights.district.marks["ana"][last_year[0]] = "U"
    nights.load()
    found = _eligible(nights)
    assert {(home.student_ids, home.student_id, home.prior) for home in found.homes} == {
        (("ana", "ben", "zoe"), "ana", "1.0"),
        (("kim",), "kim", ""),
    }
    assert found.left_out == {}


def test_nobody_waits_who_needs_somebody_now_and_the_reasons_are_counted(nights: Nights) -> None:
    for child, absent in (("worst", 12), ("cased", 2), ("asked", 2), ("other", 2)):
        a_family(nights, child, absent=absent)
    a_family(nights, "older", school=ROOSEVELT)
    nights.load()
    with nights.database.write() as session:
        found = Match(student_id="cased", household="parent-cased", school_id=LINCOLN)
        open_case(session, "student:cased", found, nights.now, phone="", because="a person")
    lincoln = Design("x", Kind.HOLDOUT, FIRST, LAST, a_design(FIRST).arms, schools=(LINCOLN,))
    eligible_now = _eligible(nights, lincoln)
    assert [home.student_id for home in eligible_now.homes] == ["asked", "other"]
    assert eligible_now.left_out == {"20 % or more of the days missed": 1, "open case": 1}


def test_a_correction_after_the_first_report_changes_what_stands_and_not_what_came_first(nights: Nights) -> None:
    a_family(nights, "lia", absent=0)
    days = [day for day in nights.district.days if FIRST <= day <= LAST]
    nights.district.marks["lia"] = {days[0]: "U", days[2]: "U"}
    nights.load()
    nights.now += timedelta(days=1)
    del nights.district.marks["lia"][days[0]]
    nights.district.marks["lia"][days[2]] = "T"
    nights.district.marks["lia"][days[4]] = "U"
    nights.load()
    with nights.database.read() as session:
        [now], [first] = (which(session, ["lia"], FIRST, LAST).values() for which in (outcomes.missed, outcomes.first_missed))
    assert now.enrolled == first.enrolled == len(days)
    assert now.absent == 1, "the day that was added later"
    assert first.absent == Fraction(3), "the two that were taken back, and the one whose day nobody had spoken of before"


def test_the_report_says_what_was_set_before_interval_first_twice_and_with_its_reach(nights: Nights) -> None:
    study = a_study(nights)
    with nights.database.write() as session:
        told = next(home for home in study_queries.homes(session, study) if home.arm == 1)
        row = new_row(
            NOON + timedelta(days=3),
            once_key="x",
            message_class=MessageClass.NUDGE,
            channel=Channel.SMS,
            state=State.DELIVERED,
            created_by="plan",
        )
        row.student_ids, row.claimed_at = [told.student_id], NOON + timedelta(days=3)
        session.add(row)
    with nights.database.read() as session:
        found = study_report.report(session, session.get_one(Study, study), today=nights.now.date())
        rows = study_report.rows(session, session.get_one(Study, study), today=nights.now.date())
    assert found.sealed
    assert found.until == LAST
    assert found.compared == 2, "two groups, one arm against the other"
    assert [(one.group, one.outcome, one.marks) for one in found.findings] == [
        (group, outcome, marks)
        for group in ("all", "EL")
        for outcome, marks in (("days", "as they stand now"), ("days", "as they first came"), ("chronic", "as they stand now"))
    ]
    [effect] = found.findings[0].effects
    absent = {arm: [float(row.absent) for row in rows if row.arm == arm] for arm in ("later", "now")}
    assert effect.raw == pytest.approx(np.mean(absent["now"]) - np.mean(absent["later"]))
    assert effect.low < effect.difference < effect.high < 0
    assert effect.level == pytest.approx(0.975)
    assert found.findings[3].effects == ()
    assert "needs 20 households" in found.findings[3].why_none
    reach = [(one.arm, one.households, one.followed, one.told, one.delivered) for one in found.reach]
    assert reach == [("later", 24, 24, 0, 0), ("now", 24, 24, 1, 1)]


def test_an_outside_evaluator_gets_rows_that_name_nobody(nights: Nights) -> None:
    study = a_study(nights)
    with nights.database.read() as session:
        rows = study_report.rows(session, session.get_one(Study, study), today=nights.now.date())
    assert len(rows) == 48
    told = " ".join(str(row) for row in rows)
    assert "kid" not in told
    assert "parent" not in told
    assert LINCOLN not in told
    assert {row.stratum for row in rows} == {"stratum 1", "stratum 2"}


def test_a_study_that_has_just_begun_has_no_figures_and_a_changed_assignment_breaks_its_seal(nights: Nights) -> None:
    study = a_study(nights)
    with nights.database.read() as session:
        early = study_report.report(session, session.get_one(Study, study), today=FIRST)
    assert [one.effects for one in early.findings] == [()] * 6
    with nights.database.write() as session:
        home = study_queries.homes(session, study)[0]
        home.arm = 1 - home.arm
    with nights.database.read() as session:
        assert not study_report.report(session, session.get_one(Study, study), today=nights.now.date()).sealed
