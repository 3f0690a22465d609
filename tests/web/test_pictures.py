"""A photo by text: fetched from the carrier, judged by its bytes, kept in private, shown to whoever reads the thread, deleted in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from outreach.cases.tables import Case
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.twilio_media import TwilioMedia
from outreach.replies import media
from outreach.replies.tables import Inbound, InboundMedia
from outreach.services import Services
from outreach.simulator.carrier import Photo
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.tables import AuditEntry
from outreach.web.app import create_app
from outreach.web.context import SESSION_KEY
from tests.stages.acceptance import Service, serving
from tests.stages.outbox import PHONE
from tests.web.seed import people

JPEG, PDF = b"\xff\xd8\xff\xe0" + b"a doctor's note" * 20, b"%PDF-1.7\n" + b"1 0 obj" * 9
HEIC = b"\0\0\0\x18ftypheic" + b"\0" * 50
PAGE = b"<html><script>alert(1)</script></html>"


@pytest.fixture
def service(sqlite_database: Database, tmp_path: Path) -> Iterator[Service]:
    """A mother, her child, a carrier, and people at the school."""
    with serving(sqlite_database, tmp_path) as made:
        made.family()
        made.nights.now = made.outbox.now
        made.nights.load()
        with sqlite_database.write() as session:
            people(session, made.outbox.now)
        yield made


def _sends(service: Service, *contents: bytes, words: str = "here is the note") -> None:
    """She sends photos, all of which her phone calls JPEG."""
    simulation = service.outbox.carrier.simulation
    simulation.text_from(PHONE, words, [Photo(content) for content in contents])
    assert simulation.outbound.wait(30)
    assert simulation.outbound.problems == []


def _fetch(service: Service, **delta: float) -> int:
    service.outbox.later(**delta)
    settings = service.outbox.settings
    return media.fetch_waiting(service.database, TwilioMedia.from_settings(settings), settings, service.outbox.now)


def _kept(service: Service) -> list[InboundMedia]:
    with service.database.read() as session:
        return list(session.scalars(select(InboundMedia).order_by(InboundMedia.id)))


def _browser(service: Service, name: str) -> FlaskClient:
    outbox = service.outbox
    app = create_app(Services(outbox.settings, service.database, FixedClock(outbox.now), provider=None))
    app.testing = True
    with service.database.write() as session:
        account = accounts.by_email(session, f"{name}@example.org")
        assert account is not None
        key = staff.begin_session(session, account, outbox.now)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = key
    return client


def _case(service: Service) -> int:
    with service.database.read() as session:
        return session.scalars(select(Case.id)).one()


def test_photos_are_kept_by_their_bytes_shown_in_the_thread_and_never_run(service: Service) -> None:
    _sends(service, JPEG, PDF, HEIC, PAGE, b"\xff\xd8\xff" + b"x" * (5 * 1024 * 1024))
    assert _fetch(service) == 3
    rows = _kept(service)
    assert [(row.state, row.type) for row in rows] == [
        ("kept", "image/jpeg"),
        ("kept", "application/pdf"),
        ("kept", "image/heic"),
        ("refused", ""),
        ("refused", ""),
    ]
    files = sorted(path.name for path in (service.outbox.settings.home / "media").iterdir())
    assert files == sorted(row.name for row in rows if row.name)
    case = _case(service)
    for name in ("ana", "kim"):  # a coordinator, and the clerk who excuses absences
        client = _browser(service, name)
        page = client.get(f"/cases/{case}").text
        assert f'src="/cases/{case}/media/{rows[0].id}"' in page
        assert page.count("It was not kept") == 2
        told = client.get(f"/cases/{case}/media/{rows[0].id}")
        assert (told.status_code, told.data, told.content_type) == (200, JPEG, "image/jpeg")
        assert told.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
        assert told.headers["X-Content-Type-Options"] == "nosniff"
        assert told.headers["Cache-Control"] == "no-store"
        assert client.get(f"/cases/{case}/media/{rows[1].id}").headers["Content-Disposition"].startswith("attachment")
        assert client.get(f"/cases/{case}/media/{rows[3].id}").status_code == 404
    with service.database.read() as session:
        seen = session.scalars(
            select(AuditEntry.actor).where(AuditEntry.action == "media.seen", AuditEntry.subject == f"media {rows[0].id}")
        )
        assert list(seen) == ["ana@example.org", "kim@example.org"]


def test_a_photo_beside_words_of_danger_is_sealed_and_another_schools_people_find_none(service: Service) -> None:
    _sends(service, JPEG, words="he has a gun")
    _fetch(service)
    [row], case = _kept(service), _case(service)
    place = f"/cases/{case}/media/{row.id}"
    status = {name: _browser(service, name).get(place).status_code for name in ("ana", "kim", "raj")}
    assert status == {"ana": 200, "kim": 404, "raj": 404}
    assert place not in _browser(service, "kim").get(f"/cases/{case}").text


def test_a_photo_is_asked_for_again_given_up_in_the_end_and_deleted_in_time(service: Service) -> None:
    _sends(service, JPEG)
    _sends(service, JPEG, words="and another")
    settings, now = service.outbox.settings, service.outbox.now
    gone = TwilioMedia("http://127.0.0.1:9", settings.twilio_account_sid, settings.twilio_auth_token, 1.0)
    assert media.fetch_waiting(service.database, gone, settings, now) == 0
    assert _fetch(service) == 0, "not before its minute"
    with service.database.write() as session:
        second = session.scalars(select(InboundMedia.id).order_by(InboundMedia.id.desc())).first()
        session.execute(update(InboundMedia).where(InboundMedia.id == second).values(path="/2010-04-01/Accounts/AC/none"))
    assert _fetch(service, minutes=1) == 1
    assert [row.state for row in _kept(service)] == ["kept", "lost"]
    assert media.sweep(service.database, settings, now + timedelta(days=180)) == 0
    assert media.sweep(service.database, settings, now + timedelta(days=181)) == 1
    assert [row.state for row in _kept(service)] == ["deleted", "lost"]
    assert list((settings.home / "media").iterdir()) == []


def test_no_other_server_is_ever_asked(service: Service) -> None:
    places = ("http://evil.test/2010-04-01/x?y", "ftp://evil.test/a", "//evil.test/a", "", "http://e.test/../../x")
    fields = {"MessageSid": "SM" + "7" * 32, "From": PHONE, "To": "+13125550100", "Body": "", "NumMedia": str(len(places))}
    fields |= {f"MediaUrl{number}": place for number, place in enumerate(places)}
    assert service.post("/webhooks/twilio/inbound", fields) == 200
    assert _fetch(service) == 0
    with service.database.read() as session:
        assert session.scalars(select(Inbound.to_human)).one()
    assert {row.state for row in _kept(service)} == {"lost"}
