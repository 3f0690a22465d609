"""The papers that hold figures: every one is a plain recount, and the principal's page has no small number by grade."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from statistics import median

import pandas as pd
import pytest

from outreach.attendance.queries import student_counts
from outreach.cases.shared_tables import SharedTask
from outreach.database import Database
from outreach.evidence import packet_leaders, packet_standing
from outreach.evidence.packet import Kind
from outreach.settings import Settings
from tests.conftest import NOON
from tests.feeds import LINCOLN
from tests.stages.nights import Nights
from tests.stages.packets import DAY, a_school, barrier, keep_days, open_case, rows, said, step, take


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A school, and people who look after its families."""
    return a_school(database, settings, tmp_path)


def test_the_figures_of_the_page_are_a_plain_recount(nights: Nights) -> None:
    keep_days(nights)
    with nights.database.read() as session:
        counts = student_counts(session, NOON.date())
        desk = packet_standing.desk(session, LINCOLN, nights.settings, NOON)
    frame = pd.DataFrame(
        [
            (counts[f"kid{n:02}"].count.tier, float(counts[f"kid{n:02}"].count.absent), counts[f"kid{n:02}"].count.enrolled)
            for n in range(40)
        ],
        columns=["tier", "absent", "enrolled"],
    )
    told = said(take(nights, Kind.ONE_PAGER))
    chronic = int((frame.absent * 10 >= frame.enrolled).sum())
    assert f"{100 * chronic / 40:.1f} % of 40 children miss a tenth of their days or more ({chronic})" in told
    assert f"{100 * (1 - frame.absent.sum() / frame.enrolled.sum()):.1f} % attend on an average day" in told
    tiers = frame.tier.value_counts()
    assert f"20 % and more {tiers['severe']} {100 * tiers['severe'] / 40:.1f} %" in told
    assert f"{desk.never_reached} families at 10 % or more that nothing has reached" in told
    assert desk.watched == chronic
    assert "Kid" not in told


def test_the_page_for_the_principal_shows_no_small_number_by_grade(nights: Nights) -> None:
    keep_days(nights)
    listed = rows(take(nights, Kind.ONE_PAGER), "By grade")
    assert len(listed) == 3
    for _grade, children, missing, share in listed:
        assert missing == "few" or int(missing) >= 10
        assert children == "few" or int(children) >= 10
        assert (share == "–") == (missing == "few")
    assert any(missing == "few" for *_, missing, _share in listed)


def _reports(nights: Nights) -> Iterator[tuple[str, float, float | None]]:
    """Reason, days ago, days until the yes."""
    chance = random.Random(2)  # noqa: S311 - made up
    for n in range(24):
        reason, ago = chance.choice(["transportation", "bored", "housing", "lost_track"]), chance.uniform(0.2, 70)
        yes = chance.choice([None, 0.1 * ago, 0.5 * ago])
        with nights.database.write() as session:
            barrier(session, open_case(session, f"kid{n:02}", 70), reason, ago, yes_after=yes)
        yield reason, ago, yes


def test_a_step_back_counts_reasons_by_root_cause_and_time_to_help_as_a_plain_recount_does(nights: Nights) -> None:
    found = list(_reports(nights))
    way = "Something in the way"
    causes = {"transportation": way, "housing": way, "bored": "Sees no point in it", "lost_track": "Did not know"}
    midnight = datetime(2026, 8, 11, 5, tzinfo=NOON.tzinfo)  # in Chicago, eight weeks before
    lately = [(causes[reason], NOON - ago * DAY, yes) for reason, ago, yes in found if NOON - ago * DAY >= midnight]
    paper = take(nights, Kind.STEP_BACK)
    table = rows(paper, "Why children miss school")
    heads = [way, "Does not want to go", "Sees no point in it", "Did not know"]
    for place, row in enumerate(table[:-1]):
        begins, ends = midnight + 14 * place * DAY, midnight + 14 * (place + 1) * DAY
        counted = Counter(cause for cause, at, _ in lately if begins <= at < (NOON if place == len(table) - 2 else ends))
        assert row[1:] == (*(str(counted[head]) for head in heads), str(counted.total()))
    assert table[-1] == ("All", *(str(Counter(cause for cause, _, _ in lately)[head]) for head in heads), str(len(lately)))
    helped = {row[0]: row[1:] for row in rows(paper, "How long families wait")}
    for name in {"All", *(cause for cause, _, _ in lately)}:
        mine = [yes for cause, _, yes in lately if name in {"All", cause}]
        times = [yes for yes in mine if yes is not None]
        assert helped[name][:3] == (str(len(mine)), str(len(times)), f"{median(times):.1f} days" if times else "–")


def test_what_attendance_did_next_is_ten_school_days_on_both_sides_of_a_step(nights: Nights) -> None:
    with nights.database.write() as session:
        case = open_case(session, "kid05", 40)
        step(session, case, "visit", "problem_solving", done=20, barrier_id=barrier(session, case, "bored", 30, yes_after=15).id)
        step(session, open_case(session, "kid06", 40), "visit", "problem_solving", done=3)
    [row] = rows(take(nights, Kind.STEP_BACK), "What we tried")
    days, done, marks = [day for day in nights.district.days if day < NOON.date()], NOON.date() - 20 * DAY, nights.district.marks["kid05"]
    before, after = [day for day in days if day < done][-10:], [day for day in days if day > done][:10]
    assert row == ("Home visit", "2", "1 of 1", "1", str(sum(day in marks for day in before)), str(sum(day in marks for day in after)))


def test_too_few_days_around_a_step_are_no_figure() -> None:
    days = [date(2026, 9, 1) + n * DAY for n in range(21)]
    missed = {days[3]: Fraction(1), days[15]: Fraction(1, 2)}
    assert packet_standing.around(days, missed, days[10]) == (Fraction(1), Fraction(1, 2))
    assert packet_standing.around(days, missed, days[9]) is None
    assert packet_standing.around(days, missed, days[11]) is None


def test_trends_and_shared_reasons_stand_there_and_a_school_without_anything_has_papers_too(nights: Nights) -> None:
    keep_days(nights, *(NOON.date() - 7 * n * DAY for n in range(1, 5)))
    nothing = dict.fromkeys(("ended_by", "done", "why_not"), "")
    with nights.database.write() as session:
        session.add(
            SharedTask(**nothing, open_key="x", school_id=LINCOLN, reason="transportation", households=3, opened_at=NOON, ended_at=None)
        )
    assert rows(take(nights), "Reasons that families share") == [("Getting to school", "3 families", "Tue, Oct 6", "")]
    paper = take(nights, Kind.STEP_BACK)
    assert [row[0] for row in rows(paper, "Week by week")][-2:] == ["Tue, Sep 29", "Tue, Oct 6"]
    assert rows(paper, "What moved")[0][0] == "All"
    told = said(paper)
    assert all(question in told for question in packet_leaders.QUESTIONS)
    for kind in Kind:
        assert "Lincoln Elementary" in said(take(nights, kind, school="no such school"))
