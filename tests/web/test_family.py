"""The family page: what a letter's code opens, to whom, and what becomes of what a family says there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from outreach.attention.queries import open_items
from outreach.consent import blocks
from outreach.delivery import family_codes
from outreach.delivery.family_tables import FamilyCode, FamilyTry, FamilyVisit
from outreach.messages.page_words import wordings
from outreach.messages.pairs import current_pairs
from outreach.messages.tables import Approval
from outreach.planning.tables import PlannedMessage
from tests.conftest import NOON
from tests.web import family_home
from tests.web.conftest import token_of
from tests.web.family_home import Home, app_at, enter, opened, read

WORDS = {pair.locale: wordings(pair.translation) for _, pair in current_pairs() if pair.message == "family_page"}


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
        blocks.place(session, "c2", reason="custody", by="boss", now=NOON)
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


@pytest.mark.long
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
        blocks.place(session, "c2", student_id="st1", reason="custody", by="boss", now=NOON)
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


def test_a_form_that_was_open_for_too_long_says_so_in_the_familys_language(home: Home) -> None:
    answer = app_at(home).test_client().post("/f/es", data={"code": home.link.code, "csrf_token": "forged"})
    assert answer.status_code == 400
    assert WORDS["es"]["stale"] in answer.text
