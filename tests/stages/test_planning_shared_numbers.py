"""Two families on one number get no count by text until each has typed their child's first name."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.database import Database
from outreach.district.people import Address, Adult, Link
from outreach.planning.shared_numbers import are_strangers
from outreach.replies.actions import receive
from outreach.settings import Settings
from tests.stages.families import a_text
from tests.stages.nights import Nights, Said

PHONE = "+13125550142"
ELM = Address("1 Elm Street", "", "Lincoln", "IL", "62656")


def _adult(contact: str, child: str, name: str = "", address: Address | None = None) -> Adult:
    return Adult(contact, name, "", address=address or Address(), links=(Link(child),))


@pytest.mark.parametrize(
    ("adults", "strangers"),
    [
        ([], False),
        ([_adult("a", "lia")], False),
        ([_adult("a", "lia", "Ana"), _adult("b", "max", "Ben")], True),
        ([_adult("a", "lia", "Ana"), _adult("b", "lia", "Ben")], False),
        ([_adult("a", "lia", "Ana"), _adult("b", "max", "ANA")], False),
        ([_adult("a", "lia", "Ana", ELM), _adult("b", "max", "Ben", ELM)], False),
        ([_adult("a", "lia"), _adult("b", "max")], True),
        ([_adult("a", "lia", "Ana"), _adult("b", "lia", "Ben"), _adult("c", "max", "Cy")], True),
        ([_adult("a", "lia", "Ana"), _adult("b", "max", "Cy"), _adult("c", "max", "Ana")], False),
    ],
)
def test_a_child_a_name_or_an_address_in_common_makes_one_family(adults: list[Adult], *, strangers: bool) -> None:
    assert are_strangers(adults) is strangers
    assert are_strangers(adults[::-1]) is strangers


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Two children over the threshold whose mothers, strangers, are listed with one number."""
    found = Nights(database, settings.model_copy(update={"weekly_nudge_cap": 9}), tmp_path)
    for child, adult in (("zoë", "anna"), ("max", "berta")):
        found.district.child(child, absent=4)
        found.district.adult(adult, [child], phone=PHONE)
    found.approve()
    found.open()
    return found


def _type(nights: Nights, words: str) -> None:
    with nights.database.write() as session:
        receive(session, a_text(session, words, phone=PHONE, at=nights.now), nights.settings, nights.now)


def _shared(adult: str, child: str) -> Said:
    return Said(adult, (child,), "", "sms", "skipped", "shared number")


def test_each_family_confirms_before_the_first_count_leaves(nights: Nights) -> None:
    waiting = [_shared("anna", "zoë"), _shared("berta", "max")]
    assert nights.plan() == waiting
    _type(nights, "Max is sick today")
    _type(nights, "Lia")
    assert nights.plan() == waiting, "a name within a sentence, or another's, shows nothing"
    _type(nights, " ZOE! ")
    assert nights.plan() == waiting, "the other family has said nothing yet"
    _type(nights, "max")
    assert [said.state for said in nights.plan()] == ["planned", "planned"]


def test_a_number_that_two_families_come_to_share_stops_what_was_planned(nights: Nights) -> None:
    nights.district.phones = [row for row in nights.district.phones if row["contact_id"] == "anna"]
    nights.night(days=0)
    [row] = nights.rows("sms", "planned")
    nights.district.phone("berta", PHONE)
    nights.load()
    found = nights.check(row)
    assert (getattr(found, "state", ""), getattr(found, "reason", "").split(":")[0]) == ("skipped", "shared number")
