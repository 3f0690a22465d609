"""What stands in the way and what is done about it, as a coordinator does it on the page: without script, one form at a time."""

from __future__ import annotations

import re

from sqlalchemy import select

from outreach.cases.help_tables import Barrier, Step
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.planning.tables import PlannedMessage
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded


def test_a_coordinator_confirms_a_reason_points_to_help_hears_back_and_closes(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    """One family's way through the page."""
    ana, kim = signed_in("ana"), signed_in("kim")
    page = f"/cases/{seeded.maria}/help"
    send(ana, "/resources/new", "/resources/new", name="Bus desk", need="transportation", capacity="1")
    assert "nobody has looked at it yet" in ana.get(page).text
    assert send(kim, page, f"{page}/barriers/1/confirm", reason="transportation", severity="most")[0] == 302
    assert "most days" in ana.get(page).text
    assert send(ana, page, f"{page}/barriers/1/referrals", resource="1", day="2026-10-01")[0] == 422
    assert send(ana, page, f"{page}/barriers/1/referrals", resource="1", day="2026-10-13")[0] == 302
    assert "Full: nobody more" in ana.get(page).text
    assert send(ana, page, f"{page}/referrals/1", to="declined", why="")[0] == 422
    assert send(ana, page, f"{page}/referrals/1", to="declined", why="Wrong side of town")[0] == 302
    shown = ana.get(page).text
    assert "Due today" in shown
    assert "Wrong side of town" in shown
    beside = ana.get(f"/cases/{seeded.maria}").text
    assert re.search(r"Next step</span> today, <span dir=\"auto\">Referral to a partner: Bus desk", beside)
    mine = ana.get("/students").text
    assert "Next: today" in mine
    assert "Referral to a partner: Bus desk" in mine
    assert send(ana, page, f"{page}/barriers/1/close", why="")[0] == 422
    assert send(ana, page, f"{page}/barriers/1/close", yes="1")[0] == 302
    with sqlite_database.read() as session:
        row = session.scalars(select(Barrier).where(Barrier.case_id == seeded.maria)).one()
        assert (row.state, row.closed_by) == ("closed", "ana@example.org")
        assert row.said_yes_at is not None


def test_steps_are_planned_done_told_to_the_family_and_can_be_taken_back(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    ana, page = signed_in("ana"), f"/cases/{seeded.maria}/help"
    for fields, status in (
        ({"kind": "visit", "what": "plan"}, 422),
        ({"kind": "visit", "what": "plan", "day": "soon"}, 422),
        ({"kind": "moon", "what": "done"}, 422),
        ({"kind": "visit", "what": "plan", "day": "2026-10-09", "barrier": "1"}, 302),
        ({"kind": "mentor", "what": "done", "words": "Mr Bell"}, 302),
    ):
        assert send(ana, page, f"{page}/steps", **fields)[0] == status, fields
    shown = ana.get(page).text
    assert "Problem-solving" in shown
    assert "Mr Bell" in shown
    assert send(ana, page, f"{page}/steps/1/done", outcome="Met the mother")[0] == 302
    assert send(ana, page, f"{page}/steps/2/drop", outcome="x")[0] == 422
    assert send(ana, page, f"{page}/steps/1/tell", text="A bus stops there now. Ana", once="a")[0] == 302
    with sqlite_database.read() as session:
        told = session.get_one(PlannedMessage, session.get_one(Step, 1).told_id)
        assert (told.message_class, told.body) == ("answer", "A bus stops there now. Ana")
        assert session.get_one(Case, seeded.maria).state == "answered"
    assert "We told the family" in ana.get(page).text


def test_a_reason_that_somebody_told_is_written_down_and_closed_cases_take_none(signed_in: SignedIn, seeded: Seeded) -> None:
    ana, kim = signed_in("ana"), signed_in("kim")
    page = f"/cases/{seeded.omar}/help"
    assert send(kim, page, f"{page}/barriers", reason="food", said_by="student", words="No breakfast at home")[0] == 302
    assert "No breakfast at home" in ana.get(page).text
    assert send(kim, page, f"{page}/barriers", reason="", said_by="student")[0] == 422
    assert send(kim, page, f"{page}/barriers", reason="bored", said_by="text")[0] == 422
    assert send(kim, page, f"{page}/barriers/2/close", why="x")[0] == 403
    assert "Write down what somebody told you" not in ana.get(f"/cases/{seeded.done}/help").text
