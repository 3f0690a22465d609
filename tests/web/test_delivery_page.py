"""The delivery page: today's plan, what left, and beside every reason plain words and a next step; a bounded number of statements."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert

from outreach.database import Database
from outreach.delivery.errors import MEANINGS, meaning_of
from outreach.planning.reasons import Reason
from outreach.planning.tables import PlannedMessage
from outreach.web import whys
from tests.conftest import NOON
from tests.web.conftest import SignedIn
from tests.web.seed import LINCOLN, ROOSEVELT, told


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_plain_words_and_a_next_step(reason: Reason) -> None:
    found = whys.of(f"{reason}")
    assert found.words
    assert found.step.endswith(".")
    assert found != whys.of("something nobody foresaw")
    assert ":" not in found.words, "plain words, not the stored reason"
    assert not found.words.endswith(".")


@pytest.mark.parametrize("code", [*MEANINGS, "99999"])
def test_every_code_of_the_carrier_has_plain_words_and_a_next_step(code: str) -> None:
    found = whys.of(meaning_of(code).words)
    assert found.words
    assert found.step.endswith(".")
    assert found.step != "Look at the message.", code


def test_every_next_step_leads_to_a_page_that_there_is(app: Flask) -> None:
    pages = {why.page for why in (*map(whys.of, Reason), *map(whys.of_meaning, MEANINGS.values()), *whys.KNOWN.values()) if why.page}
    assert len(pages) > 7
    assert pages <= {rule.endpoint for rule in app.url_map.iter_rules() if not rule.arguments}


def test_a_landline_reads_as_staff_say_it_and_leads_to_the_call_list(signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        words = meaning_of("30006").words
        row = told(session, "", NOON, state="undelivered", reason=words, error_code="30006", student_ids=["st3"], contact_id="c2")
        message_id = row.id
    for address in ("/delivery", f"/delivery/{message_id}"):
        page = signed_in("ana").get(address).text
        assert "Phone cannot receive texts" in page
        assert 'href="/call-list"' in page
        assert "Ask the family for a mobile number" in page


def test_todays_plan_says_what_leaves_when_where_and_what_holds_the_rest(signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        for school, state, reason, hours in (
            (LINCOLN, "planned", "", 2), (LINCOLN, "planned", "", 4), (ROOSEVELT, "planned", "", 3), (LINCOLN, "held", Reason.STOPPED, 0),
            (LINCOLN, "planned", "", 40),
        ):  # fmt: skip
            at = NOON + timedelta(hours=hours)
            told(session, "", NOON, state=state, reason=str(reason), school_id=school, message="visit", due_at=at, sent_at=None)
    page = signed_in("boss").get("/delivery").text
    assert "<strong>3 texts</strong> · visit · from 2:00 pm to 4:00 pm" in page
    assert "Roosevelt Middle · 1" in page
    assert "1 held: A person pressed the stop button." in page
    assert re.search(r"Left so far: texts \d+ · letters 1 · calls 0 · e-mails to staff 0", page)
    mine = signed_in("ana").get("/delivery").text
    assert "<strong>2 texts</strong> · visit · from 2:00 pm to 4:00 pm" in mine
    assert "Roosevelt Middle · 1" not in mine


def test_the_page_asks_the_database_as_often_for_20_000_messages_as_for_a_few(signed_in: SignedIn, sqlite_database: Database) -> None:
    browser = signed_in("boss")
    asked: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(sqlite_database.engine, "before_cursor_execute", count)
    browser.get("/delivery")
    few = len(asked)
    with sqlite_database.write() as session:
        like = told(session, "", NOON, contact_id="c2", student_ids=["st3"], due_at=NOON)
        same = {column.name: getattr(like, column.name) for column in PlannedMessage.__table__.columns if column.name != "id"}
        states = ("planned", "held", "failed", "delivered")
        session.execute(
            insert(PlannedMessage.__table__),  # type: ignore[arg-type]  # the table itself: quicker than the mapped class
            [{**same, "ref": f"r{n}", "once_key": f"{n}{secrets.token_hex(2)}", "state": states[n % 4]} for n in range(20_000)],
        )
    asked.clear()
    assert "5,00" in browser.get("/delivery").text
    assert len(asked) <= few + 2, "a page of rows may bring names that a few did not need"
    assert len(asked) <= 30
