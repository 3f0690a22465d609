"""The pages of campaigns: who plans them, what a form may not say, and the way from the plan to its results."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from outreach.database import Database
from outreach.messages.actions import approve
from outreach.planning.campaign_tables import Campaign
from outreach.planning.tables import MessageBatch, PlannedMessage
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import HOSTILE, LINCOLN, ROOSEVELT, Seeded

FORM = {
    "kind": "transition_6",
    "school": ROOSEVELT,
    "first_day": str(NOON.date()),
    "last_day": str(NOON.date() + timedelta(days=7)),
}


@pytest.fixture
def words(sqlite_database: Database, seeded: Seeded) -> None:  # noqa: ARG001 - the families
    """Approve the words of grade 6."""
    with sqlite_database.write() as session:
        approve(session, message="transition_6", language=None, by="reviewer@example.org", now=NOON)


@pytest.mark.usefixtures("words")
def test_a_campaign_is_planned_looked_at_and_called_off(sqlite_database: Database, signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    status, where, _ = send(boss, "/campaigns", "/campaigns", **FORM)
    assert (status, where) == (302, "/campaigns/1")
    with sqlite_database.read() as session:
        [row] = session.scalars(select(PlannedMessage).where(PlannedMessage.once_key.startswith("campaign:1:")))
        [batch] = session.scalars(select(MessageBatch))
    assert (row.student_ids, row.state, row.family_language, row.batch_id) == (["st5"], "waiting", "zh-Hans", batch.id)
    page = boss.get(where).text
    assert "1 wait for a person" in page
    assert "Even then it proves nothing" in page
    check = boss.get(f"/sending/batches/{batch.id}").text
    assert "Text in Chinese" in check
    assert "Let 1 go" in check
    assert send(boss, where, f"{where}/end")[0] == 302
    assert "Called off" in boss.get(where).text
    assert "Called off" in boss.get("/campaigns").text
    with sqlite_database.read() as session:
        assert session.get_one(PlannedMessage, row.id).state == "cancelled"
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("campaign."))).all()
    assert acts == ["campaign.planned", "campaign.called_off"]


@pytest.mark.usefixtures("words")
def test_a_form_that_makes_no_sense_plans_nothing(sqlite_database: Database, signed_in: SignedIn) -> None:
    boss = signed_in("boss")
    for changed, status in (
        ({"kind": HOSTILE}, 422),
        ({"kind": "count"}, 422),
        ({"first_day": HOSTILE}, 422),
        ({"last_day": "0001-01-01"}, 422),
        ({"last_day": "9999-12-31"}, 422),
        ({"school": ""}, 404),
        ({"school": HOSTILE}, 404),
        ({"school": LINCOLN}, 422),
        ({"grade": HOSTILE, "kind": "improvement"}, 422),
    ):
        found, _, page = send(boss, "/campaigns", "/campaigns", **FORM | changed)
        assert found == status, changed
        assert "<script>alert" not in page
    with sqlite_database.read() as session:
        assert not session.scalars(select(Campaign)).all()


@pytest.mark.usefixtures("words")
def test_all_schools_are_one_tick(sqlite_database: Database, signed_in: SignedIn) -> None:
    assert send(signed_in("boss"), "/campaigns", "/campaigns", **FORM | {"school": "*"})[0] == 302
    with sqlite_database.read() as session:
        assert session.get_one(Campaign, 1).schools == [LINCOLN, ROOSEVELT]


@pytest.mark.usefixtures("words")
def test_only_who_decides_what_is_sent_sees_or_plans_one(signed_in: SignedIn) -> None:
    for name in ("ana", "kim", "ira", "eve", "mia"):
        assert signed_in(name).get("/campaigns").status_code == 403
        assert signed_in(name).post("/campaigns", data=FORM).status_code in {400, 403}
    assert signed_in("boss").get("/campaigns/99").status_code == 404
