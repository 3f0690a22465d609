"""Two families on one number get no count by text until each has typed their child's first name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.consent import blocks
from outreach.consent import queries as consent
from outreach.database import Database
from outreach.district import corrections
from outreach.district.corrections import Word
from outreach.district.overlays import Act
from outreach.district.people import Address, Adult, Link
from outreach.district.tables import Student
from outreach.messages.pairs import current_pairs
from outreach.planning import actions, peace, release
from outreach.planning.peace import Why
from outreach.planning.release import Go
from outreach.planning.shared_numbers import are_strangers, families_of, unconfirmed
from outreach.planning.states import MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.planning.welcome import WHOSE_PHONE
from outreach.replies.actions import receive
from outreach.replies.readers import TRIES, whose
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.families import a_text, hear
from tests.stages.nights import WORDS, Nights, Said

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


def _child(student_id: str, first: str, last: str = "Reyes", preferred: str = "") -> Student:
    return Student(student_id=student_id, first_name=first, last_name=last, preferred_name=preferred)


@pytest.mark.parametrize(
    ("text", "mine"),
    [
        ("Zoë", {"a"}),
        (" ZOE! ", {"a"}),
        ("zoe reyes", {"a"}),
        ("Maximilian", {"b", "c"}),
        ("max", {"b"}),
        ("maximillian", {"b", "c"}),
        ("Nguyen", set()),
        ("Zoa", set()),
        ("Aaximilian", set()),
        ("Zoë and Max", set()),
        ("zoë max", set()),
        ("Max is sick today", set()),
        ("Ana", set()),
        ("José Luis", {"a"}),
        ("jose", {"a"}),
        ("Joseph", set()),
        ("", set()),
        ("?!", set()),
        ("2", set()),
        ("玛丽", {"c"}),
    ],
)
def test_a_first_name_shows_the_one_family_whose_child_it_is(text: str, mine: set[str]) -> None:
    children = {
        "zoë": _child("zoë", "Zoë"),
        "jo": _child("jo", "José Luis"),
        "max": _child("max", "Maximilian", preferred="Max"),
        "ana": _child("ana", "Ana"),
        "tim": _child("tim", "Maximilian", "Tan", preferred="玛丽"),
        "any": _child("any", "Ana", "Cruz"),
    }
    adults = [
        Adult("a", "Rosa", "", links=(Link("zoë"), Link("jo"), Link("ana"))),
        Adult("b", "Ben", "", address=ELM, links=(Link("max"), Link("any"))),
        Adult("c", "Cy", "", address=ELM, links=(Link("tim"),)),
    ]
    assert whose(text, families_of(adults), children) == mine
    assert whose(text, families_of(adults[:1]), children) == set(), "nobody shares it"


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Two children over the threshold whose mothers, strangers, are listed with one number."""
    found = Nights(database, settings.model_copy(update={"weekly_nudge_cap": 9}), tmp_path)
    for child, adult in (("zoë", "anna"), ("max", "berta")):
        found.district.child(child, absent=4)
        found.district.adult(adult, [child], phone=PHONE)
    shipped = {(pair.message, "sms", "en"): pair.translation for _, pair in current_pairs() if (pair.channel, pair.locale) == ("sms", "en")}
    found.approve({**WORDS, **{key: shipped[key] for key in shipped if key[0] in {WHOSE_PHONE, "which_days", "after_hours"}}})
    found.open()
    return found


def _type(nights: Nights, words: str) -> str:
    with nights.database.write() as session:
        return receive(session, a_text(session, words, phone=PHONE, at=nights.now), nights.settings, nights.now).intent


def _shared(adult: str, child: str) -> Said:
    return Said(adult, (child,), "", "sms", "skipped", "shared number")


WAITING = [_shared("anna", "zoë"), _shared("berta", "max")]


def _ask(nights: Nights) -> str:
    """Plan the question and let it leave; return its words."""
    [question] = [said for said in nights.plan() if said.why == ""]
    assert (question.household, question.contact, question.state) == ("", "", "planned"), "it is for whoever reads the number"
    [row] = nights.rows("sms", "planned")
    assert (row.message, row.message_class) == (WHOSE_PHONE, MessageClass.WELCOME)
    found = nights.check(row)
    assert isinstance(found, Go), found
    nights.become(row, state="delivered", claimed_at=nights.now, sent_at=nights.now, facts=found.facts, body=found.body)
    return found.body


def test_each_family_is_asked_and_confirms_before_the_first_count_leaves(nights: Nights) -> None:
    assert _type(nights, "zoe") != "confirm_child", "nobody asked yet"
    said = _ask(nights)
    assert not [name for name in ("Zo", "Max", "Anna", "Berta", "Lincoln Elementary") if name in said]
    assert nights.plan() == WAITING, "a number is asked once a school year"
    assert _type(nights, "Max is sick today") == "report_absence"
    _type(nights, "Lia")
    assert nights.plan() == WAITING, "a name within a sentence, or another's, shows nothing"
    assert _type(nights, " ZOE! ") == "confirm_child"
    assert nights.plan() == WAITING, "the other family has said nothing yet"
    _type(nights, "max")
    assert [said.state for said in nights.plan()] == ["planned", "planned"]
    with nights.database.read() as session:
        assert consent.state(session, PHONE).verified


def test_a_digit_says_that_no_child_of_theirs_is_here(nights: Nights) -> None:
    _ask(nights)
    assert _type(nights, "2") == "wrong_number"
    with nights.database.read() as session:
        assert consent.state(session, PHONE).opted_out


def test_names_cannot_be_tried_until_one_fits(nights: Nights) -> None:
    _ask(nights)
    for number in range(TRIES):
        _type(nights, f"Sofia {number}")
    assert _type(nights, "zoe") != "confirm_child"
    nights.now += timedelta(days=15)
    assert _type(nights, "zoe") != "confirm_child", "the question is too old"
    with nights.database.read() as session:
        assert unconfirmed(session, [PHONE]) == {PHONE}


@contextmanager
def _unkept(database: Database) -> Iterator[Session]:
    """A transaction that keeps nothing of what it did."""
    with Session(database.engine, expire_on_commit=False) as session:
        yield session
        session.rollback()


SAYS = ("Zoë", "max", "Maxx", "which days?")
ORDERS = list(itertools.permutations(SAYS))
MANY = [pytest.param(ORDERS[::5], id="some"), pytest.param(ORDERS, id="all", marks=pytest.mark.long)]


@pytest.mark.parametrize("orders", MANY)
def test_in_no_order_of_replies_does_a_name_leave_before_each_family_has_confirmed(nights: Nights, orders: list[tuple[str, ...]]) -> None:
    """Nor does an answer tell a right name from a wrong one."""
    _ask(nights)
    night = nights.now + timedelta(hours=9)
    for order in orders:
        with _unkept(nights.database) as session:
            heard: set[str] = set()
            answers = {}
            for number, text in enumerate(order):
                heard.add(text)
                inbound, _ = hear(session, nights.settings, text, phone=PHONE, at=night + timedelta(minutes=number))
                rows = session.scalars(select(PlannedMessage).where(PlannedMessage.reply_to_id == inbound.id)).all()
                answers[text] = [(row.message, row.contact_id, row.student_ids) for row in rows]
                assert bool(unconfirmed(session, [PHONE])) is not ({"Zoë", "max"} <= heard)
            first, *others = [answers[text] for text in order]
            assert first == [("after_hours", "", [])], "the hour alone decides what is answered"
            assert others == [[], [], []]


def test_before_and_after_what_may_leave_names_nobody_and_then_each_their_own(nights: Nights) -> None:
    _ask(nights)
    for text, children in (("Max", []), ("Zoë", [["max"], ["zoë"]])):
        _type(nights, text)
        with _unkept(nights.database) as session:
            actions.plan(session, settings=nights.settings, now=nights.now)
            rows = session.scalars(select(PlannedMessage).where(PlannedMessage.state == "planned")).all()
            checked = [(row.student_ids, release.check(session, row, nights.settings, nights.now)) for row in rows]
            assert sorted(ids for ids, found in checked if isinstance(found, Go)) == children


def _stop(nights: Nights) -> str:
    [row] = nights.rows("sms", "planned")
    found = nights.check(row)
    return f"{getattr(found, 'state', '')}: {getattr(found, 'reason', '').split(':')[0]}"


def test_nobody_is_asked_for_a_childs_name_in_mourning_nor_behind_a_block(nights: Nights) -> None:
    nights.plan()
    act = Act("head@example.org", nights.now, "asked for")
    with nights.database.write() as session:
        blocked = blocks.place(session, "berta", reason="court order", by="head@example.org", now=nights.now).id
    assert _stop(nights) == "cancelled: blocked contact"
    with nights.database.write() as session:
        blocks.lift(session, blocked, why="the order ended", by="head@example.org", now=nights.now)
        peace.leave(session, "max", Why.BEREAVEMENT, date(2026, 10, 30), act, today=NOON.date())
    assert _stop(nights) == "cancelled: left in peace"


def test_a_number_that_a_person_gave_to_a_second_family_is_shared_too(nights: Nights) -> None:
    nights.district.phones = [row for row in nights.district.phones if row["contact_id"] == "anna"]
    nights.night(days=0)
    [row] = nights.rows("sms", "planned")
    with nights.database.write() as session:
        corrections.say_of_number(session, "berta", PHONE, Word.NEW, Act("head@example.org", nights.now, "said so"))
    found = nights.check(row)
    assert getattr(found, "reason", "").split(":")[0] == "shared number"


def test_a_number_that_two_families_come_to_share_stops_what_was_planned(nights: Nights) -> None:
    nights.district.phones = [row for row in nights.district.phones if row["contact_id"] == "anna"]
    nights.night(days=0)
    [row] = nights.rows("sms", "planned")
    nights.district.phone("berta", PHONE)
    nights.load()
    found = nights.check(row)
    assert (getattr(found, "state", ""), getattr(found, "reason", "").split(":")[0]) == ("skipped", "shared number")
