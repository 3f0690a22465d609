"""The carrier's requests: signature first, the raw row second, understanding third."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from outreach.attention.tables import AttentionItem
from outreach.cases import intake
from outreach.cases.tables import Case
from outreach.clock import FixedClock
from outreach.consent import queries as consent
from outreach.database import Database
from outreach.delivery.tables import CarrierStatus, WebhookEvent
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.services import Services
from outreach.settings import Settings, load_settings
from outreach.web.app import create_app
from tests.conftest import NOON
from tests.web.seed import told

TOKEN, SECOND = "a" * 32, "b" * 32
PUBLIC = "https://outreach.example.org"
FROM = "+13125550142"
TEXT = {
    "MessageSid": "SM" + "1" * 32,
    "AccountSid": "AC" + "1" * 32,
    "From": FROM,
    "To": "+13125550100",
    "Body": "The bus never comes",
    "NumMedia": "0",
}
STATUS = {"MessageSid": "SM" + "2" * 32, "MessageStatus": "delivered", "To": FROM, "From": "+13125550100"}
INBOUND_PATH, STATUS_PATH = "/webhooks/twilio/inbound", "/webhooks/twilio/status"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With both of the carrier's tokens and a public address."""
    return load_settings(home=tmp_path / "home", public_url=PUBLIC, twilio_auth_token=TOKEN, twilio_auth_token_secondary=SECOND)


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """These tests are about HTTP; storage is tested on both databases elsewhere."""
    return sqlite_database


@pytest.fixture
def client(settings: Settings, database: Database, clock: FixedClock) -> FlaskClient:
    """The carrier's side of the wire; an exception must come out as a status, never as an exception."""
    return create_app(Services(settings, database, clock, None)).test_client()


def signed(client: FlaskClient, path: str, params: Mapping[str, object], *, token: str = TOKEN, base: str = PUBLIC) -> TestResponse:
    signature = RequestValidator(token).compute_signature(base + path, params)
    return client.post(path, data=params, headers={"X-Twilio-Signature": signature})


def count(database: Database, table: type[WebhookEvent | Inbound | Case | AttentionItem | CarrierStatus]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_signed_text_is_kept_raw_understood_and_answered_with_silence(client: FlaskClient, database: Database) -> None:
    answer = signed(client, INBOUND_PATH, TEXT)
    assert (answer.status_code, answer.mimetype, "<Response/>" in answer.text) == (200, "text/xml", True)
    with database.read() as session:
        raw = session.scalars(select(WebhookEvent)).one()
        assert (raw.kind, raw.dedup_key, raw.params, raw.received_at, raw.processed_at, raw.problem) == (
            "inbound",
            TEXT["MessageSid"],
            TEXT,
            NOON,
            NOON,
            "",
        )
        assert session.scalars(select(Inbound.body)).one() == TEXT["Body"]
        assert session.scalars(select(Case.phone)).one() == FROM


def test_the_same_text_again_is_no_second_one(client: FlaskClient, database: Database) -> None:
    for _ in range(3):
        assert signed(client, INBOUND_PATH, TEXT).status_code == 200
    assert [count(database, table) for table in (WebhookEvent, Inbound, Case)] == [1, 1, 1]


def test_stop_is_in_the_ledger_when_the_answer_leaves(client: FlaskClient, database: Database) -> None:
    signed(client, INBOUND_PATH, {**TEXT, "Body": "STOP"})
    with database.read() as session:
        assert consent.state(session, FROM).opted_out


def test_the_second_token_counts_while_the_first_is_replaced(client: FlaskClient) -> None:
    assert signed(client, INBOUND_PATH, TEXT, token=SECOND).status_code == 200
    assert signed(client, INBOUND_PATH, {**TEXT, "MessageSid": "SM3"}, token="c" * 32).status_code == 403


def test_the_signature_is_checked_against_the_public_address(client: FlaskClient) -> None:
    assert signed(client, INBOUND_PATH, TEXT, base="http://localhost").status_code == 403
    assert signed(client, INBOUND_PATH, TEXT, base=PUBLIC + ":443").status_code == 200


def test_without_a_public_address_the_requests_own_counts(database: Database, tmp_path: Path, clock: FixedClock) -> None:
    plain = create_app(Services(load_settings(home=tmp_path, twilio_auth_token=TOKEN), database, clock, None)).test_client()
    assert signed(plain, INBOUND_PATH, TEXT, base="http://localhost").status_code == 200


@pytest.mark.parametrize("path", [INBOUND_PATH, STATUS_PATH])
def test_without_a_token_nobody_is_believed(database: Database, tmp_path: Path, clock: FixedClock, path: str) -> None:
    plain = create_app(Services(load_settings(home=tmp_path), database, clock, None)).test_client()
    empty = base64.b64encode(hmac.new(b"", (f"http://localhost{path}").encode(), hashlib.sha1).digest()).decode()
    assert plain.post(path, headers={"X-Twilio-Signature": empty}).status_code == 403
    assert count(database, WebhookEvent) == 0


def test_one_changed_value_breaks_the_signature(client: FlaskClient, database: Database) -> None:
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + INBOUND_PATH, TEXT)
    for params in ({**TEXT, "Body": "STOP"}, {**TEXT, "Extra": "1"}, {name: value for name, value in TEXT.items() if name != "To"}):
        assert client.post(INBOUND_PATH, data=params, headers={"X-Twilio-Signature": signature}).status_code == 403
    assert client.post(INBOUND_PATH + "?o=1", data=TEXT, headers={"X-Twilio-Signature": signature}).status_code == 403
    assert client.post(STATUS_PATH, data=TEXT, headers={"X-Twilio-Signature": signature}).status_code == 403
    assert count(database, WebhookEvent) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "ÿþ"},
        {"X-Twilio-Signature": "a" * 5000},
        {"X-Twilio-Signature": "x", "X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_SHA256"},
        {"X-Twilio-Signature": "x", "X-Twilio-Webhooks-Signature-Settings": "algorithm=ROT13"},
        {"X-Twilio-Signature": "x", "Content-Type": "application/json"},
        {"X-Twilio-Signature": "x", "Content-Type": "multipart/form-data; boundary="},
        {"X-Twilio-Signature": "x", "Host": "[::1"},
    ],
)
@pytest.mark.parametrize("path", [INBOUND_PATH, STATUS_PATH, STATUS_PATH + "?o=%ff&bodySHA256=1", INBOUND_PATH + "?bodySHA256="])
def test_a_forged_request_gets_403_in_every_form(client: FlaskClient, database: Database, headers: dict[str, str], path: str) -> None:
    for body in (b"", b"Body=STOP&From=%2B1", b'{"Body": "STOP"}', b"\xff\xfe=\x00", b"a" * 300_000):
        content = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        assert client.post(path, data=body, headers=content).status_code == 403
    assert count(database, WebhookEvent) == 0


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    signature=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60),
    algorithm=st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=40),
    body=st.binary(max_size=200),
    query=st.text(st.characters(max_codepoint=126, min_codepoint=33, exclude_characters="#"), max_size=40),
    kind=st.sampled_from(["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "text/plain", ""]),
)
def test_whatever_a_stranger_sends_the_answer_is_403(
    client: FlaskClient, signature: str, algorithm: str, body: bytes, query: str, kind: str
) -> None:
    headers = {"X-Twilio-Signature": signature, "X-Twilio-Webhooks-Signature-Settings": algorithm, "Content-Type": kind}
    assert client.post(f"{INBOUND_PATH}?{query}", data=body, headers=headers).status_code == 403


def test_only_posts_are_webhooks(client: FlaskClient) -> None:
    assert client.get(INBOUND_PATH).status_code == 405


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    params=st.dictionaries(
        st.sampled_from(["MessageSid", "From", "To", "Body", "NumMedia", "OptOutType", "Later", ""]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
        max_size=6,
    )
)
def test_whatever_the_carrier_signs_is_taken_and_never_breaks(client: FlaskClient, params: dict[str, str]) -> None:
    clean = {name: value.replace("\r", "").replace("\n", "") for name, value in params.items()}
    assert signed(client, INBOUND_PATH, clean).status_code == 200


def test_a_text_that_cannot_be_taken_in_is_kept_and_a_person_is_told_then_it_is_tried_again(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    """The cases table is away for a moment: the raw row stands, the carrier hears 200, and the next try succeeds."""
    with database.write() as session:
        session.execute(text("ALTER TABLE cases RENAME TO cases_away"))
    assert signed(client, INBOUND_PATH, TEXT).status_code == 200
    with database.write() as session:
        raw = session.scalars(select(WebhookEvent)).one()
        assert raw.processed_at is None
        assert raw.problem.startswith("OperationalError")
        assert TEXT["Body"] not in raw.problem
        item = session.scalars(select(AttentionItem).where(AttentionItem.kind == "intake")).one()
        assert (item.urgent, item.resolved_at, FROM in item.sentence) == (True, None, False)
        assert session.scalar(select(func.count(Inbound.id))) == 0, "one transaction: nothing half done"
        session.execute(text("ALTER TABLE cases_away RENAME TO cases"))
    assert intake.process_left_behind(database, settings, NOON) == 1
    assert intake.process_left_behind(database, settings, NOON) == 0
    with database.read() as session:
        assert session.scalars(select(WebhookEvent.processed_at)).one() == NOON
        assert session.scalars(select(Case.phone)).one() == FROM
        assert session.scalars(select(AttentionItem.resolved_by).where(AttentionItem.kind == "intake")).one() == "intake"


def test_a_delivery_report_finds_its_message_by_our_reference(client: FlaskClient, database: Database) -> None:
    with database.write() as session:
        row = told(session, FROM, NOON, state="accepted", provider_sid=STATUS["MessageSid"])
        ref, row_id = row.ref, row.id
    for _ in range(2):
        assert signed(client, f"{STATUS_PATH}?o={ref}", STATUS).status_code == 204
    assert count(database, WebhookEvent) == 1
    with database.read() as session:
        assert session.get_one(PlannedMessage, row_id).state == "delivered"
        raw = session.scalars(select(WebhookEvent)).one()
        assert (raw.kind, raw.ref, raw.problem) == ("status", ref, "")


def test_each_status_of_a_message_is_an_event_of_its_own(client: FlaskClient, database: Database) -> None:
    with database.write() as session:
        ref = told(session, FROM, NOON, state="accepted", provider_sid=STATUS["MessageSid"]).ref
    for status in ("queued", "sent", "delivered", "sent"):
        assert signed(client, f"{STATUS_PATH}?o={ref}", {**STATUS, "MessageStatus": status}).status_code == 204
    assert count(database, WebhookEvent) == 3
