"""The translator's bench through the pages: only words and made-up families, from a draft to the approval of a named reviewer."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.attention.queries import by_key
from outreach.database import Database
from outreach.district.tables import Contact, Student
from outreach.messages.actions import approve
from outreach.messages.editing import Spot, write
from outreach.messages.queries import choose
from outreach.replies.tables import Inbound
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.tables import AuditEntry
from outreach.web.context import SESSION_KEY
from outreach.web.permissions import access
from tests.conftest import NOON
from tests.rules.test_routes import _address, _methods
from tests.web.bench_people import BOSS, IDIL, translators
from tests.web.conftest import SignedIn, send, token_of
from tests.web.seed import JANE, MARIA, OMAR, STRANGER, WEI, people

HELP = "/bench/words/so/help/sms"
WORDS = "[district]: Fariin ku saabsan maalmaha dugsiga. STOP si aad u joojiso."
TEMPLATE = "{{ district }}: Fariin ku saabsan maalmaha dugsiga. STOP si aad u joojiso."


@pytest.fixture
def desk(app: Flask, sqlite_database: Database) -> SignedIn:
    """Browsers of people of a district without any families yet, by first name; translators are among them."""
    with sqlite_database.write() as session:
        people(session, NOON)
        translators(session)
    return lambda name: entered(app, sqlite_database, name)


def entered(app: Flask, database: Database, name: str) -> FlaskClient:
    """A browser in which somebody is signed in."""
    with database.write() as session:
        account = accounts.by_email(session, f"{name}@example.org")
        assert account is not None
        key = staff.begin_session(session, account, NOON)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = key
    return client


def does(client: FlaskClient, do: str, page: str = HELP, **fields: str) -> tuple[int, str, str]:
    """Press a button of the side-by-side page, with what the page itself hands back."""
    html = client.get(page).text
    hidden = dict(re.findall(r'type="hidden" name="(seen|seen_draft|shown|school)" value="([^"]*)"', html))
    return send(client, page, page, **{**hidden, "do": do, **fields})


def family_words(database: Database) -> set[str]:
    """Every name, number and word by which a family of this district could be known."""
    with database.read() as session:
        names = {word for row in session.scalars(select(Student)) for word in (row.first_name, row.last_name, row.student_id)}
        names |= {word for row in session.scalars(select(Contact)) for word in (row.first_name, row.last_name)}
        said = {row.body for row in session.scalars(select(Inbound))}
    phones = {number[-7:-4] + "-" + number[-4:] for number in (MARIA, OMAR, JANE, WEI, STRANGER)} | {MARIA, OMAR, JANE, WEI, STRANGER}
    return {word for word in names | said | phones if len(word) > 2}


@pytest.mark.usefixtures("seeded")
def test_a_translator_sees_no_child_and_no_family_on_any_page(app: Flask, sqlite_database: Database) -> None:
    """Every route is asked with every method, with the ids that the seed gave away; refused, or without a word of a family."""
    app.config["WTF_CSRF_ENABLED"] = False
    app.testing = False
    with sqlite_database.write() as session:
        translators(session)
    client, secret, declared = entered(app, sqlite_database, "zahra"), family_words(sqlite_database), access(app)
    made_up = {"Mei", "Chen", "Haddad"}  # our made-up families have these names, too
    opened = []
    for rule in app.url_map.iter_rules():
        if declared[rule.endpoint].startswith("open:"):
            continue
        for method in sorted(_methods(rule)):
            answer = client.open(_address(app, rule), method=method)
            found = {word for word in secret - made_up if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", answer.text)}
            assert not found, f"{method} {rule.rule} shows {found}"
            assert answer.status_code < 500, f"{method} {rule.rule} breaks"
            if answer.status_code == 200:
                opened.append(rule.endpoint)
    for link in re.findall(r'href="(/bench/words/[^"]+)"', client.get("/bench").text)[:4]:
        shown = client.get(link).text
        assert not {word for word in secret - made_up if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", shown)}, link
    assert {endpoint.partition(".")[0] for endpoint in opened} <= {"bench", "signin", "my_mail", "my_sign_in"}
    assert len(opened) >= 6


def test_a_translator_starts_at_the_bench_and_sees_no_other_tab(desk: SignedIn) -> None:
    client = desk("zahra")
    assert client.get("/").headers["Location"] == "/bench"
    html = client.get("/bench").text
    assert re.findall(r'<nav class="tabs".*?</nav>', html, re.DOTALL)[0].count("<a ") == 1
    assert "Urdu" in html
    assert "Somali" not in html
    for page in ("/words", "/inbox", "/bench/people", "/words/edit/help/sms"):
        assert client.get(page).status_code == 403


def test_the_queue_has_the_core_pack_first_with_due_dates(desk: SignedIn) -> None:
    html = desk("idil").get("/bench").text
    core, _, others = html.partition("All others")
    assert "Core pack" in core
    assert "due Sun, Oct 11" in core, "five days after its English was approved"
    assert "due Tue, Oct 20" in others
    assert "Drafted, not reviewed" in core


def test_what_is_overdue_is_called_late(desk: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        write(session, Spot("help", "sms"), "{{ district }}: Ask us. Reply STOP to stop.", BOSS)
        approve(session, message="help", language="en", by=BOSS.by, now=NOON - timedelta(days=30))
    html = desk("idil").get(HELP).text
    assert "Was due Fri, Sep 11." in html
    assert "1 late" in desk("idil").get("/bench").text


def test_other_languages_do_not_exist_for_a_translator(desk: SignedIn) -> None:
    client = desk("zahra")
    for page in (HELP, "/bench/words/en/help/sms", "/bench/words/ur/nothing/sms", "/bench/files/so.po", "/bench/files/ur.txt"):
        assert client.get(page).status_code == 404
    status, _, _ = send(client, "/bench/words/ur/help/sms", HELP, do="hand_in", words=WORDS)
    assert status == 404
    status, _, _ = send(client, "/bench/glossary", "/bench/glossary", language="so", term="x", translation="y")
    assert status == 404


def test_a_draft_may_have_faults_and_what_is_handed_in_may_not(desk: SignedIn) -> None:
    idil = desk("idil")
    assert does(idil, "draft", words="[district]: [nobody]")[0] == 302
    assert "[district]: [nobody]" in idil.get(HELP).text
    status, _, html = does(idil, "hand_in", words="[district]: [nobody]")
    assert status == 422
    assert "is nothing we can fill in" in html
    status, _, html = does(idil, "hand_in", words="Fariin. STOP")
    assert status == 422
    assert "[district] is missing" in html


def test_words_are_handed_in_and_leave_once_somebody_else_approved_them(desk: SignedIn, sqlite_database: Database) -> None:
    idil, boss = desk("idil"), desk("boss")
    assert does(idil, "hand_in", words=WORDS)[0] == 302
    html = idil.get(HELP).text
    assert "Idil Warsame handed it in" in html
    assert "somebody else approves them" in html
    with sqlite_database.read() as session:
        choice = choose(session, "help", "sms", "so")
        assert choice is not None
        assert choice.fallback
        item = by_key(session, "bench:so")
        assert item is not None
        assert item.sentence.startswith("Somali: 1 translation waits for approval")
    status, _, html = does(idil, "approve")
    assert status == 422
    assert "somebody else approves" in html
    assert does(boss, "approve")[0] == 302
    with sqlite_database.read() as session:
        choice = choose(session, "help", "sms", "so")
        assert choice is not None
        assert choice.pair.translation == TEMPLATE
        assert by_key(session, "bench:so") is None
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("bench.%")).order_by(AuditEntry.id)))
    assert actions == ["bench.hand_in", "bench.approve"]
    assert "Boss Reyes" in idil.get(HELP).text


def test_nobody_approves_words_they_have_not_seen(desk: SignedIn) -> None:
    boss = desk("boss")
    stale = dict(re.findall(r'name="(shown)" value="([^"]*)"', boss.get(HELP).text))
    does(desk("idil"), "hand_in", words=WORDS)
    status, _, html = send(boss, HELP, HELP, do="approve", **stale)
    assert status == 422
    assert "changed while you were reading" in html


def test_a_translator_without_the_right_to_approve_cannot(desk: SignedIn) -> None:
    page = "/bench/words/ur/opt_out/sms"
    zahra = desk("zahra")
    assert "Approve these words" not in zahra.get(page).text
    assert send(zahra, page, page, do="approve", shown="x")[0] == 403


def test_words_are_sent_back_with_a_note_and_wait_for_others(desk: SignedIn, sqlite_database: Database) -> None:
    idil, boss = desk("idil"), desk("boss")
    does(idil, "hand_in", words=WORDS)
    assert "Send back with this note" in boss.get(HELP).text
    assert does(boss, "send_back", note="  ")[0] == 422, "sent back without a word is no help"
    assert does(boss, "send_back", note="Please say “school days”.")[0] == 302
    with sqlite_database.read() as session:
        assert by_key(session, "bench:so") is None, "nothing waits for a reviewer any more"
    html = unescape(idil.get(HELP).text)
    assert "Sent back." in html
    assert "Please say “school days”." in html
    assert "Sent back" in idil.get("/bench").text
    status, _, html = does(idil, "hand_in", words=WORDS)
    assert status == 422
    assert "the words that were sent back" in html
    assert does(boss, "send_back", note="Again")[0] == 422, "they lie with the translator already"
    assert does(idil, "hand_in", words=WORDS.replace("dugsiga", "iskuulka"))[0] == 302
    assert "Idil Warsame handed it in" in boss.get(HELP).text
    assert does(boss, "approve")[0] == 302


def test_only_who_may_approve_sends_back_or_says_until_when(desk: SignedIn) -> None:
    page = "/bench/words/ur/opt_out/sms"
    zahra = desk("zahra")
    assert "Send back with this note" not in zahra.get(page).text
    assert "another day" not in zahra.get(page).text
    assert does(zahra, "send_back", page, note="No")[0] == 403
    assert does(zahra, "due", page, due="2030-01-01")[0] == 403


def test_a_day_is_said_for_one_language_or_for_all_and_ends_with_the_english_it_was_said_for(
    desk: SignedIn, sqlite_database: Database
) -> None:
    boss, zahra = desk("boss"), desk("zahra")
    day = NOON.date() + timedelta(days=2)
    status, _, html = does(boss, "due", due=str(NOON.date() - timedelta(days=1)))
    assert (status, "That day is over" in html) == (422, True)
    assert does(boss, "due", due="soon")[0] == 422
    assert does(boss, "due", due=str(day))[0] == 302
    assert "as Boss Reyes asked" in boss.get(HELP).text
    assert "as Boss Reyes asked" not in zahra.get("/bench/words/ur/opt_out/sms").text
    assert does(boss, "due", "/bench/words/so/opt_out/sms", due=str(day), everywhere="1")[0] == 302
    assert "as Boss Reyes asked" in zahra.get("/bench/words/ur/opt_out/sms").text
    with sqlite_database.write() as session:
        write(session, Spot("help", "sms"), "{{ district }}: We text families about school days. Reply STOP to stop.", BOSS)
    assert "as Boss Reyes asked" not in boss.get(HELP).text


def test_a_changed_english_shows_both_and_the_approved_words_go_on(desk: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        write(session, Spot("help", "sms"), "{{ district }}: We text families about school days. Reply STOP to stop.", BOSS)
        approve(session, message="help", language="en", by=BOSS.by, now=NOON)
    html = desk("zahra").get("/bench/words/ur/help/sms").text
    assert "The English changed." in html
    assert "<del>" in html
    assert re.search(r'<textarea[^>]*lang="ur" dir="rtl"', html)
    with sqlite_database.read() as session:
        choice = choose(session, "help", "sms", "ur")
    assert choice is not None
    assert not choice.fallback, "the last approved pair keeps going out"


def test_a_translation_of_an_english_that_changed_meanwhile_is_not_taken(desk: SignedIn, sqlite_database: Database) -> None:
    idil = desk("idil")
    seen = dict(re.findall(r'name="(seen)" value="([^"]*)"', idil.get(HELP).text))
    with sqlite_database.write() as session:
        write(session, Spot("help", "sms"), "{{ district }}: New words. Reply STOP to stop.", BOSS)
    status, _, html = send(idil, HELP, HELP, do="hand_in", words=WORDS, **seen)
    assert status == 422
    assert "The English changed while you were writing" in html
    assert WORDS in html, "what was typed is still there"


def test_two_people_on_one_draft_do_not_overwrite_each_other(desk: SignedIn) -> None:
    idil, boss = desk("idil"), desk("boss")
    seen = dict(re.findall(r'name="(seen_draft)" value="([^"]*)"', idil.get(HELP).text))
    assert does(boss, "draft", words="[district]: first")[0] == 302
    status, _, html = send(idil, HELP, HELP, do="draft", words="[district]: second", **seen)
    assert status == 422
    assert "changed this draft" in html
    assert "[district]: first" in html
    assert "[district]: second" in html


def test_nobody_hands_in_over_work_they_have_not_seen(desk: SignedIn) -> None:
    idil, boss = desk("idil"), desk("boss")

    def seen() -> dict[str, str]:
        return dict(re.findall(r'name="(seen|seen_draft|shown)" value="([^"]*)"', idil.get(HELP).text))

    before = seen()
    assert does(boss, "draft", words="[district]: first")[0] == 302
    status, _, html = send(idil, HELP, HELP, do="hand_in", words=WORDS, **before)
    assert (status, "changed the draft" in html, WORDS in unescape(html), "[district]: first" in html) == (422, True, True, True)
    before = seen()
    assert does(boss, "hand_in", words=WORDS.replace("Fariin", "Farriin"))[0] == 302
    status, _, html = send(idil, HELP, HELP, do="hand_in", words=WORDS, **before)
    assert (status, "Somebody else handed words in" in html, WORDS in unescape(html)) == (422, True, True)
    assert does(idil, "hand_in", words=WORDS)[0] == 302


def test_the_look_beside_the_words_says_what_is_wrong_as_they_are_typed(desk: SignedIn) -> None:
    page = "/bench/words/ur/count/sms"
    client = desk("zahra")
    token = token_of(client.get(page).text)

    def look(words: str) -> str:
        return client.post(f"{page}/look", data={"csrf_token": token, "words": words}).text

    assert "must begin with a word of its own language" in look("[district] [child] [days missed] STOP")
    assert "[days missed] is missing" in look("منجانب [district]")
    assert "segments" in look("منجانب " + "ل" * 400)
    assert "does not belong" in look("منجانب جیل")
    standing = client.get(page).text.partition('name="words"')[2].partition(">")[2].partition("</textarea>")[0]
    assert "Nothing to repair" in look(unescape(standing))


def test_notes_pass_between_translator_and_administrator_and_are_escaped(desk: SignedIn) -> None:
    idil, boss = desk("idil"), desk("boss")
    assert does(idil, "note", note="Is <b>this</b> for parents only?")[0] == 302
    assert does(boss, "note", note="For grandparents, too.")[0] == 302
    html = idil.get(HELP).text
    assert "Is &lt;b&gt;this&lt;/b&gt; for parents only?" in html
    assert html.index("parents only") < html.index("grandparents")
    assert "2 notes" in idil.get("/bench").text
    assert does(idil, "note", note="  ")[0] == 422
    assert does(idil, "note", note="\0")[0] == 422


def test_the_glossary_stands_beside_the_text_and_keeps_who_changed_it(desk: SignedIn) -> None:
    idil = desk("idil")
    page = "/bench/words/so/explainer/sms"
    assert "turjubaan" in idil.get(page).text
    fields = {"language": "so", "term": "Interpreter", "translation": "turjumaan", "note": ""}
    assert send(idil, "/bench/glossary", "/bench/glossary", do="keep", **fields)[0] == 302
    assert ">turjumaan<" in idil.get(page).text
    assert "Idil Warsame" in idil.get("/bench/glossary").text
    send(idil, "/bench/glossary", "/bench/glossary", do="remove", **fields)
    assert ">turjumaan<" not in idil.get(page).text


def test_words_are_counted_once_and_put_on_an_invoice(desk: SignedIn) -> None:
    idil = desk("idil")
    does(idil, "hand_in", words=WORDS)
    does(idil, "hand_in", words=WORDS.replace("Fariin", "Farriin"))
    html = idil.get("/bench/delivered").text
    assert "29 words since the last invoice" in html
    assert idil.get("/bench/delivered.csv").text.splitlines()[1:] == ["idil@example.org,so,help,sms,,29,29,2026-10-06,"]
    assert "since the last invoice" not in desk("zahra").get("/bench/delivered").text.partition("<h2")[2].partition("</h2>")[0]
    status, _, _ = send(desk("zahra"), "/bench/glossary", "/bench/delivered/invoiced", translator=IDIL, upto="9")
    assert status == 404
    for endless in ("9" * 20, "9" * 5000):
        assert send(idil, "/bench/delivered", "/bench/delivered/invoiced", translator=IDIL, upto=endless)[0] == 404
    upto = re.findall(r'name="upto" value="(\d+)"', html)[0]
    assert send(idil, "/bench/delivered", "/bench/delivered/invoiced", translator=IDIL, upto=upto)[0] == 302
    assert "No words since the last invoice" in idil.get("/bench/delivered").text
    assert "29 words" in desk("boss").get("/bench/delivered").text
    assert len(idil.get("/bench/delivered.csv?invoice=1").text.splitlines()) == 2
    assert len(desk("zahra").get("/bench/delivered.csv?invoice=1").text.splitlines()) == 1


def test_files_go_out_and_come_back(desk: SignedIn) -> None:
    idil = desk("idil")
    po = idil.get("/bench/files/so.po").data
    assert b'msgctxt "help/sms"' in po
    token = token_of(idil.get("/bench/files").text)

    def bring(name: str, content: bytes) -> tuple[int, str]:
        answer = idil.post("/bench/files", data={"csrf_token": token, "file": (io.BytesIO(content), name)})
        return answer.status_code, answer.text

    assert bring("so.po", po)[0] == 200
    status, html = bring("<so>.csv", idil.get("/bench/files/so.csv").data.replace(b"STOP si", b"STAAP si"))
    assert status == 422
    assert "&lt;so&gt;.csv" in html
    assert "the word STOP is missing" in html
    status, html = bring("ur.po", desk("zahra").get("/bench/files/ur.po").data)
    assert status == 422
    assert "You do not work in Urdu" in html


def test_an_administrator_gives_languages_out(desk: SignedIn) -> None:
    boss = desk("boss")
    html = boss.get("/bench/people").text
    account = re.findall(r'id="a(\d+)">Zahra', html)[0]
    assert send(boss, "/bench/people", "/bench/people", account=account, reviews="fr")[0] == 302
    assert desk("zahra").get("/bench/words/fr/help/sms").status_code == 200
    assert desk("zahra").get("/bench/words/ur/help/sms").status_code == 404
    assert send(boss, "/bench/people", "/bench/people", account=account, language="en")[0] == 400
    assert send(boss, "/bench/people", "/bench/people", account="999", language="fr")[0] == 404
    send(boss, "/bench/people", "/bench/people", account=account)
    assert "You have no language yet" in desk("zahra").get("/bench").text


@pytest.mark.usefixtures("seeded")
def test_what_a_language_did_hides_small_numbers(app: Flask, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        translators(session)
    html = entered(app, sqlite_database, "zahra").get("/bench/reach").text
    assert re.findall(r'<th scope="row">([^<]+)</th>', html) == ["Arabic", "Urdu"]
    spanish = entered(app, sqlite_database, "boss").get("/bench/reach").text.partition(">Spanish<")[2].partition("</tr>")[0]
    assert spanish.count("fewer than 10") == 2, "one family was reached, and wrote"
