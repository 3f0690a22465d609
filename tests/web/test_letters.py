"""The pages of letters: a batch looked at, released, taken back and pulled, and mail that came back."""

from __future__ import annotations

from sqlalchemy import select

from outreach.attention.queries import open_items
from outreach.database import Database
from outreach.delivery.letter_tables import LetterBatch, LetterPull
from outreach.district import corrections
from outreach.district.overlays import Act
from outreach.district.people import Address
from outreach.district.queries import load_adults
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.post import letters_due, printed


def test_a_batch_is_released_looked_through_and_taken_back(signed_in: SignedIn, sqlite_database: Database, settings: Settings) -> None:
    letters_due(sqlite_database, settings)
    boss = signed_in("boss")
    assert "Release a batch" in boss.get("/letters").text

    status, where, _ = send(boss, "/letters", "/letters/prepare")
    assert (status, where) == (302, "/letters/1")
    page = boss.get("/letters/1").text
    assert "Released" in page
    assert "$" in page
    for link in ("batch.pdf", "sample-es.pdf", "part-1.pdf"):
        assert boss.get(f"/letters/1/{link}").data.startswith(b"%PDF"), link
    assert boss.get("/letters/calibration.pdf").data.startswith(b"%PDF")
    assert boss.get("/letters/1/manifest.csv").text.startswith("letter_id,page,student_ids")
    assert [boss.get(f"/letters/{path}").status_code for path in ("9", "9/batch.pdf", "1/part-9.pdf", "1/sample-xx.pdf")] == [404] * 4
    with sqlite_database.read() as session:
        assert "letters:1" not in [item.key for item in open_items(session, None)], "who downloads the batch has its files"

    send(boss, "/letters/1", "/letters/1/revoke", why="wrong words")
    page = boss.get("/letters/1").text
    assert "wrong words" in page
    assert "nothing prints them until you decide" in page
    assert boss.get("/letters/1/batch.pdf").status_code == 404
    send(boss, "/letters/1", "/letters/1/settle", again="yes")
    with sqlite_database.read() as session:
        assert session.get_one(LetterBatch, 1).revoked_by == "boss@example.org"
    assert "Release a batch" in boss.get("/letters").text


def test_a_letter_to_pull_is_named_with_its_page_and_settled(signed_in: SignedIn, sqlite_database: Database, settings: Settings) -> None:
    posted = printed(sqlite_database, settings)
    with sqlite_database.write() as session:
        corrections.correct_address(session, "c1", Address("9 Elm St", "", "Chicago", "IL", "60602"), Act("ana", NOON))
    boss = signed_in("boss")
    send(boss, f"/letters/{posted.batch}", f"/letters/{posted.batch}/look")
    page = boss.get(f"/letters/{posted.batch}").text
    assert "The address changed" in page
    assert "1 to pull" in boss.get("/letters").text

    with sqlite_database.read() as session:
        planned_id = session.scalars(select(LetterPull.planned_id)).one()
    send(boss, f"/letters/{posted.batch}", f"/letters/{posted.batch}/pull/{planned_id}", outcome="pulled")
    assert "boss@example.org" in boss.get(f"/letters/{posted.batch}").text
    assert "Somebody has settled" in boss.get(send(boss, "/letters", f"/letters/{posted.batch}/pull/{planned_id}", outcome="gone")[1]).text


def test_a_letter_that_came_back_leads_to_a_new_address(signed_in: SignedIn, sqlite_database: Database, settings: Settings) -> None:
    posted = printed(sqlite_database, settings)
    boss = signed_in("boss")
    planned_id, number = next(iter(posted.letters.items()))
    _, where, _ = send(boss, "/returned-mail", "/returned-mail", number=number)
    assert where == f"/returned-mail/{planned_id}"
    assert "Where they live now" in boss.get(where).text
    assert number in boss.get("/returned-mail").text

    assert "needs a street" in boss.get(send(boss, where, f"{where}/address", line1="9 Elm St")[1]).text
    _, _, written = send(boss, where, f"{where}/address", line1="9 North Elm Street", city="Chicago", state="IL", postal_code="60602")
    assert "9 N ELM ST" in written, "the post's way is offered"
    assert 'value="9 North Elm Street"' in written, "and so is what was typed"
    assert number in boss.get("/returned-mail").text, "nothing is applied before a person has chosen"
    send(boss, where, f"{where}/address", line1="9 Elm St", city="Chicago", state="IL", postal_code="60602")
    with sqlite_database.read() as session:
        row = session.get_one(PlannedMessage, planned_id)
        assert (row.state, row.reason) == ("undelivered", "returned by the post")
        [adult] = [adult for adult in load_adults(session, row.student_ids) if adult.contact_id == row.contact_id]
        assert adult.address.line1 == "9 Elm St"
    assert "No returned letter waits" in boss.get("/returned-mail").text

    send(boss, where, f"{where}/large-print", large="yes")
    assert "Usual print from now on" in boss.get(where).text


def test_nobody_notes_or_sees_the_letter_of_another_school(signed_in: SignedIn, sqlite_database: Database, settings: Settings) -> None:
    posted = printed(sqlite_database, settings)
    with sqlite_database.read() as session:
        schools = {planned_id: session.get_one(PlannedMessage, planned_id).school_id for planned_id in posted.letters}
    ana = signed_in("ana")
    others = [planned_id for planned_id, school in schools.items() if school != "S1"]
    for planned_id in others:
        assert ana.get(f"/returned-mail/{planned_id}").status_code == 404
        _, where, _ = send(ana, "/returned-mail", "/returned-mail", number=posted.letters[planned_id])
        assert where == "/returned-mail"
    assert ana.get("/letters").status_code == 403
    assert "No printed letter" in ana.get(send(ana, "/returned-mail", "/returned-mail", number="L999999")[1]).text
