"""The simulator speaks as Twilio does: checked with the real client and the real signature check."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
from flask import Flask, request
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.serving import make_server

from outreach.clock import FixedClock
from outreach.delivery.twilio_provider import _Elsewhere
from outreach.settings import Settings, load_settings
from outreach.simulator import server
from outreach.simulator.carrier import REPLIES
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN, Running, SimulatorError

PHONE = "+13125550142"
SERVICE = "MG" + "1" * 32


@dataclass
class Ear:
    """A service that listens: what came, and whether its signature was right."""

    url: str = ""
    heard: list[tuple[str, dict[str, str], bool]] = field(default_factory=list)

    def app(self) -> Flask:
        """Take every post."""
        app = Flask("ear")
        validator = RequestValidator(AUTH_TOKEN)

        @app.post("/<path:path>")
        def take(path: str) -> str:
            address = self.url + request.full_path.rstrip("?")
            signed = bool(validator.validate(address, request.form, request.headers.get("X-Twilio-Signature", "")))
            self.heard.append((path, dict(request.form), signed))
            return ""

        return app


@pytest.fixture
def ear() -> Iterator[Ear]:
    """A listening service on a free port."""
    ear = Ear()
    listening = make_server("127.0.0.1", 0, ear.app(), threaded=True)
    ear.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield ear
    listening.shutdown()
    thread.join()


@pytest.fixture
def carrier(settings: Settings, clock: FixedClock, ear: Ear) -> Iterator[Running]:
    """A simulator whose parents' texts go to the listening service."""
    running = server.start(settings.model_copy(update={"public_url": ear.url}), clock, receipt_pause=0.0)
    yield running
    running.stop()


def client(carrier: Running, token: str = AUTH_TOKEN, account: str = ACCOUNT_SID) -> Client:
    return Client(account, token, http_client=_Elsewhere(carrier.url, timeout=5))


def order(carrier: Running, **fault: str | float) -> None:
    assert requests.post(f"{carrier.url}/control/faults", json=fault, timeout=5).status_code == 204


def test_a_created_message_reads_like_one_of_twilios(carrier: Running, clock: FixedClock) -> None:
    message = client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello")

    assert message.sid.startswith("SM")
    assert len(message.sid) == 34
    assert (message.status, message.num_segments, message.direction) == ("accepted", "0", "outbound-api")
    assert message.date_created == clock.now()
    assert client(carrier).messages(message.sid).fetch().body == "Hello"


def test_the_list_is_filtered_by_number_newest_first_over_pages(carrier: Running) -> None:
    for number in range(7):
        client(carrier).messages.create(to=PHONE, from_="+13125550100", body=f"Text {number}")
    client(carrier).messages.create(to="+13125550143", from_="+13125550100", body="Other")

    listed = client(carrier).messages.list(to=PHONE, page_size=3)

    assert [message.body for message in listed] == [f"Text {number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "12", "messaging_service_sid": SERVICE, "body": "Hello"}, 21211),
        ({"to": PHONE, "messaging_service_sid": SERVICE, "body": ""}, 21602),
        ({"to": PHONE, "messaging_service_sid": SERVICE, "body": "x" * 1601}, 21617),
        ({"to": PHONE, "body": "Hello"}, 21603),
    ],
)
def test_a_bad_request_is_refused_with_twilios_code(carrier: Running, fields: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        client(carrier).messages.create(**fields)
    assert (caught.value.code, caught.value.status) == (code, 400)
    assert carrier.carrier.log == []


@pytest.mark.parametrize(("token", "account", "code"), [("wrong", ACCOUNT_SID, 20003), (AUTH_TOKEN, "AC" + "9" * 32, 20003)])
def test_strangers_with_another_token_or_account_are_refused(carrier: Running, token: str, account: str, code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        client(carrier, token, account).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello")
    assert (caught.value.code, caught.value.status) == (code, 401)


def test_receipts_are_signed_and_carry_the_query_of_their_address(carrier: Running, ear: Ear) -> None:
    address = f"{ear.url}/webhooks/twilio/status?o=our-ref"
    message = client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello", status_callback=address)
    assert carrier.simulation.outbound.wait()

    assert [(fields["MessageStatus"], signed) for _, fields, signed in ear.heard] == [
        ("queued", True), ("sent", True), ("delivered", True),
    ]  # fmt: skip
    assert {fields["MessageSid"] for _, fields, _ in ear.heard} == {message.sid}
    assert client(carrier).messages(message.sid).fetch().status == "delivered"


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("missing", []),
        ("reorder", ["delivered", "sent", "queued"]),
        ("duplicate", ["queued"] * 3 + ["sent"] * 3 + ["delivered"] * 3),
        ("undelivered", ["queued", "sent", "undelivered"]),
        ("late_delivered", ["queued", "sent", "undelivered", "delivered"]),
    ],
)
def test_receipts_go_wrong_as_ordered_and_only_as_often(carrier: Running, ear: Ear, fault: str, statuses: list[str]) -> None:
    order(carrier, fault=fault)
    for body in ("First", "Second"):
        client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body=body, status_callback=f"{ear.url}/status")
    assert carrier.simulation.outbound.wait()

    assert [fields["MessageStatus"] for _, fields, _ in ear.heard] == [*statuses, "queued", "sent", "delivered"]


@pytest.mark.parametrize(
    ("fault", "taken"), [("busy", False), ("broken", False), ("wall", False), ("refuse", False), ("drop", True), ("garbled", True)]
)
def test_a_request_goes_wrong_as_ordered_and_the_log_tells_the_truth(carrier: Running, fault: str, taken: bool) -> None:
    order(carrier, fault=fault, code=21612)

    with pytest.raises(Exception):  # noqa: B017, PT011 - each fault ends in another family of exceptions; what was taken is the point
        client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello")

    assert len(carrier.carrier.log) == int(taken)
    client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Again")
    assert len(carrier.carrier.log) == int(taken) + 1


@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "OPTOUT", "revoke"])
def test_a_stop_word_is_answered_passed_on_and_binds_that_sender_only(carrier: Running, ear: Ear, word: str) -> None:
    client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello")
    requests.post(f"{carrier.url}/control/inbound", json={"number": PHONE, "body": word}, timeout=10)

    [(path, fields, signed)] = ear.heard
    assert (path, signed) == ("webhooks/twilio/inbound", True)
    assert (fields["From"], fields["MessagingServiceSid"], fields["Body"]) == (PHONE, SERVICE, word)
    assert carrier.carrier.thread(PHONE)[-1].body == REPLIES["stop"]
    with pytest.raises(TwilioRestException) as caught:
        client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="More")
    assert caught.value.code == 21610
    client(carrier).messages.create(to=PHONE, from_="+13125550100", body="From another sender")


def test_start_lifts_the_stop(carrier: Running) -> None:
    client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello")
    carrier.simulation.text_from(PHONE, "STOP")
    carrier.simulation.text_from(PHONE, "start")
    client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="More")
    assert [message.body for message in carrier.carrier.log] == ["Hello", "More"]


@pytest.mark.parametrize("words", ["STOP PLEASE", "no más", "please don't stop"])
def test_more_than_a_single_word_is_for_the_service_to_understand(carrier: Running, words: str) -> None:
    carrier.simulation.text_from(PHONE, words)
    client(carrier).messages.create(to=PHONE, from_="+13125550100", body="Hello")
    assert [message.direction for message in carrier.carrier.thread(PHONE)] == ["inbound", "outbound-api"]


def test_a_parent_answers_on_the_phones_page_without_script(carrier: Running, ear: Ear) -> None:
    client(carrier).messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello <b>there</b> مرحبا")

    wall = requests.get(carrier.url, timeout=5)
    assert "(312) 555-0142" in wall.text
    assert "Simulator." in wall.text
    assert "Hello &lt;b&gt;there&lt;/b&gt; مرحبا" in wall.text
    assert "<script" not in wall.text
    assert "default-src 'none'" in wall.headers["Content-Security-Policy"]
    page = requests.post(f"{carrier.url}/phones/0", data={"body": "¿Quién es?"}, timeout=5)
    assert page.url == f"{carrier.url}/phones/0"
    assert carrier.simulation.outbound.wait()

    assert [fields["Body"] for _, fields, _ in ear.heard] == ["¿Quién es?"]
    assert "¿Quién es?" in requests.get(f"{carrier.url}/phones/0/thread", timeout=5).text
    assert requests.get(f"{carrier.url}/phones/1", timeout=5).status_code == 404


def test_a_service_that_does_not_listen_is_noted_and_breaks_nothing(clock: FixedClock) -> None:
    running = server.start(load_settings(public_url="http://127.0.0.1:9"), clock)
    running.simulation.text_from(PHONE, "Hello")
    assert running.simulation.outbound.wait()
    assert len(running.simulation.outbound.problems) == 1
    assert PHONE not in running.simulation.outbound.problems[0]
    running.stop()


def test_a_taken_port_is_said_in_one_sentence(carrier: Running, settings: Settings, clock: FixedClock) -> None:
    port = int(carrier.url.rpartition(":")[2])
    with pytest.raises(SimulatorError, match=f"cannot use port {port}"):
        server.start(settings, clock, port)
