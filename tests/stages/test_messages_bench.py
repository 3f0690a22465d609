"""The translator's bench: from a changed English text to words that a named reviewer approved, and what is paid for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as quick
from hypothesis import strategies as st
from sqlalchemy import select

from outreach.attendance.importing import import_folder
from outreach.cases import reach
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.district.tables import Contact
from outreach.doctor import examine
from outreach.messages import bench_actions, bench_checks, glossary
from outreach.messages.actions import approve, keep_translation
from outreach.messages.bench_actions import BenchError, Seen
from outreach.messages.bench_queries import Work, deliveries, languages_of, work_at, works
from outreach.messages.bench_stages import Deadlines, Stage, stage_of, words_changed, words_in
from outreach.messages.bench_tables import GlossaryVersion
from outreach.messages.compose import Pair
from outreach.messages.editing import Hand, Spot, write
from outreach.messages.glossary import GlossaryError, Term
from outreach.messages.languages import DEFAULT
from outreach.messages.pairs import current_pairs, digest
from outreach.messages.queries import CORE_PACK, choose
from outreach.planning.rows import new_row
from outreach.planning.states import MessageClass, State
from outreach.services import Services
from outreach.settings import Settings
from outreach.staff.actions import add_account
from outreach.staff.roles import Role
from tests.attendance.feeds import write_feed
from tests.conftest import NOON
from tests.feeds import District

SO = Spot("help", "sms", locale="so")
ENGLISH = "{{ district }}: We changed what this says. Reply STOP to stop."
WORDS = "{{ district }}: Fariin ku saabsan maalmaha dugsiga. STOP si aad u joojiso."
ADA, IDIL = Hand("ada@example.org", NOON), Hand("idil@example.org", NOON)
DAYS = Deadlines(core=5, others=14)


def at(database: Database, spot: Spot = SO) -> Work:
    with database.read() as session:
        found = work_at(session, spot, DAYS)
    assert found is not None
    return found


def test_a_text_goes_from_drafted_to_changed_to_handed_in_to_done_while_the_last_pair_leaves(database: Database) -> None:
    with database.write() as session:
        approve(session, message="help", language=None, by=ADA.by, now=NOON)
    assert at(database).stage is Stage.DONE
    with database.write() as session:
        write(session, Spot("help", "sms"), ENGLISH, ADA)
    assert (at(database).stage, at(database).due) == (Stage.CHANGED, None), "an English that nobody approved may still change"
    with database.write() as session:
        approve(session, message="help", language=DEFAULT, by=ADA.by, now=NOON + timedelta(days=1))
    found = at(database)
    assert (found.stage, found.due) == (Stage.CHANGED, NOON + timedelta(days=6))
    assert found.former_english.startswith("{{ district }}: We text families")
    with database.write() as session:
        bench_actions.hand_in(session, SO, WORDS, IDIL, seen=Seen(digest(ENGLISH)))
    assert at(database).stage is Stage.SUBMITTED
    with database.write() as session:
        choice = choose(session, "help", "sms", "so")
        assert choice is not None
        assert not choice.fallback
        assert choice.pair.translation != WORDS
        work = at(database)
        shown = bench_actions.shown_digest(work.pair)
        with pytest.raises(BenchError, match="handed these words in yourself"):
            bench_actions.approve(session, work, IDIL, shown=shown, own_words=False)
        with pytest.raises(BenchError, match="changed while you were reading"):
            bench_actions.approve(session, work, ADA, shown="another", own_words=False)
        row = bench_actions.approve(session, work, ADA, shown=shown, own_words=False)
        assert (row.locale, row.new) == ("so", True)
    found = at(database)
    assert found.stage is Stage.DONE
    assert found.approval is not None
    assert (found.approval.approved_by, found.approval.source_hash) == (ADA.by, digest(ENGLISH))
    assert found.approval.translation_hash == digest(WORDS)


def test_a_district_may_let_a_translator_approve_their_own_words(database: Database) -> None:
    with database.write() as session:
        bench_actions.hand_in(session, SO, WORDS, IDIL)
        work = work_at(session, SO, DAYS)
        assert work is not None
        bench_actions.approve(session, work, IDIL, shown=bench_actions.shown_digest(work.pair), own_words=True)
    assert at(database).stage is Stage.DONE


def test_a_meaning_that_is_unchanged_leaves_nothing_to_do(database: Database) -> None:
    with database.write() as session:
        approve(session, message="help", language=None, by=ADA.by, now=NOON)
        write(session, Spot("help", "sms"), ENGLISH, ADA)
        approve(session, message="help", language=DEFAULT, by=ADA.by, now=NOON)
        keep_translation(session, message="help", language=None, by=ADA.by, now=NOON)
    assert at(database).stage is Stage.DONE


def test_the_copy_of_a_school_is_work_of_its_own_and_the_core_pack_comes_first(database: Database) -> None:
    with database.write() as session:
        write(session, Spot("help", "sms", "S1"), ENGLISH, ADA)
    with database.read() as session:
        found = works(session, ["so", "en", "xx"], DAYS)
    assert {work.spot.locale for work in found} == {"so"}
    own = [work for work in found if work.spot.school_id]
    assert [(work.spot, work.stage) for work in own] == [(Spot("help", "sms", "S1", "so"), Stage.NEW)]
    core = [work.core for work in found]
    assert core == sorted(core, reverse=True)


def test_words_are_paid_once_for_each_english_and_stand_on_one_invoice(database: Database) -> None:
    with database.write() as session:
        bench_actions.hand_in(session, SO, WORDS, IDIL)
        bench_actions.hand_in(session, SO, WORDS.replace("Fariin", "Farriin"), ADA)
        [row] = deliveries(session)
        assert (row.translator, row.words, row.words_changed) == (IDIL.by, 29, 29)
        bench_actions.mark_invoiced(session, IDIL.by, row.id, ADA)
        assert deliveries(session) == []
        with pytest.raises(BenchError, match="stand on an invoice already"):
            bench_actions.mark_invoiced(session, IDIL.by, row.id, ADA)
        approve(session, message="help", language=None, by=ADA.by, now=NOON)
        write(session, Spot("help", "sms"), "{{ district }}: We text families about missed days. Reply STOP to stop.", ADA)
        bench_actions.hand_in(session, SO, WORDS, IDIL)
        [row] = deliveries(session, IDIL.by)
        assert (row.words, row.words_changed) == (10, 0), "the words that went are not paid for"


def test_a_draft_is_one_for_all_and_gone_when_it_is_handed_in(database: Database) -> None:
    with database.write() as session:
        bench_actions.save_draft(session, SO, "half a sen", IDIL, seen=digest(""))
        with pytest.raises(BenchError, match="changed this draft"):
            bench_actions.save_draft(session, SO, "other", ADA, seen=digest(""))
        with pytest.raises(BenchError, match="at most 1,600"):
            bench_actions.save_draft(session, SO, "x" * 1601, IDIL)
        with pytest.raises(BenchError, match="no words"):
            bench_actions.hand_in(session, SO, " \n", IDIL)
    draft = at(database).draft
    assert draft is not None
    assert (draft.text, draft.saved_by) == ("half a sen", IDIL.by)
    with database.write() as session:
        bench_actions.hand_in(session, SO, WORDS, IDIL)
    assert at(database).draft is None


def test_languages_are_given_and_taken(database: Database) -> None:
    with database.write() as session:
        account = add_account(session, email=IDIL.by, name="Idil", role=Role.TRANSLATOR, schools=(), now=NOON)
        bench_actions.set_languages(session, account.id, ["so", "ar"], ["so"], ADA)
        assert languages_of(session, account.id) == {"ar": False, "so": True}
        bench_actions.set_languages(session, account.id, ["so"], [], ADA)
        assert languages_of(session, account.id) == {"so": False}
        for strange in ("en", "xx"):
            with pytest.raises(BenchError, match="no language that is translated here"):
                bench_actions.set_languages(session, account.id, [strange], [], ADA)


def test_the_glossary_grows_and_forgets_nothing(database: Database) -> None:
    with database.write() as session:
        shipped = {term.term: term for term in glossary.terms(session, "so")}
        assert shipped["interpreter"] == Term("interpreter", "turjubaan", shipped["interpreter"].note)
        for translation in ("turjumaan", "turjumaan", "turjubaan"):
            glossary.write(session, "so", Term(" Interpreter ", translation, ""), IDIL)
        glossary.write(session, "so", Term("interpreter", "", ""), ADA, removed=True)
        assert "interpreter" not in {term.term for term in glossary.terms(session, "so")}
        assert "interpreter" in {term.term for term in glossary.terms(session, "ar")}
        rows = session.scalars(select(GlossaryVersion).order_by(GlossaryVersion.id)).all()
        assert [(row.translation, row.removed, row.written_by) for row in rows] == [
            ("turjumaan", False, IDIL.by),
            ("turjubaan", False, IDIL.by),
            ("", True, ADA.by),
        ]
        for term in (Term(" ", "x", ""), Term("x" * 301, "", "")):
            with pytest.raises(GlossaryError):
                glossary.write(session, "so", term, IDIL)


@pytest.mark.parametrize(
    ("english", "found"),
    [
        ("A free Interpreter comes.", ["interpreter"]),
        ("Absences add up; interpreters help", ["absence", "interpreter"]),
        ("An override", []),
        ("each school year, a ride", ["ride", "school year"]),
        ("unexcused", ["unexcused"]),
    ],
)
def test_a_term_is_found_in_any_case_and_number_and_never_inside_a_word(english: str, found: list[str]) -> None:
    known = [Term(name, "", "") for name in ("absence", "excused", "interpreter", "ride", "school year", "unexcused")]
    assert [term.term for term in glossary.occurring(known, english)] == found


def test_no_shipped_translation_is_refused_at_the_bench() -> None:
    refused = {(pair.locale, source.context): found for source, pair in current_pairs() if (found := bench_checks.refusals(source, pair))}
    assert refused == {}


@pytest.mark.parametrize(
    ("locale", "translation", "fault"),
    [
        ("es", "{{ district }} {{ child }} {{ days_missed }} días {{ as_of }} {{ signed_by }} STOP", "“días” would stand there twice"),
        ("sw", "{{ district }} {{ child }} siku {{ days_missed }} {{ as_of }} {{ signed_by }} STOP", "“siku” would stand there twice"),
        ("es", "{{ district }} {{ child }} {{ days_missed }} {{ as_of }} {{ signed_by }} STOP cárcel", "“cárcel” does not belong"),
        ("zh-Hans", "{{ district }} {{ child }} {{ days_missed }} {{ as_of }} {{ signed_by }} STOP 孩子逃学了", "“逃学” does not belong"),
        (
            "ur",
            "{{ district }} {{ child }} {{ days_missed }} {{ as_of }} {{ signed_by }} STOP",
            "must begin with a word of its own language",
        ),
        ("es", "{{ district }} {{ niño }}", "niño"),
        ("es", "{{ district }} {{ child }} {{ days_missed }} {{ as_of }} {{ signed_by }} STOP" + " x" * 400, "segments"),
    ],
)
def test_what_is_refused_at_the_bench(locale: str, translation: str, fault: str) -> None:
    [source] = [source for source, pair in current_pairs() if (source.context, pair.locale) == ("count/sms", DEFAULT)]
    found = bench_checks.refusals(source, Pair("count", "sms", locale, source.text, translation))
    assert any(fault in sentence for sentence in found), found


@quick(max_examples=60)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.booleans(), st.booleans())
def test_a_translation_is_done_only_for_exactly_the_approved_pair(
    source: str, offered: str, approved: str, by_person: bool, sent_back: bool
) -> None:
    stage = stage_of(source, offered, approved=(digest(source), digest(approved)), by_person=by_person)
    assert (stage is Stage.DONE) == (offered in {"", approved})
    older = stage_of(source, offered, approved=(digest(source + "."), digest(offered)), by_person=by_person, sent_back=sent_back)
    handed_in = Stage.RETURNED if sent_back else Stage.SUBMITTED
    assert older is (Stage.CHANGED if not offered else handed_in if by_person else Stage.DRAFTED)


@quick(max_examples=60)
@given(st.lists(st.sampled_from(["school", "don't", "day-care", "{{ child }}", "8", "·", "|---|"])), st.integers(0, 9))
def test_placeholders_and_marks_are_no_words_and_new_words_are_never_more_than_all(words: list[str], cut: int) -> None:
    text = " ".join(words)
    assert words_in(text) == sum(word[0].isalnum() for word in words)
    assert words_changed("", text) == words_in(text)
    assert words_changed(text, text) == 0
    assert words_changed(" ".join(words[:cut]), text) <= words_in(text)


def test_what_a_language_did_is_told_in_numbers_that_point_at_nobody(database: Database) -> None:
    with database.write() as session:
        for number in range(12):
            common = {
                "message_class": MessageClass.NUDGE,
                "message": "count",
                "state": State.DELIVERED,
                "household": f"h{number}",
                "created_by": ADA.by,
            }
            session.add(new_row(NOON, once_key=f"so:{number}", language="so", family_language="so", **common))
            if number < 9:
                session.add(new_row(NOON, once_key=f"en:{number}", language="en", family_language="ur", **common))
        session.add(new_row(NOON, once_key="again", language="so", family_language="so", **common | {"household": "h0"}))
    with database.read() as session:
        found = reach.by_language(session, NOON - timedelta(days=1))
        later = reach.by_language(session, NOON + timedelta(days=1))
    assert (found["so"].families, found["so"].in_english, found["so"].replies) == (12, 0, 0)
    assert (found["ur"].families, found["ur"].in_english) == (0, None), "nine families are too few to be told"
    assert found["so"].answer_time is None
    assert later == {}


def test_doctor_names_a_language_that_has_families_and_no_core_pack_until_it_has_one(
    sqlite_database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    district = District()
    district.child("lia", absent=1)
    district.adult("anna", ["lia"], phone="+13125550142")
    import_folder(sqlite_database, write_feed(tmp_path / "feed", district.feed()), home=settings.home, now=NOON)
    with sqlite_database.write() as session:
        session.scalars(select(Contact)).one().locale = "so"

    def lacking() -> list[str]:
        found = examine(Services(settings, sqlite_database, clock, None))
        return [one.sentence for one in found if one.sentence.startswith("Somali families lack")]

    [said] = lacking()
    assert said.endswith("Approve the core pack of Somali on the page Words.")
    with sqlite_database.write() as session:
        approve(session, message=CORE_PACK, language="so", by=ADA.by, now=NOON)
    assert lacking() == []
