"""What a person corrected about a contact stays when the feed comes again, and a person is told when the feed says a third thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.database import Database
from outreach.district.corrections import Word, contradicted, correct_address, correct_language, say_of_number
from outreach.district.overlays import Act, OverlayError, holding, withdraw
from outreach.district.people import Address, Adult
from outreach.district.queries import adults_of_phone, load_adults
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.nights import Nights

ROSA = Act("rosa@lincoln.invalid", NOON, "the mother said so")
OLD, NEW, THIRD = "+13125550142", "+13125550155", "+13125550166"
MOVED = Address("9 Elm St", "", "Lincoln", "IL", "62656")


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A child over a threshold with one guardian."""
    made = Nights(database, settings, tmp_path)
    made.approve()
    made.district.child("ada", absent=10)
    made.district.adult("rosa", ["ada"], phone="(312) 555-0142", address="1 Main St", language="Spanish")
    made.open()
    return made


def adult(nights: Nights) -> Adult:
    """The guardian as everybody reads her."""
    with nights.database.read() as session:
        [found] = load_adults(session, ["ada"])
    return found


def conflicts(nights: Nights) -> list[str]:
    """What the feed gainsays."""
    with nights.database.read() as session:
        return [row.name for row in contradicted(session)]


def test_language_and_address_survive_a_full_feed_until_they_are_withdrawn(nights: Nights) -> None:
    before = adult(nights)
    with nights.database.write() as session:
        correct_language(session, "rosa", "so", ROSA)
        correct_address(session, "rosa", MOVED, ROSA)
    nights.night()
    assert (adult(nights).locale, adult(nights).address) == ("so", MOVED)
    assert conflicts(nights) == []

    nights.district.contacts["rosa"] |= {"language": "Vietnamese", "address_line1": "9 ELM St."}
    nights.night()
    assert (adult(nights).locale, adult(nights).address) == ("so", MOVED)
    assert conflicts(nights) == ["language"], "the address is what the person said, spelled another way"

    nights.district.contacts["rosa"] |= {"language": "Spanish", "address_line1": "1 Main St"}
    nights.night()
    with nights.database.write() as session:
        for row in holding(session):
            withdraw(session, row.id, ROSA)
    assert adult(nights) == before


def test_a_wrong_number_reaches_nobody_and_a_new_one_is_texted_first(nights: Nights) -> None:
    with nights.database.write() as session:
        say_of_number(session, "rosa", OLD, Word.WRONG, ROSA)
    nights.night()
    with nights.database.read() as session:
        assert adults_of_phone(session, OLD) == []
    assert "no usable phone" in {said.why for said in nights.plan() if said.channel == "sms"} | {
        row.reason.split(":")[0] for row in nights.rows("sms")
    }

    with nights.database.write() as session:
        say_of_number(session, "rosa", NEW, Word.NEW, ROSA, consents=True)
    nights.night()
    with nights.database.read() as session:
        assert [found.contact_id for found in adults_of_phone(session, NEW)] == ["rosa"]
    assert nights.rows("sms", "planned")[-1].phone == NEW
    assert conflicts(nights) == []

    nights.district.phones[0]["phone"] = "(312) 555-0166"
    nights.night()
    assert conflicts(nights) == [NEW]


def test_a_contact_whom_no_feed_names_cannot_be_corrected(nights: Nights) -> None:
    with nights.database.write() as session, pytest.raises(OverlayError):
        correct_language(session, "nobody", "so", ROSA)
