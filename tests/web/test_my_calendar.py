"""The calendar: counts by day and no name, under an address that only its maker has and that ends when they say so."""

from __future__ import annotations

import re
from datetime import date

from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from outreach.cases.tables import Case
from outreach.cases.team_tables import CalendarLink
from outreach.database import Database
from outreach.district.tables import Student
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded
from tests.web.test_my_day import a_step

PLANTED = "Zephyrine"


def address(client: FlaskClient) -> str:
    """Make an address, and return its path."""
    found = re.search(r'id="address" value="http://[^/"]+(/calendar/[^"]+)"', send(client, "/me/calendar", "/me/calendar")[2])
    assert found is not None
    return found[1]


def plan(database: Database, seeded: Seeded) -> int:
    """Ana has four follow-ups, a late one among them; a name stands wherever words can. Return her id."""
    with database.write() as session:
        ana = session.scalars(select(Account.id).where(Account.email == "ana@example.org")).one()
        for day in (2, 6, 9, 9):
            step = a_step(seeded.maria, date(2026, 10, day), ana)
            step.words = step.outcome = PLANTED
            session.add(step)
        for student in session.scalars(select(Student)):
            student.first_name = PLANTED
        session.get_one(Case, seeded.maria).opened_because = PLANTED
    return ana


def test_it_tells_how_many_are_due_on_which_day_and_names_nobody(
    app: Flask, signed_in: SignedIn, sqlite_database: Database, seeded: Seeded
) -> None:
    plan(sqlite_database, seeded)
    path = address(signed_in("ana"))
    answer = app.test_client().get(path)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "text/calendar", "no-store")
    events = [(event.decoded("dtstart"), event.decoded("summary")) for event in Calendar.from_ical(answer.data).walk("VEVENT")]
    assert events == [(date(2026, 10, 6), "2 follow-ups are due"), (date(2026, 10, 9), "2 follow-ups are due")]
    assert not re.search(rf"{PLANTED}|Lopez|Maria|Luis|Call|/cases/|\+1", answer.text)
    assert answer.text.count("/today/follow-ups") == 2


def test_a_revoked_address_opens_nothing_and_a_new_one_ends_the_old(
    app: Flask, signed_in: SignedIn, sqlite_database: Database, seeded: Seeded
) -> None:
    ana = plan(sqlite_database, seeded)
    client, stranger = signed_in("ana"), app.test_client()
    first = address(client)
    second = address(client)
    assert [stranger.get(path).status_code for path in (first, second)] == [404, 200]
    assert second not in client.get("/me/calendar").text, "it is shown once"
    with sqlite_database.read() as session:
        token = second.removeprefix("/calendar/").removesuffix(".ics")
        assert all(token not in str(vars(row)) for row in session.scalars(select(CalendarLink))), "only its hash is kept"
    assert send(client, "/me/calendar", "/me/calendar/revoke")[0] == 302
    assert stranger.get(second).status_code == 404
    third = address(client)
    for change in ({"disabled_at": NOON}, {"disabled_at": None, "role": Role.ATTENDANCE_CLERK.value}):
        with sqlite_database.write() as session:
            for name, value in change.items():
                setattr(session.get_one(Account, ana), name, value)
        assert stranger.get(third).status_code == 404, change
    assert stranger.get("/calendar/x.ics").status_code == stranger.get("/calendar/%F0%9F.ics").status_code == 404
