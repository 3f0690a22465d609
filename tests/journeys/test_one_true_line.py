"""From a row of a feed to a family's phone, and the family's answer back to a coordinator: everything over real HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from outreach.attendance.importing import import_folder
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.actions import dispatch
from outreach.demo.servers import WebServer, free_port
from outreach.messages.actions import approve
from outreach.planning.actions import plan
from outreach.planning.tables import PlannedMessage
from outreach.services import Services
from outreach.settings import load_settings
from outreach.simulator import server as simulator
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN, Running
from outreach.staff.actions import add_account, set_password
from outreach.staff.roles import Role
from outreach.thresholds.actions import evaluate, release_baseline
from outreach.thresholds.rules import load_rules
from outreach.web.app import create_app
from outreach.wiring import provider_of
from tests.journeys.feed import GUARDIAN, write_small_feed

PASSWORD = "correct horse battery"
COORDINATOR = "rosa@lincoln.invalid"


@dataclass
class District:
    """A running service with one family, and the carrier beside it."""

    services: Services
    carrier: Running
    url: str

    def send(self) -> None:
        """Let everything leave that is due."""
        while dispatch(self.services.database, self.services.provider, self.services.settings, self.services.clock).claimed:
            pass

    def phone(self) -> list[tuple[str, str]]:
        """What the family's phone shows: direction and words."""
        return [(message.direction.split("-")[0], message.body) for message in self.carrier.carrier.thread(GUARDIAN)]


@contextmanager
def _running(database: Database, clock: FixedClock, home: Path) -> Iterator[District]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    values = {
        "home": home, "district_name": "Lincoln Schools", "timezone": "America/Chicago", "provider": "simulator", "public_url": url,
        "twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": AUTH_TOKEN, "twilio_messaging_service_sid": "MG" + "1" * 32,
        "sender_rate": 25.0,
    }  # fmt: skip
    carrier = simulator.start(load_settings(**values), clock)
    settings = load_settings(**values, twilio_api_base=carrier.url)
    services = Services(settings, database, clock, provider_of(settings))
    web = WebServer.start(create_app(services), port)
    try:
        yield District(services, carrier, url)
    finally:
        web.stop()
        carrier.stop()


@pytest.fixture
def district(sqlite_database: Database, clock: FixedClock, tmp_path: Path) -> Iterator[District]:
    """One school, one child with four absences in thirty days, one guardian, and approved words; the crossing is released."""
    with _running(sqlite_database, clock, tmp_path / "home") as running:
        services = running.services
        import_folder(services.database, write_small_feed(tmp_path / "feed"), home=services.settings.home, now=clock.now())
        with services.database.write() as session:
            approve(session, message=None, language=None, by="words@lincoln.invalid", now=clock.now())
            account = add_account(session, email=COORDINATOR, name="Rosa Delgado", role=Role.COORDINATOR, schools=["L1"], now=clock.now())
            set_password(session, account, PASSWORD, clock.now())
            evaluate(session, load_rules(), settings=services.settings, now=clock.now())
            release_baseline(session, 10, by=COORDINATOR, now=clock.now())
            plan(session, settings=services.settings, now=clock.now())
        yield running


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not done():
        assert time.monotonic() < end, "waited 15 seconds in vain"
        time.sleep(0.05)


def _sign_in(district: District) -> requests.Session:
    browser = requests.Session()
    _post(browser, f"{district.url}/sign-in", f"{district.url}/sign-in", email=COORDINATOR, password=PASSWORD)
    return browser


def _post(browser: requests.Session, page: str, target: str, **fields: str) -> requests.Response:
    """Fill in a form as a browser does: read the page, take its hidden fields along."""
    html = browser.get(page, timeout=10).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert token is not None
    answer = browser.post(target, data={"csrf_token": token.group(1), **fields}, timeout=10)
    assert answer.status_code == requests.codes.ok, answer.status_code
    return answer


def _state(district: District) -> str | None:
    with district.services.database.read() as session:
        return session.scalar(select(PlannedMessage.state).where(PlannedMessage.message == "count"))


def test_a_family_reads_the_true_count_answers_and_is_answered(district: District) -> None:
    district.send()

    [(direction, words)] = district.phone()
    assert direction == "outbound"
    assert "Ana has missed 4 days" in words
    assert "October 6" in words
    _until(lambda: _state(district) == "delivered")

    district.carrier.simulation.text_from(GUARDIAN, "The bus does not come any more")
    browser = _sign_in(district)
    _until(lambda: "The bus does not come any more" in browser.get(f"{district.url}/inbox", timeout=10).text)
    case = re.search(r"/cases/(\d+)", browser.get(f"{district.url}/inbox", timeout=10).text)
    assert case is not None
    page = f"{district.url}/cases/{case.group(1)}"
    html = browser.get(page, timeout=10).text
    assert "Ana" in html
    assert "4 of" in html

    once = re.search(r'name="once" value="([^"]+)"', html)
    assert once is not None
    for _click in range(2):
        _post(browser, page, f"{page}/answer", text="I will ask the bus office today. Rosa", once=once.group(1), then="stay")
    district.send()

    assert [words for direction, words in district.phone() if direction == "outbound"][1:] == ["I will ask the bus office today. Rosa"]
    assert "delivered" in browser.get(page, timeout=10).text.casefold()


def test_a_correction_between_plan_and_dispatch_changes_the_number_that_leaves(district: District, tmp_path: Path) -> None:
    services = district.services
    import_folder(services.database, write_small_feed(tmp_path / "feed", absences=3), home=services.settings.home, now=services.clock.now())

    district.send()

    [(_, words)] = district.phone()
    assert "Ana has missed 3 days" in words


def test_stop_before_dispatch_means_that_nothing_leaves(district: District) -> None:
    district.carrier.simulation.text_from(GUARDIAN, "por favor no me manden mas mensajes")
    assert district.carrier.simulation.outbound.wait()

    district.send()

    assert not [words for direction, words in district.phone() if direction == "outbound" and "missed" in words]


def test_a_forged_webhook_is_refused(district: District) -> None:
    forged = {"MessageSid": "SM" + "0" * 32, "From": GUARDIAN, "To": "+13125550100", "Body": "STOP"}

    answer = requests.post(
        f"{district.url}/webhooks/twilio/inbound", data=forged, headers={"X-Twilio-Signature": "c2lnbmVkIGJ5IG5vYm9keQ=="}, timeout=10
    )

    assert answer.status_code == requests.codes.forbidden
