"""A child's whole record: what is held, what one asking parent is given, and what stays closed until a records officer decides."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.help_tables import Barrier
from outreach.cases.tables import Case, CaseEvent
from outreach.consent import blocks
from outreach.consent.states import BlockKind
from outreach.database import Database
from outreach.district.tables import Contact, ContactPhone, Student, StudentContact
from outreach.records.tables import Disclosure, KeptLogError, RecordDecision
from outreach.replies.tables import Inbound
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send, token_of
from tests.web.seed import MARIA, case_of, heard, told

PEDRO, LATER = "+13125550147", NOON + timedelta(minutes=5)
HERS, HIS, SEALED, STREET = "No se lo diga a Pedro", "Pedro wrote this himself", "They sleep in the car", "77 Hidden Lane"


@pytest.fixture
def officer(signed_in: SignedIn, sqlite_database: Database) -> FlaskClient:
    """A records officer; and Luis's father, who lives elsewhere, beside the mother with a protected address and a sealed reason."""
    with sqlite_database.write() as session:
        staff.add_account(session, email="rec@example.org", name="Rec Officer", role=Role.RECORDS_OFFICER, schools=[], now=NOON)
        _father(session)
        mother = session.get_one(Contact, "c1")
        mother.address_line1, mother.city = STREET, "Lincoln"
        blocks.place(session, "c1", reason="ACP letter 9", by="boss@example.org", now=NOON, kind=BlockKind.ADDRESS)
        hers = session.scalars(select(Case).where(Case.phone == MARIA)).one()
        heard(session, hers, HERS, LATER)
        hers.sealed_since = NOON
        barrier = Barrier(
            case_id=hers.id, reason="housing", sealed=True, urgent=False, severity="not_said", said_by="family", words=SEALED,
            heard_at=NOON, inbound_id=None, confirmed_by="", state="open", said_yes_at=None, closed_at=None, closed_by="", closed_why="",
        )  # fmt: skip
        session.add(barrier)
        _note(session, hers, SEALED, LATER)
        his = case_of(session, NOON, phone=PEDRO, contact_id="c9", student_id="st1", open_key=f"phone:{PEDRO}")
        heard(session, his, HIS, NOON)
        told(session, PEDRO, NOON, body="Luis has missed 6 days.", contact_id="c9", student_ids=["st1"])
        _note(session, his, "He will call the bus company", NOON)
    return signed_in("rec")


def _father(session: Session) -> None:
    fed: dict[str, Any] = {"source": "seed", "import_id": 1, "line": 9}
    empty = dict.fromkeys(("email", "address_line2", "state", "postal_code"), "")
    session.add(
        Contact(
            contact_id="c9", first_name="Pedro", last_name="Lopez", language="Spanish", locale="es", address_line1="5 Open Road",
            city="Lincoln", gone_import_id=None, **empty, **fed,
        )
    )  # fmt: skip
    phone = ContactPhone(contact_id="c9", phone=PEDRO, e164=PEDRO, type="mobile", can_text=True, priority=1, given_by="", **fed)
    phone.given_on, phone.verified_on, phone.consent = None, None, None
    tie = StudentContact(student_id="st1", contact_id="c9", relation="Father", restriction="", **fed)
    tie.primary, tie.priority, tie.lives_with, tie.may_receive = None, 2, False, None
    session.add_all((phone, tie))


def _note(session: Session, case: Case, text: str, at: Any) -> None:
    session.add(CaseEvent(case_id=case.id, at=at, kind="note", by="ana@example.org", text=text, inbound_id=None, planned_id=None))


def opened(browser: FlaskClient, **fields: str) -> str:
    page = "/records/child?child=st1"
    status, where, shown = send(browser, page, page, **{"contact": "c9", "basis": "parent", "purpose": "He asked in writing", **fields})
    assert status == 302, shown
    return where


def given(browser: FlaskClient, page: str) -> dict[str, str]:
    """Every file inside the one that is handed over."""
    answer = browser.post(f"{page}/give", data={"csrf_token": token_of(browser.get(page).text)})
    assert answer.mimetype == "application/zip", answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def test_the_file_holds_the_child_and_the_asking_contacts_own_thread_and_nothing_of_anybody_else(
    officer: FlaskClient, sqlite_database: Database
) -> None:
    files = given(officer, opened(officer))
    whole = "".join(files.values())
    for mine in (
        "Luis",
        "Lincoln Elementary",
        "days missed",
        HIS,
        "Luis has missed 6 days.",
        "He will call the bus company",
        "5 Open Road",
    ):
        assert mine in files["record.html"], mine
        assert mine in files["record.json"], mine
    theirs = (HERS, SEALED, STREET, MARIA, "autobús", "Gracias", "route 14", "Housing", "ACP letter", "Maria", "Sealed", "sealed")
    assert not [word for word in theirs if word in whole]
    record = json.loads(files["record.json"])
    kinds = {one["what"]: one["entries"] for one in record["withheld"]}
    assert set(kinds) == {
        "Something another person wrote or was told", "An entry of the staff that is closed", "How another adult is reached",
        "A paper on file",
    }  # fmt: skip
    with sqlite_database.read() as session:
        [row] = session.scalars(select(Disclosure))
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "record.disclosed"))
    assert (row.student_id, row.contact_id, row.basis, len(row.sha256)) == ("st1", "c9", "parent", 64)
    assert entry.detail["sha256"] == row.sha256


def test_a_decision_gives_one_entry_with_its_reason_and_a_sealed_one_is_read_on_record(
    officer: FlaskClient, sqlite_database: Database
) -> None:
    page = opened(officer)
    shown = officer.get(page).text
    assert "Transport says" in shown, "who decides reads what it is about"
    assert HERS not in shown, "her words in a sealed conversation are opened one by one"
    assert SEALED not in shown
    with sqlite_database.read() as session:
        keys = {row.body: f"text:{row.id}" for row in session.scalars(select(Inbound))}
        [barrier] = session.scalars(select(Barrier.id).where(Barrier.sealed))
    assert SEALED in send(officer, page, f"{page}/read", item=f"barrier:{barrier}")[2]
    assert send(officer, page, f"{page}/decide", item=keys[HERS], verdict="give", why=" ")[0] == 302
    assert "would be given" in officer.get(page).text
    with sqlite_database.read() as session:
        assert session.scalars(select(RecordDecision)).first() is None, "no decision without a reason"
    send(officer, page, f"{page}/decide", item=keys[HERS], verdict="give", why="She agreed in writing")
    send(officer, page, f"{page}/decide", item=f"barrier:{barrier}", verdict="withhold", why="It would endanger her")
    assert send(officer, page, f"{page}/decide", item=keys[HIS], verdict="withhold", why="x")[0] == 404, "his own words are his"
    files = given(officer, page)
    assert HERS in files["record.html"]
    assert SEALED not in "".join(files.values())
    assert "endanger" not in "".join(files.values())
    with sqlite_database.read() as session:
        done = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("record.")).order_by(AuditEntry.id)))
    assert done == ["record.seen", "record.asked", "record.sealed_read", "record.decided", "record.decided", "record.disclosed"]
    assert officer.post(f"{page}/give", data={"csrf_token": token_of(officer.get("/records").text)}).status_code == 302, "given once"


def test_a_block_beats_every_request_even_one_that_is_open(officer: FlaskClient, sqlite_database: Database) -> None:
    page = opened(officer)
    with sqlite_database.write() as session:
        blocks.place(session, "c9", reason="order 7", by="x", now=NOON, student_id="st1", kind=BlockKind.CUSTODY)
    answer = officer.post(f"{page}/give", data={"csrf_token": token_of(officer.get(page).text)}, follow_redirects=True)
    assert "beats every request" in answer.text
    child = "/records/child?child=st1"
    status, _, shown = send(officer, child, child, contact="c9", basis="parent", purpose="again")
    assert (status, "beats every request" in shown) == (422, True)
    with sqlite_database.read() as session:
        assert session.scalars(select(Disclosure)).first() is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"contact": "c4"}, "not on file for the child"),
        ({"contact": ""}, "Choose which of the child"),
        ({"purpose": " "}, "Write down who asks"),
        ({"basis": "spite"}, "on what basis"),
        ({"basis": "student", "contact": ""}, "under 18"),
        ({"basis": "court", "contact": ""}, "Write down who asks"),
    ],
)
def test_a_request_that_rests_on_nothing_is_refused(
    officer: FlaskClient, sqlite_database: Database, change: dict[str, str], why: str
) -> None:
    with sqlite_database.write() as session:
        session.get_one(Student, "st1").birth_date = NOON.date() - timedelta(days=3000)
    page = "/records/child?child=st1"
    status, _, shown = send(officer, page, page, **{"contact": "c9", "basis": "parent", "purpose": "x", **change})
    assert (status, why in shown) == (422, True)


def test_a_parent_is_given_their_own_words_even_where_staff_may_not_read_them(officer: FlaskClient, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        hers = session.scalars(select(Case).where(Case.phone == MARIA)).one()
        hers.contact_id, hers.phone = "c9", PEDRO
        for row in session.scalars(select(Inbound).where(Inbound.phone == MARIA)):
            row.phone = PEDRO
    page = opened(officer)
    assert HERS not in officer.get(page).text
    files = given(officer, page)
    assert HERS in files["record.html"]
    assert SEALED not in files["record.html"]


def test_a_number_of_two_people_tells_of_nobody_who_wrote_from_it(officer: FlaskClient, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        session.scalars(select(ContactPhone).where(ContactPhone.contact_id == "c1")).one().e164 = PEDRO
    files = given(officer, opened(officer))
    assert HIS not in files["record.html"], "the mother may have written it"
    assert "Luis has missed 6 days." in files["record.html"]


def test_the_page_shows_what_is_held_to_records_officers_alone(
    officer: FlaskClient, signed_in: SignedIn, sqlite_database: Database
) -> None:
    found = send(officer, "/records", "/records/find", query="Luis")[2]
    assert "/records/child?child=st1" in found
    shown = officer.get("/records/child?child=st1").text
    assert HIS in shown
    assert SEALED not in shown
    assert officer.get("/records/child?child=nobody").status_code == 404
    for name in ("ana", "kim", "ira", "eve"):
        assert signed_in(name).get("/records/child?child=st1").status_code == 403
    with sqlite_database.read() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "record.seen")).one().subject == "student st1"


def test_what_was_told_otherwise_is_written_into_the_log_which_is_only_added_to(officer: FlaskClient, sqlite_database: Database) -> None:
    page = "/records/child?child=st1"
    fields = {"contact": "", "recipient": "County Court", "basis": "court", "purpose": "Subpoena 44", "told": "yes"}
    assert send(officer, page, page, **fields, what=" ")[0] == 422
    assert send(officer, page, page, **fields, what="Days missed, on paper")[0] == 302
    with sqlite_database.read() as session:
        session.scalars(select(Disclosure)).one().what = "nothing"
        with pytest.raises(KeptLogError):
            session.flush()
        session.rollback()


def test_the_disclosure_log_says_who_got_what_when_why_and_on_which_basis(officer: FlaskClient, sqlite_database: Database) -> None:
    given(officer, opened(officer))
    page = "/records/child?child=st1"
    fields = {"contact": "", "recipient": "=cmd|County Court", "basis": "court", "purpose": "Subpoena 44", "told": "yes"}
    send(officer, page, page, **fields, what="Days missed, on paper")
    log = officer.get("/disclosures").text
    for word in ("Luis Lopez", "Pedro Lopez", "He asked in writing", "34 CFR 99.10", "County Court", "34 CFR 99.31(a)(9)", "Rec Officer"):
        assert word in log, word
    assert log.count("Must be kept") == 1, "a parent's own look is not an entry that the law asks for"
    assert "Text: count" not in log
    theirs = officer.get("/disclosures?child=st1").text
    assert "Text: count" in theirs, "of one child also what its family was told"
    found = send(officer, "/disclosures", "/disclosures", words="subpoena", basis="court", since="2026-10-06", until="2026-10-06")[2]
    assert "County Court" in found
    assert "Pedro Lopez" not in found
    assert "Nothing fits" in send(officer, "/disclosures", "/disclosures", words="subpoena", until="2026-10-05")[2]
    sheet = send(officer, "/disclosures", "/disclosures/file", child="st1")[2]
    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert ("'=cmd|County Court", "34 CFR 99.31(a)(9)", "yes") in {(row["given_to"], row["law"], row["must_be_logged"]) for row in rows}
    with sqlite_database.read() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "disclosures.exported"))
    assert (entry.subject, entry.detail) == ("student st1", {"rows": len(rows)})


def test_a_statement_goes_with_the_record_and_a_hold_keeps_it_as_it_is(officer: FlaskClient, sqlite_database: Database) -> None:
    page = "/records/child?child=st1"

    def act(what: str, **fields: str) -> str:
        assert send(officer, page, f"/records/{what}?child=st1", **fields)[0] == 302
        return officer.get(page).text

    assert "Write down what the family says." in act("statement", words=" ")
    act("statement", words="Luis was ill on all of these days.")
    assert "Held: nothing of this child" in act("hold", why="Letter of counsel")
    with sqlite_database.read() as session:
        his = session.scalars(select(Inbound).where(Inbound.phone == PEDRO)).one().id
    assert "A legal hold, or an open request" in act("redact", text=f"text:{his}", why="He asked")
    assert send(officer, "/retention", "/retention/holds/1/lift", why="Settled")[0] == 302
    assert HIS not in act("redact", text=f"text:{his}", why="He asked")
    assert "There is no such text." in act("redact", text="text:999", why="x")
    assert send(officer, page, "/records/hold?child=st1", why="x", contact="c4")[0] == 404, "no adult of this child"
    act("hold", why="Letter of counsel", contact="c9")
    assert "Pedro Lopez" in officer.get("/retention").text
    files = given(officer, opened(officer))
    assert "Luis was ill on all of these days." in files["record.html"]
    assert "[redacted]" in files["record.html"]


@pytest.mark.usefixtures("officer")
def test_words_are_taken_out_from_where_they_stand_in_the_conversation(sqlite_database: Database, signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    with sqlite_database.read() as session:
        text = session.scalars(select(Inbound).where(Inbound.phone == PEDRO)).one()
        his, hers = (session.scalars(select(Case.id).where(Case.phone == phone)).first() for phone in (PEDRO, MARIA))
    page = f"/cases/{his}/redact/{text.id}"
    assert page in boss.get(f"/cases/{his}").text
    assert HIS in boss.get(page).text
    assert boss.get(f"/cases/{hers}/redact/{text.id}").status_code == 404, "it stands in another conversation"
    refused = send(boss, page, page, why=" ")
    assert (refused[0], "Write down why." in refused[2], HIS in refused[2]) == (422, True, True)
    assert signed_in("ana").get(page).status_code == 403, "a coordinator keeps no records"
    assert signed_in("rec").get(page).status_code == 404, "who keeps records alone redacts from the child's record"
    with sqlite_database.read() as session:
        closed = session.scalars(select(Inbound.id).where(Inbound.body == HERS)).one()
    sealed = f"/cases/{hers}/redact/{closed}"
    assert boss.get(sealed).status_code == 404, "its words are sealed for everybody but who looks after the case"
    assert send(boss, page, sealed, why="Out of curiosity")[0] == 404
    assert send(boss, page, page, why="He asked")[0] == 302
    after = boss.get(f"/cases/{his}").text
    assert HIS not in after
    assert page not in after, "nothing is left to take out"
    with sqlite_database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "text.redacted")).one()
        assert (entry.subject, entry.actor) == (f"case {his}", "boss@example.org")


def test_a_schedule_shows_what_would_go_and_goes_when_a_person_presses(officer: FlaskClient, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        for case in session.scalars(select(Case)):
            case.state, case.closed_at = "closed", NOON - timedelta(days=100)
    assert "texts and answers</strong> would go" not in officer.get("/retention").text
    assert "At least 90 days" in send(officer, "/retention", "/retention/set", kind="words", days="10")[2] + officer.get("/retention").text
    send(officer, "/retention", "/retention/set", kind="words", days="90")
    assert "<strong>11 texts and answers</strong> would go" in officer.get("/retention").text
    assert send(officer, "/retention", "/retention/run", kind="words")[0] == 302
    assert "11 texts and answers" in officer.get("/retention").text, "what went is listed"
    assert send(officer, "/retention", "/retention/run", kind="everything")[0] == 400
    with sqlite_database.read() as session:
        assert set(session.scalars(select(Inbound.body))) == {"[redacted]"}
    page = "/records/child?child=st1"
    assert send(officer, page, "/records/delete?child=st1", why="She asked in writing")[0] == 302
    assert SEALED not in "".join(given(officer, opened(officer)).values())
    with sqlite_database.read() as session:
        assert SEALED not in {row.text for row in session.scalars(select(CaseEvent))}
