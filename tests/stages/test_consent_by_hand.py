"""What staff may write into the ledger by hand, and that nothing of it lifts what a family stopped by text."""

from __future__ import annotations

import pytest

from outreach.consent import actions, by_hand
from outreach.consent.book import stopped
from outreach.consent.by_hand import ConsentError, Word, may_say
from outreach.consent.queries import PhoneConsent, post, state, without_letters
from outreach.consent.states import Kind, Source
from outreach.database import Database
from tests.conftest import NOON
from tests.stages.families import PHONE, a_family

BY = "ana@example.org"
LETTERS = post("c1")
S, A, L, R = Word.STOP, Word.AGREED, Word.LETTERS_AGAIN, Word.RIGHT_NUMBER


@pytest.mark.parametrize(
    ("name", "out_by", "suppressed", "verified", "words"),
    [
        (PHONE, "", "", False, {S, A}),
        (PHONE, "", "", True, {S}),
        (PHONE, "staff", "", True, {A}),
        (PHONE, "staff", "", False, {A}),
        (PHONE, "family", "", True, set()),
        (PHONE, "carrier", "", True, set()),
        (PHONE, "feed", "", True, set()),
        (PHONE, "family staff", "", True, set()),
        (PHONE, "feed staff", "", True, set()),
        (PHONE, "", "a landline", False, {S, R}),
        (PHONE, "staff", "a landline", False, {R}),
        (PHONE, "family", "wrong number", False, set()),
        (LETTERS, "", "", False, {S}),
        (LETTERS, "family", "", False, {L}),
        (LETTERS, "staff", "", False, {L}),
        (LETTERS, "family staff", "", False, {L}),
    ],
)
def test_what_may_be_written_down(name: str, out_by: str, suppressed: str, words: set[Word], *, verified: bool) -> None:
    assert set(may_say(PhoneConsent(name, bool(out_by), out_by, suppressed, verified, 1))) == words


def _say(database: Database, name: str, word: Word, why: str = "on the phone, October 6") -> PhoneConsent:
    with database.write() as session:
        return by_hand.say(session, name, word, why=why, by=BY, now=NOON)


def _record(database: Database, name: str, kind: Kind, source: Source) -> None:
    with database.write() as session:
        actions.record(session, name, kind, source=source, by="text", now=NOON)


def test_a_consent_on_paper_lifts_what_staff_stopped_and_never_a_familys_stop(database: Database) -> None:
    assert _say(database, PHONE, S).opted_out_by == "staff"
    agreed = _say(database, PHONE, A)
    assert (agreed.opted_out, agreed.verified) == (False, True)
    _record(database, PHONE, Kind.OPT_OUT, Source.FAMILY)
    with pytest.raises(ConsentError, match="Only their own START"):
        _say(database, PHONE, A)
    with database.read() as session:
        assert state(session, PHONE).opted_out_by == "family"
    _record(database, PHONE, Kind.OPT_IN, Source.FAMILY)
    with database.read() as session:
        assert not state(session, PHONE).opted_out, "START is the number's latest word"


def test_letters_are_resumed_with_a_reason_by_whoever_stopped_them(database: Database) -> None:
    for source in (Source.FAMILY, Source.STAFF):
        _record(database, LETTERS, Kind.OPT_OUT, source)
    with pytest.raises(ConsentError, match="who said so"):
        _say(database, LETTERS, L, why="  ")
    assert not _say(database, LETTERS, L, why="the mother, at the office").opted_out
    with database.read() as session:
        assert without_letters(session) == frozenset()


def test_what_changed_meanwhile_is_refused_and_a_good_number_is_texted_again(database: Database) -> None:
    with pytest.raises(ConsentError, match="Look again"):
        _say(database, PHONE, R)
    _record(database, PHONE, Kind.SUPPRESSED, Source.CARRIER)
    assert not _say(database, PHONE, R).suppressed
    _record(database, PHONE, Kind.OPT_OUT, Source.FEED)
    with pytest.raises(ConsentError, match="student information system"):
        _say(database, PHONE, A)


def test_who_works_at_a_school_sees_its_own_stops_only(database: Database) -> None:
    with database.write() as session:
        a_family(session, "c1", {"lia": "S1"})
        a_family(session, "c2", {"sol": "S2"}, phone="+13125550143")
        for name in (PHONE, LETTERS, "+13125550143", post("c2"), "+13125550199"):
            actions.record(session, name, Kind.OPT_OUT, source=Source.STAFF, by=BY, now=NOON)
        actions.record(session, PHONE, Kind.SUPPRESSED, source=Source.CARRIER, by="carrier", now=NOON)
        found = {school: stopped(session, frozenset({school}), limit=9) for school in ("S1", "S3")}
        assert {row.phone for row in found["S1"].rows} == {PHONE, LETTERS}
        assert (found["S1"].total, found["S3"].total, stopped(session, None, limit=2, offset=4).total) == (2, 0, 5)
        assert len(stopped(session, None, limit=2, offset=4).rows) == 1
