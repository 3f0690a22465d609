"""Blocks, protected addresses and restriction texts on real databases: what silences whom, until who has read it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.attention.tables import AttentionItem
from outreach.consent import blocks, queries, restrictions, reviews
from outreach.consent.blocks import BlockError, Paper
from outreach.consent.states import BlockKind
from outreach.database import Database
from outreach.district.people import Address, Adult, Link
from outreach.district.tables import StudentContact
from outreach.planning.reasons import Reason
from outreach.planning.recipients import Permissions, for_letter
from tests.conftest import NOON
from tests.stages.families import a_family

TODAY = NOON.date()
WORDS = "Works nights"


def three_families(session: Session, words: str = WORDS) -> None:
    """Two families at Lincoln and one at Roosevelt whose adults all bear the same words."""
    for number, (contact, school) in enumerate((("ana", "lincoln"), ("bea", "lincoln"), ("cyd", "roosevelt"))):
        a_family(session, contact, {f"child-of-{contact}": school}, phone=f"+1312555014{number}")
    session.execute(update(StudentContact).values(restriction=words))


def silenced(session: Session) -> set[str]:
    """Contacts who may be told nothing now."""
    return {contact for _, contact in queries.blocks(session, [f"child-of-{one}" for one in ("ana", "bea", "cyd", "dan")])}


def test_one_decision_lets_all_adults_with_the_same_words_hear_and_changed_words_block_again(database: Database) -> None:
    with database.write() as session:
        three_families(session)
        assert silenced(session) == {"ana", "bea", "cyd"}
        assert [(text.words, text.waiting) for text in restrictions.texts(session, None)] == [(WORDS, 3)]
        assert restrictions.decide(session, WORDS, forbids=False, schools=None, by="head@example.org", now=NOON) == 3
        assert silenced(session) == set()
        session.execute(update(StudentContact).where(StudentContact.contact_id == "bea").values(restriction=f"{WORDS}. No contact!"))
        assert silenced(session) == {"bea"}
        texts = {text.words: text.waiting for text in restrictions.texts(session, None)}
        assert texts == {WORDS: 0, f"{WORDS}. No contact!": 1}


def test_words_cleared_for_whoever_has_them_clear_the_next_family_too_and_words_cleared_once_do_not(database: Database) -> None:
    for for_all in (False, True):
        with database.write() as session:
            if not for_all:
                three_families(session)
            restrictions.decide(session, WORDS, forbids=False, schools=None, by="head@example.org", now=NOON, for_all=for_all)
            contact = "eve" if for_all else "dan"
            a_family(session, contact, {f"child-of-{contact}": "lincoln"}, phone="+13125550149")
            session.execute(update(StudentContact).where(StudentContact.contact_id == contact).values(restriction=WORDS))
            assert (queries.block(session, f"child-of-{contact}", contact) is None) is for_all


def test_a_school_decides_for_its_own_families_only_and_forbids_what_the_district_cleared(database: Database) -> None:
    with database.write() as session:
        three_families(session)
        assert restrictions.decide(session, WORDS, forbids=False, schools={"roosevelt"}, by="raj", now=NOON, for_all=True) == 1
        assert silenced(session) == {"ana", "bea"}, "a school cannot speak for others, nor for all to come"
        restrictions.decide(session, WORDS, forbids=False, schools=None, by="boss", now=NOON, for_all=True)
        assert silenced(session) == set()
        restrictions.decide(session, WORDS, forbids=True, schools={"lincoln"}, by="head", now=NOON)
        assert silenced(session) == {"ana", "bea"}
        (text,) = restrictions.texts(session, {"lincoln"})
        assert (text.waiting, text.cleared, text.kept) == (0, 0, 2)


def test_a_block_holds_from_its_placing_and_past_the_papers_end_until_a_person_lifts_it(database: Database) -> None:
    later = Paper(begins_on=TODAY + timedelta(days=30), ends_on=TODAY + timedelta(days=60))
    with database.write() as session:
        three_families(session, "")
        block = blocks.place(
            session, "ana", kind=BlockKind.CUSTODY, reason="decree", by="head", now=NOON, student_id="child-of-ana", paper=later
        )
        assert silenced(session) == {"ana"}
        assert not blocks.due(session, TODAY)
        assert [one.id for one in blocks.due(session, TODAY + timedelta(days=60))] == [block.id]
        assert silenced(session) == {"ana"}, "the end of the paper opens nothing"
        with pytest.raises(BlockError, match="why it ends"):
            blocks.lift(session, block.id, why=" ", by="boss", now=NOON)
        blocks.lift(session, block.id, why="decree ended", by="boss", now=NOON)
        assert silenced(session) == set()
        backwards = Paper(begins_on=TODAY, ends_on=TODAY - timedelta(days=1))
        with pytest.raises(BlockError, match="dates"):
            blocks.place(session, "ana", reason="x", by="head", now=NOON, paper=backwards)


def test_what_waits_for_a_reader_is_one_item_a_school_and_goes_when_it_is_read(database: Database) -> None:
    with database.write() as session:
        three_families(session)
        paper = Paper(review_on=TODAY)
        block = blocks.place(session, "ana", reason="decree", by="head", now=NOON, student_id="child-of-ana", paper=paper)
        for _ in range(2):
            assert reviews.remind(session, TODAY, NOON) == 3
        items = {item.key: item.school_id for item in session.scalars(select(AttentionItem))}
        assert items == {"restrictions:lincoln": "lincoln", "restrictions:roosevelt": "roosevelt", f"block:{block.id}": "lincoln"}
        blocks.look_again(session, block.id, date(2027, 10, 1), TODAY)
        restrictions.decide(session, WORDS, forbids=True, schools={"lincoln"}, by="head", now=NOON)
        assert reviews.remind(session, TODAY, NOON) == 1
        assert session.scalars(select(AttentionItem.key).where(AttentionItem.open_key.is_not(None))).all() == ["restrictions:roosevelt"]


def test_a_protected_address_gets_no_letter_and_its_family_may_be_texted(database: Database) -> None:
    with database.write() as session:
        three_families(session, "")
        blocks.place(session, "ana", kind=BlockKind.ADDRESS, reason="confidentiality programme", by="head", now=NOON)
        assert silenced(session) == set()
        assert queries.protected(session) == {"ana"}


HOME, AWAY = Address("12 Oak St", "", "Grand Bend", "TX", "73334"), Address("9 Elm Ave", "", "Grand Bend", "TX", "73334")


@pytest.mark.parametrize(
    ("others_home", "named", "refusal"), [(HOME, [], Reason.ADDRESS_PROTECTED), (AWAY, ["dad"], ""), (Address(), [], Reason.NO_ADDRESS)]
)
def test_a_letter_goes_to_no_adult_who_lives_at_a_protected_address(others_home: Address, named: list[str], refusal: str) -> None:
    adults = [Adult(one, one, "Lee", address=home, links=(Link("x"),)) for one, home in (("mum", HOME), ("dad", others_home))]
    found, why = for_letter(adults, "x", Permissions({}, "hold", protected={"mum"}))
    assert ([adult.contact_id for adult in found], why) == (named, refusal)
