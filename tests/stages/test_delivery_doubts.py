"""The rare cases in which a message could be sent twice or vanish: late receipts, sleeping workers, equal words, half answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from outreach.attention.queries import open_items
from outreach.clock import FixedClock
from outreach.consent import actions as consent
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery.actions import TWIN, dispatch
from outreach.delivery.provider import Answer, Listed, Outcome, Text
from outreach.delivery.receipts import take_status
from outreach.delivery.tables import Attempt
from outreach.delivery.twilio_provider import TwilioProvider
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.simulator.faults import Fault, Order
from tests.stages.outbox import PHONE, Outbox, running


@pytest.fixture
def outbox(database: Database, tmp_path: Path) -> Iterator[Outbox]:
    """An outbox on each database."""
    with running(database, tmp_path / "home") as ready:
        yield ready


class BlindList:
    """A carrier whose list shows nothing for a while, though it took the messages."""

    def __init__(self, outbox: Outbox) -> None:
        """Stand before the real one."""
        self._outbox = outbox

    def send(self, text: Text) -> Answer:
        """As the real one."""
        assert self._outbox.provider is not None
        return self._outbox.provider.send(text)

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """Nothing yet."""
        del phone, since
        return []


def given_up_as_never_taken(outbox: Outbox) -> int:
    """A text that the carrier took, whose answer was lost and which its list did not show: planned once more."""
    outbox.carrier.carrier.order(Order(Fault.DROP))
    planned = outbox.answer()
    outbox.send()
    real, outbox.provider = outbox.provider, BlindList(outbox)
    for _ in range(2):
        outbox.later(minutes=11)
        outbox.look_up()
    outbox.provider = real
    assert (outbox.row(planned).state, len(outbox.sent())) == (State.PLANNED, 1)
    return planned


@pytest.mark.parametrize("status", ["queued", "sent", "delivered"])
def test_a_receipt_that_comes_after_a_message_was_planned_again_keeps_it_from_leaving_twice(outbox: Outbox, status: str) -> None:
    planned = given_up_as_never_taken(outbox)

    with outbox.database.write() as session:
        take_status(session, {"MessageSid": outbox.sent()[0].sid, "MessageStatus": status}, outbox.row(planned).ref, outbox.now)
    outbox.send()

    assert len(outbox.sent()) == 1
    assert outbox.row(planned).provider_sid == outbox.sent()[0].sid
    assert outbox.row(planned).state == {"queued": "accepted", "sent": "sent", "delivered": "delivered"}[status]


def test_a_receipt_for_a_text_that_was_cancelled_meanwhile_is_shown_to_a_person(outbox: Outbox) -> None:
    planned = given_up_as_never_taken(outbox)
    with outbox.database.write() as session:
        consent.record(session, PHONE, Kind.OPT_OUT, source=Source.FAMILY, by="family", now=outbox.now)
    outbox.send()
    assert outbox.row(planned).state == State.CANCELLED

    with outbox.database.write() as session:
        take_status(session, {"MessageSid": outbox.sent()[0].sid, "MessageStatus": "sent"}, outbox.row(planned).ref, outbox.now)

    with outbox.database.read() as session:
        assert [item.kind for item in open_items(session, None)] == ["uncertain"]


class SlowWorker:
    """A worker that falls asleep in its first request for so long that everybody else gives its claims up."""

    def __init__(self, outbox: Outbox, *, until_planned_again: bool) -> None:
        """Say whether it sleeps until others planned its claim again."""
        self._outbox, self._long = outbox, until_planned_again
        self._slept = False

    def send(self, text: Text) -> Answer:
        """Sleep once, while another worker goes on; then ask."""
        assert self._outbox.provider is not None
        if not self._slept:
            self._slept = True
            self._outbox.later(minutes=6)
            self._outbox.send()
            for _ in range(3 if self._long else 0):
                self._outbox.later(minutes=11)
                self._outbox.look_up()
                self._outbox.send()
        return self._outbox.provider.send(text)

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """Nobody asks."""
        raise AssertionError(phone, since)


def test_what_a_sleeping_worker_had_not_asked_for_leaves_once_when_it_wakes(outbox: Outbox) -> None:
    first, second = outbox.answer("One."), outbox.answer("Two.")

    outbox.send(SlowWorker(outbox, until_planned_again=False))
    outbox.send()

    assert sorted(message.body for message in outbox.sent()) == ["One.", "Two."]
    assert {outbox.row(first).state, outbox.row(second).state} == {State.ACCEPTED}


def test_a_worker_that_wakes_after_others_sent_its_claim_does_not_send_it_again(outbox: Outbox) -> None:
    outbox.answer("One.")
    second = outbox.answer("Two.")

    outbox.send(SlowWorker(outbox, until_planned_again=True))

    assert [message.body for message in outbox.sent()].count("Two.") == 1
    assert outbox.row(second).state == State.ACCEPTED


@pytest.mark.parametrize("taken", [False, True], ids=["the first never left", "the first was taken"])
def test_the_same_words_to_the_same_number_wait_until_the_first_are_settled(outbox: Outbox, taken: bool) -> None:
    """The carrier's list knows no reference of ours: it could not tell which of the two it shows."""
    outbox.carrier.carrier.order(Order(Fault.DROP if taken else Fault.BROKEN))
    lost, other, different = outbox.answer("Thank you."), outbox.answer("Thank you."), outbox.answer("We called.")
    outbox.send()
    assert (outbox.row(lost).state, outbox.row(other).state, outbox.row(other).reason) == (State.UNCERTAIN, State.HELD, TWIN)
    assert outbox.row(different).state == State.ACCEPTED

    for _ in range(4):
        outbox.later(minutes=11)
        outbox.look_up()
        outbox.send()

    assert {outbox.row(row).state for row in (lost, other)} <= {State.ACCEPTED, State.DELIVERED}
    sids = [message.sid for message in outbox.sent() if message.body == "Thank you."]
    assert {outbox.row(row).provider_sid for row in (lost, other)} == set(sids)
    assert len(sids) == 2
    assert not taken or outbox.row(lost).provider_sid == sids[0]


class OtherWorker:
    """A provider during whose first request another worker claims the same words to the same number."""

    def __init__(self, outbox: Outbox, twin: int) -> None:
        """Say which row it claims."""
        self._outbox, self._twin = outbox, twin

    def send(self, text: Text) -> Answer:
        """Claim, as another worker does, then ask."""
        assert self._outbox.provider is not None
        with self._outbox.database.write() as session:
            row = session.get_one(PlannedMessage, self._twin)
            row.state, row.claimed_at = State.SENDING, self._outbox.now
            session.execute(update(Attempt).where(Attempt.planned_id == self._twin).values(outcome="open"))
        return self._outbox.provider.send(text)

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """Nobody asks."""
        raise AssertionError(phone, since)


def test_of_two_workers_that_claimed_the_same_words_at_once_neither_asks_while_the_other_may(outbox: Outbox) -> None:
    outbox.carrier.carrier.order(Order(Fault.BUSY))
    twin = outbox.answer("Two.")
    outbox.send()
    with outbox.database.write() as session:
        session.execute(update(PlannedMessage).where(PlannedMessage.id == twin).values(due_at=outbox.now + timedelta(hours=1)))
    outbox.answer("One.")
    mine = outbox.answer("Two.")

    outbox.send(OtherWorker(outbox, twin))

    assert [message.body for message in outbox.sent()] == ["One."]
    assert (outbox.row(twin).state, outbox.row(mine).state, outbox.row(mine).reason) == (State.SENDING, State.HELD, TWIN)


def test_half_an_answer_leaves_a_doubt_that_is_looked_up(outbox: Outbox) -> None:
    outbox.carrier.carrier.order(Order(Fault.GARBLED))
    planned = outbox.answer()

    outbox.send()
    assert outbox.row(planned).state == State.UNCERTAIN
    outbox.later(minutes=3)
    outbox.look_up()
    outbox.send()

    assert outbox.row(planned).provider_sid == outbox.sent()[0].sid
    assert len(outbox.sent()) == 1


def test_a_page_from_something_in_between_stops_everything_and_fails_no_message(outbox: Outbox) -> None:
    outbox.carrier.carrier.order(Order(Fault.WALL))
    planned = [outbox.answer(f"Text {number}") for number in range(3)]

    report = outbox.send()

    assert "HTTP 403" in report.stopped
    assert {outbox.row(item).state for item in planned} == {State.PLANNED}


def test_nobody_at_the_carriers_address_takes_nothing(database: Database, tmp_path: Path) -> None:
    with running(database, tmp_path / "home") as outbox:
        outbox.answer()
    answer = TwilioProvider.from_settings(outbox.settings).send(Text(PHONE, "Hello", "ref"))
    assert answer.outcome == Outcome.TRY_LATER


def test_a_list_that_cannot_be_read_is_no_clean_pass(database: Database, tmp_path: Path) -> None:
    with running(database, tmp_path / "home") as outbox:
        outbox.carrier.carrier.order(Order(Fault.BROKEN))
        planned = outbox.answer()
        outbox.send()
    for _ in range(3):
        outbox.later(minutes=11)
        outbox.look_up()

    assert (outbox.row(planned).state, outbox.row(planned).requeued) == (State.UNCERTAIN, 0)


def test_a_claim_holds_no_more_segments_than_leave_in_two_seconds(outbox: Outbox) -> None:
    for number in range(4):
        outbox.answer(f"{number} " + "long words " * 20)  # two segments each
    slow = outbox.settings.model_copy(update={"sender_rate": 1.5})

    report = dispatch(outbox.database, outbox.provider, slow, FixedClock(outbox.now))

    assert report.claimed == 1
    assert len(outbox.sent()) == 1


def test_a_single_number_can_be_the_sender(outbox: Outbox) -> None:
    settings = outbox.settings.model_copy(update={"twilio_messaging_service_sid": "+13125550100"})

    answer = TwilioProvider.from_settings(settings).send(Text(PHONE, "Hello", "ref"))

    assert (answer.outcome, answer.status) == (Outcome.ACCEPTED, "queued")
    assert outbox.sent()[0].sender == "+13125550100"
