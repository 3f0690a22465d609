"""Several people at one inbox, as the pages show it: presence, collisions, drafts, putting aside, taking back."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from outreach.cases.tables import Case
from outreach.database import Database
from outreach.messages.actions import approve
from outreach.planning.tables import PlannedMessage
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded, heard
from tests.web.test_inbox import listed, planned_answers


def seen_in(html: str) -> str:
    """The last event that a conversation showed, as its answer tells it."""
    found = re.search(r'name="last" value="(\d+)" form="composer"', html)
    assert found is not None
    return found[1]


def test_colleagues_see_each_other_in_the_list_and_beside_the_conversation(signed_in: SignedIn, seeded: Seeded) -> None:
    ana, boss = signed_in("ana"), signed_in("boss")
    ana.get(f"/cases/{seeded.omar}")
    assert "Ana Reyes</bdi> is here" in boss.get("/inbox").text
    assert "Ana Reyes</bdi> has this open, too." in boss.get(f"/cases/{seeded.omar}").text
    send(ana, f"/cases/{seeded.omar}", f"/cases/{seeded.omar}/draft", text="We wi")
    _, _, told = send(boss, f"/cases/{seeded.omar}", f"/cases/{seeded.omar}/here")
    assert "Ana Reyes</bdi> is writing here now." in told
    assert "Ana Reyes</bdi> writes" in boss.get("/inbox").text
    assert "is here" not in ana.get("/inbox").text.replace("Boss Reyes</bdi> is here", "")


def test_two_people_answer_at_once_and_the_second_keeps_her_words(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    ana, boss, case = signed_in("ana"), signed_in("boss"), f"/cases/{seeded.omar}"
    shown = seen_in(ana.get(case).text)
    assert send(boss, case, f"{case}/answer", text="Boss here", last=shown)[0] == 302
    status, _, page = send(ana, case, f"{case}/answer", text="Ana here", last=shown)
    assert status == 409
    assert "Boss Reyes wrote while you were writing." in page
    assert ">Ana here</textarea>" in page
    assert "Boss here" in page
    assert ">Ana here</textarea>" in ana.get(case).text, "kept on the server"
    assert [row.body for row in planned_answers(sqlite_database)] == ["Boss here"]
    assert send(ana, case, f"{case}/answer", text="Ana here", last=seen_in(page))[0] == 302, "having read it, she may send"
    assert "Ana here</textarea>" not in ana.get(case).text


def test_a_family_that_writes_on_is_read_before_it_is_answered(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    ana, case = signed_in("ana"), f"/cases/{seeded.omar}"
    shown = seen_in(ana.get(case).text)
    with sqlite_database.write() as session:
        heard(session, session.get_one(Case, seeded.omar), "please do not text", NOON)
    status, _, page = send(ana, case, f"{case}/answer", text="Ok", last=shown)
    assert (status, "The family wrote while you were writing" in page, "please do not text" in page) == (409, True, True)


def test_nobody_takes_a_case_out_of_somebodys_hands_without_a_question(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    ana, boss, case = signed_in("ana"), signed_in("boss"), f"/cases/{seeded.omar}"
    send(ana, case, f"{case}/take", owner="")
    send(ana, case, f"{case}/draft", text="We will")
    with sqlite_database.read() as session:
        owner = str(session.get_one(Case, seeded.omar).owner_id)
    status, _, page = send(boss, case, f"{case}/take", owner=owner)
    assert (status, "Ana Reyes is writing here now." in page, "Take over all the same" in page) == (409, True, True)
    assert send(boss, case, f"{case}/take", owner=owner, sure="1")[0] == 302
    assert send(ana, case, f"{case}/take", owner=owner, give_back="1")[0] == 409, "it is no longer hers to give back"
    page = ana.get(case).text
    assert "Boss Reyes</bdi> looks after this family" in page
    assert ">We will</textarea>" in page, "another owner loses nobody's draft"


def test_drafts_are_kept_while_one_types_and_end_when_they_are_sent(signed_in: SignedIn, seeded: Seeded) -> None:
    ana, kim, case = signed_in("ana"), signed_in("kim"), f"/cases/{seeded.maria}"
    assert "2 texts" in send(ana, case, f"{case}/draft", text="x" * 161)[2]
    assert "Kept as a draft" in send(ana, case, f"{case}/draft", note="Ask transport")[2]
    page = ana.get(case).text
    assert "x" * 161 + "</textarea>" in page
    assert "Ask transport</textarea>" in page
    assert "My draft" in ana.get("/inbox").text
    assert "Ask transport" not in kim.get(case).text
    send(ana, case, f"{case}/note", note="Ask transport")
    assert "Ask transport</textarea>" not in ana.get(case).text
    send(ana, case, f"{case}/answer", text="Short", last=seen_in(page))
    assert "My draft" not in ana.get("/inbox").text


def test_what_is_put_aside_comes_back_on_its_morning_or_when_the_family_writes(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    ana, case = signed_in("ana"), f"/cases/{seeded.maria}"
    status, where, _ = send(ana, case, f"{case}/snooze", day="2026-10-08", what_then="Call the bus office")
    assert (status, where) == (302, f"/cases/{seeded.jane}")
    assert seeded.maria not in listed(ana.get("/inbox").text)
    aside = ana.get("/inbox?queue=snoozed").text
    assert (listed(aside), "back Thu, Oct 8, 8:00 am" in aside) == ([seeded.maria], True)
    page = ana.get(case).text
    assert ("Call the bus office" in page, "put aside until Thu, Oct 8, 8:00 am" in page) == (True, True)
    send(ana, case, f"{case}/wake")
    assert seeded.maria in listed(ana.get("/inbox").text)
    with sqlite_database.write() as session:
        session.get_one(Case, seeded.maria).snoozed_until = NOON - timedelta(minutes=1)
    assert seeded.maria in listed(ana.get("/inbox").text), "its time has come"


def test_a_day_that_makes_no_sense_is_refused(signed_in: SignedIn, seeded: Seeded) -> None:
    ana, case = signed_in("ana"), f"/cases/{seeded.maria}"
    for day in ("", "yesterday", "2026-10-06", "2036-01-01"):
        status, _, page = send(ana, case, f"{case}/snooze", other_day=day)
        assert (status, "Choose a day" in page) == (422, True)


def test_an_answer_waits_some_seconds_in_which_it_is_taken_back(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    ana, case = signed_in("ana"), f"/cases/{seeded.omar}"
    _, where, _ = send(ana, case, f"{case}/answer", text="Wrong family", then="next", last=seen_in(ana.get(case).text))
    [planned] = planned_answers(sqlite_database)
    assert planned.due_at == NOON, "a clock that stands still would never let it go; others wait eight seconds"
    page = ana.get(where).text
    undo = re.search(r'action="(/inbox/undo/\d+)"', page)
    assert undo is not None
    assert send(ana, where, undo[1])[1] == case, "back to the family it was for"
    with sqlite_database.read() as session:
        assert session.scalar(select(PlannedMessage.state).where(PlannedMessage.id == planned.id)) == "cancelled"
    page = ana.get(case).text
    assert ">Wrong family</textarea>" in page
    assert seeded.omar in listed(ana.get("/inbox").text)
    assert undo[1] not in page, "once"
    assert send(ana, case, undo[1])[1] == "/inbox"
    assert "nothing to take back" in ana.get("/inbox").text


def test_closing_is_taken_back_too_and_only_by_who_did_it(signed_in: SignedIn, seeded: Seeded) -> None:
    ana, boss, case = signed_in("ana"), signed_in("boss"), f"/cases/{seeded.maria}"
    _, where, _ = send(ana, case, f"{case}/close")
    undo = re.search(r'action="(/inbox/undo/\d+)"', ana.get(where).text)
    assert undo is not None
    send(boss, "/inbox", undo[1])
    assert seeded.maria not in listed(boss.get("/inbox").text)
    send(ana, "/inbox", undo[1])
    assert seeded.maria in listed(ana.get("/inbox").text)


def test_counts_stand_at_every_queue_and_every_owner(signed_in: SignedIn, seeded: Seeded) -> None:
    ana = signed_in("ana")
    send(ana, "/inbox", f"/cases/{seeded.maria}/take")
    send(ana, "/inbox", f"/cases/{seeded.omar}/snooze", day="2026-10-08")
    counts = re.findall(r'>([^<>]+) <span class="count">(\d+)</span>', ana.get("/inbox").text)
    assert dict(counts) == {
        "Needs me": "2",
        "With the family": "0",
        "Put aside": "1",
        "For your information": "1",
        "Team": "2",
        "Mine": "1",
        "Nobody&#39;s": "1",
    }


def test_one_school_of_several_is_a_list_of_its_own(signed_in: SignedIn, seeded: Seeded) -> None:
    boss, ana = signed_in("boss"), signed_in("ana")
    assert listed(boss.get("/inbox?school=S2").text) == [seeded.wei]
    assert f'href="/cases/{seeded.wei}?school=S2"' in boss.get("/inbox?school=S2").text
    assert listed(ana.get("/inbox?school=S2").text) == [], "another school's cases are nobody else's, whatever the address says"
    assert "School</label>" not in ana.get("/inbox").text


def test_who_answered_and_went_on_is_here_no_more(signed_in: SignedIn, seeded: Seeded) -> None:
    ana, boss, case = signed_in("ana"), signed_in("boss"), f"/cases/{seeded.omar}"
    send(ana, case, f"{case}/answer", text="Done", last=seen_in(ana.get(case).text))
    assert "Ana Reyes</bdi> is here" not in boss.get("/inbox?queue=answered").text


def test_saved_replies_are_approved_words_in_the_familys_language_filled_but_for_the_note(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    ana, case = signed_in("ana"), f"/cases/{seeded.maria}"
    assert "Saved replies</summary>" not in ana.get(case).text, "nobody approved any"
    with sqlite_database.write() as session:
        approve(session, message=["positive_news", "correction"], language=None, by="rosa@example.org", now=NOON)
    page = ana.get(case).text
    assert "Positive news" in page
    assert "Buenas noticias de Luis: {{ note }}" in page
    assert "Good news about Luis: {{ note }}" in page, "and what it says"
    assert "Correction</strong>" not in page, "a number enters a text only as it leaves"
    _, _, page = send(ana, case, f"{case}/saved/positive_news", text="Hola.")
    assert re.search(r">Hola\.\n.*Buenas noticias de Luis: \{\{ note \}\}", page), "without script it stands under what was typed"
    status, _, page = send(ana, case, f"{case}/answer", text="Es sobre {{ note }}")
    assert (status, "still empty" in page) == (422, True)


def test_beside_the_thread_stand_the_last_contacts_the_ladder_and_what_is_in_the_way(signed_in: SignedIn, seeded: Seeded) -> None:
    page = signed_in("ana").get(f"/cases/{seeded.maria}").text
    for words in (
        "In the way",
        "Getting to school",
        "Last contacts",
        "The family wrote",
        "Text: count",
        "Ladder: text at 5",
        "waits for its release",
    ):
        assert words in page
    assert page.count("The family wrote") <= 5
