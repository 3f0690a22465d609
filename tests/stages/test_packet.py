"""A school's papers: every figure is a plain recount, a list has a row for each child, and nothing sealed is on any of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import median
from unicodedata import normalize

import pandas as pd
import pypdfium2
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.queries import student_counts
from outreach.cases import my_students, surveys
from outreach.cases.barrier_reports import new_barrier
from outreach.cases.help_states import SaidBy
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.my_students import Angle
from outreach.cases.resource_tables import Referral, Resource
from outreach.cases.shared_tables import SharedTask
from outreach.cases.survey_tables import SurveyRound
from outreach.cases.surveys import Audience, Choice, Plan
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.evidence import packet_leaders, packet_making, packet_reads, packet_standing, packet_team, snapshots
from outreach.evidence.packet import SEALED, Kind, Team
from outreach.evidence.packet_making import Asked
from outreach.evidence.packet_tables import Packet
from outreach.evidence.paper import Paper, pdf
from outreach.messages.actions import approve
from outreach.settings import Settings
from outreach.staff import queries as staff
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.feeds import LINCOLN, ROOSEVELT
from tests.stages.nights import Nights
from tests.web.seed import case_of, people

DAY = timedelta(days=1)
WORDS = "Zephyrine"
"""Written wherever words can stand; it must be on no paper."""
HELP = "House of Hope"


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """Forty children by chance at Lincoln and eight at Roosevelt, and people who look after them."""
    found, chance = Nights(database, settings, tmp_path), random.Random(4)  # noqa: S311 - a made-up district
    for number in range(48):
        child = f"kid{number:02}"
        found.district.child(
            child,
            absent=chance.choice([0, 1, 3, 5, 8, 10]),
            school=LINCOLN if number < 40 else ROOSEVELT,
            grade=chance.choice(["K", "1", "10"]),
            home_language="Spanish",
        )
        found.district.adult(f"parent{number}", [child], phone=f"+131255501{number:02}")
    found.load()
    with database.write() as session:
        people(session, NOON)
    return found


def open_case(session: Session, child: str, days_ago: float = 10, **values: object) -> Case:
    at = NOON - days_ago * DAY
    return case_of(session, at, student_id=child, open_key=f"student:{child}", **{"school_id": LINCOLN, **values})


def barrier(session: Session, case: Case, reason: str, days_ago: float, *, yes_after: float | None = None, sealed: bool = False) -> Barrier:
    row = new_barrier(case, reason, SaidBy.TEXT, NOON - days_ago * DAY, sealed=sealed)
    row.words = WORDS
    if yes_after is not None:
        row.said_yes_at, row.state = row.heard_at + yes_after * DAY, "said_yes"
    session.add(row)
    session.flush()
    return row


def step(
    session: Session, case: Case, kind: str, layer: str, *, due: int | None = None, done: float | None = None, **values: object
) -> Step:
    """A step that is due in so many days, or was done so many days ago."""
    row = Step(
        **{
            "case_id": case.id, "barrier_id": None, "kind": kind, "layer": layer, "words": WORDS, "owner_id": case.owner_id,
            "state": "planned" if done is None else "done", "due_on": None if due is None else NOON.date() + due * DAY,
            "planned_at": NOON - 25 * DAY, "planned_by": "", "done_at": None if done is None else NOON - done * DAY, "outcome": WORDS,
            "told_id": None, "asked_id": None, **values,
        }
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def person(session: Session, name: str = "ana") -> staff.SignedIn:
    account = staff.by_email(session, f"{name}@example.org")
    assert account is not None
    return staff.as_reader(session, account)


def team(nights: Nights, now: datetime = NOON) -> Team:
    with nights.database.read() as session:
        return packet_reads.team(session, LINCOLN, nights.settings, now)


def take(nights: Nights, kind: Kind = Kind.TEAM, *, now: datetime = NOON, school: str = LINCOLN) -> Paper:
    """Make a paper as Ana, and keep that it was made."""
    asked = Asked(school, "Lincoln Elementary", kind)
    with nights.database.write() as session:
        made = packet_making.make(session, asked, person(session), nights.settings, now)
        packet_making.keep(session, asked, made, person(session), nights.settings, now)
    return made.paper


def said(paper: Paper) -> str:
    """Everything that the printed paper says, without the marks at which long words may break."""
    with closing(pypdfium2.PdfDocument(pdf(paper, now=NOON))) as document:
        text = "\n".join(document[page].get_textpage().get_text_bounded() for page in range(len(document)))
    return " ".join(normalize("NFKC", text).replace("\u200b", "").split())


def rows(paper: Paper, heading: str) -> list[tuple[str, ...]]:
    """The rows of one list, with plain spaces."""
    found = [one for one in paper.sections if one.heading.startswith(heading)]
    assert len(found) == 1, heading
    return [tuple(normalize("NFKC", cell) for cell in row) for row in found[0].table.rows] if found[0].table else []


def keep_days(nights: Nights, *days: date) -> None:
    with nights.database.read() as session:
        added = [snapshots.add_up(session, nights.settings, day, nights.now) for day in (nights.now.date(), *days)]
    with nights.database.write() as session:
        for day in added:
            snapshots.keep(session, day, nights.now)


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


def test_the_figures_of_the_page_are_a_plain_recount(nights: Nights) -> None:
    keep_days(nights)
    with nights.database.read() as session:
        counts = student_counts(session, NOON.date())
        desk = packet_standing.desk(session, LINCOLN, nights.settings, NOON)
    frame = pd.DataFrame(
        [
            (counts[f"kid{n:02}"].count.tier, float(counts[f"kid{n:02}"].count.absent), counts[f"kid{n:02}"].count.enrolled)
            for n in range(40)
        ],
        columns=["tier", "absent", "enrolled"],
    )
    told = said(take(nights, Kind.ONE_PAGER))
    chronic = int((frame.absent * 10 >= frame.enrolled).sum())
    assert f"{100 * chronic / 40:.1f} % of 40 children miss a tenth of their days or more ({chronic})" in told
    assert f"{100 * (1 - frame.absent.sum() / frame.enrolled.sum()):.1f} % attend on an average day" in told
    tiers = frame.tier.value_counts()
    assert f"20 % and more {tiers['severe']} {100 * tiers['severe'] / 40:.1f} %" in told
    assert f"{desk.never_reached} families at 10 % or more that nothing has reached" in told
    assert desk.watched == chronic
    assert "Kid" not in told


def test_the_page_for_the_principal_shows_no_small_number_by_grade(nights: Nights) -> None:
    keep_days(nights)
    listed = rows(take(nights, Kind.ONE_PAGER), "By grade")
    assert len(listed) == 3
    for _grade, children, missing, share in listed:
        assert missing == "few" or int(missing) >= 10
        assert children == "few" or int(children) >= 10
        assert (share == "–") == (missing == "few")
    assert any(missing == "few" for *_, missing, _share in listed)


def _reports(nights: Nights) -> Iterator[tuple[str, float, float | None]]:
    """Reason, days ago, days until the yes."""
    chance = random.Random(2)  # noqa: S311 - made up
    for n in range(24):
        reason, ago = chance.choice(["transportation", "bored", "housing", "lost_track"]), chance.uniform(0.2, 70)
        yes = chance.choice([None, 0.1 * ago, 0.5 * ago])
        with nights.database.write() as session:
            barrier(session, open_case(session, f"kid{n:02}", 70), reason, ago, yes_after=yes)
        yield reason, ago, yes


def test_a_step_back_counts_reasons_by_root_cause_and_time_to_help_as_a_plain_recount_does(nights: Nights) -> None:
    found = list(_reports(nights))
    way = "Something in the way"
    causes = {"transportation": way, "housing": way, "bored": "Sees no point in it", "lost_track": "Did not know"}
    midnight = datetime(2026, 8, 11, 5, tzinfo=NOON.tzinfo)  # in Chicago, eight weeks before
    lately = [(causes[reason], NOON - ago * DAY, yes) for reason, ago, yes in found if NOON - ago * DAY >= midnight]
    paper = take(nights, Kind.STEP_BACK)
    table = rows(paper, "Why children miss school")
    heads = [way, "Does not want to go", "Sees no point in it", "Did not know"]
    for place, row in enumerate(table[:-1]):
        begins, ends = midnight + 14 * place * DAY, midnight + 14 * (place + 1) * DAY
        counted = Counter(cause for cause, at, _ in lately if begins <= at < (NOON if place == len(table) - 2 else ends))
        assert row[1:] == (*(str(counted[head]) for head in heads), str(counted.total()))
    assert table[-1] == ("All", *(str(Counter(cause for cause, _, _ in lately)[head]) for head in heads), str(len(lately)))
    helped = {row[0]: row[1:] for row in rows(paper, "How long families wait")}
    for name in {"All", *(cause for cause, _, _ in lately)}:
        mine = [yes for cause, _, yes in lately if name in {"All", cause}]
        times = [yes for yes in mine if yes is not None]
        assert helped[name][:3] == (str(len(mine)), str(len(times)), f"{median(times):.1f} days" if times else "–")


def test_what_attendance_did_next_is_ten_school_days_on_both_sides_of_a_step(nights: Nights) -> None:
    with nights.database.write() as session:
        case = open_case(session, "kid05", 40)
        step(session, case, "visit", "problem_solving", done=20, barrier_id=barrier(session, case, "bored", 30, yes_after=15).id)
        step(session, open_case(session, "kid06", 40), "visit", "problem_solving", done=3)
    [row] = rows(take(nights, Kind.STEP_BACK), "What we tried")
    days, done, marks = [day for day in nights.district.days if day < NOON.date()], NOON.date() - 20 * DAY, nights.district.marks["kid05"]
    before, after = [day for day in days if day < done][-10:], [day for day in days if day > done][:10]
    assert row == ("Home visit", "2", "1 of 1", "1", str(sum(day in marks for day in before)), str(sum(day in marks for day in after)))


def test_too_few_days_around_a_step_are_no_figure() -> None:
    days = [date(2026, 9, 1) + n * DAY for n in range(21)]
    missed = {days[3]: Fraction(1), days[15]: Fraction(1, 2)}
    assert packet_standing.around(days, missed, days[10]) == (Fraction(1), Fraction(1, 2))
    assert packet_standing.around(days, missed, days[9]) is None
    assert packet_standing.around(days, missed, days[11]) is None


def test_trends_and_shared_reasons_stand_there_and_a_school_without_anything_has_papers_too(nights: Nights) -> None:
    keep_days(nights, *(NOON.date() - 7 * n * DAY for n in range(1, 5)))
    nothing = dict.fromkeys(("ended_by", "done", "why_not"), "")
    with nights.database.write() as session:
        session.add(
            SharedTask(**nothing, open_key="x", school_id=LINCOLN, reason="transportation", households=3, opened_at=NOON, ended_at=None)
        )
    assert rows(take(nights), "Reasons that families share") == [("Getting to school", "3 families", "Tue, Oct 6", "")]
    paper = take(nights, Kind.STEP_BACK)
    assert [row[0] for row in rows(paper, "Week by week")][-2:] == ["Tue, Sep 29", "Tue, Oct 6"]
    assert rows(paper, "What moved")[0][0] == "All"
    told = said(paper)
    assert all(question in told for question in packet_leaders.QUESTIONS)
    for kind in Kind:
        assert "Lincoln Elementary" in said(take(nights, kind, school="no such school"))


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
