"""The family page: what a letter's code opens, to whom, and what becomes of what a family says there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from outreach.attention.queries import open_items
from outreach.cases import proposals
from outreach.cases.danger_tables import Incident
from outreach.cases.tables import Case
from outreach.clock import FixedClock
from outreach.consent import actions as consent
from outreach.consent import queries as consents
from outreach.database import Database
from outreach.delivery import family_codes
from outreach.delivery.family_tables import FamilyCode, FamilyTry, FamilyVisit
from outreach.district import queries as district
from outreach.messages.page_words import wordings
from outreach.messages.pairs import current_pairs
from outreach.messages.tables import Approval
from outreach.planning.nudges import drafts
from outreach.planning.reasons import Reason
from outreach.planning.situation import load as situation_of
from outreach.planning.states import Channel
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.services import Services
from outreach.settings import load_settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.web.app import create_app
from outreach.web.context import SESSION_KEY
from tests.conftest import NOON
from tests.web import family_home
from tests.web.conftest import send, token_of
from tests.web.family_home import FATHER, MOTHER, STRANGER, Home
from tests.web.seed import people

WORDS = {pair.locale: wordings(pair.translation) for _, pair in current_pairs() if pair.message == "family_page"}


@pytest.fixture(scope="module")
def prepared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The family with its letter, made once: every test works on a copy."""
    folder = tmp_path_factory.mktemp("family")
    shutil.copy(sqlite_template, folder / "home.db")
    settings = load_settings(
        home=folder, district_name="Lincoln Schools", district_phone="(312) 555-0100", public_url="http://lincoln.test"
    )
    database = Database(f"sqlite:///{folder / 'home.db'}")
    made = family_home.a_letter(database, settings, folder / "feed")
    database.engine.dispose()
    return made


@pytest.fixture
def home(prepared: Home, tmp_path: Path) -> Iterator[Home]:
    """The family with its letter."""
    shutil.copy(prepared.settings.home / "home.db", tmp_path / "home.db")
    database = Database(f"sqlite:///{tmp_path / 'home.db'}")
    yield replace(prepared, database=database)
    database.engine.dispose()


def app_at(home: Home, after: timedelta = timedelta()) -> Flask:
    made = create_app(Services(home.settings, home.database, FixedClock(NOON + after), provider=None))
    made.testing = True
    return made


def enter(client: FlaskClient, code: str, born: str = "2016-3-4", locale: str = "es") -> tuple[int, str]:
    """Fill in the first page; return the status, and the page that follows."""
    year, month, day = born.split("-")
    fields = {"csrf_token": token_of(client.get(f"/f/{locale}").text), "code": code, "year": year, "month": month, "day": day}
    answer = client.post(f"/f/{locale}", data=fields)
    return answer.status_code, answer.text


def opened(home: Home, after: timedelta = timedelta()) -> FlaskClient:
    client = app_at(home, after).test_client()
    assert enter(client, home.link.code)[0] == 303
    return client


def read(page: str) -> str:
    """A page without the marks that keep a name's own direction."""
    return re.sub("[\u2066-\u2069]", "", page)


def say(client: FlaskClient, task: str, **fields: object) -> int:
    """Send one of the page's forms as a browser does."""
    form = client.get(f"/f/es/page/{task}")
    once = re.search(r'name="once" value="([^"]+)"', form.text)
    assert once is not None, form.text
    data = {"csrf_token": token_of(form.text), "once": once[1], **fields}
    return client.post(f"/f/es/page/{task}", data=data).status_code


def said(home: Home) -> tuple[Inbound, Case]:
    """What the family said last, and its case."""
    with home.database.read() as session:
        inbound = session.scalars(select(Inbound).order_by(Inbound.id.desc())).first()
        case = session.scalars(select(Case)).one()
        assert inbound is not None
        session.expunge_all()
        return inbound, case


# --- what a letter carries ------------------------------------------------------------------------------------------------------


def test_a_letters_code_stands_behind_the_hash_and_nowhere_in_the_database(home: Home) -> None:
    address, _, code = home.link.url.partition("#")
    assert (address, code, home.link.typed) == ("http://lincoln.test/f/es", home.link.code, "lincoln.test/f")
    with home.database.read() as session:
        row = session.scalars(select(FamilyCode)).one()
    assert family_codes.read(code) not in str(vars(row))
    assert re.fullmatch(r"([2-9CDFHJKMNPQRTVWXY]{4}-?){3}", code)


def test_a_code_may_be_typed_as_people_type(home: Home) -> None:
    assert family_codes.read(" 5p8k-2qvd ") == family_codes.read("SPBK ZOUD")
    client = app_at(home).test_client()
    assert enter(client, f" {home.link.code.lower().replace('-', ' ')} ")[0] == 303


def test_no_page_no_code(home: Home) -> None:
    """Without an address, a birth date or approved English words a letter carries no code."""
    for settings, children in ((home.settings.model_copy(update={"public_url": ""}), ["st1"]), (home.settings, ["unknown"])):
        with home.database.write() as session:
            row = session.get_one(PlannedMessage, home.planned_id)
            assert (
                family_codes.issue(session, row, contact_ids=["c1"], student_ids=children, locale="es", settings=settings, now=NOON) is None
            )


# --- what opens it, and for whom ------------------------------------------------------------------------------------------------


def test_code_and_birth_date_open_the_count_with_its_dates_in_the_letters_language(home: Home) -> None:
    before = app_at(home).test_client().get("/f/es")
    assert before.status_code == 200
    assert not re.search("Luis|Lopez|Lincoln Elementary", before.text), "no name before it is open"

    page = read(opened(home).get("/f/es/page").text)
    assert "Luis ha faltado 6 días a la escuela este año, hasta el 6 de octubre." in page
    assert page.count("<li>") >= 6
    assert "5 de octubre</li>" in page
    assert "Elena no ha faltado ningún día" in page, "a sibling whom both may know"
    assert "Noor" not in page, "the father, whom the letter names, may not know of her"
    assert "Omar" not in page


def test_whatever_is_wrong_the_answer_is_the_same(home: Home) -> None:
    """No code, another date, an ended code, a blocked adult: one sentence and one status, so that nothing can be learnt."""
    heard = set()
    other = app_at(home).test_client()
    heard.add(plain(enter(other, "2222-2222-2222")))
    heard.add(plain(enter(other, home.link.code, "2016-3-5")))
    heard.add(plain(enter(other, home.link.code, "2013-99-1")))
    heard.add(plain(enter(other, "")))
    heard.add(plain(enter(app_at(home, timedelta(days=61)).test_client(), home.link.code)))
    with home.database.write() as session:
        consent.place_block(session, "c2", reason="custody", by="boss", now=NOON)
    heard.add(plain(enter(other, home.link.code)))
    assert len(heard) == 1
    assert next(iter(heard))[0] == 422


def plain(answer: tuple[int, str]) -> tuple[int, str]:
    return answer[0], re.sub(r'name="csrf_token" value="[^"]+"', "", answer[1])


def test_a_few_wrong_birth_dates_end_the_code_and_tell_a_person(home: Home) -> None:
    client = app_at(home).test_client()
    for day in range(10, 15):
        assert enter(client, home.link.code, f"2016-3-{day}")[0] == 422
    assert enter(client, home.link.code)[0] == 422, "the right date comes too late"
    with home.database.read() as session:
        (item,) = open_items(session, ["S1"])
    assert item.kind == "family_page"
    assert item.detail == {"planned": home.planned_id}


def test_a_right_try_forgives_the_wrong_ones(home: Home) -> None:
    client = app_at(home).test_client()
    for _ in range(3):
        for day in range(10, 14):
            enter(client, home.link.code, f"2016-3-{day}")
        assert enter(client, home.link.code)[0] == 303


def test_guessing_from_one_address_is_slowed_and_the_address_is_not_kept(home: Home) -> None:
    client = app_at(home).test_client()
    for _ in range(20):
        enter(client, "2222-2222-2222")
    assert enter(client, home.link.code)[0] == 422, "even the right code, for a while"
    assert enter(app_at(home, timedelta(minutes=16)).test_client(), home.link.code)[0] == 303
    with home.database.read() as session:
        assert "127.0.0.1" not in {row.address for row in session.scalars(select(FamilyTry))}


def test_behind_proxies_each_family_counts_for_itself(home: Home) -> None:
    app = app_at(replace(home, settings=home.settings.model_copy(update={"proxies": 1})))
    for number, made_up in enumerate(("198.51.100.7", "198.51.100.8, 203.0.113.9")):
        client = app.test_client()
        client.environ_base["HTTP_X_FORWARDED_FOR"] = made_up
        enter(client, "2222-2222-2222")
        with home.database.read() as session:
            assert session.scalar(select(func.count()).select_from(FamilyTry)) == number + 1


def test_what_ends_a_right_closes_an_open_page_at_its_next_request(home: Home) -> None:
    client = opened(home)
    assert client.get("/f/es/page").status_code == 200
    with home.database.write() as session:
        consent.place_block(session, "c2", student_id="st1", reason="custody", by="boss", now=NOON)
    shut = client.get("/f/es/page")
    assert shut.status_code == 403
    assert "Luis" not in shut.text
    assert client.get("/f/es/page/reason").status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"student_contacts": [line for line in family_home.FILES["student_contacts.csv"] if "c2" not in line]},
        {"students": [line.replace("2016-03-04,3,Spanish", "2008-03-04,3,Spanish") for line in family_home.FILES["students.csv"]]},
        {"enrollments": [line for line in family_home.FILES["enrollments.csv"] if "st1" not in line]},
    ],
    ids=["an adult's tie is gone", "the child is 18", "the child left"],
)
def test_a_later_delivery_that_ends_the_right_ends_the_page(home: Home, changed: dict[str, list[str]]) -> None:
    client = opened(home)
    family_home.load(home.database, home.settings, home.folder, now=NOON, **changed)
    assert client.get("/f/es/page").status_code == 403


def test_a_visit_ends_by_itself_and_by_leaving_and_is_not_replayed(home: Home) -> None:
    client = opened(home)
    with client.session_transaction() as cookie:
        key = cookie["family"]
    client.post("/f/es/leave", data={"csrf_token": token_of(client.get("/f/es/page").text)})
    again = app_at(home).test_client()
    with again.session_transaction() as cookie:
        cookie["family"] = key
    assert again.get("/f/es/page").status_code == 403
    with home.database.read() as session:
        assert key not in session.scalars(select(FamilyVisit.key_hash)).all()

    late = opened(home)
    with late.session_transaction() as cookie:
        key = cookie["family"]
    later = app_at(home, timedelta(minutes=46)).test_client()
    with later.session_transaction() as cookie:
        cookie["family"] = key
    assert later.get("/f/es/page").status_code == 403


def test_a_set_again_or_ended_letter_has_one_code(home: Home) -> None:
    with home.database.write() as session:
        row = session.get_one(PlannedMessage, home.planned_id)
        fresh = family_codes.issue(session, row, contact_ids=["c1"], student_ids=["st1"], locale="es", settings=home.settings, now=NOON)
    assert fresh is not None
    client = app_at(home).test_client()
    assert enter(client, home.link.code)[0] == 422
    assert enter(client, fresh.code)[0] == 303
    assert "Noor" in client.get("/f/es/page").text, "a letter to the mother alone shows all her children"
    with home.database.write() as session:
        family_codes.end(session, [home.planned_id], because="pulled", now=NOON)
    assert client.get("/f/es/page").status_code == 403


def test_an_unknown_count_is_said_to_be_unknown(home: Home) -> None:
    page = read(opened(home, timedelta(days=30)).get("/f/es/page").text)  # no delivery for weeks
    assert "Todavía no sabemos cuántos días ha faltado Luis" in page
    assert "6 días" not in page
    assert '<ul class="dates">' not in page


def test_pages_are_kept_nowhere_and_lead_nowhere(home: Home) -> None:
    client = opened(home)
    for address in ("/f/es", "/f/es/page", "/f/es/page/reason", "/f/es/done/thanks"):
        headers = client.get(address).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "noindex" in headers["X-Robots-Tag"]
        assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert (
        client.get("/f/xx").status_code == client.get("/f/es/page/nothing").status_code == client.get("/f/es/done/more").status_code == 404
    )


# --- what a family says ---------------------------------------------------------------------------------------------------------


def test_reasons_become_a_case_that_a_person_has_to_answer(home: Home) -> None:
    client = opened(home)
    assert say(client, "reason", child="st2", reason=["transportation", "bored", "made_up"], note="El autobús ya no pasa") == 303
    inbound, case = said(home)
    assert (inbound.intent, inbound.barrier, inbound.category) == ("barrier_report", "transportation", "barriers")
    assert inbound.body == "The bus, the ride or the walk; The lessons are boring\n\nEl autobús ya no pasa"
    assert (case.student_id, case.school_id, case.queue, case.state, case.household) == ("st2", "S1", "needs_me", "open", "c1")
    assert case.waiting_since == NOON
    assert not case.urgent


def test_a_doubled_click_is_one_report_and_an_empty_form_none(home: Home) -> None:
    client = opened(home)
    assert say(client, "reason") == 422
    assert say(client, "wrong") == 422
    assert say(client, "call", phone="12") == 422
    form = client.get("/f/es/page/reason").text
    data = {"csrf_token": token_of(form), "once": "abc", "reason": "food"}
    for _ in range(2):
        assert client.post("/f/es/page/reason", data=data).status_code == 303
    with home.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Inbound)) == 1


@pytest.mark.parametrize("fields", [{"reason": "not_safe"}, {"reason": "food", "note": "quiero morir"}], ids=["chosen", "written"])
def test_danger_takes_its_sealed_way(home: Home, fields: dict[str, str]) -> None:
    client = opened(home)
    assert say(client, "reason", child="st1", **fields) == 303
    inbound, case = said(home)
    assert (inbound.intent, inbound.urgent, case.urgent) == ("crisis", True, True)
    with home.database.read() as session:
        assert session.scalars(select(Incident)).one().case_id == case.id
        assert any(item.kind == "danger" and item.urgent for item in open_items(session, ["S1"]))
    assert "911" in client.get("/f/es/done/thanks").text


def test_a_child_of_another_household_cannot_be_named(home: Home) -> None:
    assert say(opened(home), "reason", child="st9", reason="food") == 303
    assert said(home)[1].student_id == "st1"


def test_a_call_with_times_and_a_number_and_a_wrong_day(home: Home) -> None:
    client = opened(home)
    assert say(client, "call", child="st1", time=["morning", "evening"], phone="312 555 0177") == 303
    inbound, first = said(home)
    assert inbound.intent == "request_call"
    assert (
        inbound.body
        == "Ask for a call\nIn the morning; In the early evening\nAt +13125550177, a number the family named.\nLanguage: Spanish"
    )
    assert say(client, "wrong", child="st1", note="El 5 de octubre estuvo allí") == 303
    inbound, case = said(home)
    assert (inbound.intent, case.id) == ("dispute_count", first.id)


def test_a_new_number_and_language_wait_for_a_person(home: Home) -> None:
    client = opened(home)
    assert say(client, "change", adult="c2", phone="(312) 555-0178", language="ar") == 303
    _, case = said(home)
    with home.database.read() as session:
        (father,) = district.named_adults(session, ["c2"])
        assert (father.locale, [phone.e164 for phone in father.phones]) == ("es", [FATHER]), "nothing uses them yet"
        wishes = proposals.waiting(session, case.id)
    assert [(wish.contact_id, wish.what, wish.value) for wish in wishes] == [("c2", "phone", "+13125550178"), ("c2", "language", "ar")]
    with home.database.write() as session:
        for wish, accept in zip(wishes, (True, False), strict=True):
            proposals.decide(session, session.get_one(Case, case.id), wish.id, accept=accept, by="ana@example.org", now=NOON)
    with home.database.read() as session:
        (father,) = district.named_adults(session, ["c2"])
    assert (father.locale, [phone.e164 for phone in father.phones]) == ("es", ["+13125550178", FATHER])


@pytest.mark.parametrize(
    ("adult", "what", "texts", "letters"),
    [("", "texts", {MOTHER, FATHER}, set()), ("c2", "letters", set(), {"c2"}), ("", "both", {MOTHER, FATHER}, {"c1", "c2"})],
)
def test_a_stop_holds_in_the_same_request(home: Home, adult: str, what: str, texts: set[str], letters: set[str]) -> None:
    assert say(opened(home), "stop", adult=adult, stop=what) == 303
    with home.database.read() as session:
        stopped = {phone for phone, state in consents.states(session, [MOTHER, FATHER, STRANGER]).items() if state.opted_out}
        assert (stopped, set(consents.without_letters(session))) == (texts, letters)
        here = situation_of(session, ["st1"], settings=home.settings, now=NOON)
        (draft,) = drafts(here, here.homes("st1")[0], Channel.LETTER, ["st1"])
    if letters == {"c1", "c2"}:
        assert draft.refusal == Reason.NO_LETTERS
    else:
        assert {adult.contact_id for adult in draft.adults} == {"c1", "c2"} - letters
    inbound, case = said(home)
    assert (inbound.intent, inbound.suppress, case.queue) == ("opt_out", True, "information")


def test_a_stop_in_own_words_stops_everything(home: Home) -> None:
    assert say(opened(home), "wrong", child="st1", note="No me manden más mensajes") == 303
    with home.database.read() as session:
        assert consents.state(session, MOTHER).opted_out
        assert consents.without_letters(session) == {"c1", "c2"}
    assert said(home)[1].queue == "needs_me"


def test_words_that_nobody_approved_are_not_shown(home: Home) -> None:
    with home.database.write() as session:
        for row in session.scalars(select(Approval).where(Approval.message == "family_page")):
            if row.locale == "es":
                session.delete(row)
    page = app_at(home).test_client().get("/f/es").text
    assert '<html lang="en" dir="ltr">' in page
    assert WORDS["en"]["open_intro"] in page
    assert 'class="tag-line" lang="es"' in page, "the approved line of the language stands under the English"


@pytest.mark.parametrize("locale", [one if one in {"ar", "en"} else pytest.param(one, marks=pytest.mark.long) for one in WORDS])
def test_every_page_stands_in_every_language(home: Home, locale: str) -> None:
    client = opened(home)
    for address in (
        "",
        "/page",
        "/page/reason",
        "/page/call",
        "/page/wrong",
        "/page/change",
        "/page/stop",
        "/done/thanks",
        "/done/stopped",
    ):
        page = client.get(f"/f/{locale}{address}")
        assert page.status_code == 200, address
        assert f'<html lang="{locale}"' in page.text
        assert "{{" not in page.text


def test_a_coordinator_sees_the_wish_and_uses_it_after_making_sure(home: Home) -> None:
    assert say(opened(home), "change", adult="c1", phone="(312) 555-0178") == 303
    _, case = said(home)
    with home.database.write() as session:
        people(session, NOON)
        account = accounts.by_email(session, "ana@example.org")
        assert account is not None
        key = staff.begin_session(session, account, NOON)
    ana = app_at(home).test_client()
    with ana.session_transaction() as cookie:
        cookie[SESSION_KEY] = key
    page = ana.get(f"/cases/{case.id}").text
    assert "A new number was named" in page
    assert "(312) 555-0178" in page
    wish = re.search(r"/wishes/(\d+)", page)
    assert wish is not None
    status, _, _ = send(ana, f"/cases/{case.id}", f"/cases/{case.id}/wishes/{wish[1]}", accept="1")
    assert status == 302
    assert "A new number was named" not in ana.get(f"/cases/{case.id}").text
    with home.database.read() as session:
        (mother,) = district.named_adults(session, ["c1"])
    assert [phone.e164 for phone in mother.phones] == ["+13125550178", MOTHER]
