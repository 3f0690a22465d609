"""Who is told, and why somebody is not: every reason of a skip, as a feed or a person brings it about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from outreach.consent import actions as consent
from outreach.consent import blocks
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.settings import Settings
from tests.feeds import LINCOLN, ROOSEVELT, SETTINGS, District
from tests.stages.nights import WORDS, Nights, Said

ANNA, BEN = "+13125550142", "+13125550143"
UNTRUSTED = {**SETTINGS, "trust_registration_phones": False}


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A district with one child, Lia, who missed 4 of 37 days, and her mother Anna."""
    found = Nights(database, settings, tmp_path)
    found.district.child("lia", absent=4)
    found.district.adult("anna", ["lia"], phone=ANNA, address="1 Elm Street")
    found.approve()
    return found


Change = Callable[[District], object]


def _phone(**values: str) -> Change:
    return lambda d: d.phones[0].update(values)


def _tie(**values: str) -> Change:
    return lambda d: d.ties["lia", "anna"].update(values)


def _untrusted(**values: str) -> Change:
    def change(district: District) -> None:
        district.settings = UNTRUSTED
        district.phones[0].update(values)

    return change


def _codes(code: str, day: date = date(2026, 10, 5)) -> Change:
    return lambda d: d.marks["lia"].update({day: code})


def _no_contact(district: District) -> None:
    district.contacts.clear()
    district.phones.clear()
    district.ties.clear()


SKIPS: list[tuple[str, Change, str]] = [
    ("an extension is no mobile", _phone(phone="312 555 0142 x12"), "no usable phone"),
    ("a landline", _phone(type="home"), "no usable phone"),
    ("a type left empty", _phone(type=""), "no usable phone"),
    ("a mobile that cannot be texted", _phone(can_text="no"), "no usable phone"),
    ("a fax, whatever else is said", _phone(type="fax", can_text="yes"), "no usable phone"),
    ("no number at all", lambda d: d.phones.clear(), "no usable phone"),
    ("nobody verified it", _untrusted(consent="yes"), "unverified phone"),
    ("verified, but nobody consented", _untrusted(verified_on="2026-08-01"), "no consent"),
    ("the feed says no", _phone(consent="no"), "opted out"),
    ("the feed says no of a verified number", _untrusted(verified_on="2026-08-01", consent="no"), "opted out"),
    ("a restriction nobody has cleared", _tie(restriction="see court order"), "blocked contact"),
    ("may not receive", _tie(may_receive="no"), "may not receive"),
    ("lives elsewhere", _tie(lives_with="no"), "lives elsewhere"),
    ("left school", lambda d: d.leave("lia", date(2026, 10, 5)), "left school"),
    ("18 today", lambda d: d.students["lia"].update(birth_date="2008-10-06"), "18 or older"),
    ("a code without a meaning", _codes("?"), "unknown count"),
    ("a code that asks for quiet", _codes("B"), "held"),
    ("no contact", _no_contact, "no contact"),
]


@pytest.mark.parametrize(("change", "why"), [row[1:] for row in SKIPS], ids=[row[0] for row in SKIPS])
def test_a_child_over_the_threshold_whom_nobody_can_be_told_of_leaves_a_row_that_says_why(nights: Nights, change: Change, why: str) -> None:
    nights.open()
    change(nights.district)
    nights.load()
    [found] = nights.plan()
    assert (found.children, found.channel, found.state, found.why) == (("lia",), "sms", "skipped", why)


FITS: list[tuple[str, Change]] = [
    ("a trusted mobile", lambda _: None),
    ("a home number that can be texted", _phone(type="home", can_text="yes")),
    ("verified and consented to", _untrusted(verified_on="2026-08-01", consent="yes")),
    ("lives elsewhere, but may receive", _tie(lives_with="no", may_receive="yes")),
    ("living there and receiving left empty", _tie(lives_with="", may_receive="")),
    ("18 tomorrow", lambda d: d.students["lia"].update(birth_date="2008-10-07")),
    ("leaves tomorrow", lambda d: d.leave("lia", date(2026, 10, 6))),
]


@pytest.mark.parametrize("change", [row[1] for row in FITS], ids=[row[0] for row in FITS])
def test_a_family_that_may_be_told_is_told(nights: Nights, change: Change) -> None:
    nights.open()
    change(nights.district)
    nights.load()
    assert nights.plan() == [Said("anna", ("lia",), "anna", "sms", "planned", "")]


def test_a_baseline_waits_for_a_person_and_then_speaks(nights: Nights) -> None:
    nights.load()
    nights.evaluate()
    assert nights.plan() == [Said("anna", ("lia",), "", "sms", "skipped", "baseline")]
    assert nights.release_baseline() == 1
    assert nights.plan() == [Said("anna", ("lia",), "anna", "sms", "planned", "")]
    assert len(nights.rows()) == 1, "the skip has made room"


def test_without_approved_words_nothing_is_planned(database: Database, settings: Settings, tmp_path: Path) -> None:
    nights = Nights(database, settings, tmp_path)
    nights.district.child("lia", absent=4)
    nights.district.adult("anna", ["lia"], phone=ANNA)
    nights.open()
    assert [row.why for row in nights.plan()] == ["no approved words"]
    nights.approve()
    assert [row.state for row in nights.plan()] == ["planned"]


def test_a_block_by_a_person_beats_everything(nights: Nights) -> None:
    nights.open()
    with nights.database.write() as session:
        blocks.place(session, "anna", reason="order", by="head@example.org", now=nights.now)
    assert [row.why for row in nights.plan()] == ["blocked contact"]


def test_a_family_that_says_stop_is_skipped_and_one_that_says_start_again_is_told(nights: Nights) -> None:
    nights.district.phones[0]["consent"] = "no"
    nights.open()
    assert [row.why for row in nights.plan()] == ["opted out"]
    with nights.database.write() as session:
        consent.record(session, ANNA, Kind.OPT_IN, source=Source.FAMILY, by="inbound", now=nights.now)
    assert [row.state for row in nights.plan()] == ["planned"], "the family's own word is later than the feed's"


def test_a_number_marked_as_wrong_is_not_texted(nights: Nights) -> None:
    nights.open()
    with nights.database.write() as session:
        consent.record(session, ANNA, Kind.SUPPRESSED, source=Source.CARRIER, by="30006", now=nights.now, note="landline")
    assert [row.why for row in nights.plan()] == ["no usable phone"]


def test_a_number_that_the_family_confirmed_needs_no_word_of_the_feed(nights: Nights) -> None:
    nights.district.settings = UNTRUSTED
    nights.open()
    with nights.database.write() as session:
        consent.record(session, ANNA, Kind.VERIFIED, source=Source.FAMILY, by="inbound", now=nights.now)
    assert [row.state for row in nights.plan()] == ["planned"]


def test_a_letter_needs_street_and_place(nights: Nights) -> None:
    nights.district.miss("lia", 6)
    nights.district.contacts["anna"].update(address_line1="")
    nights.open()
    assert {(row.channel, row.why) for row in nights.plan()} == {("sms", ""), ("letter", "no usable address")}


def test_two_households_of_one_child_are_both_told(nights: Nights) -> None:
    nights.district.adult("ben", ["lia"], phone=BEN, address="9 Oak Street")
    nights.open()
    assert [(row.household, row.contact, row.state) for row in nights.plan()] == [("anna", "anna", "planned"), ("ben", "ben", "planned")]


def test_in_one_household_the_first_permitted_adult_with_a_number_is_told(nights: Nights) -> None:
    for contact, tie in {"cleo": {"priority": "1"}, "dora": {"priority": "2"}, "adam": {"primary": "yes"}}.items():
        nights.district.adult(contact, ["lia"], address="1 Elm Street", tie=tie)
    nights.district.phone("dora", BEN)
    nights.open()
    assert [(row.household, row.contact) for row in nights.plan()] == [("adam", "dora")], "Cleo has no phone, Dora comes before Anna"


def test_siblings_are_one_text_about_the_one_who_missed_most_and_one_letter_about_both(nights: Nights) -> None:
    nights.district.miss("lia", 5)
    nights.district.child("max", absent=6)
    nights.district.ties["max", "anna"] = {"student_id": "max", "contact_id": "anna"}
    nights.open()
    assert nights.plan() == [
        Said("anna", ("lia",), "", "sms", "skipped", "too soon"),
        Said("anna", ("max", "lia"), "anna", "letter", "planned", ""),
        Said("anna", ("max",), "anna", "sms", "planned", ""),
    ]


def test_children_of_whom_different_adults_may_know_are_in_different_letters(nights: Nights) -> None:
    nights.district.miss("lia", 5)
    nights.district.child("max", absent=6)
    nights.district.adult("ben", ["lia", "max"], address="1 Elm Street", tie={"may_receive": "no"})
    nights.district.ties["max", "anna"] = {"student_id": "max", "contact_id": "anna"}
    nights.district.ties["max", "ben"]["may_receive"] = "yes"
    nights.open()
    letters = [row for row in nights.plan() if row.channel == "letter"]
    assert [(row.children, row.contact, row.state) for row in letters] == [(("lia",), "anna", "planned"), (("max",), "anna", "planned")]
    named = [sorted(row.facts["contact_ids"]) for row in nights.rows("letter")]
    assert sorted(named) == [["anna"], ["anna", "ben"]]


def test_a_family_without_words_in_its_language_gets_approved_english_and_the_row_says_so(nights: Nights) -> None:
    nights.district.contacts["anna"]["language"] = "Somali"
    nights.open()
    nights.plan()
    assert [(row.language, row.family_language) for row in nights.rows()] == [("en", "so")]


@pytest.mark.parametrize(
    ("own", "home", "language"), [("Spanish", "Somali", "es"), ("", "Spanish", "es"), ("", "", "en"), ("Klingon", "Spanish", "en")]
)
def test_the_language_is_the_adults_own_then_the_childs_then_the_districts(nights: Nights, own: str, home: str, language: str) -> None:
    nights.approve({("count", "sms", "es"): WORDS["count", "sms", "en"]})
    nights.district.contacts["anna"]["language"] = own
    nights.district.students["lia"]["home_language"] = home
    nights.open()
    nights.plan()
    assert [row.language for row in nights.rows()] == [language]


def test_a_school_that_does_not_trust_registration_keeps_its_children_from_being_texted_on_it(nights: Nights) -> None:
    nights.district.settings = {**SETTINGS, "schools": {LINCOLN: {"trust_registration_phones": False}}}
    nights.district.child("max", absent=4, school=ROOSEVELT)
    nights.district.adult("ben", ["max"], phone=BEN)
    nights.open()
    assert [(row.children, row.why) for row in nights.plan()] == [(("lia",), "unverified phone"), (("max",), "")]


def test_a_school_that_alone_trusts_registration_lets_its_children_be_texted_on_it(nights: Nights) -> None:
    nights.district.settings = {**UNTRUSTED, "schools": {LINCOLN: {"trust_registration_phones": True}}}
    nights.district.child("max", absent=4, school=ROOSEVELT)
    nights.district.adult("ben", ["max"], phone=BEN)
    nights.open()
    assert [(row.children, row.why) for row in nights.plan()] == [(("lia",), ""), (("max",), "unverified phone")]


def test_of_two_schools_both_must_trust_registration(nights: Nights) -> None:
    nights.district.settings = {**SETTINGS, "schools": {ROOSEVELT: {"trust_registration_phones": False}}}
    nights.district.enrolments["lia"].append({"student_id": "lia", "school_id": ROOSEVELT, "entry_date": "2026-10-06", "exit_date": ""})
    nights.open()
    assert [row.why for row in nights.plan()] == ["unverified phone"]
