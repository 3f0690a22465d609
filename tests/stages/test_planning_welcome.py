"""A first contact names nobody, and its digit confirms the number; a check-in's digits name a reason."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from outreach.consent import queries as consent
from outreach.database import Database
from outreach.messages.pairs import current_pairs
from outreach.planning.release import Go
from outreach.planning.states import MessageClass
from outreach.replies.actions import receive
from outreach.settings import Settings
from outreach.thresholds.rules import Rule
from tests.stages.families import a_text
from tests.stages.nights import TEXT, Nights, Said

PHONE = "+13125550142"
SHIPPED = {pair.message: pair.translation for _, pair in current_pairs() if (pair.channel, pair.locale) == ("sms", "en")}
WORDS = {(name, "sms", "en"): SHIPPED[name] for name in ("welcome", "check_in")} | {("count", "sms", "en"): TEXT}


@pytest.fixture
def nights(sqlite_database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A child over the threshold whose mother's number nobody has confirmed."""
    found = Nights(sqlite_database, settings.model_copy(update={"welcome_unverified": True}), tmp_path)
    found.district.settings["trust_registration_phones"] = False
    found.district.child("lia", absent=4)
    found.district.adult("anna", ["lia"], phone=PHONE)
    found.approve(WORDS)
    return found


def _write_back(nights: Nights, words: str) -> tuple[str, str]:
    with nights.database.write() as session:
        inbound = receive(session, a_text(session, words, phone=PHONE, at=nights.now), nights.settings, nights.now)
        return inbound.intent, inbound.barrier


def _tell(nights: Nights, row_id: int) -> str:
    row = next(row for row in nights.rows("sms") if row.id == row_id)
    found = nights.check(row)
    assert isinstance(found, Go), found
    nights.become(row, state="sent", claimed_at=nights.now, sent_at=nights.now, facts=found.facts, body=found.body)
    return found.body


def test_a_number_is_asked_once_without_names_and_its_digit_lets_the_count_leave(nights: Nights) -> None:
    nights.open()
    skipped, asked = (Said("anna", ("lia",), contact, "sms", state, why) for contact, state, why in (
        ("", "skipped", "unverified phone"), ("anna", "planned", ""),
    ))  # fmt: skip
    assert nights.plan() == sorted([skipped, asked], key=repr)
    row = nights.rows("sms", "planned")[0]
    assert row.message_class == MessageClass.WELCOME
    body = _tell(nights, row.id)
    assert "Lia" not in body
    assert "Lincoln Elementary" in body
    assert nights.plan() == [skipped], "once a school year"

    assert _write_back(nights, "1") == ("confirm_number", "")
    with nights.database.read() as session:
        assert consent.state(session, PHONE).verified
    assert nights.plan() == [Said("anna", ("lia",), "anna", "sms", "planned", "")]


def test_who_says_no_is_asked_no_more(nights: Nights) -> None:
    nights.open()
    nights.plan()
    _tell(nights, nights.rows("sms", "planned")[0].id)
    assert _write_back(nights, "2")[0] == "wrong_number"
    with nights.database.read() as session:
        assert consent.state(session, PHONE).opted_out


def test_a_digit_means_nothing_while_no_question_is_open(nights: Nights) -> None:
    nights.open()
    nights.plan()
    assert _write_back(nights, "1")[0] == "unclear"
    _tell(nights, nights.rows("sms", "planned")[0].id)
    nights.now += timedelta(days=15)
    assert _write_back(nights, "1")[0] == "unclear"


def test_a_rule_asks_what_is_hard_and_the_digit_names_the_reason(nights: Nights) -> None:
    nights.district.settings["trust_registration_phones"] = True
    nights.rules = [Rule(name="ask", percent=5, days=3, from_day=20, channel="sms", message="check_in", rung=1)]
    nights.open()
    [said] = nights.plan()
    assert said.state == "planned"
    assert "Lia" in _tell(nights, nights.rows("sms")[0].id)
    assert _write_back(nights, "2") == ("barrier_report", "transportation")
    assert _write_back(nights, "5")[0] == "request_call"


@pytest.mark.parametrize(("after", "state"), [(0, "planned"), (66, "planned"), (65, "skipped")])
def test_a_feeds_verification_grows_old_where_the_district_says_so(nights: Nights, after: int, state: str) -> None:
    nights.settings = nights.settings.model_copy(update={"welcome_unverified": False, "reverify_after_days": after})
    nights.district.phones[0].update(verified_on="2026-08-01", consent="yes")
    nights.open()
    [said] = nights.plan()
    assert said.state == state
