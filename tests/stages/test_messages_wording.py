"""Words written in the web lie over the files, version by version; what leaves is still only what a named person approved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attention import queries as attention
from outreach.database import Database
from outreach.messages import editing
from outreach.messages.actions import approve, draft_key, keep_translation
from outreach.messages.editing import EditError, Hand, Spot
from outreach.messages.languages import languages
from outreach.messages.pairs import digest
from outreach.messages.queries import choose, in_force, overlay, versions
from outreach.messages.tables import Approval, WordingVersion
from outreach.messages.templates import sources
from tests.conftest import NOON

HELP = Spot("help", "sms")
COPY = Spot("help", "sms", school_id="S1")
ADA, BOB = "ada@example.org", "bob@example.org"
SHIPPED = next(source.text for source in sources() if (source.message, source.channel) == ("help", "sms"))
COMMA = SHIPPED.replace("We text families", "We, too, text families")
MEANING = "{{ district }}: We call families now. Reply STOP to stop."
OURS = "{{ district }}: Lincoln calls you about school. Reply STOP to stop."


def write(session: Session, spot: Spot, text: str, by: str = ADA, why: str = "") -> WordingVersion | None:
    return editing.write(session, spot, text, Hand(by, NOON, why))


def approve_help(session: Session, school_id: str = "", language: str | None = None, by: str = ADA) -> None:
    approve(session, message="help", language=language, by=by, now=NOON, school_id=school_id)


def leaves(session: Session, locale: str, school_id: str = "") -> tuple[str, str]:
    """The language and the words that a family would get now."""
    choice = choose(session, "help", "sms", locale, school_id=school_id)
    assert choice is not None
    return choice.locale, choice.pair.translation


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A transaction in which all languages of the help text are approved as shipped."""
    with database.write() as opened:
        approve_help(opened)
        yield opened


def test_a_changed_meaning_opens_a_new_pair_and_the_approved_words_go_on_leaving(session: Session) -> None:
    before = {locale: leaves(session, locale) for locale in languages()}
    written = write(session, HELP, MEANING, why="We call now")
    assert written is not None
    assert (written.number, written.written_by, written.written_at, written.why) == (1, ADA, NOON, "We call now")
    assert {locale: leaves(session, locale) for locale in languages()} == before, "a draft changes nothing"

    approve_help(session)
    assert leaves(session, "en") == ("en", MEANING)
    assert {locale: leaves(session, locale) for locale in languages() if locale != "en"} == {
        locale: words for locale, words in before.items() if locale != "en"
    }, "the last approved pair of each language goes on"
    spanish = in_force(session)["help", "sms", "es"]
    assert (spanish.source_text, in_force(session)["help", "sms", "en"].source_text) == (SHIPPED, MEANING), "both can be shown"


def test_a_changed_comma_keeps_sixteen_languages_approved_in_the_name_of_a_person(session: Session) -> None:
    before = {locale: leaves(session, locale) for locale in languages() if locale != "en"}
    write(session, HELP, COMMA)
    approve_help(session)
    kept = keep_translation(session, message="help", channel="sms", language=None, by=BOB, now=NOON)
    assert {row.locale for row in kept} == set(before)
    assert {locale: leaves(session, locale) for locale in before} == before
    standing = in_force(session)
    assert {standing["help", "sms", locale].source_hash for locale in languages()} == {digest(COMMA)}, "all are pairs of the new English"
    assert {standing["help", "sms", locale].approved_by for locale in before} == {BOB}


def test_a_message_pins_the_version_of_its_words(session: Session) -> None:
    first = choose(session, "help", "sms", "en")
    written = write(session, HELP, MEANING)
    approve_help(session)
    second = choose(session, "help", "sms", "en")
    assert first is not None
    assert second is not None
    assert written is not None
    assert session.get_one(Approval, first.approval_id).version_id is None, "version 0 is the file"
    assert session.get_one(Approval, second.approval_id).version_id == written.id


def test_going_back_brings_the_words_of_every_language_back(session: Session) -> None:
    before = {locale: leaves(session, locale) for locale in languages()}
    write(session, HELP, MEANING)
    write(session, Spot("help", "sms", locale="es"), "{{ district }}: Llamamos. STOP para cancelar.")
    approve_help(session)
    assert leaves(session, "es")[1].startswith("{{ district }}: Llamamos")

    back = editing.return_to(session, HELP, 0, Hand(BOB, NOON, "It was better"))
    assert back is not None
    assert (back.number, back.back_to, back.text) == (2, 0, "")
    assert editing.return_to(session, HELP, 0, Hand(BOB, NOON)) is None, "they stand already"
    assert leaves(session, "en") == ("en", MEANING), "to go back is a draft like any other"
    editing.restore(session, HELP, Hand(BOB, NOON))
    assert {locale: leaves(session, locale) for locale in languages()} == before
    assert in_force(session)["help", "sms", "es"].approved_by == BOB

    editing.return_to(session, HELP, 1, Hand(ADA, NOON))
    editing.restore(session, HELP, Hand(ADA, NOON))
    assert leaves(session, "en") == ("en", MEANING)
    assert leaves(session, "es")[1].startswith("{{ district }}: Llamamos")
    assert [row.number for row in versions(session, "help", "sms")] == [3, 2, 1], "history only grows"


def test_a_school_copy_speaks_for_its_school_alone_and_falls_back_by_language(session: Session) -> None:
    write(session, COPY, OURS)
    assert leaves(session, "en", "S1") == ("en", SHIPPED), "nobody approved the copy"
    approve_help(session, "S1", "en")
    assert leaves(session, "en", "S1") == ("en", OURS)
    assert leaves(session, "en", "S2") == leaves(session, "en") == ("en", SHIPPED)
    assert leaves(session, "es", "S1")[0] == "es", "a family's language comes before a school's English"
    assert overlay(session).copies("help", "sms") == ["S1"]
    assert [pair.school_id for pair in sources(overlay=overlay(session), school_id="S1")] == ["S1"]

    editing.return_to(session, COPY, 0, Hand(BOB, NOON))
    assert leaves(session, "en", "S1") == ("en", SHIPPED), "the district's words are approved already"
    assert overlay(session).copies("help", "sms") == []
    editing.return_to(session, COPY, 1, Hand(BOB, NOON))
    editing.restore(session, COPY, Hand(BOB, NOON))
    assert leaves(session, "en", "S1") == ("en", OURS)


def test_a_draft_waits_before_a_person_until_it_is_approved(session: Session) -> None:
    write(session, COPY, OURS)
    editing.ask_for_approval(session, COPY, Hand(BOB, NOON))
    item = attention.by_key(session, draft_key("help", "sms", "S1"))
    assert item is not None
    assert "S1" in item.sentence
    approve_help(session, "S1")
    session.expire_all()
    assert attention.by_key(session, draft_key("help", "sms", "S1")) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Reply STOP", r"{{ district }} is missing"),
        ("{{ district }} {{ chlid }} STOP", "chlid"),
        ("{{ district }}: hello", "the word STOP is missing"),
        ("{{ district }} STOP {% raw %}", "stands alone"),
        ("{{ district }} STOP \u202eoverride", r"U\+202E"),
        ("{{ district }} STOP \x07bell", r"U\+0007"),
        ("{{ district }} STOP " + "a" * 10_000, "segments"),
        ("", "is missing"),
    ],
)
def test_words_with_a_fault_are_refused_and_nothing_is_written(session: Session, text: str, fault: str) -> None:
    with pytest.raises(EditError, match=fault):
        write(session, HELP, text)
    assert session.scalar(select(func.count()).select_from(WordingVersion)) == 0


def test_the_same_words_are_no_version_and_words_somebody_else_changed_are_not_written_over(session: Session) -> None:
    assert write(session, HELP, f"  {SHIPPED}\r\n") is None
    write(session, HELP, MEANING, by=BOB)
    with pytest.raises(EditError, match="Somebody else changed"):
        editing.write(session, HELP, COMMA, Hand(ADA, NOON), seen=digest(SHIPPED))
    assert [row.written_by for row in versions(session, "help", "sms")] == [BOB]
    with pytest.raises(EditError, match="no message"):
        write(session, Spot("nonsense", "sms"), MEANING)
    with pytest.raises(EditError, match="no version 7"):
        editing.return_to(session, HELP, 7, Hand(ADA, NOON))


def test_a_meaning_that_needs_a_new_placeholder_cannot_be_called_unchanged(session: Session) -> None:
    write(session, HELP, SHIPPED.replace("Reply STOP", "{{ school_phone }} Reply STOP"))
    approve_help(session)
    with pytest.raises(ValueError, match=r"{{ school_phone }} is missing"):
        keep_translation(session, message="help", channel="sms", language=None, by=BOB, now=NOON)
    assert leaves(session, "es")[0] == "es"


def test_a_districts_own_files_lie_under_what_was_written_in_the_web(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "messages" / "help"
    folder.mkdir(parents=True)
    (folder / "sms.txt").write_text(COMMA, encoding="utf-8")
    assert editing.source_of(session, HELP, tmp_path).text == COMMA
    editing.write(session, HELP, MEANING, Hand(ADA, NOON), home=tmp_path)
    assert editing.source_of(session, HELP, tmp_path).text == MEANING
    editing.return_to(session, HELP, 0, Hand(ADA, NOON))
    assert editing.source_of(session, HELP, tmp_path).text == COMMA
