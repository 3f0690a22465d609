"""Whatever a family writes goes the whole way: signed request, row, case, page, and nothing in it becomes markup."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from outreach.cases.tables import Case, CaseEvent
from outreach.database import Database
from outreach.replies.normalise import storable
from outreach.replies.tables import Inbound
from outreach.settings import Settings, load_settings
from tests.web.conftest import SignedIn
from tests.web.seed import HOSTILE

TOKEN, PUBLIC, PATH = "a" * 32, "https://outreach.example.org", "/webhooks/twilio/inbound"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With the carrier's token and a public address."""
    return load_settings(home=tmp_path / "home", public_url=PUBLIC, twilio_auth_token=TOKEN, second_factor="never")


@hypothesis_settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=300))
@example("\0")
@example("")
@example("\u202e\u200b\ufeff")
@example("{{ 7 * 7 }} {% raw %} </div></li><svg onload=alert(1)>")
@example("ক্ষ" * 4_000)
def test_any_text_is_stored_threaded_and_shown_as_words(app: Flask, signed_in: SignedIn, sqlite_database: Database, body: str) -> None:
    sid = "SM" + hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    params = {"MessageSid": sid, "From": "+13125550177", "To": "+13125550100", "Body": HOSTILE + body, "NumMedia": "0"}
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + PATH, params)
    assert app.test_client().post(PATH, data=params, headers={"X-Twilio-Signature": signature}).status_code == 200
    with sqlite_database.read() as session:
        inbound = session.scalars(select(Inbound).where(Inbound.message_sid == sid)).one()
        case = session.scalars(select(CaseEvent.case_id).where(CaseEvent.inbound_id == inbound.id)).one()
        assert inbound.body == storable(HOSTILE + body)
        assert session.get_one(Case, case).phone == "+13125550177"
    boss = signed_in("boss")
    for page in ("/inbox", f"/cases/{case}"):
        answer = boss.get(page)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert "<svg onload" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
