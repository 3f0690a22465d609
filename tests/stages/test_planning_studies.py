"""A study in the nights of a small district: who waits hears no count, and whoever needs somebody hears at once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from outreach.cases.actions import open_case
from outreach.cases.matching import Match
from outreach.database import Database
from outreach.planning import studies, study_actions, study_queries
from outreach.planning.studies import Arm, Design, DesignError, Home, Kind
from outreach.planning.study_tables import Study
from outreach.settings import Settings
from outreach.thresholds.rules import Rule
from tests.stages.nights import LETTER, TEXT, WORDS, Nights, Said

PROPOSER, APPROVER = "ana@example.org", "head@example.org"
RULE = Rule(name="rung", percent=5, days=3, from_day=20, channel="sms", message="count", cool_down=0, rung=1)
HOLDOUT = (Arm("later", 50), Arm("now", 50))


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Two children of two families, both over the threshold."""
    found = Nights(database, settings.model_copy(update={"weekly_nudge_cap": 99}), tmp_path, rules=[RULE])
    for number, child in enumerate(("lia", "max")):
        found.district.child(child, absent=6)
        found.district.adult(f"parent-{child}", [child], phone=f"+1312555010{number}")
    found.approve({**WORDS, ("count_kind", "sms", "en"): TEXT.replace("has missed", "could not come for"), ("x", "letter", "en"): LETTER})
    return found


def _home(child: str) -> Home:
    return Home(f"parent-{child}", child, (child,), "north", "5", "4")


def _started(nights: Nights, kind: Kind = Kind.HOLDOUT, arms: tuple[Arm, ...] = HOLDOUT) -> int:
    """A study that begins tomorrow, with one household in each arm: lia's in the first."""
    first = nights.now.date() + timedelta(days=1)
    arms = tuple(
        arm if number == 0 and kind == Kind.HOLDOUT else Arm(arm.name, arm.share, arm.from_day or first, arm.message)
        for number, arm in enumerate(arms)
    )
    design = Design("Does it help?", kind, first, first + timedelta(days=60), arms)
    homes = [_home("lia"), _home("max")]
    seed = next(str(n) for n in range(99) if studies.assign(homes, arms, str(n))["parent-lia"] == 0)
    with nights.database.write() as session:
        study = study_actions.propose(session, design, by=PROPOSER, now=nights.now)
        study_actions.start(
            session, study, homes, left_out={"open case": 2}, by=APPROVER, today=nights.now.date(), now=nights.now, seed=seed
        )
        return study.id


def _said(child: str, state: str, why: str = "") -> Said:
    return Said(f"parent-{child}", (child,), f"parent-{child}" if state != "none" else "", "sms", state, why)


def _ends(nights: Nights, study: int) -> None:
    with nights.database.write() as session:
        study_actions.end(session.get_one(Study, study), by=APPROVER, now=nights.now)


def test_a_family_whose_arm_waits_is_not_in_this_round_and_hears_when_the_study_is_over(nights: Nights) -> None:
    study = _started(nights)
    nights.open()
    nights.now += timedelta(days=1)
    assert nights.plan() == [_said("lia", "skipped", "not in this round"), _said("max", "planned")]
    _ends(nights, study)
    assert _said("lia", "planned") in nights.night()


def test_without_a_study_nobody_waits_and_before_its_first_day_neither(nights: Nights) -> None:
    nights.open()
    assert nights.plan() == [_said("lia", "planned"), _said("max", "planned")]


def test_a_family_with_a_case_hears_whatever_chance_decided_and_keeps_its_arm(nights: Nights) -> None:
    study = _started(nights)
    nights.open()
    nights.now += timedelta(days=1)
    nights.plan()
    with nights.database.write() as session:
        found = Match(student_id="lia", household="parent-lia", school_id="north")
        open_case(session, "student:lia", found, nights.now, phone="", because="a person")
    assert _said("lia", "planned") in nights.night()
    with nights.database.read() as session:
        assert {home.household: home.arm for home in study_queries.homes(session, study)} == {"parent-lia": 0, "parent-max": 1}


def test_a_child_who_misses_a_fifth_of_the_days_does_not_wait(nights: Nights) -> None:
    _started(nights)
    nights.district.miss("lia", 12)
    nights.open()
    nights.now += timedelta(days=1)
    assert _said("lia", "planned") in nights.plan()


def test_a_staggered_start_tells_everybody_in_the_end(nights: Nights) -> None:
    second = nights.now.date() + timedelta(days=15)
    _started(nights, Kind.STAGGERED, (Arm("second", 50, second), Arm("first", 50)))
    nights.open()
    nights.now += timedelta(days=1)
    assert nights.plan() == [_said("lia", "skipped", "not in this round"), _said("max", "planned")]
    assert _said("lia", "planned") in nights.night(days=14)


def test_an_arm_gets_its_own_words_and_its_count_is_checked_as_the_rules_own(nights: Nights) -> None:
    _started(nights, Kind.WORDING, (Arm("kind", 50, None, "count_kind"), Arm("usual", 50, None, "count")))
    nights.open()
    nights.now += timedelta(days=1)
    nights.plan()
    rows = {row.student_ids[0]: row for row in nights.rows()}
    assert {child: row.message for child, row in rows.items()} == {"lia": "count_kind", "max": "count"}
    nights.now += timedelta(hours=23)
    nights.send(rows["lia"])
    [sent] = nights.rows(state="sent")
    assert "could not come for" in sent.body
    nights.district.marks["max"], nights.district.marks["lia"] = {}, {}
    nights.load()
    assert getattr(nights.check(rows["max"]), "reason", "").startswith("no longer over the threshold")


@pytest.mark.parametrize(
    ("by", "days", "homes", "sentence"),
    [
        (PROPOSER, 1, ["lia"], "another person"),
        (APPROVER, 0, ["lia"], "before its first day"),
        (APPROVER, 1, [], "No household"),
    ],
)
def test_a_study_starts_only_with_a_named_approver_in_time_and_with_families(
    nights: Nights, by: str, days: int, homes: list[str], sentence: str
) -> None:
    first = nights.now.date() + timedelta(days=days)
    design = Design("Does it help?", Kind.HOLDOUT, first, first + timedelta(days=60), (Arm("later", 50), Arm("now", 50, first)))
    with nights.database.write() as session:
        study = study_actions.propose(session, design, by=PROPOSER, now=nights.now)
        with pytest.raises(DesignError, match=sentence):
            study_actions.start(
                session, study, [_home(child) for child in homes], left_out={}, by=by, today=nights.now.date(), now=nights.now
            )
        assert study_queries.running(session) == []


def test_no_family_is_in_two_studies_that_run(nights: Nights) -> None:
    _started(nights)
    with pytest.raises(DesignError, match="another study that still runs"):
        _started(nights)


def test_a_study_is_kept_as_it_was_proposed(nights: Nights) -> None:
    study = _started(nights)
    with nights.database.read() as session:
        [found] = study_queries.every(session)
        assert (found.proposed_by, found.started_by, found.left_out) == (PROPOSER, APPROVER, {"open case": 2})
        assert study_queries.design(found).arms[0] == Arm("later", 50)
        assigned = {home.household: home.arm for home in study_queries.homes(session, study)}
        assert found.seal == studies.seal(assigned)
        assert isinstance(found.first_day, date)
