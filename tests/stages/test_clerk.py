"""What families say of the record waits for a person, the next feed may agree with them, and only a person closes it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.cases import clerk, clerk_list, corrections, desk, queries
from outreach.cases.actions import CaseError
from outreach.cases.clerk_list import AGREES
from outreach.cases.clerk_states import WordState
from outreach.cases.clerk_tables import RecordWord
from outreach.cases.states import CaseState, Queue
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.messages.pairs import current_pairs
from outreach.planning.release import Go
from outreach.planning.states import State
from outreach.settings import Settings
from tests.stages.families import hear
from tests.stages.nights import WORDS, Nights

ANNA = "+13125550142"
BY = "kim@example.org"


class Office(Nights):
    """Nights after which the office looks at what families said."""

    def says(self, words: str, **more: str) -> int:
        """Let Anna write; return the word that is kept of it."""
        with self.database.write() as session:
            inbound, _ = hear(session, self.settings, words, at=self.now, **more)
            return session.scalars(select(RecordWord.id).where(RecordWord.inbound_id == inbound.id)).one()

    def word(self, word_id: int) -> RecordWord:
        """One word as it stands."""
        with self.database.read() as session:
            return session.get_one(RecordWord, word_id)

    def decide(self, word_id: int, to: WordState, why: str = "") -> None:
        """Say what came of it."""
        with self.database.write() as session:
            word, case = clerk.one(session, word_id, frozenset({"S1"}))
            clerk.decide(session, word, case, to, why, by=BY, settings=self.settings, now=self.now)

    def feed(self) -> int:
        """Load the district as it is a day later, and compare."""
        self.now += timedelta(days=1)
        self.load()
        return clerk.look(self.database, self.settings, self.now)

    def counts(self, *schools: str) -> dict[str, int]:
        """What stands in each list that is not empty."""
        with self.database.read() as session:
            return {name: count for name, count in clerk_list.counts(session, schools or None).items() if count}


@pytest.fixture
def office(database: Database, settings: Settings, tmp_path: Path) -> Office:
    """Lia missed four days without an excuse: October 5, 1, September 29 and 25."""
    nights = Office(database, settings, tmp_path)
    nights.district.child("lia", absent=4)
    nights.district.child("leo", absent=2, school="S2")
    nights.district.adult("anna", ["lia"], phone=ANNA)
    nights.load()
    return nights


def test_a_dispute_waits_for_a_person_and_the_feed_that_corrects_its_mark_only_proposes(office: Office) -> None:
    word = office.says("That is wrong, she was in school on 10/5!")
    assert (office.word(word).kind, office.word(word).dates) == ("dispute", ["2026-10-05"])
    assert office.counts("S1") == {"waiting": 1}
    assert office.counts("S2") == {}, "another school's office has nothing to do with it"
    office.decide(word, WordState.FIXED)
    del office.district.marks["lia"][date(2026, 9, 29)]
    assert office.feed() == 0, "another day was corrected"
    del office.district.marks["lia"][date(2026, 10, 5)]
    assert (office.feed(), clerk.look(office.database, office.settings, office.now)) == (1, 0)
    assert (office.word(word).state, office.word(word).shown) == ("fixed", ["2026-10-05"]), "software closes nothing"
    assert office.counts() == {AGREES: 1}
    office.district.marks["lia"][date(2026, 10, 5)] = "U"
    assert office.feed() == 0
    assert office.counts() == {"fixed": 1}, "what a later feed takes back is proposed no more"
    with office.database.write() as session:
        found, case = clerk.one(session, word, None)
        clerk.close(session, found, case, by=BY, now=office.now)
        clerk.close(session, found, case, by=BY, now=office.now)
    assert office.counts() == {}
    with office.database.read() as session:
        case = session.get_one(Case, office.word(word).case_id)
        assert case.state == CaseState.OPEN, "the family still waits for its answer"


def test_a_note_is_agreed_with_once_its_day_is_excused(office: Office) -> None:
    word = office.says("Lia had a fever on Monday")
    assert (office.word(word).kind, office.word(word).dates) == ("note", ["2026-10-05"])
    office.district.marks["lia"][date(2026, 10, 5)] = "E"
    assert office.feed() == 1


def test_a_mark_that_stands_and_a_question_need_words_which_stand_in_the_case(office: Office) -> None:
    word = office.says("That number is not right")
    for outcome in (WordState.STANDS, WordState.ASKED):
        with pytest.raises(CaseError):
            office.decide(word, outcome, "  ")
    with pytest.raises(CaseError):
        office.decide(word, WordState.CLOSED)
    office.decide(word, WordState.STANDS, "Two teachers marked her away.")
    with office.database.read() as session:
        newest = desk.newest_event(session, office.word(word).case_id)
        assert newest
    del office.district.marks["lia"][date(2026, 10, 5)]
    assert office.feed() == 1, "should the feed change after all, the office sees it; without dates every day before may be meant"


def test_whoever_has_to_be_asked_comes_to_the_inbox_and_back_when_they_write(office: Office) -> None:
    word = office.says("The count is wrong")
    with office.database.write() as session:
        case = session.get_one(Case, office.word(word).case_id)
        case.state, case.queue, case.waiting_since = CaseState.ANSWERED.value, Queue.INFORMATION.value, None
    office.decide(word, WordState.ASKED, "Which day does she mean?")
    with office.database.read() as session:
        case = session.get_one(Case, office.word(word).case_id)
        assert (case.state, case.queue, case.waiting_since) == (CaseState.OPEN, Queue.NEEDS_ME, office.now)
    assert office.counts() == {"asked": 1}
    with office.database.write() as session:
        hear(session, office.settings, "the first of October", at=office.now)
    assert office.counts() == {"waiting": 1}


def test_a_photo_may_be_a_note_and_nobody_of_another_school_finds_it(office: Office) -> None:
    word = office.says("see this", NumMedia="1", MediaUrl0="http://127.0.0.1/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1")
    assert office.word(word).kind == "photo"
    with office.database.write() as session, pytest.raises(queries.CaseNotFoundError):
        clerk.one(session, word, frozenset({"S2"}))
    with office.database.write() as session, pytest.raises(queries.CaseNotFoundError):
        clerk.one(session, word + 99, None)


# --- the thanks -----------------------------------------------------------------------------------------------------------------

THANKS = (
    "Lincoln Schools: Thank you for telling us. The school's record is now right: Lia has missed 3 days this school year, as of October 7. "
    "Any question? Text us: a person reads it. Reply STOP to stop."
)


def thank(office: Office, word_id: int) -> int:
    """Close a word with thanks; return the message's id."""
    with office.database.write() as session:
        word, case = clerk.one(session, word_id, None)
        return clerk.thank(session, word, case, by=BY, settings=office.settings, now=office.now).id


def test_the_family_is_thanked_once_with_the_new_count_and_not_also_corrected(office: Office) -> None:
    shipped = {(p.message, p.channel, p.locale): p.translation for _, p in current_pairs() if p.message in {"record_fixed", "correction"}}
    office.approve({**WORDS, **{key: text for key, text in shipped.items() if key[2] == "en"}})
    office.evaluate()
    office.release_baseline()
    office.plan()
    office.send(office.rows(channel="sms")[0])
    office.now += timedelta(hours=1)
    word = office.says("That is wrong, she was in school on 10/5!")
    with pytest.raises(CaseError, match="does not show it"):
        thank(office, word)
    del office.district.marks["lia"][date(2026, 10, 5)]
    assert office.feed() == 1
    corrections.recount(office.database, office.settings, office.now)
    planned = thank(office, word)
    assert thank(office, word) == planned
    found = office.check(next(row for row in office.rows() if row.id == planned))
    assert isinstance(found, Go), found
    assert found.body == THANKS
    assert found.facts["children"][0]["days_absent"] == "3", "what it told is counted again like every number"
    assert [row.state for row in office.rows() if row.message == "correction"] == [State.CANCELLED]
    assert office.counts() == {}


def test_nobody_is_thanked_without_approved_words_or_beside_a_danger(office: Office) -> None:
    word = office.says("That is wrong. She was in class on 10/5")
    del office.district.marks["lia"][date(2026, 10, 5)]
    assert office.feed() == 1
    with pytest.raises(CaseError, match="approved"):
        thank(office, word)
    with office.database.write() as session:
        session.get_one(Case, office.word(word).case_id).urgent = True
    with pytest.raises(CaseError, match="danger"):
        thank(office, word)
    assert office.counts() == {AGREES: 1}


# --- the days, with one press ---------------------------------------------------------------------------------------------------


def send_days(office: Office, word_id: int) -> int:
    """Text the family the days that the record shows; return the message's id."""
    with office.database.write() as session:
        word, case = clerk.one(session, word_id, None)
        return clerk.ask_with_days(session, word, case, by=BY, settings=office.settings, now=office.now).id


def wordings(office: Office) -> None:
    """Approve the English that is shipped."""
    shipped = {(p.message, p.channel, p.locale): p.translation for _, p in current_pairs() if p.message == "which_days"}
    office.approve({**WORDS, **{key: text for key, text in shipped.items() if key[2] == "en"}})


def test_one_press_asks_the_family_with_the_days_of_the_record_and_their_answer_brings_it_back(office: Office) -> None:
    wordings(office)
    word = office.says("That is wrong, she was in school!")
    planned = send_days(office, word)
    found = office.check(next(row for row in office.rows() if row.id == planned))
    assert isinstance(found, Go), found
    assert "Lia missed 4 days this school year" in found.body
    assert "Is one not right?" in found.body
    assert office.counts() == {WordState.ASKED: 1}
    with pytest.raises(CaseError, match="Look at it again"):
        send_days(office, word)
    office.now += timedelta(days=2)
    with office.database.write() as session:
        clerk.decide(session, *clerk.one(session, word, None), WordState.WAITING, "", by=BY, settings=office.settings, now=office.now)
    with pytest.raises(CaseError, match="already"):
        send_days(office, word)
    assert [row.message for row in office.rows()].count("which_days") == 1


def test_the_days_go_to_nobody_who_may_not_know_them(office: Office) -> None:
    word = office.says("That is wrong, she was in school!")
    with pytest.raises(CaseError, match="approved"):
        send_days(office, word)
    wordings(office)
    with office.database.write() as session:
        session.get_one(Case, office.word(word).case_id).urgent = True
    with pytest.raises(CaseError, match="danger"):
        send_days(office, word)
    with office.database.write() as session:
        case = session.get_one(Case, office.word(word).case_id)
        case.urgent, case.phone = False, "+13125550199"
    with pytest.raises(CaseError, match="cannot be texted"):
        send_days(office, word)
    assert office.counts() == {WordState.WAITING: 1}
    assert "which_days" not in [row.message for row in office.rows()]


def test_a_stop_after_the_press_holds_the_days(office: Office) -> None:
    wordings(office)
    word = office.says("That is wrong, she was in school!")
    planned = send_days(office, word)
    with office.database.write() as session:
        hear(session, office.settings, "STOP", at=office.now)
    found = office.check(next(row for row in office.rows() if row.id == planned))
    assert not isinstance(found, Go)
