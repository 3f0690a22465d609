"""Three households, one school, one reason, two weeks: one task; done once, prepared for each family; sealed reports never count."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attention.queries import open_items
from outreach.cases import shared_reasons
from outreach.cases.actions import CaseError
from outreach.cases.barrier_reports import new_barrier
from outreach.cases.help_states import SaidBy, StepState
from outreach.cases.help_tables import Step
from outreach.cases.shared_tables import SharedTaskCase
from outreach.cases.tables import Case
from outreach.database import Database
from tests.conftest import NOON
from tests.feeds import LINCOLN, ROOSEVELT, District
from tests.web.seed import case_of

DAY = timedelta(days=1)


@pytest.fixture
def homes(session: Session, database: Database, tmp_path: Path) -> Session:
    """Four households at Lincoln, of which the first has two children, and one at Roosevelt."""
    session.commit()
    town = District()
    for n, school in enumerate((LINCOLN, LINCOLN, LINCOLN, LINCOLN, LINCOLN, ROOSEVELT)):
        town.child(f"c{n}", school=school)
    for n, children in enumerate((["c0", "c1"], ["c2"], ["c3"], ["c4"], ["c5"])):
        town.adult(f"a{n}", children, address=f"{n} Elm St")
    town.load(database, tmp_path, NOON)
    return session


def report(
    session: Session,
    child: str,
    *,
    reason: str = "transportation",
    days_ago: float = 0,
    school: str = LINCOLN,
    sealed: bool = False,
    urgent: bool = False,
) -> Case:
    """A family's reason, in a case of its own."""
    case = session.scalars(select(Case).where(Case.student_id == child)).first() or case_of(
        session, NOON - DAY, phone="", open_key=f"student:{child}", student_id=child, school_id=school
    )
    session.add(new_barrier(case, reason, SaidBy.TEXT, NOON - days_ago * DAY, sealed=sealed, urgent=urgent))
    session.flush()
    return case


@pytest.mark.parametrize(
    ("reports", "tasks"),
    [
        pytest.param([("c0", {}), ("c2", {}), ("c3", {})], 1, id="three households"),
        pytest.param([("c0", {}), ("c1", {}), ("c2", {})], 0, id="two children of one household are one"),
        pytest.param([("c0", {}), ("c2", {}), ("c3", {"days_ago": 15})], 0, id="one of them too long ago"),
        pytest.param([("c0", {}), ("c2", {}), ("c3", {"days_ago": 14})], 1, id="the fourteenth day counts"),
        pytest.param([("c0", {}), ("c2", {}), ("c5", {"school": ROOSEVELT})], 0, id="another school"),
        pytest.param([("c0", {}), ("c2", {}), ("c3", {"reason": "food"})], 0, id="another reason"),
        pytest.param([("c0", {}), ("c2", {}), ("c3", {"sealed": True})], 0, id="a sealed report does not count"),
        pytest.param([("c0", {}), ("c2", {}), ("c3", {"urgent": True})], 0, id="nor does one that came with danger"),
        pytest.param([(child, {"reason": "housing"}) for child in ("c0", "c2", "c3")], 0, id="a sealed reason never does"),
    ],
)
def test_a_reason_is_shared_by_three_households_of_one_school_within_two_weeks_and_no_sealed_one_is(
    homes: Session, reports: list[tuple[str, dict[str, object]]], tasks: int
) -> None:
    for child, values in reports:
        report(homes, child, **values)  # type: ignore[arg-type]
    assert len(shared_reasons.look(homes, NOON)) == tasks
    assert len([item for item in open_items(homes, None) if item.kind == "shared_reason"]) == tasks


def test_it_is_done_once_and_prepared_for_every_family_and_counts_anew_afterwards(homes: Session) -> None:
    cases = [report(homes, child) for child in ("c0", "c2", "c3")]
    (task,) = shared_reasons.look(homes, NOON)
    assert shared_reasons.look(homes, NOON) == [], "there is one task at a time"
    cases.append(report(homes, "c4"))
    shared_reasons.look(homes, NOON)
    assert task.households == 4
    with pytest.raises(CaseError, match="Say what was done"):
        shared_reasons.done(homes, task.id, " ", account_id=1, by="boss@example.org", now=NOON)
    cases[3].state = "closed"
    assert shared_reasons.done(homes, task.id, "The bus stops at Elm again", account_id=1, by="boss@example.org", now=NOON) == 3
    steps = homes.scalars(select(Step)).all()
    assert {(step.words, step.state, step.told_id) for step in steps} == {("The bus stops at Elm again", StepState.DONE, None)}
    assert {link.case_id for link in homes.scalars(select(SharedTaskCase)) if link.step_id} == {case.id for case in cases[:3]}
    assert [item for item in open_items(homes, None) if item.kind == "shared_reason"] == []
    assert shared_reasons.look(homes, NOON + DAY) == [], "what was heard before belongs to the task that ended"
    with pytest.raises(CaseError, match="ended already"):
        shared_reasons.put_aside(homes, task.id, "again", by="boss@example.org", now=NOON)
    for child in ("c0", "c2", "c3"):
        report(homes, child, days_ago=-1)
    assert len(shared_reasons.look(homes, NOON + 2 * DAY)) == 1
