"""The survey: asked without a name, kept without a trace, shown without a small number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from outreach.attention.queries import open_items
from outreach.cases import oncall, surveys
from outreach.cases.survey_tables import SurveyAnswer, SurveyLink, SurveyRound
from outreach.cases.surveys import Audience, Plan, SurveyError
from outreach.database import Database
from outreach.delivery.mail_tables import Email
from outreach.evidence import heard
from outreach.messages.actions import approve
from outreach.messages.languages import languages
from outreach.messages.page_words import wordings
from outreach.messages.pairs import current_pairs
from outreach.planning.tables import PlannedMessage
from outreach.records import retention
from outreach.settings import Settings
from outreach.staff import queries as accounts
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web import family_home
from tests.web.conftest import SignedIn, send
from tests.web.family_home import Home, app_at, opened
from tests.web.seed import HOSTILE, LINCOLN, ROOSEVELT, Seeded

TODAY = NOON.date()
WORDS = {pair.locale: wordings(pair.translation) for _, pair in current_pairs() if pair.message == "survey"}
LATER = TODAY + timedelta(days=7)


@pytest.fixture
def token(sqlite_database: Database, seeded: Seeded) -> str:  # noqa: ARG001 - a school to ask at
    """The code of grade 3 in a round of students at Lincoln that is open for a week."""
    with sqlite_database.write() as session:
        approve(session, message="survey", language=None, by="reviewer@example.org", now=NOON)
        plan = Plan(LINCOLN, Audience.STUDENTS, ("3", "4", "5"), TODAY, LATER)
        one = surveys.open_round(session, plan, by="paul@example.org", today=TODAY, now=NOON)
        return next(link.token for link in surveys.links(session, one.id) if link.grade == "3")


def answer(app: Flask, token: str, *choices: str, words: str = "", client: FlaskClient | None = None, **more: str) -> tuple[int, str]:
    """Answer in English on a device of its own."""
    device = client or app.test_client()
    found = device.post(f"/s/{token}/en", data={"choice": list(choices), "words": words, **more})
    return found.status_code, found.text


def answers(database: Database) -> Sequence[SurveyAnswer]:
    with database.read() as session:
        return session.scalars(select(SurveyAnswer)).all()


# --- the page ---------------------------------------------------------------------------------------------------------------------


def test_it_asks_in_every_language_with_eight_choices_and_says_first_that_nobody_can_answer(app: Flask, token: str) -> None:
    for locale in languages():
        asks(app, token, locale)


def asks(app: Flask, token: str, locale: str) -> None:
    found = app.test_client().get(f"/s/{token}/{locale}")
    assert found.status_code == 200
    page = found.text
    words = WORDS[locale]
    assert f'<html lang="{locale}" dir="{languages()[locale].direction}">' in page
    assert page.count('type="checkbox"') == 8
    said = page.index("988")
    assert said < page.index("<form"), "where help is stands before the form"
    assert page.count("<script") == page.count("csrf_token") == 0
    assert all(name in words for name in ("no_name", "ask_student", "ask_family", *surveys.Choice))


def test_the_code_leads_to_the_browsers_language_and_hides_from_search_engines(app: Flask, token: str) -> None:
    found = app.test_client().get(f"/s/{token}", headers={"Accept-Language": "ur,en;q=0.5"})
    assert found.headers["Location"].endswith(f"/s/{token}/ur")
    assert (found.headers["X-Robots-Tag"], found.headers["Referrer-Policy"]) == ("noindex, nofollow", "no-referrer")


def test_the_address_on_the_sheet_can_be_typed_in_capitals_and_has_no_signs_that_look_alike(app: Flask, token: str) -> None:
    assert re.fullmatch("[23456789cdfhjkmnpqrtvwxy]{10}", token)
    found = app.test_client().get(f"/s/{token.upper()}")
    assert found.headers["Location"] == f"/s/{token}/en"


def test_every_word_is_one_that_a_child_in_grade_five_reads() -> None:
    """Flesch-Kincaid grade of all English wordings together, with vowel groups as syllables."""
    words_of_page = {name: line for name, line in WORDS["en"].items() if name not in {"from", "sheet", "link", "help"}}
    sentences = [part for line in words_of_page.values() for part in re.split(r"[.?!]", line) if part.strip()]
    words = re.findall(r"[A-Za-z']+", " ".join(sentences))
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words)
    assert 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59 < 5


@pytest.mark.parametrize(
    "path", ["/s/nobody", "/s/nobody/en", "/s/{token}/xx", "/s/{token}/en/thanks/x", "/s/%00/en", "/s/" + "a" * 500 + "/en"]
)
def test_what_is_no_address_is_not_found(app: Flask, token: str, path: str) -> None:
    client = app.test_client()
    assert client.get(path.format(token=token)).status_code == 404


# --- what is kept -----------------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_with_its_day_and_nothing_that_finds_anybody(app: Flask, sqlite_database: Database, token: str) -> None:
    client = app.test_client()
    found = client.post(
        f"/s/{token}/es",
        data={"choice": ["ride", "safe", "ride", "evil"], "words": "The 14 is full", "once": "abc"},
        headers={"User-Agent": "SecretPhone/7", "X-Forwarded-For": "198.51.100.7", "Accept-Language": "es"},
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )
    assert (found.status_code, found.headers["Location"]) == (303, f"/s/{token}/es/thanks")
    [row] = answers(sqlite_database)
    assert {key for key in vars(row) if not key.startswith("_")} == {"id", "link_id", "day", "choices", "words", "danger"}
    assert (row.day, row.choices, row.words, row.danger) == (TODAY, ["ride", "safe"], "The 14 is full", False)
    cookies = found.headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert re.fullmatch(rf"answered=1; Expires=[^;]+; Max-Age=600; HttpOnly; Path=/s/{token}; SameSite=Lax", cookies[0])
    with sqlite_database.read() as session:
        everything = "".join(
            str(row)
            for table in session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
            for row in session.execute(text(f'SELECT * FROM "{table}"'))  # noqa: S608 - names of our own tables
        )
    for trace in ("SecretPhone", "203.0.113.9", "198.51.100.7", "answered"):
        assert trace not in everything


def test_the_rows_tell_no_order(app: Flask, sqlite_database: Database, token: str) -> None:
    """No number that grows, and on SQLite no hidden row number either: rows lie in the order of chance."""
    for n in range(12):
        assert answer(app, token, "ride", words=f"said {n}")[0] == 303
    assert [row.words for row in answers(sqlite_database)] != [f"said {n}" for n in range(12)]
    with sqlite_database.read() as session, pytest.raises(Exception, match="no such column"):
        session.execute(text("SELECT rowid FROM survey_answers")).all()


def test_a_device_waits_ten_minutes_and_a_doubled_click_is_one_answer(app: Flask, sqlite_database: Database, token: str) -> None:
    client = app.test_client()
    assert answer(app, token, "ride", client=client, once="one")[0] == 303
    again, page = answer(app, token, "ride", client=client, once="two")
    assert again == 409
    assert "ten minutes" in page
    assert 'type="checkbox"' not in client.get(f"/s/{token}/en").text
    assert answer(app, token, "ride", once="one")[0] == 303, "the same form twice, before the mark came back"
    assert len(answers(sqlite_database)) == 1
    client.delete_cookie("answered", path=f"/s/{token}")
    assert answer(app, token, "ride", client=client, once="three")[0] == 303
    assert len(answers(sqlite_database)) == 2


def test_a_flood_from_one_place_is_refused_and_a_grade_is_not(app: Flask, sqlite_database: Database, token: str) -> None:
    limits = app.extensions["survey_limits"].answers
    assert answer(app, token, "ride")[0] == 303
    [key] = [key for key in limits.counted if key[1]]
    assert "127.0.0.1" not in str(key), "not even in memory"
    limits.counted[key] = 400
    status, page = answer(app, token, "ride", words="Please keep what I wrote")
    assert status == 429
    assert "Nothing was sent" in page
    assert "Please keep what I wrote" in page
    assert len(answers(sqlite_database)) == 1
    limits.since = NOON - timedelta(minutes=11)
    assert answer(app, token, "ride")[0] == 303


@pytest.mark.parametrize("words", ["", "   "])
def test_an_empty_answer_is_asked_again(app: Flask, sqlite_database: Database, token: str, words: str) -> None:
    status, page = answer(app, token, "evil", words=words)
    assert (status, "choose or write something" in page) == (422, True)
    assert not answers(sqlite_database)


def test_hostile_words_are_kept_as_words_and_long_ones_are_cut(
    app: Flask, sqlite_database: Database, token: str, signed_in: SignedIn
) -> None:
    assert answer(app, token, words=HOSTILE + "\u0000" + "x" * 5000)[0] == 303
    [row] = answers(sqlite_database)
    assert len(row.words) == surveys.LONGEST_WORDS
    end(sqlite_database)
    page = signed_in("ana").get("/surveys/1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def end(database: Database) -> None:
    with database.write() as session:
        session.execute(update(SurveyRound).values(ended_at=NOON, ended_by="paul@example.org", open_key=None))


def test_a_round_that_is_over_or_has_not_begun_takes_nothing(app: Flask, sqlite_database: Database, token: str) -> None:
    for values in (
        {"first_day": TODAY + timedelta(days=1)},
        {"first_day": TODAY, "last_day": TODAY - timedelta(days=1)},
        {"ended_at": NOON},
    ):
        with sqlite_database.write() as session:
            session.execute(update(SurveyRound).values(**values))
        status, page = answer(app, token, "ride")
        assert (status, "This survey is closed" in page) == (409, True)
    assert not answers(sqlite_database)


# --- danger -----------------------------------------------------------------------------------------------------------------------


def test_words_of_danger_reach_the_schools_people_at_once_without_a_word_in_the_item(
    app: Flask, sqlite_database: Database, token: str, signed_in: SignedIn
) -> None:
    danger = "I want to kill myself"
    for _ in range(3):
        assert answer(app, token, "worry", words=danger)[0] == 303
    with sqlite_database.read() as session:
        [item] = [item for item in open_items(session, {LINCOLN}) if item.key.startswith("survey:")]
        assert not [item for item in open_items(session, {ROOSEVELT}) if item.key.startswith("survey:")]
    assert (item.urgent, item.school_id, item.times_seen) == (True, LINCOLN, 3)
    assert "kill" not in item.sentence + str(item.detail)
    assert not set(item.detail) & {"answer", "link", "grade"}
    assert danger in signed_in("ana").get("/surveys/1").text, "while the round runs"
    end(sqlite_database)
    seen = signed_in("ana").get("/surveys/1").text
    assert seen.count(danger) == 3
    assert "Nobody wrote more" in seen, "only under danger"


# --- who may, and what they see -----------------------------------------------------------------------------------------------------


def test_an_administrator_opens_a_round_prints_its_sheets_ends_it_and_tells_back(sqlite_database: Database, signed_in: SignedIn) -> None:
    with sqlite_database.write() as session:
        approve(session, message="survey", language=None, by="reviewer@example.org", now=NOON)
    admin = signed_in("boss")
    form = {"school": LINCOLN, "audience": "families", "grade": "3", "first_day": str(TODAY), "last_day": str(LATER)}
    status, where, _ = send(admin, f"/surveys?school={LINCOLN}", "/surveys", **form)
    assert status == 302
    assert send(admin, f"/surveys?school={LINCOLN}", "/surveys", **form)[0] == 422, "one at a time"
    with sqlite_database.read() as session:
        [link] = session.scalars(select(SurveyLink)).all()
    sheet = admin.get(f"{where}/sheet").text
    assert f"/s/{link.token}</p>" in sheet
    assert sheet.count("data:image/svg+xml") == 1
    assert "بلا اسم" in sheet
    assert "fewer than ten" in admin.get(where).text
    assert send(admin, where, f"{where}/end")[0] == 302
    assert send(admin, where, f"{where}/did", did="We moved the 14 bus stop.")[0] == 302
    assert "We moved the 14 bus stop." in admin.get(where).text
    with sqlite_database.read() as session:
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("survey."))).all()
    assert {"survey.opened", "survey.ended", "survey.told_back"} <= set(acts)


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"grades": ()}, "at least one grade"),
        ({"grades": ("99",)}, "of this school"),
        ({"first_day": TODAY - timedelta(days=1)}, "today or later"),
        ({"last_day": TODAY - timedelta(days=1)}, "today or later"),
        ({"last_day": TODAY + timedelta(days=90)}, "60 days"),
    ],
)
def test_a_round_that_makes_no_sense_is_refused(sqlite_database: Database, changed: dict[str, object], why: str) -> None:
    values = {"school_id": ROOSEVELT, "audience": Audience.FAMILIES, "grades": ("6",), "first_day": TODAY, "last_day": LATER} | changed
    with sqlite_database.write() as session, pytest.raises(SurveyError, match=why):
        surveys.open_round(session, Plan(**values), by="dana@example.org", today=TODAY, now=NOON)  # type: ignore[arg-type]


@pytest.mark.usefixtures("seeded")
def test_no_round_opens_before_somebody_approved_its_words(sqlite_database: Database) -> None:
    plan = Plan(LINCOLN, Audience.STUDENTS, ("3",), TODAY, LATER)
    with sqlite_database.write() as session, pytest.raises(SurveyError, match="approved"):
        surveys.open_round(session, plan, by="dana@example.org", today=TODAY, now=NOON)


def test_words_that_name_somebody_are_taken_out_and_what_was_chosen_stays(
    app: Flask, sqlite_database: Database, token: str, signed_in: SignedIn
) -> None:
    answer(app, token, "ride", words="It is all because of Luis Lopez")
    end(sqlite_database)
    [row] = answers(sqlite_database)
    browser = signed_in("ana")
    assert "because of Luis" in browser.get("/surveys/1").text
    assert send(browser, "/surveys/1", f"/surveys/1/words/{row.id}")[0] == 302
    [row] = answers(sqlite_database)
    assert (row.words, row.choices) == ("", ["ride"])
    with sqlite_database.read() as session:
        assert "Luis" not in str([vars(entry) for entry in session.scalars(select(AuditEntry))])


@pytest.mark.usefixtures("token")
def test_figures_and_words_come_when_it_is_over_and_small_grades_are_not_named(sqlite_database: Database, signed_in: SignedIn) -> None:
    with sqlite_database.write() as session:
        links = {link.grade: link for link in surveys.links(session, 1)}
        one = session.get_one(SurveyRound, 1)
        for grade, number in (("3", 30), ("4", 25), ("5", 4)):
            for n in range(number):
                said = [surveys.Choice.RIDE] if n % 2 else [surveys.Choice.LESSONS]
                written = f"from {grade}" if n == 0 else ""
                surveys.take(session, one, links[grade], said, written, danger=False, today=TODAY, now=NOON)
    browser = signed_in("ana")
    running = browser.get("/surveys/1").text
    assert "about 50 answers so far" in running
    assert not re.search("The bus|from 3", running), "no figure and no word before it is over"
    end(sqlite_database)
    with sqlite_database.read() as session:
        found = heard.of_school(session, LINCOLN, today=TODAY)[0]
        written_down = {one.words: one.grade for one in heard.words(session, session.get_one(SurveyRound, 1), TODAY)}
    assert (found.answers, found.by_grade) == (59, (30, None, None)), "the small grade, and the one that would give it away"
    assert written_down == {"from 3": "3", "from 4": "", "from 5": ""}
    page = browser.get("/surveys/1").text
    assert "59 answers" in page
    assert "from 5" in page


@pytest.mark.usefixtures("token")
def test_another_school_sees_nothing(sqlite_database: Database, signed_in: SignedIn) -> None:
    with sqlite_database.read() as session:
        from_elsewhere = signed_in("raj")
        assert session.get(SurveyRound, 1) is not None
    for path in ("/surveys/1", "/surveys/1/sheet"):
        assert from_elsewhere.get(path).status_code in {403, 404}


# --- the family page ----------------------------------------------------------------------------------------------------------------


def test_a_family_finds_the_survey_on_its_page_for_its_childs_grade_only(home: Home) -> None:
    with home.database.write() as session:
        plan = Plan("S1", Audience.FAMILIES, ("3",), TODAY, LATER)
        surveys.open_round(session, plan, by="x@example.org", today=TODAY, now=NOON)
        [link] = session.scalars(select(SurveyLink)).all()
        token = link.token
    page = opened(home).get("/f/es/page").text
    assert f'href="/s/{token}/es"' in page
    assert WORDS["es"]["link"] in page
    with home.database.write() as session:
        session.execute(update(SurveyLink).values(grade="8"))
    assert token not in opened(home).get("/f/es/page").text
    assert app_at(home).test_client().get(f"/s/{token}/es").status_code == 200
    assert family_home.MOTHER not in app_at(home).test_client().get(f"/s/{token}/es").text


# --- people on duty, and how long words stay ------------------------------------------------------------------------------------------


def test_danger_calls_who_is_on_duty_at_that_school_once_an_hour_without_a_word(app: Flask, sqlite_database: Database, token: str) -> None:
    with sqlite_database.write() as session:
        for name, phone in (("ana", "+13125550180"), ("raj", "+13125550181"), ("boss", "+13125550182")):
            account = accounts.by_email(session, f"{name}@example.org")
            assert account is not None
            oncall.add_person(session, account, phone, by="boss@example.org", now=NOON)
    for _ in range(3):
        assert answer(app, token, words="I want to kill myself")[0] == 303
    with sqlite_database.read() as session:
        pages = session.scalars(select(PlannedMessage).where(PlannedMessage.message_class == "page")).all()
        mails = session.scalars(select(Email).where(Email.kind == "call")).all()
    assert sorted(page.phone for page in pages) == ["+13125550180", "+13125550182"]
    assert sorted(mail.address for mail in mails) == ["ana@example.org", "boss@example.org"]
    said = [page.body for page in pages] + [mail.body for mail in mails]
    assert not [words for words in said if "kill" in words or token in words]


def test_the_words_of_old_surveys_go_on_their_schedule_and_the_figures_stay(
    app: Flask, sqlite_database: Database, token: str, settings: Settings
) -> None:
    answer(app, token, "ride", words="The 14 is full")
    later = NOON + timedelta(days=400)
    assert retention.run(sqlite_database, retention.Kind.SURVEYS, by="boss@example.org", settings=settings, now=NOON).going == 0
    assert retention.run(sqlite_database, retention.Kind.SURVEYS, by="boss@example.org", settings=settings, now=later).going == 1
    [row] = answers(sqlite_database)
    assert (row.words, row.choices) == ("", ["ride"])
