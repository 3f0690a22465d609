"""The playbook: shipped, changed version by version, and read as one person's week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from outreach.cases import playbook
from outreach.cases.playbook import EVERY_DAY, LISTS, ROLES, WEEKDAYS, Line, PlaybookError
from outreach.database import Database
from outreach.staff.roles import Permission, Role, may
from outreach.web import my_day
from tests.conftest import NOON

MONDAY = date(2026, 10, 5)
SCHOOL = frozenset(MONDAY + timedelta(days=ahead) for ahead in range(5))
ANA = Role.COORDINATOR


def line(on: str, *roles: Role, step: str = "Look.") -> Line:
    return Line(roles or (ANA,), on, "none", step)


def test_the_shipped_playbook_is_for_everybody_who_has_a_day_page_and_names_lists_that_are_pages() -> None:
    lines = playbook.shipped()
    assert {role for one in lines for role in one.roles} == set(ROLES) == {role for role in Role if _has_page(role)}
    assert set(my_day.LISTS) == set(LISTS)


def _has_page(role: Role) -> bool:
    return may(role, Permission.INBOX_READ)


@pytest.mark.parametrize(
    ("on", "today", "days"),
    [
        (EVERY_DAY, MONDAY, [MONDAY]),
        (EVERY_DAY, date(2026, 10, 10), []),
        ("monday", MONDAY, [MONDAY]),
        ("monday", date(2026, 10, 6), []),
        ("friday", MONDAY, [date(2026, 10, 9)]),
        ("2026-10-07", MONDAY, [date(2026, 10, 7)]),
        ("2026-10-10", MONDAY, [date(2026, 10, 10)]),
        ("2026-10-12", MONDAY, []),
    ],
)
def test_a_week_shows_what_is_still_to_come_of_it(on: str, today: date, days: list[date]) -> None:
    assert [day for day, _ in playbook.week([line(on)], ANA, today, SCHOOL)] == days


def test_a_holiday_has_no_lines_but_those_of_its_date() -> None:
    lines = [line(EVERY_DAY), line("monday"), line("2026-10-05")]
    assert playbook.week(lines, ANA, MONDAY, SCHOOL - {MONDAY}) == [(MONDAY, [lines[2]])]


@examples(max_examples=30)
@given(
    st.lists(st.builds(line, st.sampled_from((EVERY_DAY, *WEEKDAYS, "2026-10-08")), st.sampled_from(ROLES))),
    st.integers(0, 6),
    st.sampled_from(ROLES),
)
def test_nobody_reads_another_roles_lines_and_none_of_todays_are_lost(lines: list[Line], ahead: int, role: Role) -> None:
    today = MONDAY + timedelta(days=ahead)
    shown = playbook.week(lines, role, today, SCHOOL)
    assert all(role in one.roles for _, mine in shown for one in mine)
    assert dict(shown).get(today, []) == [one for one in lines if role in one.roles and one.is_on(today, school=today in SCHOOL)]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"roles": []}, "for whom"),
        ({"roles": ["mentor"]}, "for whom"),
        ({"step": "  "}, "one sentence"),
        ({"step": "x" * 301}, "one sentence"),
        ({"list": "secrets"}, "those offered"),
        ({"on": "someday"}, "weekday"),
    ],
)
def test_a_line_that_nobody_could_follow_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(PlaybookError, match=says):
        playbook.line_of({"roles": ["coordinator"], "on": "monday", "list": "calls", "step": "Call.", **wrong})


def test_versions_stand_above_the_shipped_one_and_two_people_do_not_undo_each_other(database: Database) -> None:
    with database.write() as session:
        assert playbook.current(session).version == 0
        lines = [replace(playbook.shipped()[0], step="Ask the office by ten."), *playbook.shipped()[1:]]
        first = playbook.save(session, lines, over=0, by="boss@example.org", now=NOON)
        assert playbook.current(session) == first
        assert playbook.current(session).lines[0].step == "Ask the office by ten."
        assert playbook.save(session, lines, over=first.version, by="boss@example.org", now=NOON) == first, "nothing changed"
        with pytest.raises(PlaybookError, match="meanwhile"):
            playbook.save(session, playbook.shipped(), over=0, by="other@example.org", now=NOON)
        playbook.save(session, playbook.shipped(), over=first.version, by="boss@example.org", now=NOON, why="version 0 again")
        assert [one.version for one in playbook.versions(session)] == [2, 1, 0]
        with pytest.raises(PlaybookError, match="1 to"):
            playbook.save(session, [], over=2, by="boss@example.org", now=NOON)
