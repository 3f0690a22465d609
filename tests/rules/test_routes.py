"""Every view says who may see it, and means it."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from werkzeug.routing import Rule

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import Settings
from outreach.web.app import create_app
from outreach.web.permissions import access, undeclared
from tests.rules.house import ROOT, told

FILLED = {
    "int": 1,
    "float": 1.0,
    "path": "one",
    "default": "one",
    "string": "one",
    "uuid": "00000000-0000-0000-0000-000000000001",
    "date": date.min,
}
TURNED_AWAY = {302, 401, 403}


@pytest.fixture
def app(settings: Settings, sqlite_database: Database, clock: FixedClock) -> Flask:
    """The whole web application, without anybody who sends texts."""
    return create_app(Services(settings, sqlite_database, clock, provider=None))


def test_every_route_says_who_may_use_it(app: Flask) -> None:
    broken = [f"{endpoint} has neither needs(…) nor open_to_all(why)" for endpoint in undeclared(app)]

    assert not broken, told(broken)


def test_a_route_that_says_nothing_is_noticed(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "anybody may read this")

    assert undeclared(app) == ["forgotten"]


def test_every_open_route_says_why(app: Flask) -> None:
    broken = [
        endpoint for endpoint, declared in access(app).items() if declared.startswith("open") and not declared.removeprefix("open:").strip()
    ]

    assert not broken, told(broken)


def test_a_stranger_is_turned_away_from_every_route_that_is_not_open(app: Flask) -> None:
    """Each one is asked, with every method it knows, by somebody who has not signed in."""
    app.config["WTF_CSRF_ENABLED"] = False  # the guard must hold by itself
    declared, stranger = access(app), app.test_client()
    guarded = [
        (rule, method) for rule in app.url_map.iter_rules() if not declared[rule.endpoint].startswith("open:") for method in _methods(rule)
    ]
    answers = {f"{method} {rule.rule}": stranger.open(_address(app, rule), method=method).status_code for rule, method in guarded}
    broken = [f"{asked} answers {status}" for asked, status in answers.items() if status not in TURNED_AWAY]

    assert len(answers) > 1, "no guarded route was found"
    assert not broken, told(broken)


def _methods(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"OPTIONS"}


def _address(app: Flask, rule: Rule) -> str:
    arguments = {argument: FILLED[_kind(app, rule, argument)] for argument in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, arguments)


def _kind(app: Flask, rule: Rule, argument: str) -> str:
    converter = rule._converters[argument]
    return next(name for name, known in app.url_map.converters.items() if type(converter) is known)


def test_pages_write_csv_only_where_formulas_are_made_text() -> None:
    writers = [path.name for path in (ROOT / "outreach/web").rglob("*.py") if "import csv" in path.read_text(encoding="utf-8")]
    assert writers == ["sheets.py"]
