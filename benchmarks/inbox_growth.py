"""The first page of the inbox with a hundred times the messages, cases, children and waiting families."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event, insert
from sqlalchemy.engine import Connection

from benchmarks.loading import keys_of
from benchmarks.measuring import alone
from outreach.cases.tables import Case, CaseEvent
from outreach.clock import FixedClock
from outreach.database import Base, Database
from outreach.district.tables import Contact, Enrolment, School, Student, StudentContact
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.services import Services
from outreach.settings import load_settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Role
from outreach.web.app import create_app
from outreach.web.context import SESSION_KEY

SIZES = (10_000, 1_000_000)
NOW = datetime(2026, 5, 20, 17, 0, tzinfo=UTC)
_SCHOOLS = 50
MESSAGES_A_CASE = 20
"""Of which a quarter the family wrote."""
HEARD_A_CASE = 5
_REQUESTS, _WARM_UP = 40, 5
_AT_ONCE = 10_000
_FEED = {"source": "made-up", "import_id": 1, "line": 1}


def run(sizes: tuple[int, int] = SIZES) -> dict[str, object]:
    """Bars: large ÷ small at most 1.5, and at most 15 questions to the database; of administrator and coordinator the worse counts."""
    small, large = (_of(size) for size in sizes)
    return {
        "messages": list(sizes),
        "milliseconds": [small["milliseconds"], large["milliseconds"]],
        "queries": large["queries"],
        "waiting": [small["waiting"], large["waiting"]],
        "ratio": round(max(large["milliseconds"][who] / small["milliseconds"][who] for who in small["milliseconds"]), 2),
    }


def _of(messages: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        alone(fill, Path(place), messages)
        found: dict[str, Any] = alone(measure, Path(place)).value
    return found


def fill(folder: Path, messages: int) -> None:
    """Write so many messages with their cases: a tenth waits for a person, a tenth can be read, a fifth is with the family."""
    database = _open(folder)
    with database.write() as session:
        for name, role, schools in (("boss", Role.DISTRICT_ADMINISTRATOR, []), ("ana", Role.COORDINATOR, [*map(_school, range(_SCHOOLS))])):
            staff.add_account(session, email=f"{name}@example.org", name=name.capitalize(), role=role, schools=schools, now=NOW)
    with database.engine.begin() as connection:
        for model, rows in _rows(messages // MESSAGES_A_CASE):
            put(connection, model, rows)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    database.engine.dispose()


def measure(folder: Path) -> dict[str, Any]:
    """The median milliseconds of a first page for each person, the questions it asked, and how many families waited."""
    database = _open(folder)
    settings = load_settings(home=folder, district_name="Made-up Schools", timezone="America/Chicago")
    app = create_app(Services(settings, database, FixedClock(NOW), None))
    milliseconds, queries, waiting = {}, 0, ""
    for name in ("boss", "ana"):
        client = signed_in(database, app.test_client(), name)
        page, asked = _watched(database, client)
        waiting = waiting or page.partition('<span class="count">')[2].partition("<")[0]
        queries = max(queries, asked)
        taken = [_seconds(client) for _ in range(_WARM_UP + _REQUESTS)][_WARM_UP:]
        milliseconds[name] = round(median(taken) * 1000, 1)
    database.engine.dispose()
    return {"milliseconds": milliseconds, "queries": queries, "waiting": int(waiting)}


def _open(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'inbox.db'}", ring=keys_of(folder))
    database.prepare(upgrade=True)
    return database


def signed_in(database: Database, client: FlaskClient, name: str) -> FlaskClient:
    """The browser, with the session of an account."""
    with database.write() as session:
        account = accounts.by_email(session, f"{name}@example.org")
        assert account is not None  # noqa: S101 - it was written by ``fill``
        key = staff.begin_session(session, account, NOW)
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = key
    return client


def _watched(database: Database, client: FlaskClient) -> tuple[str, int]:
    asked: list[str] = []

    def note(*call: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own arguments
        asked.append(call[2])

    event.listen(database.engine, "before_cursor_execute", note)
    page = client.get("/inbox").text
    event.remove(database.engine, "before_cursor_execute", note)
    return page, sum(not statement.startswith(("BEGIN", "PRAGMA")) for statement in asked)


def _seconds(client: FlaskClient) -> float:
    start = perf_counter()
    if client.get("/inbox").status_code != 200:  # noqa: PLR2004 - the page itself
        message = "the inbox did not answer"
        raise RuntimeError(message)
    return perf_counter() - start


def _rows(cases: int) -> Iterator[tuple[type[Base], Iterator[dict[str, Any]]]]:
    numbers = range(1, cases + 1)
    nothing = dict.fromkeys(("language", "locale", "email", "address_line1", "address_line2", "city", "state", "postal_code"), "")
    child = dict.fromkeys(("preferred_name", "home_language", "home_locale", "subgroups"), "")
    yield School, ({"school_id": f"S{n}", "name": f"School {n}", **_SCHOOL, **_FEED} for n in range(_SCHOOLS))
    yield Student, ({"student_id": f"P{n}", "first_name": "Ada", "last_name": "Lee", "grade": "5", **child, **_FEED} for n in numbers)
    yield Enrolment, ({"student_id": f"P{n}", "school_id": _school(n), **_STAY, **_FEED} for n in numbers)
    yield Contact, ({"contact_id": f"C{n}", "first_name": "Bo", "last_name": "Lee", **nothing, **_FEED} for n in numbers)
    yield (
        StudentContact,
        ({"student_id": f"P{n}", "contact_id": f"C{n}", "relation": "Mother", "restriction": "", **_FEED} for n in numbers),
    )
    yield Case, (case(n) for n in numbers)
    yield Inbound, (heard(n, k) for n in numbers for k in range(HEARD_A_CASE))
    yield PlannedMessage, (told(n, k) for n in numbers for k in range(MESSAGES_A_CASE - HEARD_A_CASE))
    yield CaseEvent, (event_of(n, k) for n in numbers for k in range(HEARD_A_CASE))


_SCHOOL = {"parent_id": "", "phone": "", "address": "", "timezone": "", "low_grade": "", "high_grade": ""}
_STAY = {"entry_date": NOW.date() - timedelta(days=200), "grade": "5", "exit_type": "", "track": ""}


_STANDING = (("open", "needs_me"), ("open", "information"), *[("answered", "needs_me")] * 2, *[("closed", "needs_me")] * 6)
"""Of ten cases in turn."""


def _school(n: int) -> str:
    return f"S{n % _SCHOOLS}"


def _phone(n: int) -> str:
    return f"+1312555{100 + n % 100:04d}{n}"  # longer than any number: nobody's


def case(n: int) -> dict[str, Any]:
    """A conversation, of ten in turn."""
    state, queue = _STANDING[n % len(_STANDING)]
    at = NOW - timedelta(minutes=n % 9_000)
    return {
        "id": n,
        "open_key": None if state == "closed" else f"phone:{_phone(n)}",
        "state": state,
        "queue": queue,
        "phone": _phone(n),
        "household": f"C{n}",
        "contact_id": f"C{n}",
        "student_id": f"P{n}",
        "school_id": _school(n),
        "owner_id": None if n % 3 else 1,
        "opened_at": at,
        "waiting_since": at if state == "open" else None,
        "urgent": False,
        "opened_because": "reply: question",
        "closed_at": NOW if state == "closed" else None,
        "closed_by": "",
    }


def heard(n: int, k: int) -> dict[str, Any]:
    """A text of the family of case *n*."""
    words = {"body": "The bus did not come again today, what can we do?", "locale": "en", "intent": "question", "why": ""}
    flags = {"barrier": "transport", "category": "school", "urgent": False, "suppress": False, "to_human": True, "media": 0}
    number = n * HEARD_A_CASE + k
    return {"id": number, "message_sid": f"SM{number}", "phone": _phone(n), "received_at": NOW - timedelta(minutes=n + k), **words, **flags}


def told(n: int, k: int) -> dict[str, Any]:
    """A text to the family of case *n*."""
    texts = ("reason", "message", "carrier_status", "error_code", "provider_sid")
    at = NOW - timedelta(minutes=n + k)
    return {
        **dict.fromkeys(texts, ""),
        "ref": f"r{n}-{k}",
        "once_key": f"o{n}-{k}",
        "message_class": "nudge",
        "channel": "sms",
        "state": "delivered",
        "household": f"C{n}",
        "contact_id": f"C{n}",
        "phone": _phone(n),
        "student_ids": [f"P{n}"],
        "school_id": _school(n),
        "language": "en",
        "family_language": "en",
        "facts": {},
        "body": "Made-up Schools: Ada has missed 12 days this school year.",
        "created_by": "plan",
        "created_at": at,
        "due_at": at,
        "requeued": 0,
        "changed_at": at,
    }


def event_of(n: int, k: int) -> dict[str, Any]:
    """What case *n* shows of a text that was heard."""
    at = NOW - timedelta(minutes=n + k)
    return {"case_id": n, "at": at, "kind": "inbound", "by": "", "text": "", "inbound_id": n * HEARD_A_CASE + k}


def put(connection: Connection, model: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    """Write rows, ten thousand at once."""
    while some := list(islice(rows, _AT_ONCE)):
        connection.execute(insert(model), some)
