"""The editor of English words: who may write what, what a person sees beside it, and what leaves afterwards."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.database import Database
from outreach.messages.actions import approve
from outreach.messages.chips import to_plain
from outreach.messages.editing import EditError, Hand, Spot, restore
from outreach.messages.languages import languages
from outreach.messages.queries import choose, in_force
from outreach.messages.tables import WordingVersion
from outreach.messages.templates import sources
from outreach.planning.tables import PlannedMessage
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send, token_of
from tests.web.seed import LINCOLN, Seeded

COUNT = "/words/edit/count/sms"
TEXT = {(source.message, source.channel): source.text for source in sources()}
PLAIN = to_plain(TEXT["count", "sms"])
CALM = PLAIN.replace("What makes it hard to come?", "What would help?")


@pytest.fixture
def approved(sqlite_database: Database, seeded: Seeded) -> Database:  # noqa: ARG001 - on the seeded district
    """The count message, approved in every language; and a school administrator."""
    with sqlite_database.write() as session:
        approve(session, message="count", language=None, by="boss@example.org", now=NOON)
        staff.add_account(
            session, email="sue@example.org", name="Sue Reyes", role=Role.SCHOOL_ADMINISTRATOR, schools=[LINCOLN], now=NOON
        )  # fmt: skip
        staff.add_account(session, email="tia@example.org", name="Tia Reyes", role=Role.TRANSLATOR, schools=[LINCOLN], now=NOON)
    return sqlite_database


def press(client: FlaskClient, do: str, words: str, *, page: str = COUNT, **fields: str) -> tuple[int, str, str]:
    """Open a page of the editor, type *words* and press a button."""
    html = client.get(page).text
    school = re.search(r'name="school" value="([^"]*)"', html)
    seen = re.search(r'name="seen" value="([^"]*)"', html)
    assert school is not None
    assert seen is not None
    kept = {"school": school[1], "seen": seen[1]}
    return send(client, page, page.partition("?")[0], do=do, words=words, **{**kept, **fields})


def leaves(database: Database, locale: str, school_id: str = "") -> str:
    with database.read() as session:
        found = choose(session, "count", "sms", locale, school_id=school_id)
        assert found is not None
        return found.pair.translation


@pytest.mark.usefixtures("approved")
def test_an_administrator_reads_no_template_language_anywhere(signed_in: SignedIn) -> None:
    html = signed_in("boss").get(COUNT).text
    assert "{{" not in html
    assert "[child&#39;s name] has missed [days missed]" in html
    assert "Maya has missed 8 days" in html, "a family reads it beside the words"
    assert "These words leave." in html


def test_a_changed_comma_keeps_sixteen_languages_by_the_name_of_a_person(approved: Database, signed_in: SignedIn) -> None:
    before = {locale: leaves(approved, locale) for locale in languages()}
    comma = PLAIN.replace("this school year, as of", "this school year as of")
    status, _, _ = press(signed_in("boss"), "approve", comma, meaning="same", why="a comma too many")
    assert status == 302
    assert "school year as of" in leaves(approved, "en")
    assert {locale: leaves(approved, locale) for locale in languages() if locale != "en"} == {
        locale: words for locale, words in before.items() if locale != "en"
    }
    html = signed_in("boss").get(COUNT).text
    assert "Approved for earlier English" not in html
    assert html.count("Approved for these words") == 15
    assert "a comma too many" in html
    with approved.read() as session:
        [entry] = session.scalars(select(AuditEntry).filter_by(action="words.approved"))
        assert len(entry.detail["kept"]) == 15


def test_a_changed_meaning_opens_a_new_pair_and_shows_both(approved: Database, signed_in: SignedIn) -> None:
    spanish = leaves(approved, "es")
    boss = signed_in("boss")
    assert press(boss, "approve", CALM, meaning="changed")[0] == 302
    assert "What would help?" in leaves(approved, "en")
    assert leaves(approved, "es") == spanish, "the last approved pair goes on"
    assert boss.get(COUNT).text.count("Approved for earlier English") == 15
    both = boss.get("/words?message=count").text
    assert "What would help?" in both
    assert "What makes it hard to come?" in both, "the English that the translations are of"


def test_a_draft_changes_nothing_that_leaves_and_shows_what_it_changes(approved: Database, signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    assert press(boss, "save", CALM)[0] == 302
    assert leaves(approved, "en") == TEXT["count", "sms"]
    html = boss.get(COUNT).text
    assert "A draft waits for approval" in html
    assert re.search(r"<del>.*?makes it hard to come.*?</del>", html, re.DOTALL)
    assert "New words of count (text)" in boss.get("/attention").text
    press(boss, "approve", CALM, meaning="changed")
    assert "What would help?" in leaves(approved, "en")
    assert "New words of count (text)" not in boss.get("/attention").text


def test_one_click_brings_the_first_words_back(approved: Database, signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    press(boss, "approve", CALM, meaning="changed")
    assert send(boss, COUNT, f"{COUNT}/back", number="0", school="")[0] == 302
    assert leaves(approved, "en") == TEXT["count", "sms"]
    assert boss.get(COUNT).text.count("Approved for these words") == 15
    assert send(boss, COUNT, f"{COUNT}/back", number="1", school="")[0] == 302
    assert "What would help?" in leaves(approved, "en")
    assert send(boss, COUNT, f"{COUNT}/back", number="99", school="")[0] == 422
    assert send(boss, COUNT, f"{COUNT}/back", number="x", school="")[0] == 400


FAULTS = (
    (PLAIN.replace("[days missed]", "many days"), "[days missed] is missing."),
    (PLAIN.replace("[child's name]", "[childs name]"), "did you mean [child&#39;s name]?"),
    (PLAIN.replace("Reply STOP to stop. ", ""), "the word STOP is missing."),
    (PLAIN.replace("We want", "Truants! We want").replace("we want", "truants, we want"), "“truants”"),
    (PLAIN + " " + "a" * 10_000, "characters long; at most 1,600"),
    (PLAIN + " \u202egnirts", "U+202E"),
    (PLAIN + " {% if %}", "stands alone"),
    (PLAIN + " Please call us at any time of the day. " * 6, "segments"),
)


def test_words_with_a_fault_are_refused_and_stay_in_the_form(approved: Database, signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    html = boss.get(COUNT).text
    fields = {"csrf_token": token_of(html), "school": "", "do": "approve", "seen": ""}
    for words, said in FAULTS:
        answer = boss.post(COUNT, data={**fields, "words": words})
        assert (answer.status_code, said in answer.text, "Not saved." in answer.text) == (422, True, True), said
    with approved.read() as session:
        assert session.scalars(select(WordingVersion)).all() == []


@pytest.mark.usefixtures("approved")
def test_markup_in_words_is_shown_as_words(signed_in: SignedIn) -> None:
    html = press(signed_in("boss"), "preview", "<script>alert(1)</script> {{ child }} [[x]]")[2]
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.usefixtures("approved")
def test_what_stands_beside_the_words_follows_them(signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    fields = {"school": "", "words": CALM.replace("Text us", "Text Sofía")}
    _, _, html = send(boss, COUNT, f"{COUNT}/look", **fields)
    assert "<html" not in html, "a part of the page"
    assert "Text Sofía" in html
    assert "í doubles what the text costs" in html
    assert "Longest names" in html
    assert re.search(r"grade \d", html)
    _, _, real = send(boss, COUNT, f"{COUNT}/look", **fields, family="real")
    assert "As a real family reads it" in real
    assert "Maya" not in real


@pytest.mark.usefixtures("approved")
def test_words_that_somebody_else_changed_are_not_written_over(signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    press(boss, "save", CALM)
    status, _, html = press(boss, "save", PLAIN + " !", seen="of-older-words")
    assert status == 422
    assert "Somebody else changed these words" in html
    assert re.search(r"<ins>.*?would help.*?</ins>", html, re.DOTALL), "theirs stand on the page"
    seen = re.search(r'name="seen" value="([^"]+)"', html)
    assert seen is not None
    assert press(boss, "save", PLAIN + " !", seen=seen[1])[0] == 302, "whoever has read them may save again"
    press(boss, "save", PLAIN + " !")
    assert "These words stand already." in boss.get(COUNT).text


def test_a_school_administrator_writes_her_schools_copy_and_the_district_approves_it(approved: Database, signed_in: SignedIn) -> None:
    sue, boss, copy = signed_in("sue"), signed_in("boss"), f"{COUNT}?school={LINCOLN}"
    assert sue.get(COUNT).headers["Location"].endswith(copy), "the district's words are not hers"
    html = sue.get(copy).text
    assert "uses the district's words" in html
    assert "Save for approval" in html
    assert "let it leave" not in html
    assert "Change something, and it has a copy" in press(boss, "approve", PLAIN, page=copy)[2]
    assert press(sue, "save", CALM, page=copy)[0] == 302
    assert leaves(approved, "en", LINCOLN) == TEXT["count", "sms"]
    assert "waits for approval" in boss.get("/words").text
    assert press(boss, "approve", CALM, page=copy)[0] == 302
    assert "What would help?" in leaves(approved, "en", LINCOLN)
    assert leaves(approved, "en") == TEXT["count", "sms"]
    assert "1 school uses a copy" in boss.get(COUNT).text
    assert send(sue, copy, f"{COUNT}/back", number="0", school=LINCOLN)[0] == 302
    assert leaves(approved, "en", LINCOLN) == TEXT["count", "sms"], "the district's words need no new approval"


def test_back_to_a_version_that_gave_the_copy_up_approves_nothing_of_the_districts(approved: Database, signed_in: SignedIn) -> None:
    boss, copy = signed_in("boss"), f"{COUNT}?school={LINCOLN}"
    press(boss, "approve", CALM, page=copy)
    send(boss, copy, f"{COUNT}/back", number="0", school=LINCOLN)  # version 2 gives the copy up
    press(boss, "approve", CALM, page=copy)
    press(boss, "save", PLAIN.replace("What makes", "Say what makes"), why="a\0b")
    assert send(boss, copy, f"{COUNT}/back", number="2", school=LINCOLN)[0] == 302
    assert leaves(approved, "en") == leaves(approved, "en", LINCOLN) == TEXT["count", "sms"]
    with approved.read() as session:
        assert not any("\0" in row.why for row in session.scalars(select(WordingVersion)))
        with pytest.raises(EditError, match="uses the district's words"):
            restore(session, Spot("count", "sms", LINCOLN), Hand("boss@example.org", NOON))


def test_nobody_edits_what_is_not_theirs(approved: Database, signed_in: SignedIn) -> None:
    sue = signed_in("sue")
    copy = f"{COUNT}?school={LINCOLN}"
    assert sue.get(f"{COUNT}?school=S2").status_code == 404
    assert send(sue, copy, COUNT, do="save", words=CALM, school="")[0] == 404
    assert send(sue, copy, COUNT, do="approve", words=CALM, school=LINCOLN)[0] == 403
    assert signed_in("boss").get(f"{COUNT}?school=nowhere").status_code == 404
    assert signed_in("boss").get("/words/edit/nothing/sms").status_code == 404
    for name in ("tia", "ana", "ira"):
        assert signed_in(name).get(COUNT).status_code == 403
    with approved.read() as session:
        assert session.scalars(select(WordingVersion)).all() == []


def test_a_letter_is_edited_read_and_printed(approved: Database, signed_in: SignedIn) -> None:
    boss, page = signed_in("boss"), "/words/edit/count/letter"
    words = to_plain(TEXT["count", "letter"]).replace("**Please tell us.**", "**Please tell us soon.**")
    _, _, html = press(boss, "preview", words, page=page)
    assert "<strong>Please tell us soon.</strong>" in html
    answer = boss.post(page, data={"csrf_token": token_of(html), "do": "print", "words": words, "school": ""})
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert press(boss, "approve", words, page=page, meaning="same")[0] == 302
    with approved.read() as session:
        assert "soon" in in_force(session)["count", "letter", "en"].source_text
    status, _, html = press(boss, "save", words + "\n\n# A head", page=page)
    assert status == 422
    assert "letters have paragraphs" in html
    status, _, html = press(boss, "save", words + "\n\nMore words for the family. " * 90, page=page)
    assert status == 422
    assert "cannot be printed" in html or "characters long" in html


def test_without_the_simulator_there_is_no_pretended_phone(approved: Database, signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    assert "pretended phone" not in boss.get(COUNT).text
    assert press(boss, "phone", CALM)[0] == 404
    with approved.read() as session:
        assert session.scalars(select(PlannedMessage).filter_by(message_class="trial")).all() == []
