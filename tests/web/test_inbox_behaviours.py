"""What makes an inbox safe to work in quickly, where no other test says it; docs/inbox.md has the whole list."""

from __future__ import annotations

import re

import pytest

from outreach.cases.states import Queue
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.staff import queries as staff
from tests.rules.house import ROOT
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded
from tests.web.test_inbox import listed


def test_reading_a_conversation_handles_nothing(signed_in: SignedIn, seeded: Seeded, sqlite_database: Database) -> None:
    ana = signed_in("ana")
    before = listed(ana.get("/inbox").text)
    for _ in range(2):
        ana.get(f"/cases/{seeded.omar}")
        ana.get(f"/cases/{seeded.omar}/help")
    assert listed(ana.get("/inbox").text) == before
    with sqlite_database.read() as session:
        case = session.get_one(Case, seeded.omar)
        assert (case.queue, case.waiting_since is None, case.owner_id) == (Queue.NEEDS_ME, False, None)


def test_who_answers_first_looks_after_the_family_and_the_next_one_does_not_take_it(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    for name in ("ana", "boss"):
        page = f"/cases/{seeded.omar}"
        send(signed_in(name), page, f"{page}/answer", text=f"From {name}", then="stay", once=name)
    with sqlite_database.read() as session:
        ana = staff.by_email(session, "ana@example.org")
        assert ana is not None
        assert session.get_one(Case, seeded.omar).owner_id == ana.id


def test_what_is_put_aside_is_found_by_its_words_and_in_its_queue(signed_in: SignedIn, seeded: Seeded) -> None:
    ana = signed_in("ana")
    send(ana, "/inbox", f"/cases/{seeded.omar}/note", note="Ask the clinic behind the green heron")
    send(ana, "/inbox", f"/cases/{seeded.omar}/snooze", day="2026-10-08")
    assert seeded.omar not in listed(ana.get("/inbox").text)
    assert seeded.omar in listed(send(ana, "/search", "/search", query="heron clinic")[2])
    assert listed(ana.get("/inbox?queue=snoozed").text) == [seeded.omar]


def test_a_note_and_an_answer_have_their_own_field_label_colour_and_button(signed_in: SignedIn, seeded: Seeded) -> None:
    page = signed_in("ana").get(f"/cases/{seeded.omar}").text
    answer, note = (re.search(rf"<form[^>]*/{act}\"[^>]*>.*?</form>", page, re.DOTALL) for act in ("answer", "note"))
    assert answer is not None
    assert note is not None
    assert "btn-note" in note[0]
    assert "btn-note" not in answer[0]
    for form, label, other in ((answer[0], "Answer to the family", "Note"), (note[0], "Note", "Answer to the family")):
        labels = re.findall(r"<label[^>]*>([^<]+)<", form)
        assert (label in labels, other in labels) == (True, False)
    assert "only staff see it" in page
    css = (ROOT / "outreach/web/static/tokens.css").read_text(encoding="utf-8")
    colours = [re.search(rf"\.bubble-{side}\b[^{{]*{{([^}}]*)}}", css) for side in ("note", "us")]
    assert all(colours)
    assert len({one[1] for one in colours if one}) == len(colours)


@pytest.mark.parametrize("screen", ["/inbox", "/cases/1", "/cases/2", "/students", "/call-list", "/delivery", "/cases/1/help"])
def test_no_sign_speaks_by_colour_alone(signed_in: SignedIn, seeded: Seeded, screen: str) -> None:
    page = re.sub(r'<span aria-hidden="true">.*?</span>', "", signed_in("boss").get(screen).text, flags=re.DOTALL)
    signs = re.findall(r'<(span|p) class="((?:state|tag|note-bar)\b[^"]*)"[^>]*>(.*?)</\1>', page, re.DOTALL)
    mute = [kind for _, kind, inside in signs if not re.search(r"\w", re.sub(r"<[^>]+>", " ", inside))]
    assert mute == [], "these say nothing without their colour"
    assert signs or screen not in {"/inbox", "/students", "/delivery"}, "these screens have signs, so this test looks at some"
    assert seeded.omar
