"""The page of papers: who may take which school's, as a PDF, and that it is on record."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from outreach.database import Database
from outreach.evidence.packet_tables import Packet
from outreach.staff.roles import Permission, Role, may
from outreach.staff.tables import AuditEntry
from tests.unit.test_letters_printed import words
from tests.unit.test_paper import rendered
from tests.web.conftest import SignedIn, token_of
from tests.web.seed import LINCOLN, ROOSEVELT


def test_only_who_looks_after_families_of_a_school_may_take_its_papers() -> None:
    assert {role for role in Role if may(role, Permission.PACKET_MAKE)} == {
        Role.COORDINATOR, Role.SCHOOL_ADMINISTRATOR, Role.DISTRICT_ADMINISTRATOR,
    }  # fmt: skip
    assert all(may(role, Permission.DATA_CHILDREN) for role in Role if may(role, Permission.PACKET_MAKE))


@pytest.mark.parametrize("kind", ["team", "one_pager", "step_back"])
def test_a_paper_comes_as_a_download_that_no_browser_keeps_and_is_on_record(
    kind: str, signed_in: SignedIn, sqlite_database: Database
) -> None:
    ana = signed_in("ana")
    answer = ana.post("/packet", data={"csrf_token": token_of(ana.get("/packet").text), "school": LINCOLN, "kind": kind, "weeks": "6"})
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={kind.replace('_', '-')}-2026-10-06.pdf"
    told = "".join(words(rendered(answer.data), page) for page in (1, *([2] if kind == "team" else [])))
    assert "LincolnElementary" in told
    assert ("LuisLopez" in told, "YusufHaddad" in told) == ((True, True) if kind == "team" else (False, False))
    for hidden in ("ElenaLopez", "MeiChen", "autobús", "hurt", "555", "Maria"):
        assert hidden not in told
    with sqlite_database.read() as session:
        [row] = session.scalars(select(Packet))
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "packet.made")).all()
    assert (row.kind, row.school_id, row.made_by, bool(row.named)) == (kind, LINCOLN, "ana@example.org", kind == "team")
    assert [(one.actor, one.subject, one.detail["kind"]) for one in entries] == [("ana@example.org", f"school {LINCOLN}", kind)]
    page = ana.get("/packet").text
    assert "Ana Reyes" in page.partition("Made lately")[2]


@pytest.mark.parametrize(
    ("who", "values", "status"),
    [
        pytest.param("ana", {"school": ROOSEVELT, "kind": "team"}, 404, id="another school"),
        pytest.param("ana", {"school": "", "kind": "team"}, 404, id="no school"),
        pytest.param("ana", {"kind": "team"}, 404, id="no school named"),
        pytest.param("ana", {"school": LINCOLN, "kind": "everything"}, 400, id="no such paper"),
        pytest.param("ana", {"school": LINCOLN, "kind": "step_back", "weeks": "52"}, 400, id="too many weeks"),
        pytest.param("ana", {"school": LINCOLN, "kind": "step_back", "weeks": "x"}, 400, id="no weeks"),
        pytest.param("boss", {"school": ROOSEVELT, "kind": "team"}, 200, id="the whole district"),
    ],
)
def test_another_schools_paper_is_not_there_and_nothing_is_kept_of_asking(
    who: str, values: dict[str, str], status: int, signed_in: SignedIn, sqlite_database: Database
) -> None:
    browser = signed_in(who)
    assert browser.post("/packet", data={"csrf_token": token_of(browser.get("/packet").text), **values}).status_code == status
    with sqlite_database.read() as session:
        assert len(session.scalars(select(Packet)).all()) == (status == 200)


def test_the_page_lists_only_papers_of_ones_own_schools_and_chooses_what_a_link_asks_for(signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    token = token_of(boss.get("/packet").text)
    for school in (LINCOLN, ROOSEVELT):
        boss.post("/packet", data={"csrf_token": token, "school": school, "kind": "one_pager"})
    mine = signed_in("ana").get("/packet").text
    assert "Lincoln Elementary" in mine
    assert "Roosevelt" not in mine
    asked = boss.get(f"/packet?school={ROOSEVELT}&kind=step_back").text
    assert f'<option value="{ROOSEVELT}" selected>' in asked
    assert 'value="step_back" checked' in asked


def test_the_playbook_leads_to_the_packet(signed_in: SignedIn) -> None:
    assert 'href="/packet"' in signed_in("ana").get("/today").text
