"""The lists, one case, and what a person can do about it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from outreach.cases.tables import Case, CaseEvent
from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.planning.tables import PlannedMessage
from outreach.staff import queries as staff
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import ARABIC, HOSTILE, MARIA, Seeded, case_of, heard


def listed(html: str) -> list[int]:
    """Case ids in the order of the list."""
    return [int(found) for found in re.findall(r'id="case-(\d+)"', html)]


def planned_answers(database: Database) -> list[PlannedMessage]:
    with database.read() as session:
        return list(session.scalars(select(PlannedMessage).where(PlannedMessage.once_key.startswith("answer:"))))


def test_urgent_comes_first_then_who_waits_longest(signed_in: SignedIn, seeded: Seeded) -> None:
    html = signed_in("boss").get("/inbox").text
    assert listed(html)[:3] == [seeded.jane, seeded.omar, seeded.wei]
    assert "Urgent" in html, "said in words, not by colour alone"


def test_a_coordinator_sees_cases_of_her_school_only(signed_in: SignedIn, seeded: Seeded) -> None:
    assert listed(signed_in("ana").get("/inbox").text) == [seeded.jane, seeded.omar, seeded.maria]
    assert listed(signed_in("raj").get("/inbox").text) == [seeded.wei]


def test_what_asks_for_nobody_stands_apart(signed_in: SignedIn) -> None:
    client = signed_in("ana")
    page = client.get("/inbox?queue=information").text
    assert "thank you!" in page
    assert "hurt himself" not in page
    assert listed(client.get("/inbox?queue=nonsense&whose=nonsense").text) == listed(client.get("/inbox").text)


def test_the_address_holds_the_list(signed_in: SignedIn, seeded: Seeded) -> None:
    client = signed_in("ana")
    assert listed(client.get("/inbox?whose=mine").text) == []
    assert send(client, f"/cases/{seeded.omar}", f"/cases/{seeded.omar}/take", whose="mine")[1] == f"/cases/{seeded.omar}?whose=mine"
    assert listed(client.get("/inbox?whose=mine").text) == [seeded.omar]
    assert seeded.omar not in listed(client.get("/inbox?whose=unassigned").text)
    send(client, f"/cases/{seeded.omar}", f"/cases/{seeded.omar}/take", give_back="1")
    assert listed(client.get("/inbox?whose=mine").text) == []


def test_a_child_over_a_threshold_waits_under_its_own_name(signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        case = case_of(session, NOON, student_id="st1", waiting_since=None, opened_because="crossing: letter_20").id
    client = signed_in("ana")
    for page in ("/inbox", f"/cases/{case}"):
        html = client.get(page).text
        assert "Over the threshold letter 20: the rule asks for a person." in html
        assert "<bdi>Luis Lopez</bdi>" in html
    assert "There is no number to text" in html


def test_long_lists_have_pages(signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        for n in range(80):
            case_of(session, NOON - timedelta(days=1, minutes=n), waiting_since=NOON - timedelta(days=1, minutes=n))
    client = signed_in("ana")
    seen = [listed(client.get(f"/inbox?page={page}").text) for page in (1, 2, 3)]
    assert [len(ids) for ids in seen] == [40, 40, 3]
    assert len({case for ids in seen for case in ids}) == 83


def test_the_first_page_asks_the_database_few_questions(signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        for n in range(60):
            case = case_of(session, NOON, phone=f"+1312555{n + 100:04d}", contact_id="c1", student_id="st1")
            heard(session, case, "hello", NOON)
    client = signed_in("ana")
    asked: list[str] = []
    event.listen(sqlite_database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert client.get("/inbox").status_code == 200
    questions = [statement for statement in asked if not statement.startswith("BEGIN")]
    assert 5 < len(questions) <= 15


def test_the_conversation_shows_every_side_and_what_became_of_our_words(signed_in: SignedIn, seeded: Seeded) -> None:
    html = signed_in("ana").get(f"/cases/{seeded.maria}").text
    html = html[html.index('class="thread"') :]
    order = [
        html.index(words) for words in ("Luis ha faltado", "el autobús no pasa", "Voy a llamar", "route 14 was changed", "¿Cuándo empieza?")
    ]
    assert order == sorted(order)
    for side in ("bubble-family", "bubble-us", "bubble-automatic", "bubble-note"):
        assert side in html
    assert "Note, only staff see it" in html
    assert html.count("Delivered") == 2


def test_right_to_left_words_find_their_own_direction(signed_in: SignedIn, seeded: Seeded) -> None:
    html = signed_in("ana").get(f"/cases/{seeded.omar}").text
    assert f'lang="ar" dir="rtl">{ARABIC}<' in html


def test_beside_the_thread_stands_everything_about_the_child(signed_in: SignedIn, seeded: Seeded) -> None:
    html = signed_in("ana").get(f"/cases/{seeded.maria}").text
    for words in (
        "Luis Lopez",
        "Grade 3",
        "Lincoln Elementary",
        "Spanish at home",
        "<strong>6</strong> of",
        "Chronic: 10 %",
        "excused",
        "unexcused",
    ):
        assert words in html
    assert "(312) 555-0142" in html
    assert "may be texted" in html


def test_a_sibling_elsewhere_is_counted_and_not_named(signed_in: SignedIn, seeded: Seeded) -> None:
    mine, whole = signed_in("ana").get(f"/cases/{seeded.maria}").text, signed_in("boss").get(f"/cases/{seeded.maria}").text
    assert "Elena" not in mine
    assert "And 1 more child at a school that is not one of yours" in mine
    assert "Elena" in whole


def test_an_answer_is_planned_and_the_next_case_opens(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    client = signed_in("ana")
    status, where, _ = send(client, "/inbox", f"/cases/{seeded.omar}/answer", text="  We call you today.  ", then="next", once="k1")
    assert (status, where) == (302, f"/cases/{seeded.maria}")
    [answer] = planned_answers(sqlite_database)
    assert (answer.body, answer.phone, answer.message_class, answer.created_by) == (
        "We call you today.",
        "+13125550143",
        "answer",
        "ana@example.org",
    )
    assert seeded.omar not in listed(client.get("/inbox").text)
    assert listed(client.get("/inbox?queue=answered").text) == [seeded.omar]
    assert "We call you today." in client.get(f"/cases/{seeded.omar}").text


def test_send_stays_and_the_last_case_leads_back_to_the_list(signed_in: SignedIn, seeded: Seeded) -> None:
    client = signed_in("raj")
    assert send(client, "/inbox", f"/cases/{seeded.wei}/answer", text="Ok", then="stay")[1] == f"/cases/{seeded.wei}"
    heard_again = send(client, "/inbox", f"/cases/{seeded.wei}/answer", text="Ok again", then="next")
    assert heard_again[1] == "/inbox"


def test_send_and_next_goes_down_the_list_and_then_to_its_top(signed_in: SignedIn, seeded: Seeded) -> None:
    client = signed_in("ana")
    assert send(client, "/inbox", f"/cases/{seeded.maria}/answer", text="Ok", then="next")[1] == f"/cases/{seeded.jane}"
    assert send(client, "/inbox", f"/cases/{seeded.jane}/answer", text="Ok", then="next")[1] == f"/cases/{seeded.omar}"


def test_a_doubled_click_is_one_message(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    client = signed_in("ana")
    for _ in range(2):
        assert send(client, "/inbox", f"/cases/{seeded.omar}/answer", text="Once", once="same")[0] == 302
    assert len(planned_answers(sqlite_database)) == 1


@pytest.mark.parametrize(("text", "why"), [("   ", "Write something"), ("x" * 1601, "too long for one text")])
def test_an_empty_or_endless_answer_is_refused_and_kept(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database, text: str, why: str
) -> None:
    status, _, page = send(signed_in("ana"), "/inbox", f"/cases/{seeded.omar}/answer", text=text)
    assert (status, why in page) == (422, True)
    assert text.strip() in page
    assert planned_answers(sqlite_database) == []


def test_who_opted_out_is_not_offered_a_text(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        consent.record(session, MARIA, Kind.OPT_OUT, source=Source.FAMILY, by="text", now=NOON)
    html = signed_in("ana").get(f"/cases/{seeded.maria}").text
    assert "asked for no more texts" in html
    assert "Send and next" not in html
    assert "Opted out: the family asked for no more texts" in html


def test_a_note_stays_with_staff(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    client = signed_in("kim")
    assert send(client, f"/cases/{seeded.maria}", f"/cases/{seeded.maria}/note", note="Called the bus office")[0] == 302
    assert "Called the bus office" in client.get(f"/cases/{seeded.maria}").text
    assert send(client, f"/cases/{seeded.maria}", f"/cases/{seeded.maria}/note", note=" ")[0] == 422
    assert planned_answers(sqlite_database) == []


def test_a_clerk_may_note_but_neither_answer_nor_close(signed_in: SignedIn, seeded: Seeded) -> None:
    client = signed_in("kim")
    html = client.get(f"/cases/{seeded.maria}").text
    assert "Send and next" not in html
    for act in ("answer", "close", "take", "reopen"):
        assert send(client, f"/cases/{seeded.maria}", f"/cases/{seeded.maria}/{act}", text="x")[0] == 403


def test_a_case_is_closed_and_opened_again_by_a_person(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    client = signed_in("ana")
    status, where, _ = send(client, f"/cases/{seeded.maria}", f"/cases/{seeded.maria}/close")
    assert (status, where) == (302, f"/cases/{seeded.jane}")
    assert seeded.maria not in listed(client.get("/inbox").text)
    closed = client.get(f"/cases/{seeded.maria}?queue=closed").text
    assert "Open again" in closed
    assert "Send and next" not in closed
    assert send(client, "/inbox", f"/cases/{seeded.maria}/reopen")[0] == 302
    assert seeded.maria in listed(client.get("/inbox").text)
    with sqlite_database.read() as session:
        assert session.get_one(Case, seeded.maria).closed_by == ""
        kinds = session.scalars(select(CaseEvent.kind).where(CaseEvent.case_id == seeded.maria).order_by(CaseEvent.id)).all()
        assert kinds[-2:] == ["closed", "reopened"]
        assert {"case.closed", "case.reopened"} <= set(session.scalars(select(AuditEntry.action)))


def test_a_closed_case_with_a_newer_open_one_is_not_opened_again(signed_in: SignedIn, seeded: Seeded) -> None:
    status, _, page = send(signed_in("ana"), "/inbox", f"/cases/{seeded.done}/reopen")
    assert (status, "newer open case" in page) == (422, True)


def test_a_closed_case_cannot_be_answered(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    status, _, page = send(signed_in("ana"), "/inbox", f"/cases/{seeded.done}/answer", text="late")
    assert (status, "closed" in page) == (422, True)
    assert planned_answers(sqlite_database) == []


@pytest.mark.parametrize("act", ["", "/live", "/answer", "/note", "/take", "/close", "/reopen", "/draft", "/here", "/snooze", "/wake"])
def test_a_case_of_another_school_does_not_exist(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database, act: str) -> None:
    client = signed_in("raj")
    if act in {"", "/live"}:
        assert client.get(f"/cases/{seeded.maria}{act}").status_code == 404
    else:
        assert send(client, "/inbox", f"/cases/{seeded.maria}{act}", text="x", note="x")[0] == 404
    assert client.get("/cases/424242").status_code == 404
    with sqlite_database.read() as session:
        case = session.get_one(Case, seeded.maria)
        assert (case.state, case.owner_id) == ("open", None)
    assert planned_answers(sqlite_database) == []


def test_a_waiting_page_is_told_only_of_changes(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    client = signed_in("ana")
    page = client.get(f"/cases/{seeded.omar}").text
    addresses = [address.replace("&amp;", "&") for address in re.findall(r'hx-get="([^"]+)"', page)]
    seals = re.findall(r'name="seen" value="(\w+)"', page)
    shelf, thread = (f"{address}{'&' if '?' in address else '?'}seen={seal}" for address, seal in zip(addresses, seals, strict=True))
    assert [client.get(address).status_code for address in (shelf, thread)] == [204, 204]
    with sqlite_database.write() as session:
        heard(session, session.get_one(Case, seeded.omar), f"one more {HOSTILE}", NOON)
        case_of(session, NOON - timedelta(days=1))
    fresh = client.get(thread)
    assert (fresh.status_code, "one more &lt;script&gt;" in fresh.text) == (200, True)
    news = client.get(shelf).text
    assert '<div id="news" class="visually-hidden" role="status" hx-swap-oob="innerHTML">4 need you' in news


def test_typed_words_are_measured_as_texts(signed_in: SignedIn, seeded: Seeded) -> None:
    client = signed_in("ana")
    for words, told in [
        ("Hello", "1 text · 5 characters"),
        ("x" * 161, "2 texts · 161"),
        ("你" * 71, "2 texts"),
        ("", ""),
        ("x" * 1601, "Too long"),
    ]:
        _, _, said = send(client, "/inbox", f"/cases/{seeded.omar}/draft", text=words)
        assert told in said
        assert said.strip() == "" or told


def test_who_took_a_case_is_shown_to_the_others(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    ana = signed_in("ana")
    send(ana, "/inbox", f"/cases/{seeded.omar}/take")
    boss = signed_in("boss").get(f"/cases/{seeded.omar}").text
    assert "Ana Reyes looks after it" in boss
    assert "Take over" in boss
    assert "Give back" in ana.get(f"/cases/{seeded.omar}").text
    with sqlite_database.read() as session:
        account = staff.by_email(session, "ana@example.org")
        assert account is not None
        assert session.get_one(Case, seeded.omar).owner_id == account.id
