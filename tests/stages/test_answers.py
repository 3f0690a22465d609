"""The few automatic answers: dates for whom it is certain, a note after hours, where help is; never to a machine, never a name too many."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outreach.cases import actions
from outreach.cases.answers import is_open
from outreach.cases.tables import Case
from outreach.consent import actions as consent
from outreach.consent import blocks
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.messages.templates import sources
from outreach.planning.release import Go, Stop
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from tests.feeds import LINCOLN, ROOSEVELT
from tests.stages.families import hear
from tests.stages.nights import WORDS, Nights

ANA, BEN, EVE = "+13125550142", "+13125550143", "+13125550144"
AUTOMATIC = ("which_days", "after_hours", "safety", "help", "opt_in", "opt_out")
NIGHT = timedelta(hours=14)
"""From noon to two at night in Chicago."""


@dataclass
class Line:
    """A district, and the texts that its families send."""

    nights: Nights

    def hear(self, words: str, phone: str = ANA, **more: str) -> tuple[Inbound, Case]:
        """A text arrives now."""
        with self.nights.database.write() as session:
            inbound, case = hear(session, self.nights.settings, words, phone=phone, at=self.nights.now, **more)
            session.expunge_all()
        return inbound, case

    def told(self, phone: str = ANA) -> list[str]:
        """What would leave for a number now, of all automatic answers: their words, or why not."""
        rows = [row for row in self.nights.rows() if row.phone == phone and row.reply_to_id is not None]
        return [found.body if isinstance(found, Go) else f"{found.state}: {found.reason}" for found in map(self.nights.check, rows)]

    def planned(self, phone: str = ANA) -> list[str]:
        """The automatic answers planned for a number, by name."""
        return [row.message for row in self.nights.rows() if row.phone == phone and row.reply_to_id is not None]


@pytest.fixture
def line(sqlite_database: Database, settings: Settings, tmp_path: Path) -> Line:
    """Ana has Lia, who missed four days; words are the shipped ones."""
    shipped = {(one.message, "sms", "en"): one.text for one in sources() if one.channel == "sms" and one.message in AUTOMATIC}
    nights = Nights(sqlite_database, settings, tmp_path)
    nights.approve({**WORDS, **shipped})
    nights.district.child("lia", absent=4)
    nights.district.adult("ana", ["lia"], phone=ANA)
    return Line(nights)


def test_a_confirmed_number_hears_the_dates_as_they_are_when_the_answer_leaves(line: Line) -> None:
    line.nights.load()
    inbound, case = line.hear("Which days?")
    assert (inbound.intent, inbound.to_human, case.queue) == ("ask_dates", False, "information")
    assert "Lia missed 4 days this school year, as of October 6" in line.told()[0]
    line.nights.district.miss("lia", 2)
    line.nights.load()
    assert "Lia missed 2 days" in line.told()[0]
    assert "October 1 and 5." in line.told()[0]


def test_days_that_became_unknown_before_it_left_bring_a_person(line: Line) -> None:
    line.nights.load()
    _, case = line.hear("which days?")
    line.nights.district.marks["lia"][date(2026, 10, 2)] = "?"
    line.nights.load()
    [row] = [row for row in line.nights.rows() if row.message == "which_days"]
    found = line.nights.check(row)
    assert isinstance(found, Stop)
    assert (found.state, found.reason.split(":")[0]) == ("cancelled", "unknown count")
    line.nights.become(row, state=found.state.value, reason=found.reason)
    with line.nights.database.write() as session:
        assert actions.take_over_unsaid(session, line.nights.settings, line.nights.now) == 1
        assert actions.take_over_unsaid(session, line.nights.settings, line.nights.now) == 0
        taken = session.get_one(Case, case.id)
        assert (taken.queue, taken.waiting_since) == ("needs_me", line.nights.now)


def _unverified(line: Line) -> None:
    line.nights.district.settings["trust_registration_phones"] = False


def _unknown_days(line: Line) -> None:
    line.nights.district.marks["lia"][date(2026, 10, 2)] = "?"


def _may_not_receive(line: Line) -> None:
    line.nights.district.ties["lia", "ana"]["may_receive"] = "no"


def _restricted(line: Line) -> None:
    line.nights.district.ties["lia", "ana"]["restriction"] = "see court order"


def _nothing_missed(line: Line) -> None:
    line.nights.district.miss("lia", 0)


def _sibling(line: Line) -> None:
    line.nights.district.adult("ana", [line.nights.district.child("sol", absent=3)], phone=ANA)


def _other_parent_of_the_number(line: Line) -> None:
    line.nights.district.adult("ben", ["lia"], phone=ANA, tie={"restriction": "no contact"})


def _two_households(line: Line) -> None:
    line.nights.district.adult("eve", [line.nights.district.child("kim", absent=3)], phone=ANA)


@pytest.mark.parametrize(
    "spoil",
    [_unverified, _unknown_days, _may_not_receive, _restricted, _nothing_missed, _sibling, _other_parent_of_the_number, _two_households],
)
def test_where_it_is_not_certain_a_person_answers_and_no_number_or_name_leaves(line: Line, spoil: Any) -> None:
    spoil(line)
    line.nights.load()
    inbound, case = line.hear("which days?")
    assert line.planned() == []
    assert (inbound.to_human, case.queue) == (True, "needs_me")
    assert "a person answers, because" in inbound.why


def test_an_unknown_number_learns_nothing(line: Line) -> None:
    line.nights.load()
    _, case = line.hear("which days did Lia miss?", EVE)
    assert (line.planned(EVE), case.queue) == ([], "needs_me")


ORDERS = [
    pytest.param(order, marks=[pytest.mark.long] if number else []) for number, order in enumerate(itertools.permutations((BEN, EVE, ANA)))
]


@pytest.mark.parametrize("order", ORDERS)
def test_two_parents_and_three_children_hear_only_of_the_child_they_were_written_about(line: Line, order: tuple[str, ...]) -> None:
    """Ana may know of Lia and Sol, Ben only of Sol, and Eve shares Ben's house but may know of Kim alone."""
    district = line.nights.district
    district.child("sol", absent=6, school=ROOSEVELT)
    district.child("kim", absent=5)
    district.adult("ana", ["lia", "sol"], phone=ANA, address="1 Elm St")
    district.adult("ben", ["sol"], phone=BEN, address="1 Elm St")
    district.adult("eve", ["kim"], phone=EVE, address="1 Elm St")
    line.nights.load()
    with line.nights.database.write() as session:
        session.add(_told(line.nights.now, ANA, "ana", "sol"))
    for phone in order:
        line.hear("which days?", phone)
    names = {phone: {name for name in ("Lia", "Sol", "Kim") for body in line.told(phone) if name in body} for phone in order}
    assert names == {ANA: {"Sol"}, BEN: {"Sol"}, EVE: {"Kim"}}


def _told(now: datetime, phone: str, contact: str, child: str) -> PlannedMessage:
    """A count text that reached a phone yesterday."""
    nothing = dict.fromkeys(("reason", "language", "family_language", "provider_sid", "carrier_status", "error_code", "created_by"), "")
    at = now - timedelta(days=1)
    times = {"created_at": at, "changed_at": at, "due_at": at, "sent_at": at, "expires_at": None, "claimed_at": None}
    row = PlannedMessage(ref="told", once_key="told", message_class="nudge", channel="sms", state="delivered", **nothing, **times)
    row.household, row.contact_id, row.phone, row.student_ids, row.school_id = contact, contact, phone, [child], ROOSEVELT
    row.message, row.body, row.facts, row.requeued = "count", "Sol has missed 6 days.", {}, 0
    return row


def test_a_block_placed_after_the_question_keeps_the_dates_back(line: Line) -> None:
    line.nights.load()
    line.hear("which days?")
    with line.nights.database.write() as session:
        blocks.place(session, "ana", reason="order", by="head@example.org", now=line.nights.now)
    assert line.told() == ["cancelled: blocked contact: a person placed a block"]


def test_a_number_with_a_blocked_holder_gets_no_automatic_text_at_all(line: Line) -> None:
    _other_parent_of_the_number(line)
    line.nights.load()
    line.nights.now += NIGHT
    line.hear("the bus never comes")
    line.nights.now += timedelta(minutes=1)
    line.hear("please start texting me again")
    assert line.planned() == ["after_hours", "opt_in"]
    assert all(told.startswith("cancelled: blocked contact") for told in line.told())


def test_after_hours_a_waiting_family_hears_once_a_day_where_help_is(line: Line) -> None:
    line.nights.load()
    line.nights.now += NIGHT
    for words in ("the bus never comes", "hello?", "is anybody there", "thank you"):
        line.hear(words)
        line.nights.now += timedelta(minutes=7)
    assert line.planned() == ["after_hours"]
    [told] = line.told()
    assert "911" in told
    assert "988" in told
    line.nights.now += timedelta(hours=1)
    assert line.told() == ["cancelled: too late: it could not leave in time"], "in the morning it is no longer true"


OPEN = {
    0: True,  # noon
    3.9: True,
    4: False,  # four in the afternoon
    20: True,  # eight in the morning
    19.9: False,
    4 * 24: False,  # noon on a Saturday
    6 * 24: False,  # noon on Columbus Day, a Monday without school
    7 * 24: True,
}
"""Hours after noon on a Tuesday in Chicago → whether somebody at Lincoln reads."""


def test_school_hours_are_the_schools_own_by_zone_and_calendar(line: Line) -> None:
    line.nights.district.days = [day for day in line.nights.district.days if day != date(2026, 10, 12)]
    line.nights.load()
    settings, noon = line.nights.settings, line.nights.now
    with line.nights.database.read() as session:
        found = {hours: is_open(session, LINCOLN, settings, noon + timedelta(hours=hours)) for hours in OPEN}
        assert found == OPEN
        assert is_open(session, "", settings, noon + timedelta(days=6)), "the district has no calendar of its own"
    line.nights.district.schools[0]["timezone"] = "America/New_York"
    line.nights.load()
    with line.nights.database.read() as session:
        assert not is_open(session, LINCOLN, settings, noon + timedelta(hours=3)), "an hour before Chicago"


def test_danger_is_pointed_to_help_in_the_words_of_the_note_after_hours_once_an_incident(line: Line) -> None:
    line.nights.load()
    line.hear("he says he wants to kill himself")
    line.nights.now += timedelta(minutes=3)
    line.hear("he has a knife now")
    assert line.planned() == ["safety"]
    [told] = line.told()
    line.nights.now += NIGHT + timedelta(days=1)
    line.hear("the bus never comes", EVE)
    assert line.told(EVE) == [told]
    assert not any(word in told.lower() for word in ("kill", "knife", "himself", "lia"))


def test_a_number_that_opted_out_hears_nothing_automatic_even_in_danger(line: Line) -> None:
    line.nights.load()
    with line.nights.database.write() as session:
        consent.record(session, ANA, Kind.OPT_OUT, source=Source.FAMILY, by="text", now=line.nights.now)
    line.hear("he has a gun")
    assert [told.split(":")[0] for told in line.told()] == ["cancelled"]


MACHINES: tuple[Callable[[int], str], ...] = (
    lambda _: "Thanks for your message! We are closed. Reply HELP for help.",
    lambda n: f"AUTO: I am out of the office. Ticket {n}",
    lambda n: f"which days? {n}",
    lambda n: "STOP" if n % 2 else "START",
)


@pytest.mark.parametrize(
    "says",
    [
        lambda n: ("which days?", "HELP", "START", "the bus", "STOP")[n % 5],
        *(pytest.param(says, marks=pytest.mark.long) for says in MACHINES),
    ],
)
def test_another_machine_never_gets_into_a_conversation(line: Line, says: Any) -> None:
    """D8.15: at most one of each kind in a day, and five of all kinds, whatever it says and how often."""
    line.nights.settings = line.nights.settings.model_copy(update={"opt_out_confirmation": "service"})
    line.nights.load()
    line.nights.now += NIGHT
    for n in range(12):
        line.hear(says(n))
        line.nights.now += timedelta(minutes=20)
    planned = line.planned()
    assert len(planned) <= 5
    kinds = [kind for kind in planned if kind != "opt_out"]
    assert len(kinds) == len(set(kinds))


def test_a_short_code_gets_no_answer(line: Line) -> None:
    line.nights.load()
    line.nights.now += NIGHT
    for words in ("HELP", "START", "which days?", "your code is 4521", "STOP please"):
        line.hear(words, "72166")
    assert line.planned("72166") == []


def test_the_same_text_taken_in_again_plans_no_second_answer(line: Line) -> None:
    line.nights.load()
    inbound, case = line.hear("which days?")
    with line.nights.database.write() as session:
        again = actions.take_in(session, session.get_one(Inbound, inbound.id), line.nights.settings, line.nights.now)
        assert again.id == case.id
    assert line.planned() == ["which_days"]
