"""The rules on their pages: in plain words, looked at before they hold, put back with one press, and every odd field said at its place."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from outreach.database import Database
from outreach.thresholds.rules import load_rules
from outreach.thresholds.version_tables import RulesVersion
from outreach.web.rules_words import as_typed, read, then, values, when, where
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send

TEXT = load_rules()[0]


def _asked(**changes: str) -> dict[str, str]:
    typed = {
        name: "on" if value is True else str(value) for name, value in as_typed(TEXT).items() if value is not False and name != "schools"
    }
    return {**typed, "rule": "text_5", "seen": "0", "holds_from": NOON.date().isoformat(), "why": "too many texts", **changes}


def _versions(database: Database) -> list[RulesVersion]:
    with database.read() as session:
        return list(session.scalars(select(RulesVersion).order_by(RulesVersion.number)))


def test_a_change_is_looked_at_then_applied_then_taken_back(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    status, _, shown = send(boss, "/rules", "/rules/edit", **_asked(percent="50"), do="look")
    assert (status, "What would change" in shown, "Nothing is in force yet" in shown) == (200, True, True)
    assert _versions(sqlite_database) == []
    assert send(boss, "/rules", "/rules/edit", **_asked(percent="50"), do="apply")[0] == 302
    [row] = _versions(sqlite_database)
    assert (row.changed_by, row.holds_from, row.why) == ("boss@example.org", NOON.date(), "too many texts")
    assert "From 50 % of the school days missed" in boss.get("/rules").text
    assert "Somebody else changed the rules" in send(boss, "/rules", "/rules/edit", **_asked(percent="40"), do="apply")[2]
    assert send(boss, "/rules", "/rules/back", number="0")[0] == 302
    assert [row.back_to for row in _versions(sqlite_database)] == [None, 0]
    assert "From 5 % of the school days missed" in boss.get("/rules").text


ODD = [
    ("percent", "0"), ("percent", "101"), ("percent", "1/0"), ("percent", "x"), ("days", "0"), ("days", "367"), ("days", "9" * 30),
    ("from_day", "9"), ("rung", ""), ("cool_down", "-1"), ("message", "none such"), ("name", "Letter 15"), ("name", "letter_10"),
    ("metric", "x"), ("fires", "x"), ("action", "x"), ("channel", "x"), ("schools", "none"), ("holds_from", "soon"),
    ("wording", "none such"),
]  # fmt: skip


def test_each_odd_field_is_said_at_its_place_and_nothing_is_written(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    for field, typed in ODD:
        status, _, shown = send(boss, "/rules", "/rules/edit", **_asked(**{field: typed}), do="apply")
        assert (field, typed, status, f'id="{field}-fault"' in shown) == (field, typed, 422, True)
    assert _versions(sqlite_database) == []


def test_a_coordinator_reads_the_rules_and_changes_none(signed_in: SignedIn) -> None:
    ana = signed_in("ana")
    assert "5 % of the school days missed" in ana.get("/rules").text
    assert "Change<" not in ana.get("/rules").text
    assert ana.get("/rules/edit").status_code == 403


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.name)
def test_a_rule_goes_through_its_form_unchanged(rule: object) -> None:
    typed = as_typed(rule)  # type: ignore[arg-type] # the table holds rules
    asked = {name: "on" if value is True else str(value) for name, value in typed.items() if value is not False and name != "schools"}
    assert type(TEXT).model_validate(values(read(asked, ()))) == rule


def test_a_rule_reads_as_a_sentence() -> None:
    assert when(TEXT) == "From 5 % of the school days missed, at least 3, after 20 days at school"
    assert then(TEXT) == "a text in the words “count”, at most every 30 days"
    assert where(TEXT.model_copy(update={"schools": ("s1",), "grades": ("9",)}), {"s1": "Lincoln"}) == "Lincoln, grades 9"
