"""A team's packet: a list has a row for each child as plainly recounted, and nothing sealed is on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.attendance.queries import student_counts
from outreach.cases import my_students, surveys
from outreach.cases.my_students import Angle
from outreach.cases.resource_tables import Referral, Resource
from outreach.cases.survey_tables import SurveyRound
from outreach.cases.surveys import Audience, Choice, Plan
from outreach.database import Database
from outreach.evidence import packet_standing, packet_team
from outreach.evidence.packet import SEALED, Kind
from outreach.evidence.packet_tables import Packet
from outreach.messages.actions import approve
from outreach.settings import Settings
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.feeds import LINCOLN
from tests.stages.nights import Nights
from tests.stages.packets import DAY, HELP, WORDS, a_school, barrier, open_case, person, rows, said, step, take, team


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """A school, and people who look after its families."""
    return a_school(database, settings, tmp_path)


def test_the_lists_are_those_of_my_students_with_the_counts_of_the_command_line(nights: Nights) -> None:
    found = team(nights)
    with nights.database.read() as session:
        counts = student_counts(session, NOON.date())
        here = my_students.enrolled(session, [LINCOLN], NOON.date())
        seen = my_students.watched(session, here, settings=nights.settings, now=NOON)
    lincoln = {child for child in nights.district.students if nights.district.enrolments[child][0]["school_id"] == LINCOLN}
    assert {one.student_id for one in found.watched} == {
        one for one in lincoln if 10 * counts[one].count.absent >= counts[one].count.enrolled
    }
    assert len(found.watched) > 10
    for angle, mine in (
        (Angle.IMPROVING, found.improving),
        (Angle.NEVER_REACHED, [child for child in found.no_answer if not child.reached]),
        (Angle.SILENT, [child for child in found.no_answer if child.reached]),
    ):
        assert {one.student_id for one in mine} == {one.student_id for one in seen if one.seen_from(angle)}
    for child in found.watched:
        assert (child.count.absent, child.count.enrolled) == (
            counts[child.student_id].count.absent,
            counts[child.student_id].count.enrolled,
        )
    listed = rows(take(nights), "New at")
    one = found.watched[0]
    share = 100 * float(one.count.absent) / one.count.enrolled
    assert listed[0][:2] == (
        f"{one.name}, grade {one.grade}",
        f"{one.count.absent} of {one.count.enrolled} days, {share:.1f} % (until Tue, Oct 6)",
    )
    assert len(listed) == len(found.watched)


def test_each_conversation_stands_under_the_layer_of_its_next_step_with_owner_day_and_last_decision(nights: Nights) -> None:
    with nights.database.write() as session:
        ana = person(session).id
        visited = open_case(session, "kid00", owner_id=ana)
        barrier(session, visited, "transportation", 9)
        step(session, visited, "call", "problem_solving", done=5)
        step(session, visited, "tutoring", "mitigation", due=3)
        late = open_case(session, "kid01")
        step(session, late, "visit", "problem_solving", due=-4, owner_id=ana)
        open_case(session, "kid02")
        open_case(session, "kid03", snoozed_until=NOON + 2 * DAY)
        open_case(session, "kid44")  # Roosevelt's child in a conversation that Lincoln leads: no name of another school
    paper = take(nights)
    assert [row[2:6] for row in rows(paper, "Open conversations: mitigation")] == [
        ("getting to school", "Ana Reyes", "Tutoring, Fri, Oct 9", "done: Call, Thu, Oct 1")
    ]
    assert [row[3:6] for row in rows(paper, "Open conversations: problem")] == [
        ("nobody", "overdue: Home visit, Fri, Oct 2 (Ana Reyes)", "planned: Home visit, Fri, Sep 11")
    ]
    assert [row[4:6] for row in rows(paper, "Open conversations: no step")] == [
        ("none", "nothing yet"), ("put aside, Thu, Oct 8", "nothing yet")
    ]  # fmt: skip
    assert [row[2:5] for row in rows(paper, "Follow-ups overdue")] == [("Home visit", "Fri, Oct 2, 4 days ago", "Ana Reyes")]
    told = said(paper)
    assert "Kid44" not in told
    assert "1 open conversation is about nobody who is enrolled here today" in told
    assert WORDS not in told


def test_severe_without_a_next_step_leaves_the_list_with_the_first_plan(nights: Nights) -> None:
    severe = [child.student_id for child in team(nights).watched if child.count.tier == "severe"]
    assert [child.student_id for child in team(nights).severe_without_step] == severe != []
    with nights.database.write() as session:
        step(session, open_case(session, severe[0]), "call", "problem_solving", due=1)
    assert [child.student_id for child in team(nights).severe_without_step] == severe[1:]


@pytest.mark.parametrize("how", ["a sealed report", "a reason that is always sealed", "a text of danger"])
def test_of_what_is_sealed_a_packet_says_the_root_cause_and_the_day_and_no_more(nights: Nights, how: str) -> None:
    """For the owner too: the paper is read by everybody in the room."""
    with nights.database.write() as session:
        case = open_case(session, "kid00", owner_id=person(session).id)
        reason = {"a sealed report": "food"}.get(how, "housing")
        held = barrier(session, case, reason, 9, sealed=how == "a sealed report")
        held.urgent = how == "a text of danger"
        step(session, case, "mentor", "problem_solving", done=3, barrier_id=held.id)
        planned = step(session, case, "referral", "problem_solving", due=-1, barrier_id=held.id)
        resource = Resource(
            name=HELP, how="", needs=["housing"], schools=[], languages=[], grades=[], subgroups=[], capacity=None, checked_on=NOON.date(),
            checked_by="", ended_at=None,
        )  # fmt: skip
        session.add(resource)
        session.flush()
        values = {"state": "offered", "changed_at": NOON - 3 * DAY, "changed_by": "", "why": ""}
        session.add(Referral(case_id=case.id, step_id=planned.id, resource_id=resource.id, **values))
    paper = take(nights)
    [row] = rows(paper, "Open conversations: problem")
    assert row[2:6] == ("something in the way", "Ana Reyes", f"overdue: {SEALED}, Mon, Oct 5", f"done: {SEALED}, Sat, Oct 3")
    assert [row[2] for row in rows(paper, "Referrals")] == [SEALED]
    assert [row[2] for row in rows(paper, "Follow-ups")] == [SEALED]
    for kind in Kind:
        told = said(take(nights, kind))
        for word in (WORDS, HELP, "Housing", "housing", "Food"):
            assert word not in told, (kind, word)
    assert "Mentor" not in said(paper)


def test_new_is_what_changed_since_the_last_packet_of_an_earlier_day(nights: Nights) -> None:
    moderate = next(one.student_id for one in team(nights).watched if one.count.tier == "moderate")
    calm = next(child for child, marks in nights.district.marks.items() if not marks and child < "kid40")
    gone = next(one.student_id for one in team(nights).watched if one.student_id != moderate)
    assert team(nights).before is None
    take(nights)
    take(nights, now=NOON + timedelta(minutes=5))
    assert len(team(nights).new) == len(team(nights).watched), "printed twice on one morning is one packet"
    nights.district.miss(moderate, 15)
    nights.district.miss(calm, 6)
    nights.district.miss(gone, 0)
    nights.now += 7 * DAY
    nights.load()
    later = team(nights, nights.now)
    assert later.before is not None
    assert later.before.on == NOON.date()
    assert {one.student_id for one in later.new} == {moderate, calm}
    assert [one.student_id for one in later.better] == [gone]
    paper = take(nights, now=nights.now)
    assert "“New” is what changed since the packet of Tue, Oct 6." in said(paper)
    assert len(rows(paper, "No longer at 10 %")) == 1
    with nights.database.read() as session:
        kept = session.scalars(select(Packet).order_by(Packet.id)).all()
        assert [bool(one.tiers) for one in kept] == [False, True, True], "lists that nothing is set against any more are emptied"


def test_who_took_a_paper_for_which_school_and_how_many_children_it_names_is_on_record(nights: Nights) -> None:
    take(nights)
    take(nights, Kind.ONE_PAGER)
    with nights.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "packet.made").order_by(AuditEntry.id)).all()
    assert [(one.actor, one.subject) for one in entries] == [("ana@example.org", f"school {LINCOLN}")] * 2
    assert [(one.detail["kind"], one.detail["children"]) for one in entries] == [("team", len(team(nights).watched)), ("one_pager", 0)]


def test_what_surveys_heard_stands_on_page_one_with_what_was_done_and_without_a_small_number(nights: Nights) -> None:
    today = NOON.date()
    with nights.database.write() as session:
        approve(session, message="survey", language="en", by="reviewer@example.org", now=NOON)
        plan = Plan(LINCOLN, Audience.STUDENTS, ("K",), today, today)
        asked = surveys.open_round(session, plan, by="ana@example.org", today=today, now=NOON)
        [link] = surveys.links(session, asked.id)
        for n in range(30):
            chosen = [Choice.RIDE] * (n < 19) + [Choice.SAFE] * (n > 26)
            surveys.take(session, asked, link, chosen, WORDS, danger=False, today=today, now=NOON)
    assert "What we heard" not in said(take(nights)), "nothing is told of a round that runs"
    with nights.database.write() as session:
        over = session.scalars(select(SurveyRound)).one()
        surveys.end_round(over, by="ana@example.org", today=today, now=NOON)
        surveys.tell_back(over, "The bus stops at Elm again.", by="ana@example.org", now=NOON)
    for kind in Kind:
        told = said(take(nights, kind, now=NOON + 7 * DAY))
        assert "The bus, the ride or the walk" in told, kind
        assert "What we did: The bus stops at Elm again." in told, kind
        assert "Bullies" not in told, kind
        assert WORDS not in told, kind
    first = said(replace(take(nights, now=NOON + 7 * DAY), sections=take(nights, now=NOON + 7 * DAY).sections[:2]))
    assert "30 answers. Most: The bus, the ride or the walk (63 of 100)" in first


def test_a_family_left_in_peace_is_marked_and_nasty_names_cost_nobody_the_packet(nights: Nights) -> None:
    found = team(nights)
    names = ["Nguyễn Thị Ánh", "محمد", "x" * 10_000, "<b>#strong[x] $y$</b>", "\ue000\x00"]
    children = tuple(
        replace(child, name=names[place] if place < len(names) else child.name, quiet_until=date(2026, 11, 2) if place == 0 else None)
        for place, child in enumerate(found.watched)
    )
    with nights.database.read() as session:
        standing = packet_standing.standing(session, LINCOLN, nights.settings, NOON)
    told = said(packet_team.paper(replace(found, watched=children), standing, school="L", district="D", made="M"))
    assert "Nguyễn Thị Ánh" in told
    assert "<b>#strong[x] $y$</b>" in told
    assert "Leave in peace until Mon, Nov 2" in told
    assert children[-1].name in told
