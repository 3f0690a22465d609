"""The service says how it fares: in numbers for machines, in sentences for people, and in logs that name nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from outreach.attention.tables import AttentionItem
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.filtering import FILTERED
from outreach.keeping import standing
from outreach.keeping.standing import Area
from outreach.planning.actions import plan_answer
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.services import Services
from outreach.settings import Settings
from outreach.web.app import create_app
from scheduler.jobs import Job
from scheduler.running import tick
from tests.conftest import NOON
from tests.stages.outbox import PHONE

MINUTE = timedelta(minutes=1)
SECRET = "Maria's child, +13125550142"


def _well(_services: Services) -> None:
    """Nothing to do."""


def _broken(_services: Services) -> None:
    raise ValueError(SECRET)


@pytest.fixture
def served(database: Database, settings: Settings, clock: FixedClock) -> Services:
    """A service without anybody who sends."""
    return Services(settings, database, clock, None)


def _said(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AttentionItem.sentence).where(AttentionItem.resolved_at.is_(None))))


def _watch(served: Services, **later: float) -> list[str]:
    with served.database.write() as session:
        standing.watch(session, served.settings, NOON + timedelta(**later))
    return _said(served.database)


def test_a_silent_job_and_a_failing_one_are_said_until_they_are_well(served: Services) -> None:
    tick(served, Job("replies", MINUTE, _well, ""))
    assert _watch(served, minutes=10) == []
    assert "has not come to a good end since 2026-10-06 17:00 UTC" in _watch(served, hours=1)[0]
    tick(replace(served, clock=FixedClock(NOON + timedelta(hours=1))), Job("replies", MINUTE, _well, ""))
    assert _watch(served, hours=1) == []
    for _ in range(3):
        tick(served, Job("mail", MINUTE, _broken, ""))
    (said,) = _watch(served, minutes=1)
    assert "'mail' has never come to a good end. It failed 3 times in a row (ValueError in _broken, line" in said
    assert "Maria" not in said


@pytest.fixture
def texted(served: Services) -> Services:
    """Thirty texts of today, ten of which did not arrive; they cost most of what a day may cost."""
    with served.database.write() as session:
        for number in range(30):
            row = plan_answer(
                session, phone=PHONE, body=SECRET, inbound_id=None, household="", contact_id="", student_ids=[], school_id="",
                created_by="ana", now=NOON,
            )  # fmt: skip
            row.state, row.claimed_at, row.segments = State.FAILED if number < 10 else State.DELIVERED, NOON, 1
            row.message_class = "nudge"
    return replace(served, settings=served.settings.model_copy(update={"daily_spending_cap": Decimal(4), "segment_price": Decimal("0.12")}))


def test_failing_texts_and_a_nearly_spent_day_are_said(texted: Services) -> None:
    said = _watch(texted, hours=1)
    assert any("33% of the last day's 30 texts did not arrive" in sentence for sentence in said)
    assert any("have cost $3.60 of the $4.00" in sentence for sentence in said)
    with texted.database.write() as session:
        for row in session.scalars(select(PlannedMessage)):
            row.state, row.segments = State.DELIVERED, 0
    assert _watch(texted, hours=1) == []


@pytest.mark.parametrize(
    ("filtered", "before", "said"),
    [(3, 0, True), (2, 0, False), (3, 1, True), (3, 2, False)],
    ids=["filters have begun", "one of fifty may be chance", "three times as many", "not twice as many"],
)
def test_a_rising_share_of_filtered_texts_is_said_before_many_fail(served: Services, filtered: int, before: int, *, said: bool) -> None:
    """Of a hundred texts yesterday and of a hundred last week."""
    with served.database.write() as session:
        for number in range(200):
            row = plan_answer(
                session, phone=PHONE, body=SECRET, inbound_id=None, household="", contact_id="", student_ids=[], school_id="",
                created_by="ana", now=NOON,
            )  # fmt: skip
            is_today, stopped = number < 100, number % 100 < (filtered if number < 100 else before)
            row.claimed_at, row.segments = NOON if is_today else NOON - timedelta(days=3), 0
            row.state, row.error_code = (State.UNDELIVERED, FILTERED) if stopped else (State.DELIVERED, "")
    told = _watch(served, hours=1)
    assert [f"({filtered} by a carrier's filter)" in sentence for sentence in told] == ([True] if said else [])


def test_metrics_are_for_this_machine_or_a_token_and_name_nobody(texted: Services) -> None:
    tick(texted, Job("replies", MINUTE, _well, ""))
    app: Flask = create_app(texted)
    browser = app.test_client()
    told = browser.get("/metrics")
    assert told.status_code == 200
    lines = told.get_data(as_text=True).splitlines()
    assert 'outreach_messages{channel="sms",state="failed"} 10.0' in lines
    ended = next(line for line in lines if line.startswith('outreach_job_last_success_timestamp_seconds{job="replies"}'))
    assert float(ended.split()[-1]) == NOON.timestamp()
    assert "Maria" not in told.get_data(as_text=True)
    assert PHONE not in told.get_data(as_text=True)
    assert browser.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 403
    assert browser.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403, "through a proxy on this machine"
    closed = create_app(replace(texted, settings=texted.settings.model_copy(update={"metrics_token": "a word"}))).test_client()
    assert closed.get("/metrics").status_code == 403
    assert closed.get("/metrics", headers={"Authorization": "Bearer a word"}).status_code == 200


LOGGING = """
import logging, structlog
from outreach import logs
logs.configure()
structlog.get_logger("scheduler.ticks").info("evaluated", crossings=3)
logging.getLogger("library").info("a request with words")
try:
    raise ValueError("Maria's child, +13125550142")
except ValueError:
    logging.getLogger("library").exception("it broke")
"""


def test_logs_are_lines_of_json_on_stderr_without_an_exceptions_words() -> None:
    done = subprocess.run([sys.executable, "-c", LOGGING], capture_output=True, text=True, check=True, timeout=60)
    first, second = map(json.loads, done.stderr.splitlines())
    assert (first["event"], first["crossings"], first["level"]) == ("evaluated", 3, "info")
    assert (second["event"], second["problem"], "Maria" in done.stderr) == ("it broke", "ValueError", False)
    assert done.stdout == ""


def test_the_page_says_what_is_well_and_what_is_not(texted: Services) -> None:
    tick(texted, Job("replies", MINUTE, _well, ""))
    with texted.database.read() as session:
        early = {one.area: one for one in standing.standing(session, texted.settings, NOON + MINUTE)}
        late = {one.area: one for one in standing.standing(session, texted.settings, NOON + timedelta(hours=1))}
    assert (early[Area.JOBS].says, early[Area.JOBS].do, early[Area.JOBS].at) == ("Runs every minute.", "", NOON)
    assert late[Area.JOBS].do
    assert "33% of the last day's 30 texts did not arrive (0 by a carrier's filter)" in early[Area.TEXTS].says
    assert early[Area.COST].do
    assert not early[Area.LEAVING].do
