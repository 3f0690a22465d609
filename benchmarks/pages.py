"""The pages that staff open all day, in a district and in one a tenth its size: three years, with cases and messages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks import inbox_growth, loading
from benchmarks.district import District
from benchmarks.inbox_growth import NOW
from benchmarks.measuring import STUDENTS, alone
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import FixedClock
from outreach.database import Base
from outreach.evidence import snapshots
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.services import Services
from outreach.settings import load_settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.web.app import create_app

YEARS = 3
PAGES = ("/today", "/inbox", "/students", "/dashboard", "/dashboard?by=grade", "/data-health")
_A_YEAR = 364
"""Days between a mark and the one a year before: the same weekday."""
_REQUESTS, _WARM_UP = 5, 1
_CHILDREN_A_CASE = 10
_OK = 200
_EARLIER = (
    """
    INSERT INTO marks
    SELECT student_id, date(date, :back), school_id, section_id, code, source, portion, minutes, reason, import_id, line
    FROM marks WHERE date >= '2025-07-01'
    """,
    """
    INSERT INTO enrolments (student_id, school_id, entry_date, exit_date, grade, exit_type, track, "primary", source, import_id, line)
    SELECT student_id, school_id, date(entry_date, :back), date(entry_date, :back, '+250 days'), grade, exit_type, track, "primary",
        source, import_id, line
    FROM enrolments WHERE entry_date >= '2025-07-01'
    """,
    """
    INSERT INTO calendar_events (school_id, date, event, minutes, track, cycle_day, grades, source, import_id, line)
    SELECT school_id, date(date, :back), event, minutes, track, cycle_day, grades, source, import_id, line
    FROM calendar_events WHERE date >= '2025-07-01'
    """,
    "INSERT INTO reported_days SELECT school_id, date(date, :back), marks FROM reported_days WHERE date >= '2025-07-01'",
)
_NAMES = "UPDATE students SET last_name = 'Lee ' || student_id, birth_date = date('2014-09-01', '+' || (rowid % 4700) || ' days')"
"""Nobody is the namesake of anybody, and everybody was born some day."""
_DAYS = (
    """
    INSERT INTO snapshots (as_of, made_at, import_id, overlay_id)
    SELECT DISTINCT e.date, s.made_at, s.import_id, s.overlay_id FROM calendar_events e, snapshots s
    WHERE e.date NOT IN (SELECT as_of FROM snapshots)
    """,
    """
    INSERT INTO snapshot_groups (snapshot_id, school_id, dimension, value, children, tiers, enrolled, absent_halves)
    SELECT s.id, g.school_id, g.dimension, g.value, g.children, g.tiers, g.enrolled, g.absent_halves FROM snapshots s, snapshot_groups g
    WHERE s.id NOT IN (SELECT snapshot_id FROM snapshot_groups)
    """,
)
"""Dashboards of every school day of three years, each as the last."""


def run(students: int = STUDENTS) -> dict[str, object]:
    """Bar: the slowest growth of a page, large ÷ small, at most 2; an administrator sees all schools, a coordinator three."""
    small, large = (_of(number) for number in (students // 10, students))
    ratios = {page: round(large[page] / small[page], 2) for page in small}
    return {
        "students": [students // 10, students],
        "years": YEARS,
        "milliseconds": {page: [small[page], large[page]] for page in small},
        "ratios": ratios,
        "ratio": max(ratios.values()),
    }


def _of(students: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        alone(fill, Path(place), students)
        found: dict[str, float] = alone(measure, Path(place)).value
    return found


def fill(folder: Path, students: int) -> None:
    """Make a district with three years behind it, and a conversation for each tenth child."""
    loading.write(folder / "feed", students, contacts=True)
    loading.load(folder, folder / "feed")
    database = loading.open_database(folder)
    with database.engine.begin() as connection:
        for year in range(1, YEARS):
            for statement in _EARLIER:
                connection.execute(text(statement), {"back": f"-{year * _A_YEAR} days"})
        connection.execute(text(_NAMES))
        for model, rows in _conversations(students):
            inbox_growth.put(connection, model, rows)
    settings = load_settings(home=folder, timezone="America/Chicago")
    with database.write() as session:
        today = snapshots.missing(session, settings, NOW)[0]
        snapshots.keep(session, snapshots.add_up(session, settings, today, NOW), NOW)
    with database.engine.begin() as connection:
        for statement in _DAYS:
            connection.execute(text(statement))
        connection.execute(text("ANALYZE"))
    with database.write() as session:
        schools = [row[0] for row in session.execute(text("SELECT school_id FROM schools WHERE school_id <> 'all' ORDER BY 1 LIMIT 3"))]
        for name, role, mine in (("boss", Role.DISTRICT_ADMINISTRATOR, []), ("ana", Role.COORDINATOR, schools)):
            staff.add_account(session, email=f"{name}@example.org", name=name.capitalize(), role=role, schools=mine, now=NOW)
    database.engine.dispose()


def _conversations(students: int) -> Iterator[tuple[type[Base], Iterator[dict[str, Any]]]]:
    children = District(students).children().select("n", "student_id", "school_id").gather_every(_CHILDREN_A_CASE).rows()
    who = {n + 1: {"student_id": child, "school_id": school} for n, child, school in children}
    about = {n: (row, f"C{row['student_id']}") for n, row in who.items()}
    yield Case, (inbox_growth.case(n) | row | {"household": adult, "contact_id": adult} for n, (row, adult) in about.items())
    yield Inbound, (inbox_growth.heard(n, k) for n in who for k in range(inbox_growth.HEARD_A_CASE))
    yield (
        PlannedMessage,
        (
            inbox_growth.told(n, k)
            | {"school_id": row["school_id"], "student_ids": [row["student_id"]], "household": adult, "contact_id": adult}
            for n, (row, adult) in about.items()
            for k in range(inbox_growth.MESSAGES_A_CASE - inbox_growth.HEARD_A_CASE)
        ),
    )
    yield CaseEvent, (inbox_growth.event_of(n, k) for n in who for k in range(inbox_growth.HEARD_A_CASE))


def measure(folder: Path) -> Mapping[str, float]:
    """The median milliseconds of each page, for each of the two people."""
    found = {}
    with _pages(folder) as clients:
        for name, client in clients.items():
            for page in PAGES:
                taken = [_seconds(client, page) for _ in range(_WARM_UP + _REQUESTS)][_WARM_UP:]
                found[f"{page} as {name}"] = round(median(taken) * 1000, 1)
    return found


@contextmanager
def _pages(folder: Path) -> Iterator[dict[str, FlaskClient]]:
    """A browser of each person, signed in."""
    database = loading.open_database(folder)
    settings = load_settings(home=folder, district_name="Made-up Schools", timezone="America/Chicago")
    app = create_app(Services(settings, database, FixedClock(NOW), None))
    yield {name: inbox_growth.signed_in(database, app.test_client(), name) for name in ("boss", "ana")}
    database.engine.dispose()


def _seconds(client: FlaskClient, page: str) -> float:
    begun = perf_counter()
    if (answer := client.get(page)).status_code != _OK:
        message = f"{page} answered {answer.status_code}"
        raise RuntimeError(message)
    return perf_counter() - begun
