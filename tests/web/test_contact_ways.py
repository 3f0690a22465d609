"""An adult's language and address, as a person of their school was told."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.consent import blocks
from outreach.consent.states import BlockKind
from outreach.database import Database
from outreach.district import queries as district
from outreach.district.people import Adult
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send

PAGE = "/contacts/one?adult=c1"
HOME = {"line1": "500 W Oak Street", "line2": "", "city": "Lincoln", "state": "IL", "postal_code": "60602"}
SAID = "His mother on the phone, Oct 5"


@pytest.fixture
def ana(signed_in: SignedIn) -> FlaskClient:
    return signed_in("ana")


def adult(database: Database) -> Adult:
    with database.read() as session:
        [found] = district.named_adults(session, ["c1"])
        return found


def post(browser: FlaskClient, act: str, **fields: str) -> tuple[int, str]:
    status, _, text = send(browser, PAGE, f"/contacts/one/{act}?adult=c1", **fields)
    return status, text


def test_a_language_holds_for_one_adult_until_it_is_taken_back(ana: FlaskClient, sqlite_database: Database) -> None:
    assert "As the feed says" in ana.get(PAGE).text
    assert post(ana, "language", locale="uk", why=SAID)[0] == 302
    assert adult(sqlite_database).locale == "uk"
    assert SAID in ana.get(PAGE).text
    assert post(ana, "back", what="language", why="")[0] == 302
    assert adult(sqlite_database).locale == "es"
    assert post(ana, "back", what="language")[0] == 404, "nothing is left to take back"
    with sqlite_database.read() as session:
        kept = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "contact c1").order_by(AuditEntry.id)).all()
    assert kept == ["contact.language", "contact.language_back"]


@pytest.mark.parametrize(
    ("what", "fields", "said"),
    [
        ("language", {"locale": "tlh", "why": SAID}, "Choose one of the languages."),
        ("language", {"locale": "uk", "why": " "}, "Write down how you know it"),
        ("address", HOME | {"city": "", "why": SAID}, "An address needs a street"),
        ("address", HOME | {"why": ""}, "Write down how you know it"),
    ],
)
def test_what_is_not_whole_changes_nothing(
    ana: FlaskClient, sqlite_database: Database, what: str, fields: dict[str, str], said: str
) -> None:
    before = adult(sqlite_database)
    status, text = post(ana, what, **fields)
    assert (status, said in text) == (422, True)
    assert adult(sqlite_database) == before


def test_an_address_is_offered_as_the_post_writes_it_and_stands_as_chosen(ana: FlaskClient, sqlite_database: Database) -> None:
    status, text = post(ana, "address", **HOME, why=SAID)
    assert (status, "As the post writes it" in text) == (200, True)
    assert post(ana, "address", **HOME, why=SAID, spelling="kept")[0] == 302
    assert adult(sqlite_database).address.line1 == "500 W Oak Street"
    assert "500 W OAK STREET" in ana.get(PAGE).text, "as an envelope has it"


def test_a_protected_address_is_neither_shown_nor_changed(ana: FlaskClient, sqlite_database: Database) -> None:
    post(ana, "address", **HOME, why=SAID, spelling="kept")
    assert "OAK STREET" in ana.get(PAGE).text
    with sqlite_database.write() as session:
        blocks.place(session, "c1", reason="ACP letter 9", by="boss@example.org", now=NOON, kind=BlockKind.ADDRESS)
    assert "oak street" not in ana.get(PAGE).text.lower()
    status, text = post(ana, "address", **HOME | {"line1": "1 New Road"}, why=SAID, spelling="kept")
    assert (status, "protected" in text, "oak street" in text.lower()) == (422, True, False)


def test_an_adult_of_another_school_has_no_such_page(signed_in: SignedIn) -> None:
    ana, boss = signed_in("ana"), signed_in("boss")
    assert (ana.get("/contacts/one?adult=c4").status_code, boss.get("/contacts/one?adult=c4").status_code) == (404, 200)
    assert ana.get("/contacts/one").status_code == 404
    assert send(ana, PAGE, "/contacts/one/language?adult=c4", locale="uk", why="x")[0] == 404
