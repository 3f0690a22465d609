"""The pages of blocks and of the feed's restriction words: who may do what, what is kept, and what nobody else reads."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from outreach.consent import blocks, queries
from outreach.consent.states import BlockKind
from outreach.database import Database
from outreach.district.tables import StudentContact
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.staff.tables import AuditEntry
from outreach.web import whys
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send, token_of
from tests.web.seed import LINCOLN

PAPER = b"%PDF-1.7\norder 12 D 345"
FORM = "/blocks/new?adult=c2"
NIGHTS = "works nights"


@pytest.fixture
def ana(signed_in: SignedIn) -> FlaskClient:
    return signed_in("ana")


def a_principal(database: Database) -> None:
    with database.write() as session:
        account = staff.add_account(
            session, email="pat@example.org", name="Pat", role=Role.SCHOOL_ADMINISTRATOR, schools=[LINCOLN], now=NOON
        )
        account.password_hash = "x"


def place(browser: FlaskClient, page: str = FORM, paper: bytes = b"", **fields: str) -> tuple[int, str]:
    form = {"csrf_token": token_of(browser.get(page).text), "kind": "no_contact", "reason": "Order 12 D 345", **fields}
    answer = browser.post(page, data={**form, "paper": (BytesIO(paper), "order.pdf")}, content_type="multipart/form-data")
    return answer.status_code, answer.text


def test_a_block_is_placed_on_its_paper_looked_at_and_lifted(ana: FlaskClient, signed_in: SignedIn, sqlite_database: Database) -> None:
    found = send(ana, "/blocks/new", "/blocks/find", query="Haddad")[2]
    assert 'href="/blocks/new?adult=c2"' in found
    assert place(ana, paper=PAPER, child="st3", ends_on="2027-06-30", review_on="2026-12-01")[0] == 302
    with sqlite_database.read() as session:
        [row] = blocks.of_contact(session, "c2")
        assert queries.block(session, "st3", "c2") == queries.BLOCKED
    assert (row.kind, row.student_id, row.ends_on, row.placed_by) == (BlockKind.NO_CONTACT, "st3", date(2027, 6, 30), "ana@example.org")
    shown = ana.get("/blocks").text
    assert "Omar Haddad" in shown
    assert "Yusuf Haddad" in shown
    assert "Open the paper" not in shown, "who places blocks does not open papers"
    assert ana.get(f"/blocks/{row.id}/paper").status_code == 403
    a_principal(sqlite_database)
    pat = signed_in("pat")
    answer = pat.get(f"/blocks/{row.id}/paper")
    assert (answer.data, answer.headers["Content-Type"]) == (PAPER, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert send(pat, "/blocks", f"/blocks/{row.id}/look", review_on="2027-02-01")[0] == 302
    assert send(pat, "/blocks", f"/blocks/{row.id}/lift", why=" ")[0] == 302
    with sqlite_database.read() as session:
        assert queries.block(session, "st3", "c2") == queries.BLOCKED, "no block ends without a reason"
    send(pat, "/blocks", f"/blocks/{row.id}/lift", why="The court ended it, 12 D 377")
    with sqlite_database.read() as session:
        assert queries.block(session, "st3", "c2") is None
        done = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("block."))))
    assert done == ["block.placed", "block.paper_seen", "block.looked_at", "block.lifted"]
    assert "The court ended it" in pat.get("/blocks").text


@pytest.mark.parametrize(
    ("changed", "paper", "why"),
    [
        ({"kind": "spite"}, b"", "Say what kind of block it is"),
        ({"reason": " "}, b"", "which paper or whose word"),
        ({}, b"MZ\x90\x00 a program", "The paper must be a PDF or a picture."),
        ({"begins_on": "2026-10-02", "ends_on": "2026-10-01"}, PAPER, "The paper ends before it begins"),
    ],
)
def test_what_does_not_make_a_block_says_why_and_keeps_nothing(
    ana: FlaskClient, sqlite_database: Database, settings: Settings, changed: dict[str, str], paper: bytes, why: str
) -> None:
    status, shown = place(ana, paper=paper, **changed)
    assert (status, why in shown) == (422, True)
    with sqlite_database.read() as session:
        assert not blocks.of_contact(session, "c2")
    assert not list((settings.home / "documents").glob("*")), "a paper of no block is kept nowhere"


def test_a_second_block_of_a_kind_is_refused_and_its_paper_dropped(ana: FlaskClient, settings: Settings) -> None:
    assert place(ana)[0] == 302
    status, shown = place(ana, paper=PAPER)
    assert (status, "The same block stands already" in shown) == (422, True)
    assert not list((settings.home / "documents").glob("*"))


def test_only_ones_own_families_are_blocked_and_only_their_blocks_read(ana: FlaskClient, sqlite_database: Database) -> None:
    assert ana.get("/blocks/new?adult=c4").status_code == 404
    assert place(ana, child="st5")[0] == 404, "a child of another school"
    with sqlite_database.write() as session:
        blocks.place(session, "c4", reason="an order of Roosevelt", by="x", now=NOON)
        blocks.place(session, "c1", reason="an order about Elena", by="x", now=NOON, student_id="st2")
    shown = ana.get("/blocks").text + ana.get("/blocks/new?adult=c1").text
    assert "order of Roosevelt" not in shown
    assert "about Elena" not in shown, "Maria's other child is at another school"
    assert "Wei Chen" not in send(ana, "/blocks/new", "/blocks/find", query="Chen")[2]


def test_one_decision_reads_a_text_for_everybody_and_changed_text_blocks_again(
    signed_in: SignedIn, ana: FlaskClient, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        session.execute(update(StudentContact).values(restriction=NIGHTS))
    assert "3 adults hear nothing" in ana.get("/blocks").text
    shown = ana.get("/restrictions").text
    assert f"“{NIGHTS}”" in shown
    assert "Wei Chen" not in shown
    assert "may hear</button>" not in shown, "a coordinator reads; an administrator decides"
    boss = signed_in("boss")
    assert send(boss, "/restrictions", "/restrictions", words=NIGHTS, verdict="maybe")[0] == 400
    assert send(boss, "/restrictions", "/restrictions", words=NIGHTS, verdict="clear")[0] == 302
    with sqlite_database.write() as session:
        assert queries.block(session, "st3", "c2") is None
        session.execute(update(StudentContact).where(StudentContact.contact_id == "c2").values(restriction="no contact, see file"))
    with sqlite_database.read() as session:
        assert queries.block(session, "st3", "c2") == queries.RESTRICTED, "nobody has read the new words"
        [noted] = session.scalars(select(AuditEntry).where(AuditEntry.action == "restriction.decided"))
    assert noted.detail == {"forbids": False, "for_all": False, "ties": 5}
    assert NIGHTS not in str(noted.detail), "the words may tell of a family"
    a_principal(sqlite_database)
    pat = signed_in("pat")
    assert "whenever it comes" not in pat.get("/restrictions").text, "only the whole district decides for whoever comes"
    assert send(pat, "/restrictions", "/restrictions", words="no contact, see file", verdict="forbids")[0] == 302
    assert "1 hears nothing" in pat.get("/restrictions").text


def test_a_held_message_leads_to_the_page_where_a_block_is_lifted() -> None:
    assert {whys.of(reason).page for reason in (queries.BLOCKED, queries.RESTRICTED, "blocked contact")} == {"blocks.page"}
