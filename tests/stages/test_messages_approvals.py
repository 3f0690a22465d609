"""Only a pair that a named person approved leaves, whatever the files say now; and PO files come and go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import func, select, update

from outreach.database import Database
from outreach.messages.actions import ApprovalError, ApprovedRow, approve
from outreach.messages.check import check
from outreach.messages.exchange import export_po
from outreach.messages.languages import languages
from outreach.messages.queries import Choice, choose, in_force, missing_from_core
from outreach.messages.tables import Approval
from outreach.messages.translations import FILE
from outreach.resources import data_folder
from tests.conftest import NOON

HELP = "{{ district }}: We changed this. Reply STOP to stop."


def approved(
    database: Database, home: Path, message: str | None = "help", language: str | None = None, by: str = "ada@example.org"
) -> list[ApprovedRow]:
    with database.write() as session:
        return approve(session, message=message, language=language, by=by, now=NOON, home=home)


def chosen(database: Database, locale: str, message: str = "help") -> Choice | None:
    with database.read() as session:
        return choose(session, message, "sms", locale)


def edit_english(home: Path, text: str) -> None:
    folder = home / "templates" / "messages" / "help"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sms.txt").write_text(text, encoding="utf-8")


def test_nothing_is_chosen_before_anybody_approved(database: Database) -> None:
    assert chosen(database, "en") is None
    assert chosen(database, "es") is None


def test_an_approval_names_its_person_and_keeps_both_texts(database: Database, tmp_path: Path) -> None:
    rows = approved(database, tmp_path, by=" ada@example.org ")
    assert [(row.message, row.channel, row.locale, row.new) for row in rows] == [("help", "sms", locale, True) for locale in languages()]
    with database.read() as session:
        spanish = session.get_one(Approval, rows[1].approval_id)
        assert (spanish.approved_by, spanish.approved_at) == ("ada@example.org", NOON)
        assert spanish.source_text.startswith("{{ district }}: We text families")
        assert spanish.translation_text.startswith("{{ district }}: Escribimos")


def test_a_family_without_words_in_its_language_gets_the_approved_english_counted_as_such(database: Database, tmp_path: Path) -> None:
    approved(database, tmp_path, language="en")
    assert [(c.locale, c.fallback) for c in [chosen(database, locale) for locale in ("en", "es", "so", "")] if c] == [
        ("en", False),
        ("en", True),
        ("en", True),
        ("en", True),
    ]
    approved(database, tmp_path, language="es")
    spanish = chosen(database, "es")
    assert spanish is not None
    assert (spanish.locale, spanish.fallback) == ("es", False)


def test_an_approval_holds_only_with_the_words_around_numbers_that_it_was_given_for(database: Database, tmp_path: Path) -> None:
    """As after an upgrade that says "12 days" otherwise in one language: a person looks, and what has no number goes on leaving."""
    for message in ("count", "interpreter", "opt_out"):
        approved(database, tmp_path, message)
    with database.write() as session:
        session.execute(update(Approval).where(Approval.locale == "es", Approval.phrases_hash != "").values(phrases_hash="of other words"))
    count, stop = chosen(database, "es", "count"), chosen(database, "es", "opt_out")
    assert count is not None
    assert stop is not None
    assert (count.locale, count.fallback, count.tag is not None, stop.locale) == ("en", True, True, "es")
    with database.read() as session:
        assert "count" in missing_from_core(session, "es")
        assert ("count", "sms", "es") not in in_force(session)
    assert [row.new for row in approved(database, tmp_path, "count", "es")] == [True, True]
    again = chosen(database, "es", "count")
    assert again is not None
    assert again.locale == "es"
    assert [row.new for row in approved(database, tmp_path, "count", "es")] == [False, False]


def test_editing_the_english_changes_nothing_until_it_is_approved(database: Database, tmp_path: Path) -> None:
    approved(database, tmp_path)
    before = [chosen(database, locale) for locale in languages()]
    edit_english(tmp_path, HELP)
    assert [chosen(database, locale) for locale in languages()] == before
    found = [(problem.message, problem.locale) for problem in check(tmp_path) if "no translation" in problem.sentence]
    assert found == [("help", locale) for locale in languages() if locale != "en"], "the translations are of the older English"

    [row] = approved(database, tmp_path)
    assert (row.locale, row.new) == ("en", True), "no file has anything for the new English"
    english, *others = [chosen(database, locale) for locale in languages()]
    assert english is not None
    assert english.pair.translation == HELP
    assert others == before[1:]


def test_a_changed_comma_in_english_leaves_all_sixteen_languages_sendable(database: Database, tmp_path: Path) -> None:
    approved(database, tmp_path, "count")
    shipped = (data_folder("templates") / "messages" / "count" / "sms.txt").read_text(encoding="utf-8")
    folder = tmp_path / "templates" / "messages" / "count"
    folder.mkdir(parents=True)
    (folder / "sms.txt").write_text(shipped.replace("this school year, as of", "this school year as of"), encoding="utf-8")
    for locale in languages():
        choice = chosen(database, locale, "count")
        assert choice is not None
        assert (choice.locale, choice.fallback) == (locale, False)


def test_approving_the_same_words_again_is_no_new_row_and_going_back_is_one(database: Database, tmp_path: Path) -> None:
    [first] = approved(database, tmp_path, language="en")
    assert approved(database, tmp_path, language="en") == [ApprovedRow("help", "sms", "en", first.approval_id, new=False)]
    edit_english(tmp_path, HELP)
    approved(database, tmp_path, language="en")
    (tmp_path / "templates" / "messages" / "help" / "sms.txt").unlink()
    [back] = approved(database, tmp_path, language="en")
    assert back.new
    choice = chosen(database, "en")
    assert choice is not None
    assert choice.approval_id == back.approval_id
    assert "We text families" in choice.pair.translation


@pytest.mark.parametrize(
    ("message", "language", "by", "fault"),
    [
        ("help", None, "  ", "Say who"),
        ("nonsense", None, "ada@example.org", "no words to approve for message nonsense"),
        ("help", "hmn", "ada@example.org", "language hmn"),
    ],
)
def test_an_approval_without_a_person_or_words_is_refused(
    database: Database, tmp_path: Path, message: str, language: str | None, by: str, fault: str
) -> None:
    with pytest.raises(ApprovalError, match=fault):
        approved(database, tmp_path, message, language, by)


def test_one_faulty_text_refuses_all_and_writes_nothing(database: Database, tmp_path: Path) -> None:
    edit_english(tmp_path, "{{ district }}: {{ chlid }}")
    with pytest.raises(ApprovalError, match="chlid"):
        approved(database, tmp_path, message=None)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Approval)) == 0


def test_the_latest_row_wins_even_within_one_instant(database: Database, tmp_path: Path) -> None:
    approved(database, tmp_path, language="en")
    edit_english(tmp_path, HELP)
    with database.write() as session:
        approve(session, message="help", language="en", by="b@example.org", now=NOON - timedelta(days=1), home=tmp_path)
    choice = chosen(database, "en")
    assert choice is not None
    assert choice.pair.translation == HELP


def test_a_homes_own_translation_comes_before_the_shipped_one_entry_by_entry(sqlite_database: Database, tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = home / "translations" / "es" / FILE
    file.parent.mkdir(parents=True)
    [shipped] = [path for path in export_po(tmp_path / "out") if path.parent.parent.name == "es"]
    head, *entries = shipped.read_text(encoding="utf-8").split("msgctxt")
    [helped] = [entry for entry in entries if entry.startswith(' "help/sms"')]
    english, _, _ = helped.partition("msgstr")
    file.write_text(f'{head}msgctxt{english}msgstr "{{{{ district }}}}: Otras palabras. STOP para cancelar."\n', encoding="utf-8")
    approved(sqlite_database, home, message=None, language="es")
    other, count = chosen(sqlite_database, "es"), chosen(sqlite_database, "es", "count")
    assert other is not None
    assert other.pair.translation.startswith("{{ district }}: Otras")
    assert count is not None
    assert "ha faltado" in count.pair.translation


def test_translators_get_every_text_in_fifteen_languages_and_the_shipped_files_are_as_exported(tmp_path: Path) -> None:
    files = export_po(tmp_path)
    assert len(files) == 15
    for file in files:
        with file.open("rb") as opened:
            assert {entry.context for entry in read_po(opened, abort_invalid=True) if entry.id} >= {"count/sms", "count/letter", "help/sms"}
        shipped = (data_folder("translations") / file.relative_to(tmp_path)).read_bytes()
        assert shipped == file.read_bytes()
        assert b"# Drafted, not reviewed" in shipped.split(b"msgid")[0]
