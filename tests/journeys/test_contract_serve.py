"""``outreach serve`` as contracted: the real server, the real clock of a district, signed and forged webhooks, and its own jobs."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from twilio.request_validator import RequestValidator

from outreach.clock import FixedClock
from outreach.demo.servers import free_port
from outreach.settings import load_settings
from outreach.simulator import server as simulator
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from tests.conftest import NOON
from tests.journeys.contract import NOW, OUTREACH, Stranger, Teller
from tests.journeys.feed import GUARDIAN, write_small_feed

PUBLIC = "https://reach.district.example"
SECOND = "second-token"
SERVICE = "MG" + "1" * 32
INBOUND = "/webhooks/twilio/inbound"


@dataclass
class Serving:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def until(self, done: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for something to become true."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"waited {seconds} seconds in vain:\n{self.log.read_text()}"
            assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()}"
            time.sleep(0.1)

    def answers(self) -> bool:
        """Whether it answers at all."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.ConnectionError:
            return False


@contextmanager
def serving(stranger: Stranger, **settings: str) -> Iterator[Serving]:
    """The installed ``outreach serve`` on a free port, ended as a service manager ends it."""
    port, log = free_port(), stranger.folder / "serve.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(OUTREACH), "serve", "--port", str(port)],
            env={**stranger.environment, **settings},
            cwd=stranger.folder,
            stdout=file,
            stderr=file,
        )
    running = Serving(f"http://127.0.0.1:{port}", process, log)
    try:
        running.until(running.answers)
        yield running
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
        assert not running.answers()
        assert "Traceback" not in log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def stranger_at_work(teller: Teller, tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """Somebody whose district has a carrier and an administrator."""
    return Stranger(
        tmp_path_factory.mktemp("desk"),
        teller,
        {
            "OUTREACH_PROVIDER": "simulator",
            "OUTREACH_TWILIO_API_BASE": "http://127.0.0.1:9",
            "OUTREACH_PUBLIC_URL": PUBLIC,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_AUTH_TOKEN_SECONDARY": SECOND,
            "TWILIO_MESSAGING_SERVICE_SID": SERVICE,
        },
    )


@pytest.fixture(scope="module")
def link(stranger_at_work: Stranger) -> str:
    """The path of the link that ``init --admin`` prints."""
    made = stranger_at_work.run("init", "--admin", "it@district.example")
    assert made.code == 0
    assert made.out.startswith(f"{PUBLIC}/sign-in/")
    return made.out.strip().removeprefix(PUBLIC)


@pytest.fixture(scope="module")
def server(stranger_at_work: Stranger, link: str) -> Iterator[Serving]:
    """One server for the tests of this file."""
    assert link
    with serving(stranger_at_work) as running:
        yield running


def text_from(phone: str, body: str, sid: str) -> dict[str, str]:
    """What a carrier posts for a family's text."""
    return {"AccountSid": ACCOUNT_SID, "MessageSid": sid, "From": phone, "To": "+13125550100", "Body": body, "NumMedia": "0"}


def signed(fields: dict[str, str], token: str = AUTH_TOKEN, path: str = INBOUND) -> dict[str, str]:
    """The carrier's signature over the public address."""
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(PUBLIC + path, fields)}


def test_health_readiness_and_sign_in_answer(server: Serving) -> None:
    """HTTP: /sign-in, /healthz, /readyz."""
    assert [requests.get(server.url + path, timeout=10).status_code for path in ("/healthz", "/readyz", "/sign-in")] == [200, 200, 200]


def test_a_one_time_link_signs_in_once(server: Serving, link: str) -> None:
    """Init --admin EMAIL prints a one-time sign-in link."""
    browser = requests.Session()
    proxied = {"X-Forwarded-Proto": "https", "Host": "reach.district.example"}
    page = browser.get(server.url + link, headers=proxied, timeout=10)
    assert page.status_code == requests.codes.ok
    assert "password" in page.text.casefold()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    fields = re.findall(r'<input[^>]*name="([^"]+)"[^>]*type="password"|<input[^>]*type="password"[^>]*name="([^"]+)"', page.text)
    data = {"csrf_token": token.group(1), **{first or second: "correct horse battery" for first, second in fields}}
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    done = requests.post(
        server.url + link, data=data, headers={**proxied, "Cookie": cookies, "Referer": PUBLIC + link}, timeout=10, allow_redirects=False
    )
    assert done.status_code in {302, 303}, done.text
    again = requests.get(server.url + link, headers=proxied, timeout=10)
    assert "correct horse" not in again.text
    assert again.status_code != requests.codes.ok or "password" not in again.text.casefold() or "new one" in again.text


@pytest.mark.parametrize("path", [INBOUND, "/webhooks/twilio/status"])
@pytest.mark.parametrize("forged", ["no signature", "another token", "another field", "another address", "nonsense", "a GET"])
def test_a_forged_webhook_gets_403_and_leaves_no_trace(server: Serving, path: str, forged: str) -> None:
    """A forged webhook gets 403."""
    fields = text_from("+13125550143", "forged", f"SM{forged}")
    headers = {
        "no signature": {},
        "another token": signed(fields, "guessed", path),
        "another field": signed({**fields, "Body": "STOP"}, AUTH_TOKEN, path),
        "another address": {"X-Twilio-Signature": RequestValidator(AUTH_TOKEN).compute_signature(server.url + path, fields)},
        "nonsense": {"X-Twilio-Signature": "\u00e9\u00e8".encode().decode("latin-1")},
        "a GET": signed({}, AUTH_TOKEN, path),
    }[forged]
    if forged == "a GET":
        assert requests.get(server.url + path, headers=headers, timeout=10).status_code == requests.codes.method_not_allowed
    else:
        assert requests.post(server.url + path, data=fields, headers=headers, timeout=10).status_code == requests.codes.forbidden


def test_webhooks_signed_with_either_token_over_the_public_address_are_taken(server: Serving) -> None:
    """TWILIO_AUTH_TOKEN, TWILIO_AUTH_TOKEN_SECONDARY, OUTREACH_PUBLIC_URL (signatures); a repeat is taken once more without harm."""
    for token, sid in [(AUTH_TOKEN, "SM1"), (SECOND, "SM2"), (SECOND, "SM2")]:
        fields = text_from("+13125550143", "¿Por qué? 为什么 🙂 <b>&amp;", sid)
        answer = requests.post(server.url + INBOUND, data=fields, headers=signed(fields, token), timeout=10)
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/xml")
    status = {"MessageSid": "SM9", "MessageStatus": "delivered", "AccountSid": ACCOUNT_SID}
    path = "/webhooks/twilio/status?o=unknown"
    assert requests.post(server.url + path, data=status, headers=signed(status, path=path), timeout=10).status_code in {200, 204}


def test_a_signed_but_odd_webhook_is_taken_without_a_breakdown(server: Serving) -> None:
    """No body, no sender, a NUL, a book: a signed request is never answered with 500."""
    for fields in (
        {"MessageSid": "SM10"}, {"From": "+13125550144"}, text_from("", "", ""), text_from("262966", "short code", "SM12"),
        text_from("+13125550144", "a\0b", "SM13"), text_from("+13125550144", "x" * 20_000, "SM14"),
        text_from("whatsapp:+13125550144", "hi", "SM15"), {**text_from("+13125550144", "pic", "SM16"), "NumMedia": "many"},
    ):  # fmt: skip
        answer = requests.post(server.url + INBOUND, data=fields, headers=signed(fields), timeout=10)
        assert answer.status_code == requests.codes.ok, (fields.keys(), server.log.read_text())


@pytest.mark.long
def test_the_served_jobs_take_a_feed_evaluate_plan_and_send(teller: Teller, tmp_path: Path) -> None:
    """A feed dropped into feed_folder reaches a phone, with nobody typing a command but the release of the baseline."""
    carrier = simulator.start(
        load_settings(home=tmp_path / "carrier", twilio_account_sid=ACCOUNT_SID, twilio_auth_token=AUTH_TOKEN), FixedClock(NOON)
    )
    feeds = tmp_path / "feeds"
    stranger = Stranger(
        tmp_path / "desk",
        teller,
        {
            "OUTREACH_PROVIDER": "simulator",
            "OUTREACH_TWILIO_API_BASE": carrier.url,
            "OUTREACH_PUBLIC_URL": "http://127.0.0.1:9",
            "OUTREACH_FEED_FOLDER": str(feeds),
            "OUTREACH_TIMEZONE": "America/Chicago",
            "OUTREACH_DISTRICT_NAME": "Lincoln Schools",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_MESSAGING_SERVICE_SID": SERVICE,
        },
    )
    assert stranger.environment["OUTREACH_NOW"] == NOW
    assert stranger.run("messages", "approve", "--by", "words@district.example").code == 0
    write_small_feed(feeds / "lincoln", absences=2)
    try:
        with serving(stranger) as running:
            running.until(lambda: stranger.csv("counts").rows != [], 90)
            running.until(lambda: "evaluated" in running.log.read_text(), 90)
            write_small_feed(feeds / "lincoln", absences=4)
            running.until(lambda: len(carrier.carrier.thread(GUARDIAN)) == 1, 150)
    finally:
        carrier.stop()
    assert "Ana has missed 4 days" in carrier.carrier.thread(GUARDIAN)[0].body
