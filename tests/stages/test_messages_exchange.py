"""PO and CSV files go out to translators' own tools and come back: every line looked at, nothing half-written, nothing newer undone."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import func, select

from outreach.database import Database
from outreach.messages import exchange
from outreach.messages.actions import approve
from outreach.messages.bench_actions import hand_in, save_draft
from outreach.messages.bench_tables import TranslationDraft
from outreach.messages.editing import Hand, Spot, write
from outreach.messages.exchange_intake import ImportRefusedError, Taken, import_file, take_in
from outreach.messages.queries import choose
from outreach.messages.tables import WordingVersion
from tests.conftest import NOON

HELP = Spot("help", "sms", locale="so")
WORDS = "{{ district }}: Fariin ku saabsan maalmaha dugsiga. STOP si aad u joojiso."
NEWER = "{{ district }}: Fariin cusub. STOP si aad u joojiso."
IDIL, LEYLA = Hand("idil@example.org", NOON), Hand("leyla@example.org", NOON)
FORMS = ("po", "csv")


def exported(database: Database, form: str, words: str | None = None, *, locale: str = "so", home: Path | None = None) -> bytes:
    """Return a translator's file for the help text alone, with *words* put in."""
    with database.read() as session:
        if form == "csv":
            rows = list(csv.DictReader(io.StringIO(exchange.csv_file(locale, home, session).decode("utf-8-sig"), newline="")))
            [row] = [row for row in rows if (row["message"], row["channel"], row["school"]) == ("help", "sms", "")]
            sheet = io.StringIO()
            writer = csv.DictWriter(sheet, exchange.COLUMNS)
            writer.writeheader()
            writer.writerow(row if words is None else row | {"translation": words})
            return sheet.getvalue().encode("utf-8-sig")
        head, *entries = exchange.po_file(locale, home, session).decode().split("msgctxt")
    [helped] = [entry for entry in entries if entry.startswith(' "help/sms"')]
    english, _, standing = helped.partition("msgstr")
    given = standing.partition("\n#")[0] if words is None else f' "{words}"\n'
    return f"{head.partition('#.')[0]}\nmsgctxt{english}msgstr{given}".encode()


def took(database: Database, form: str, content: bytes, hand: Hand = IDIL, *, home: Path | None = None) -> Taken:
    with database.write() as session:
        return take_in(session, f"so.{form}", content, hand, home=home)


def standing(database: Database, spot: Spot = HELP) -> list[tuple[str, str]]:
    with database.read() as session:
        rows = session.scalars(select(WordingVersion).filter_by(message=spot.message, locale=spot.locale).order_by(WordingVersion.id))
        return [(row.written_by, row.text) for row in rows]


@pytest.mark.parametrize("form", FORMS)
def test_an_imported_translation_waits_for_its_approval(database: Database, form: str) -> None:
    assert took(database, form, exported(database, form, WORDS)) == Taken("so", 1, 0, ())
    assert standing(database) == [("idil@example.org", WORDS)]
    with database.write() as session:
        assert choose(session, "help", "sms", "so") is None, "a file alone approves nothing"
        approve(session, message="help", language="so", by="ada@example.org", now=NOON)
        choice = choose(session, "help", "sms", "so")
    assert choice is not None
    assert choice.pair.translation == WORDS


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_comes_back_untouched_changes_nothing(sqlite_database: Database, form: str) -> None:
    took(sqlite_database, form, exported(sqlite_database, form, WORDS))
    whole = exchange.po_file if form == "po" else exchange.csv_file
    with sqlite_database.read() as session:
        content = whole("so", None, session)
    taken = took(sqlite_database, form, content)
    assert (taken.written, taken.left) == (0, ())
    assert taken.unchanged > 20
    assert len(standing(sqlite_database)) == 1


@pytest.mark.parametrize("form", FORMS)
def test_newer_work_is_listed_and_never_overwritten(database: Database, form: str) -> None:
    before = exported(database, form, WORDS)
    with database.write() as session:
        hand_in(session, HELP, NEWER, LEYLA)
    taken = took(database, form, before)
    assert (taken.written, [(one.field, "after this file was exported" in one.reason) for one in taken.left]) == (
        0,
        [("translation", True)],
    )
    assert standing(database) == [("leyla@example.org", NEWER)]
    taken = took(database, form, exported(database, form, WORDS))
    assert (taken.written, taken.left) == (1, ()), "a fresh file knows what it replaces"
    assert standing(database)[-1] == ("idil@example.org", WORDS)


def test_a_file_leaves_the_draft_of_somebody_else(sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        save_draft(session, HELP, "half a sen", LEYLA)
    assert took(sqlite_database, "csv", exported(sqlite_database, "csv", WORDS)).written == 1
    with sqlite_database.read() as session:
        assert session.scalars(select(TranslationDraft.text)).all() == ["half a sen"]


@pytest.mark.parametrize("form", FORMS)
def test_words_nobody_touched_outside_do_not_undo_what_was_written_meanwhile(sqlite_database: Database, form: str) -> None:
    with sqlite_database.write() as session:
        hand_in(session, HELP, WORDS, LEYLA)
    out = exported(sqlite_database, form)
    with sqlite_database.write() as session:
        hand_in(session, HELP, NEWER, LEYLA)
    assert took(sqlite_database, form, out) == Taken("so", 0, 1, ())
    assert standing(sqlite_database)[-1] == ("leyla@example.org", NEWER)


@pytest.mark.parametrize("form", FORMS)
def test_a_translation_of_an_older_english_is_listed(sqlite_database: Database, form: str) -> None:
    """The other lines of the file are taken."""
    with sqlite_database.read() as session:
        whole = (exchange.po_file if form == "po" else exchange.csv_file)("so", None, session)
    content = exported(sqlite_database, form, WORDS)
    with sqlite_database.write() as session:
        write(session, Spot("help", "sms"), "{{ district }}: We changed this. Reply STOP to stop.", LEYLA)
    with pytest.raises(ImportRefusedError, match="export fresh files"):
        took(sqlite_database, form, content)
    taken = took(sqlite_database, form, whole)
    assert [(one.field, "another by now" in one.reason) for one in taken.left] == [("english", True)]
    assert taken.left[0].line > 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("Bilaa magac. STOP", "{{ district }} is missing"),
        ("{{ district }}: {{ nada }} STOP", "nada"),
        ("{{ district }}: nabad", "the word STOP"),
        ("{{ district }}: xabsi STOP", "xabsi"),
    ],
)
def test_a_fault_is_named_with_its_line_and_nothing_is_kept(sqlite_database: Database, form: str, words: str, fault: str) -> None:
    content = exported(sqlite_database, form, words)
    with pytest.raises(ImportRefusedError, match=fault) as refusal:
        took(sqlite_database, form, content)
    [remark] = refusal.value.remarks
    assert (remark.file, remark.field) == (f"so.{form}", "translation")
    assert fault.split(maxsplit=1)[0].strip("{}") in remark.reason
    line = content.decode("utf-8-sig").splitlines()[remark.line - 1]
    assert line.startswith("msgid" if form == "po" else "help,sms")
    with sqlite_database.read() as session:
        assert session.scalar(select(func.count()).select_from(WordingVersion)) == 0


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("x.po", b"this is no PO file", "cannot be read"),
        ("x.po", b'msgid ""\nmsgstr ""\n"Language: hmn\\n"\n\nmsgctxt "help/sms"\nmsgid "a"\nmsgstr "b"\n', "hmn"),
        ("x.po", b"", "no translation that is finished"),
        ("x.csv", b"message,channel\n", "lacks the column school"),
        ("x.csv", b"\xff\xfe", "cannot be read"),
        ("x.xlsx", b"PK", "neither a PO nor a CSV"),
        ("x.csv", b"message,channel,school,language,english,translation,note,version\na,sms,,so,x,y,,\nb,sms,,es,x,y,,\n", "one language"),
        (
            "x.csv",
            b"message,channel,school,language,english,translation,note,version\na,sms,,so,x,y,,\na,sms,,so,x,y,,\n",
            "stands there twice",
        ),
    ],
)
def test_files_that_are_no_translation_are_refused(sqlite_database: Database, name: str, content: bytes, fault: str) -> None:
    with sqlite_database.write() as session, pytest.raises(ImportRefusedError, match=fault):
        take_in(session, name, content, IDIL)


def test_a_missing_file_and_a_strange_language_are_refused(sqlite_database: Database, tmp_path: Path) -> None:
    content = exported(sqlite_database, "po", WORDS)
    with sqlite_database.write() as session:
        with pytest.raises(ImportRefusedError, match="no file"):
            import_file(session, tmp_path / "nowhere.po", IDIL)
        with pytest.raises(ImportRefusedError, match="You do not work in Somali"):
            take_in(session, "so.po", content, IDIL, allowed=["es"])


def test_an_entry_that_its_translator_marked_fuzzy_is_no_translation(sqlite_database: Database) -> None:
    content = exported(sqlite_database, "po", WORDS).replace(b"msgctxt", b"#, fuzzy\nmsgctxt")
    with sqlite_database.write() as session, pytest.raises(ImportRefusedError, match="no translation that is finished"):
        take_in(session, "so.po", content, IDIL)


def test_the_texts_of_a_school_travel_under_its_name(sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        write(session, Spot("help", "sms", "S1"), "{{ district }}: Lincoln texts you. Reply STOP to stop.", LEYLA)
        content = exchange.po_file("so", None, session)
    assert b'msgctxt "help/sms@S1"' in content
    head, _, own = content.decode().partition('msgctxt "help/sms@S1"')
    english = own.split("msgctxt")[0].partition("msgstr")[0]
    back = f'{head.partition("#.")[0]}\nmsgctxt "help/sms@S1"{english}msgstr "{WORDS}"\n'.encode()
    with sqlite_database.write() as session:
        assert take_in(session, "so.po", back, IDIL).written == 1
        row = session.scalars(select(WordingVersion).filter_by(locale="so")).one()
        assert (row.school_id, row.text) == ("S1", WORDS)
