"""Numbers that turn out wrong after they were told: found again, corrected by a person's approval, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.attention import queries as attention
from outreach.cases import actions, corrections, queries
from outreach.cases.actions import CaseError
from outreach.cases.states import Queue, WrongState
from outreach.cases.tables import Case, CaseEvent, WrongCount
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery.actions import dispatch
from outreach.district.overlays import Act, merge
from outreach.messages.pairs import current_pairs
from outreach.planning.release import Go, Stop
from outreach.planning.rows import new_row
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from tests.attendance.feeds import Row
from tests.feeds import SETTINGS, District
from tests.stages.nights import WORDS, Nights

ANNA = "+13125550142"
BY = "rosa@example.org"
SORRY = (
    "Lincoln Schools: We told you Lia missed 4 days this school year, as of October 6. That was wrong. The right number is 3 days. "
    "We are sorry. Text us with any question: a person reads it. Reply STOP to stop."
)


class Corrected(Nights):
    """Nights after which what was told is counted again."""

    def recount(self) -> corrections.Recounted:
        """Run the job."""
        return corrections.recount(self.database, self.settings, self.now)

    def next_day(self) -> corrections.Recounted:
        """Load the district as it is the next day, and recount."""
        self.now += timedelta(days=1)
        self.load()
        return self.recount()

    def wrong(self) -> list[WrongCount]:
        """The wrong numbers there are."""
        with self.database.read() as session:
            return list(session.scalars(select(WrongCount).order_by(WrongCount.id)))

    def cases(self) -> list[Case]:
        """The cases there are."""
        with self.database.read() as session:
            return list(session.scalars(select(Case).order_by(Case.id)))

    def corrections(self, state: str = "") -> list[PlannedMessage]:
        """The corrections there are."""
        return [row for row in self.rows(state=state) if row.message == "correction"]

    def approve_it(self, row: PlannedMessage) -> None:
        """Approve a correction as it stands."""
        with self.database.write() as session:
            case = session.get_one(Case, self.wrong()[0].case_id)
            corrections.approve(session, case, row.id, seen=corrections.shown(row), by=BY, now=self.now)

    def dismiss_it(self, note: str = "We called them.") -> None:
        """Dismiss what is undecided of the first message."""
        with self.database.write() as session:
            row = self.wrong()[0]
            corrections.dismiss(session, session.get_one(Case, row.case_id), row.planned_id, note, by=BY, now=self.now)


@pytest.fixture
def told(database: Database, settings: Settings, tmp_path: Path) -> Corrected:
    """Anna was told by text that Lia missed 4 days up to October 6."""
    nights = Corrected(database, settings, tmp_path)
    nights.district.child("lia", absent=4)
    nights.district.adult("anna", ["lia"], phone=ANNA)
    shipped = {(p.message, p.channel, p.locale): p.translation for _, p in current_pairs() if p.message == "correction"}
    nights.approve({**WORDS, **{key: text for key, text in shipped.items() if key[2] == "en"}})
    nights.open()
    nights.plan()
    nights.send(nights.rows(channel="sms")[0])
    assert nights.recount() == corrections.Recounted(1, 0, 0)
    return nights


def first_day(nights: Nights) -> date:
    """The first day that Lia missed."""
    return min(nights.district.marks["lia"])


def test_a_mark_that_goes_opens_a_case_with_its_correction_ready(told: Corrected) -> None:
    gone = first_day(told)
    del told.district.marks["lia"][gone]
    assert told.next_day() == corrections.Recounted(1, 1, 1)
    [wrong], [case], [ready] = told.wrong(), told.cases(), told.corrections()
    assert (wrong.told, wrong.true_now, wrong.as_of, wrong.state) == ("4", "3", date(2026, 10, 6), WrongState.OPEN)
    assert wrong.changes == [{"date": str(gone), "then": "absent", "now": "present", "import_id": 2}]
    assert (case.queue, case.student_id, case.phone, case.school_id) == (Queue.NEEDS_ME, "lia", ANNA, "S1")
    assert case.opened_because.startswith("correction")
    assert (ready.state, ready.message_class, ready.phone, ready.contact_id) == (State.WAITING, "notice", ANNA, "anna")
    assert told.recount() == corrections.Recounted(0, 0, 0), "nothing more is known"
    told.load()
    told.next_day()
    assert (len(told.wrong()), len(told.cases()), len(told.corrections())) == (1, 1, 1), "it is found once"


def test_an_approved_correction_leaves_once_and_is_true(told: Corrected) -> None:
    del told.district.marks["lia"][first_day(told)]
    told.next_day()
    [ready] = told.corrections()
    told.approve_it(ready)
    told.approve_it(ready)
    assert [row.state for row in told.corrections()] == [State.PLANNED]
    found = told.check(ready)
    assert isinstance(found, Go)
    assert found.body == SORRY
    told.become(ready, state="sent", claimed_at=told.now, facts=found.facts, body=found.body)
    for _ in range(2):
        told.next_day()
    assert len(told.corrections()) == 1
    assert [row.state for row in told.wrong()] == [WrongState.APPROVED]
    told.district.marks["lia"].clear()
    told.next_day()
    assert [(row.told, row.true_now) for row in told.wrong()] == [("4", "3"), ("3", "0")], "a correction tells a number like any other"


def test_without_approval_nothing_leaves(told: Corrected) -> None:
    """Not by time, not by planning, not by another recount, not by dispatch."""
    del told.district.marks["lia"][first_day(told)]
    told.next_day()
    for _ in range(3):
        told.night()
        told.recount()
        dispatch(told.database, None, told.settings, FixedClock(told.now))
    assert [row.state for row in told.corrections()] == [State.WAITING]


def test_another_number_after_the_approval_waits_for_approval_again(told: Corrected) -> None:
    days = sorted(told.district.marks["lia"])
    del told.district.marks["lia"][days[0]]
    told.next_day()
    [ready] = told.corrections()
    told.approve_it(ready)
    del told.district.marks["lia"][days[1]]
    told.now += timedelta(days=1)
    told.load()
    stopped = told.check(ready)
    assert isinstance(stopped, Stop)
    assert (stopped.state, stopped.reason.split(":")[0]) == (State.WAITING, "waits for approval again")
    told.recount()
    [again] = told.corrections()
    assert (again.id, again.state) == (ready.id, State.WAITING)
    assert [(row.true_now, row.state) for row in told.wrong()] == [("2", WrongState.OPEN)]
    with pytest.raises(CaseError, match="changed while you looked"), told.database.write() as session:
        corrections.approve(session, told.cases()[0], ready.id, seen=corrections.shown(ready), by=BY, now=told.now)
    told.approve_it(again)
    assert isinstance(told.check(again), Go)


def test_a_number_that_is_right_again_is_not_corrected(told: Corrected) -> None:
    """The case stays for a person to close; wrong once more, it asks once more."""
    gone = first_day(told)
    for approved in (False, True):
        del told.district.marks["lia"][gone]
        told.next_day()
        waiting = told.corrections("waiting")[0]
        if approved:
            told.approve_it(waiting)
        told.district.marks["lia"][gone] = "U"
        told.next_day()
        assert [(row.true_now, row.state) for row in told.wrong()] == [("4", WrongState.RIGHT_AGAIN)]
        assert {row.reason.split(":")[0] for row in told.corrections("cancelled")} == {"right again"}
        assert not told.corrections("waiting")
    assert len(told.corrections()) == 2
    assert [case.state for case in told.cases()] == ["open"]
    with told.database.write() as session:
        actions.close(session, session.get_one(Case, told.cases()[0].id), by=BY, now=told.now)


def test_an_unknown_number_opens_a_case_without_words(told: Corrected) -> None:
    """Nothing can be told while nobody knows; once it is known the correction is there."""
    day = first_day(told)
    told.district.marks["lia"][day] = "?"
    told.next_day()
    [wrong] = told.wrong()
    assert (wrong.true_now, wrong.message_id, wrong.state) == ("", None, WrongState.OPEN)
    assert wrong.changes == [{"date": str(day), "then": "absent", "now": "unknown", "import_id": 2}]
    told.district.marks["lia"][day] = "T"
    told.next_day()
    [wrong], [ready] = told.wrong(), told.corrections()
    assert (wrong.true_now, wrong.message_id, ready.state) == ("3", ready.id, State.WAITING)


def test_a_dismissed_correction_stays_dismissed_until_the_number_changes(told: Corrected) -> None:
    days = sorted(told.district.marks["lia"])
    del told.district.marks["lia"][days[0]]
    told.next_day()
    with pytest.raises(CaseError, match="Write why"):
        told.dismiss_it(" ")
    with pytest.raises(CaseError, match="still waits"), told.database.write() as session:
        actions.close(session, session.get_one(Case, told.cases()[0].id), by=BY, now=told.now)
    told.dismiss_it()
    with pytest.raises(CaseError, match="nothing left"):
        told.dismiss_it()
    told.next_day()
    assert [(row.state, row.note) for row in told.wrong()] == [(WrongState.DISMISSED, "We called them.")]
    assert [row.state for row in told.corrections()] == [State.CANCELLED]
    with told.database.write() as session:
        actions.close(session, session.get_one(Case, told.cases()[0].id), by=BY, now=told.now)
    del told.district.marks["lia"][days[1]]
    told.next_day()
    assert [(row.true_now, row.state) for row in told.wrong()] == [("2", WrongState.OPEN)]
    assert [case.state for case in told.cases()] == ["closed", "open"]
    assert [row.state for row in told.corrections()] == [State.CANCELLED, State.WAITING]


@pytest.mark.parametrize("state", ["failed", "undelivered"])
def test_what_never_arrived_needs_no_correction(told: Corrected, state: str) -> None:
    text = told.rows(channel="sms")[0]
    told.become(text, state=state)
    del told.district.marks["lia"][first_day(told)]
    assert told.next_day().wrong == 0
    told.become(text, state="sent")
    told.next_day()
    [ready] = told.corrections()
    told.approve_it(ready)
    told.become(text, state=state)
    stopped = told.check(ready)
    assert isinstance(stopped, Stop)
    assert (stopped.state, stopped.reason.split(":")[0]) == (State.CANCELLED, "never told")


def test_blocks_and_opt_outs_bind_a_correction(told: Corrected) -> None:
    del told.district.marks["lia"][first_day(told)]
    told.next_day()
    [ready] = told.corrections()
    told.approve_it(ready)
    told.district.ties["lia", "anna"]["restriction"] = "court order"
    told.next_day()
    stopped = told.check(ready)
    assert isinstance(stopped, Stop)
    assert stopped.state == State.CANCELLED
    told.become(ready, state="cancelled", reason=stopped.reason)
    told.next_day()
    assert len(told.corrections()) == 1, "what a block stopped is not made ready again"


def test_a_calendar_that_changes_the_number_is_no_import_of_a_mark(told: Corrected) -> None:
    """The day was a holiday after all."""
    day = first_day(told)
    told.district.days.remove(day)
    told.next_day()
    assert [(row.true_now, row.changes) for row in told.wrong()] == [
        ("3", [{"date": str(day), "then": "absent", "now": "present", "import_id": ""}])
    ]


def test_one_letter_of_two_children_is_corrected_by_one_letter(database: Database, settings: Settings, tmp_path: Path) -> None:
    """Each child in its own row; a brother who was right is not named."""
    nights = Corrected(database, settings, tmp_path)
    for child, missed in (("lia", 6), ("max", 7), ("noa", 8)):
        nights.district.child(child, absent=missed)
    nights.district.adult("anna", ["lia", "max", "noa"], address="1 Elm Street")
    shipped = {(p.message, p.channel, p.locale): p.translation for _, p in current_pairs() if p.message == "correction"}
    nights.approve({**WORDS, **shipped})
    nights.open()
    nights.plan()
    letter = nights.rows(channel="letter", state="planned")[0]
    nights.send(letter, "printed")
    nights.recount()
    for child in ("lia", "max"):
        del nights.district.marks[child][min(nights.district.marks[child])]
    nights.next_day()
    [ready], [case] = nights.corrections(), nights.cases()
    assert (ready.channel, ready.student_ids) == ("letter", ["lia", "max"])
    nights.approve_it(ready)
    found = nights.check(ready)
    assert isinstance(found, Go)
    assert found.letter is not None
    table = [
        ["".join(run.text for run in cell) for cell in row]
        for block in found.letter.own.blocks
        if block.kind == "table"
        for row in block.rows
    ]
    assert [row[:3] for row in table[1:]] == [["Lia", "6 days", "5 days"], ["Max", "7 days", "6 days"]]
    with nights.database.read() as session:
        [correction] = queries.corrections(session, case.id)
        assert [row.student_id for row in correction.wrong] == ["lia", "max"]
        assert session.scalars(select(CaseEvent.text).where(CaseEvent.case_id == case.id, CaseEvent.by == BY)).all() == [
            "Correction approved"
        ]


class Halves(District):
    """A district where H is half a day."""

    def _attendance(self) -> Iterator[Row]:
        for row in super()._attendance():
            yield {**row, "portion": "0.5" if row["code"] == "H" else ""}


def test_halves_are_told_and_taken_back(database: Database, settings: Settings, tmp_path: Path) -> None:
    """Half a day more or less is another number; the same halves otherwise spread are the same one."""
    codes = {**SETTINGS["codes"], "H": {"kind": "partial", "reason": "excused"}}
    nights = Corrected(database, settings, tmp_path, Halves({**SETTINGS, "profile": "half-days", "codes": codes}))
    nights.district.child("lia", absent=4)
    nights.district.adult("anna", ["lia"], phone=ANNA)
    days = sorted(nights.district.marks["lia"])
    nights.district.marks["lia"][days[0]] = "H"
    nights.approve()
    nights.open()
    nights.plan()
    nights.send(nights.rows(channel="sms")[0])
    nights.district.marks["lia"] |= {days[0]: "U", days[1]: "H"}
    assert nights.next_day() == corrections.Recounted(1, 0, 0)
    nights.district.marks["lia"][days[2]] = "H"
    assert nights.next_day() == corrections.Recounted(1, 1, 1)
    [wrong] = nights.wrong()
    assert (wrong.told, wrong.true_now) == ("3.5", "3")
    assert wrong.changes[-1] == {"date": str(days[2]), "then": "absent", "now": "excused", "import_id": 3}


def test_what_is_no_longer_looked_at_stays_as_it_was_decided(told: Corrected) -> None:
    """A text found not to have arrived, and the numbers of a school year that is over, are not called right again."""
    del told.district.marks["lia"][first_day(told)]
    told.next_day()
    text = told.rows(channel="sms")[0]
    told.become(text, state="undelivered")
    told.next_day()
    assert [row.state for row in told.wrong()] == [WrongState.OPEN]
    told.become(text, state="delivered")
    told.now += timedelta(days=365)
    assert told.recount().checked == 0
    assert [row.state for row in told.wrong()] == [WrongState.OPEN]
    told.dismiss_it("The year is over.")


def test_nothing_is_said_of_a_child_who_died(told: Corrected) -> None:
    del told.district.marks["lia"][first_day(told)]
    told.district.enrolments["lia"][0] |= {"exit_date": "2026-10-06", "exit_type": "Deceased"}
    assert told.next_day().wrong == 0
    assert told.cases() == []


def test_a_child_that_feeds_bring_under_two_ids_is_counted_as_one(told: Corrected) -> None:
    """The number was told under an id that is the child's no longer."""
    told.district.child("lia2")
    told.load()
    with told.database.write() as session:
        merge(session, "lia", "lia2", Act(BY, told.now))
    assert told.recount() == corrections.Recounted(1, 0, 0)
    del told.district.marks["lia"][first_day(told)]
    assert told.next_day() == corrections.Recounted(1, 1, 1)
    assert [(row.student_id, row.true_now) for row in told.wrong()] == [("lia2", "3")]


def test_many_at_once_are_more_likely_a_fault_of_the_data(told: Corrected) -> None:
    """Somebody is told to look at the import first."""
    text = told.rows(channel="sms")[0]
    with told.database.write() as session:
        copies = [new_row(told.now, **_same(text, number)) for number in range(100)]
        session.add_all(copies)
    del told.district.marks["lia"][first_day(told)]
    assert told.next_day() == corrections.Recounted(101, 101, 101)
    with told.database.read() as session:
        item = attention.by_key(session, "corrections:2")
        assert item is not None
        assert "101 numbers" in item.sentence
    assert len(told.cases()) == 101


def _same(row: PlannedMessage, number: int) -> dict[str, object]:
    """Another household that was told the same."""
    names = "message_class", "channel", "state", "contact_id", "student_ids", "school_id", "message", "facts", "claimed_at", "created_by"
    return {name: getattr(row, name) for name in names} | {"once_key": f"copy {number}", "household": f"h{number}"}
