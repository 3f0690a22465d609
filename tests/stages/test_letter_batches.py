"""Batches of letters: looked at by people first, taken back before print, pulled when something changed, and what the post brings back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.attendance.deceased import mark_deceased
from outreach.attendance.importing import import_folder
from outreach.attention.queries import open_items
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import letter_batches as batches
from outreach.delivery import letter_pulls as pulls
from outreach.delivery import letter_returns as returns
from outreach.delivery import letters
from outreach.delivery.letter_rules import BatchError, BatchState, Leaf, next_print, ounces, parts
from outreach.delivery.letter_tables import LetterBatch, LetterPage, LetterPull
from outreach.district import corrections
from outreach.district.overlays import Act
from outreach.district.people import Address
from outreach.messages.actions import approve
from outreach.planning.actions import plan
from outreach.planning.states import Channel, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.thresholds.actions import evaluate, release_baseline
from outreach.thresholds.rules import load_rules
from tests.conftest import NOON
from tests.journeys.feed import write_small_feed


@dataclass
class Post:
    """One planned letter, and what a test does with it."""

    database: Database
    settings: Settings
    clock: FixedClock
    folder: Path

    def load(self, **feed: object) -> None:
        """Load the small feed anew."""
        write_small_feed(self.folder / "feed", **feed)  # type: ignore[arg-type]
        import_folder(self.database, self.folder / "feed", home=self.settings.home, now=self.clock.now())

    def night(self) -> None:
        """Evaluate and plan."""
        with self.database.write() as session:
            approve(session, message=None, language=None, by="words@lincoln.invalid", now=self.clock.now())
            evaluate(session, load_rules(), settings=self.settings, now=self.clock.now())
            release_baseline(session, 10, by="test", now=self.clock.now())
            plan(session, settings=self.settings, now=self.clock.now())

    def print(self, name: str = "out") -> letters.LettersReport:
        """``outreach letters``."""
        return letters.release(self.database, self.settings, self.clock, self.folder / name, by="test")

    def row(self) -> tuple[str, str]:
        """State and reason of the letter."""
        with self.database.read() as session:
            found = session.scalars(select(PlannedMessage).where(PlannedMessage.channel == Channel.LETTER)).one()
            return found.state, found.reason

    def items(self) -> list[str]:
        """The keys of what a person must see."""
        with self.database.read() as session:
            return [item.key for item in open_items(session, None)]

    def look(self) -> list[str]:
        """Look for letters to pull; return the reasons on the list."""
        with self.database.write() as session:
            pulls.look(session, self.settings, self.clock.now())
            return [row.reason for row in session.scalars(select(LetterPull))]


@pytest.fixture
def post(database: Database, settings: Settings, clock: FixedClock, tmp_path: Path) -> Post:
    """A district with one letter due."""
    made = Post(database, settings, clock, tmp_path)
    made.load(absences=6)
    made.night()
    return made


def act() -> Act:
    """A person's act."""
    return Act("ana@lincoln.invalid", NOON)


def test_where_people_look_first_nothing_is_printed_until_two_of_them_have(post: Post) -> None:
    post.settings = post.settings.model_copy(update={"letter_approvals": 2})
    assert (post.print().batch_id, post.print().waits) == (None, None), "the second run finds the letter in the batch that waits"
    assert post.row() == (State.PLANNED, "")
    assert post.items() == ["letters:1:waits"]

    with post.database.write() as session:
        for name, role in (("ana@example.org", Role.DISTRICT_ADMINISTRATOR), ("kim@example.org", Role.RECORDS_OFFICER)):
            staff.add_account(session, email=name, name=name, role=role, schools=[], now=NOON)
    with pytest.raises(BatchError, match="may not release letters"):
        letters.approve(post.database, post.settings, post.clock, 1, by="kim@example.org")
    assert "second person" in letters.approve(post.database, post.settings, post.clock, 1, by="ana@example.org")
    with post.database.write() as session, pytest.raises(BatchError, match="second person"):
        batches.approve(session, 1, post.settings, NOON, "ana@example.org")
    assert post.print().letters == 0
    with post.database.write() as session:
        batches.approve(session, 1, post.settings, NOON, "omar")
    assert post.items() == []

    report = post.print()
    assert (report.batch_id, report.letters) == (1, 1)
    assert post.row() == (State.PRINTED, "")


def test_an_approved_letter_is_checked_again_when_it_is_printed(post: Post) -> None:
    post.settings = post.settings.model_copy(update={"letter_approvals": 1})
    assert post.print().waits == 1
    with post.database.write() as session:
        batches.approve(session, 1, post.settings, NOON, "ana")
    post.load(absences=2)

    assert post.print().letters == 0
    assert post.row()[0] == State.CANCELLED
    with post.database.read() as session:
        batch = session.get_one(LetterBatch, 1)
        assert (batch.state, batch.why) == (BatchState.REVOKED, "none of its letters may go any more")
        assert list(batch.left_out.values()) == [1]


@pytest.mark.parametrize(("again", "state"), [(True, State.PLANNED), (False, State.CANCELLED)])
def test_a_batch_taken_back_before_print_waits_until_somebody_decides(post: Post, again: bool, state: State) -> None:
    post.print()
    with post.database.write() as session:
        batches.revoke(session, 1, NOON, "ana", "the words were wrong")
    assert post.row() == (State.WAITING, "taken back with letter batch 1")
    assert post.items() == ["letters:1:taken-back"]
    assert post.print().letters == 0
    listed = list(csv.DictReader(io.StringIO((post.folder / "out" / "not-written.csv").read_text(encoding="utf-8"))))
    assert ("waiting", "taken back with letter batch 1") in {(row["state"], row["reason"]) for row in listed}

    with post.database.write() as session:
        assert batches.settle_revoked(session, 1, NOON, again=again, by="ana") == 1
    assert post.items() == []
    assert post.row()[0] == state
    report = post.print("again")
    assert (report.batch_id, report.letters) == ((2, 1) if again else (None, 0))
    with post.database.write() as session, pytest.raises(BatchError, match="wait any more"):
        batches.settle_revoked(session, 1, NOON, again=True, by="ana")


def test_a_batch_at_the_printer_cannot_be_taken_back(post: Post) -> None:
    post.print()
    with post.database.read() as session:
        at = session.get_one(LetterBatch, 1).print_at
    assert at == datetime(2026, 10, 6, 19, tzinfo=UTC), "14:00 in Chicago"
    with post.database.write() as session, pytest.raises(BatchError, match="gone to print"):
        batches.revoke(session, 1, at, "ana", "")
    assert post.row()[0] == State.PRINTED


def _anywhere(_school_id: str) -> bool:
    return True


def _no_change(_post: Post) -> None: ...


def _fewer_days(post: Post) -> None:
    post.load(absences=5)


def _died(post: Post) -> None:
    with post.database.write() as session:
        mark_deceased(session, "S1", act())


def _left(post: Post) -> None:
    feed = post.folder / "feed" / "enrollments.csv"
    feed.write_text("student_id,school_id,entry_date,exit_date\nS1,L1,2026-08-24,2026-10-02\n")
    import_folder(post.database, post.folder / "feed", home=post.settings.home, now=post.clock.now())


def _moved(post: Post) -> None:
    with post.database.write() as session:
        corrections.correct_address(session, "C1", Address("9 Elm St", "", "Chicago", "IL", "60602"), act())


def _blocked(post: Post) -> None:
    feed = post.folder / "feed" / "student_contacts.csv"
    rows = list(csv.DictReader(io.StringIO(feed.read_text())))
    with feed.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [*dict.fromkeys((*rows[0], "restriction"))])
        writer.writeheader()
        writer.writerows({**row, "restriction": "court order"} for row in rows)
    import_folder(post.database, post.folder / "feed", home=post.settings.home, now=post.clock.now())


CHANGES: list[tuple[Callable[[Post], None], str]] = [
    (_no_change, ""),
    (_fewer_days, "the count changed: 6 printed, 5 now"),
    (_died, "deceased"),
    (_left, "left school"),
    (_moved, "the address changed"),
    (_blocked, "blocked contact"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_a_letter_that_is_not_right_any_more_is_to_be_pulled(post: Post, change: Callable[[Post], None], reason: str) -> None:
    post.print()
    change(post)

    found = post.look()
    assert [text[: len(reason)] for text in found] == ([reason] if reason else [])
    assert post.look() == found, "looking again changes nothing"
    assert post.items() == (["letters:1:pull"] if reason else [])


def test_a_pulled_letter_told_nobody_anything_and_is_planned_anew_where_it_still_holds(post: Post) -> None:
    post.print()
    _moved(post)
    post.look()

    with post.database.write() as session:
        [pull] = pulls.open_pulls(session, 1)
        pulls.settle(session, pull.planned_id, pulls.PULLED, now=NOON, by="ana")
    assert post.row() == (State.CANCELLED, "pulled before it was posted: the address changed")
    assert post.items() == []
    with post.database.write() as session, pytest.raises(pulls.PullError):
        pulls.settle(session, 1, pulls.GONE, now=NOON, by="omar")

    post.night()
    assert post.print("next").letters == 1
    with post.database.read() as session:
        assert "9 ELM ST" in session.scalars(select(LetterPage.content).where(LetterPage.batch_id == 2)).one()["address_lines"]


def test_a_letter_that_had_gone_stays_told(post: Post) -> None:
    post.print()
    _fewer_days(post)
    post.look()
    with post.database.write() as session:
        pulls.settle(session, pulls.open_pulls(session, 1)[0].planned_id, pulls.GONE, now=NOON, by="ana")
    assert post.row() == (State.PRINTED, "")
    assert post.look() == ["the count changed: 6 printed, 5 now"]


def test_after_some_days_nothing_is_pulled_any_more(post: Post) -> None:
    post.print()
    _fewer_days(post)
    post.clock = FixedClock(post.clock.now() + timedelta(days=4))
    assert post.look() == []


def test_an_address_from_which_post_came_back_is_not_used_until_a_person_confirms_it(post: Post) -> None:
    post.print()
    with post.database.write() as session:
        page, row = returns.find(session, f" l{session.scalars(select(LetterPage.planned_id)).one():06d} ", _anywhere)
        returns.came_back(session, page, row, now=NOON, by="ana")
        planned_id = row.id
    assert post.row() == (State.UNDELIVERED, "returned by the post")
    assert post.items() == [f"returned:{planned_id}"]
    assert post.print("held").letters == 0

    for _ in range(2):  # a doubled press writes once
        with post.database.write() as session:
            returns.settle(session, session.get_one(PlannedMessage, planned_id), confirmed=True, now=NOON, by="ana")
    assert post.items() == []
    assert post.print("confirmed").letters == 1, "the family is told after all"
    assert post.print("again").letters == 0


def test_after_a_letter_came_back_the_next_one_goes_to_the_new_address_and_only_there(post: Post) -> None:
    post.print()
    with post.database.write() as session:
        page, row = returns.find(session, str(session.scalars(select(LetterPage.planned_id)).one()), _anywhere)
        returns.came_back(session, page, row, now=NOON, by="ana")
        returns.settle(session, row, confirmed=False, now=NOON, by="ana")
    assert post.items() == []
    assert post.print("held").letters == 0
    with post.database.read() as session:
        assert session.scalars(select(PlannedMessage.reason).where(PlannedMessage.created_by == "letter that came back")).all() == [
            returns.REASON
        ]
    _moved(post)
    assert post.print("next").letters == 1
    with post.database.read() as session:
        first, second = session.scalars(select(LetterPage).order_by(LetterPage.planned_id))
        assert first.content["place_lines"] != second.content["place_lines"]


@pytest.mark.parametrize("typed", ["", "L", "L999999", "X000001", "1 OR 1=1", "L-1"])
def test_a_number_that_no_letter_has_is_refused(post: Post, typed: str) -> None:
    post.print()
    with post.database.write() as session, pytest.raises(returns.UnknownLetterError, match="at the foot"):
        returns.find(session, typed, _anywhere)


def test_a_household_that_reads_large_print_gets_it(post: Post) -> None:
    with post.database.write() as session:
        returns.set_large_print(session, ["C1"], large=True, now=NOON, by="ana")
    post.print()
    with post.database.read() as session:
        page = session.scalars(select(LetterPage)).one()
        assert (page.content["large"], page.pages > 1) == (True, True)
    with post.database.write() as session:
        returns.set_large_print(session, ["C1"], large=False, now=NOON, by="ana")
        assert returns.large_print(session) == set()


def test_a_batch_is_split_where_the_postage_changes_and_where_a_part_grows_too_long(settings: Settings) -> None:
    assert [ounces(sheets, settings) for sheets in (1, 4, 5, 10, 11)] == [1, 1, 2, 2, 2]
    short = settings.model_copy(update={"letter_part_pages": 3})
    leaves = [Leaf(1, 1, 1), Leaf(2, 2, 2), Leaf(4, 1, 1), Leaf(5, 6, 6)]
    split = parts(leaves, short)
    assert [(part.first_page, part.last_page, part.letters, part.ounces) for part in split] == [(1, 3, 2, 1), (4, 4, 1, 1), (5, 10, 1, 2)]
    assert [part.cost for part in split] == [Decimal("1.70"), Decimal("0.85"), Decimal("1.14")]
    assert parts([], settings) == []


@pytest.mark.parametrize(
    ("now", "at"),
    [
        ("2026-10-06T18:59:00+00:00", "2026-10-06T19:00:00+00:00"),
        ("2026-10-06T19:00:00+00:00", "2026-10-07T19:00:00+00:00"),
        ("2026-10-09T20:00:00+00:00", "2026-10-12T19:00:00+00:00"),
        ("2026-10-30T20:00:00+00:00", "2026-11-02T20:00:00+00:00"),
    ],
)
def test_letters_go_to_print_at_the_hour_of_the_next_weekday_whatever_the_clock_does(settings: Settings, now: str, at: str) -> None:
    assert next_print(datetime.fromisoformat(now), settings) == datetime.fromisoformat(at)
