"""The first steps are ticked by what is really there, one after the other, and the command says the same."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.first_steps import finding, next_of, steps
from outreach.services import Services
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.thresholds import spot_checks
from tests.conftest import NOON
from tests.feeds import LINCOLN
from tests.stages.nights import Nights


def ahead(database: Database, settings: Settings, now: datetime) -> str:
    """The title of the next step, as the page and the command say it."""
    found = steps(Services(settings, database, FixedClock(now), None))
    step = next_of(found)
    title = step.title if step else ""
    assert title in finding(found).sentence
    return title


def test_from_the_empty_database_to_the_first_count(sqlite_database: Database, settings: Settings, tmp_path: Path) -> None:
    fresh = settings.model_copy(update={"district_name": "Your School District", "timezone": ""})
    assert ahead(sqlite_database, fresh, NOON) == "Say who you are"
    named = settings.model_copy(update={"district_name": "Lincoln Schools", "timezone": "America/Chicago"})
    nights = Nights(sqlite_database, named, tmp_path)
    assert ahead(sqlite_database, named, NOON) == "Load the first feed"
    nights.district.child("lia", absent=4)
    nights.district.adult("anna", ["lia"], phone="+13125550142")
    nights.district.settings = {**nights.district.settings, "codes": {}}
    nights.load()
    assert ahead(sqlite_database, named, NOON) == "Give codes and days their meaning"
    nights.district.settings = type(nights.district)().settings
    nights.load()
    assert ahead(sqlite_database, named, NOON) == "Check the counts"
    compare(sqlite_database, agrees=False)
    assert titles(named, sqlite_database)["Check the counts"][0].startswith("1 child’s count was found to differ")
    compare(sqlite_database, agrees=True)
    assert ahead(sqlite_database, named, NOON) == "Approve the words"
    nights.approve()
    assert ahead(sqlite_database, named, NOON) == "Bring people in"
    with sqlite_database.write() as session:
        staff.add_account(session, email="boss@example.org", name="Boss", role=Role.DISTRICT_ADMINISTRATOR, schools=(), now=NOON)
        staff.add_account(session, email="ana@example.org", name="Ana", role=Role.COORDINATOR, schools=(LINCOLN,), now=NOON)
    assert ahead(sqlite_database, named, NOON) == "Name who is called for danger"
    assert "Nobody has been found" in titles(named, sqlite_database)["Let the first round go"][0]
    nights.evaluate()
    assert titles(named, sqlite_database)["Let the first round go"] == ("Children over a threshold wait for the first release.",)
    nights.release_baseline()
    nights.plan()
    assert titles(named, sqlite_database)["Let the first round go"] == ()
    assert titles(named, sqlite_database)["See the first count arrive"] == ("No count has left yet.",)
    nights.send(nights.rows("sms", "planned")[0])
    assert titles(named, sqlite_database)["See the first count arrive"] == ()


def compare(database: Database, *, agrees: bool) -> None:
    """What a person finds who compares the one child there is."""
    with database.write() as session:
        [lia] = spot_checks.choose(session, None, NOON, "America/Chicago")
        spot_checks.keep(session, [lia], {lia.student_id} if agrees else set(), by="boss@example.org", now=NOON)


def titles(settings: Settings, database: Database) -> dict[str, tuple[str, ...]]:
    return {step.title: step.lacks for step in steps(Services(settings, database, FixedClock(NOON), None))}
