"""The call list: who is on it and why, what one press does, what takes a family off it, and taking a press back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.queries import open_items
from outreach.cases.tables import CaseEvent
from outreach.consent import actions as consent
from outreach.consent import blocks
from outreach.consent import queries as ledger
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery import following
from outreach.delivery.tables import FollowUp
from outreach.district import corrections
from outreach.district.corrections import Word
from outreach.district.overlays import Act
from outreach.planning.reasons import Reason
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.thresholds.tables import Episode, RuleVersion
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import JANE, OMAR, told

OMARS, PAGE = "tel:" + OMAR, "/call-list"


def put_on(session: Session, student: str, contact: str, *, rule: str = "", **values: object) -> PlannedMessage | None:
    """A crossing of a child that was released: by a rule that wants a call, or one whose message became what *values* say."""
    child = session.scalars(select(Episode).where(Episode.student_id == student)).one()
    child.state, child.released_at = "open", NOON - timedelta(hours=3)
    if rule:
        version = RuleVersion(rule=rule, digest="call", definition={"action": "call_list"}, first_seen_at=NOON)
        session.add(version)
        session.flush()
        child.rule, child.rule_version_id = rule, version.id
        return None
    message = told(session, "", NOON, **{"state": "skipped", "contact_id": contact, "student_ids": [student], **values})
    session.add(PlannedEpisode(planned_id=message.id, episode_id=child.id, household=contact, channel=message.channel))
    session.flush()
    return message


@pytest.fixture
def listed(signed_in: SignedIn, sqlite_database: Database) -> SignedIn:
    """Omar's number is not verified; a rule wants Jane called; Wei, at another school, got neither text nor letter."""
    with sqlite_database.write() as session:
        put_on(session, "st3", "c2", reason=str(Reason.UNVERIFIED))
        put_on(session, "st4", "c3", rule="chronic_call")
        text = put_on(session, "st5", "c4", state="failed", reason="Phone cannot receive texts: a landline")
        assert text is not None
        session.add(FollowUp(planned_id=text.id, step="person", next_id=None, at=NOON))
        text.school_id = "S2"
        following.ask_for_a_call(session, text, NOON)
    return signed_in


def pressed(signed_in: SignedIn, who: str, student: str, number: str, outcome: str, **more: str) -> str:
    """Press an outcome as *who*; return the page that follows."""
    browser = signed_in(who)
    fields = {"student": student, "number": number, "outcome": outcome, "seen": "0", **more}
    send(browser, PAGE, PAGE, **fields)
    return browser.get(PAGE).text


def test_each_school_sees_its_own_with_number_language_and_every_reason(listed: SignedIn) -> None:
    ana, raj = (listed(name).get(PAGE).text for name in ("ana", "raj"))
    assert "2 families" in ana
    assert OMARS in ana
    assert "(312) 555-0143" in ana
    assert "Arabic" in ana
    assert "unverified phone" in ana
    assert "no usable address" in ana, "and why no letter goes instead"
    assert "The rule chronic call asks for a call" in ana
    assert "a landline" in raj
    assert OMARS not in raj


def test_who_was_reached_leaves_the_list_and_comes_back_when_it_was_a_mistake(listed: SignedIn, sqlite_database: Database) -> None:
    page = pressed(listed, "raj", "st5", "c4 +13125550145", "reached", words="The bus again")
    assert "Nobody has to be called" in page
    with sqlite_database.read() as session:
        event = session.scalars(select(CaseEvent).order_by(CaseEvent.id.desc())).first()
        assert event is not None
        assert (event.kind, event.text, event.by) == ("call", "The bus again", "raj@example.org")
        assert "unreached" not in {item.kind for item in open_items(session, None)}
    call = re.search(r'name="call" value="(\d+)"', page)
    assert call is not None
    send(listed("ana"), PAGE, f"{PAGE}/undo", call=call[1])
    assert "Nobody has to be called" in listed("raj").get(PAGE).text, "another person's press is not theirs to take back"
    send(listed("raj"), PAGE, f"{PAGE}/undo", call=call[1])
    assert "tel:+13125550145" in listed("raj").get(PAGE).text
    with sqlite_database.read() as session:
        assert "unreached" in {item.kind for item in open_items(session, None)}


def test_nobody_answered_stays_behind_the_others_and_a_doubled_press_counts_once(listed: SignedIn) -> None:
    assert "Called 1 time," in pressed(listed, "ana", "st3", f"c2 {OMAR}", "left_message")
    page = pressed(listed, "ana", "st3", f"c2 {OMAR}", "left_message")
    assert "not on the list as you saw it" in page
    assert "Called 1 time," in page
    assert page.index("tel:" + JANE) < page.index(OMARS)


def test_a_wrong_number_is_not_offered_again_until_that_is_taken_back(listed: SignedIn, sqlite_database: Database) -> None:
    page = pressed(listed, "ana", "st3", f"c2 {OMAR}", "wrong_number")
    assert OMARS not in page
    assert "Nobody to call" in page
    with sqlite_database.read() as session:
        assert corrections.read(session).numbers["c2"][OMAR].word is Word.WRONG
    send(listed("ana"), PAGE, f"{PAGE}/undo", call="1")
    assert OMARS in listed("ana").get(PAGE).text


def test_who_asked_to_stop_is_opted_out_of_texts_and_letters_at_once(listed: SignedIn, sqlite_database: Database) -> None:
    assert OMARS not in pressed(listed, "ana", "st3", f"c2 {OMAR}", "stop")
    with sqlite_database.read() as session:
        assert ledger.state(session, OMAR).opted_out
        assert "c2" in ledger.without_letters(session)
    send(listed("ana"), PAGE, f"{PAGE}/undo", call="1")
    with sqlite_database.read() as session:
        assert not ledger.state(session, OMAR).opted_out
    assert OMARS in listed("ana").get(PAGE).text


def test_a_block_a_stop_or_a_new_number_counts_at_the_moment_of_showing(listed: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        blocks.place(session, "c3", reason="a court order", by="boss@example.org", now=NOON)
        consent.record(session, OMAR, Kind.OPT_OUT, source=Source.FAMILY, by="family", now=NOON)
    page = listed("ana").get(PAGE).text
    assert OMARS not in page
    assert "tel:" + JANE not in page
    assert "a person placed a block" in page
    assert "not on the list as you saw it" in pressed(listed, "ana", "st3", f"c2 {OMAR}", "reached"), "a page that stood open does not help"
    with sqlite_database.write() as session:
        corrections.say_of_number(session, "c2", "+13125550147", Word.NEW, Act("ana@example.org", NOON), consents=True)
    assert "tel:+13125550147" in listed("ana").get(PAGE).text
