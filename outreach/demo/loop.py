"""Runs the whole loop once without a browser and says what happened: every figure is read back from rows or from the carrier."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from outreach.cases import actions as cases
from outreach.cases.states import CaseState
from outreach.cases.tables import Case
from outreach.consent import queries as consent
from outreach.delivery import letters
from outreach.delivery.actions import dispatch
from outreach.delivery.letters import LettersReport
from outreach.demo import family
from outreach.demo.stage import PEOPLE
from outreach.planning.states import Channel, State
from outreach.planning.tables import PlannedMessage
from outreach.services import Services
from outreach.simulator.server import Running
from outreach.staff.queries import by_email

BUS = "The bus stopped coming to our street and I start work at 6"
STOP = "STOP"
ANSWER = "Thank you for telling us. I will call the bus office today and text you by 3 pm. - {name}"
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Happened:
    """What one round of the loop did."""

    texts: Counter[str]
    """State of count texts after dispatch and receipts → how many."""
    letters: int
    family_page: str
    """What the page behind a letter's code says first; empty where none opened."""
    transcript: tuple[tuple[str, str], ...]
    """(who, words) on the phone of the family that wrote."""
    stopped: bool
    """The family that texted STOP is opted out."""
    waiting: int
    """Cases that wait for a person after the answer."""


def run(services: Services, carrier: Running, progress: Callable[[str], None]) -> Happened:
    """Send what is due, let two families write, answer one of them, print the letters."""
    progress("sending texts")
    _dispatch_all(services)
    _until(lambda: not _count(services, State.ACCEPTED, State.SENT))
    writing, leaving = _phones(services)[:2]
    progress("families answer")
    carrier.simulation.text_from(writing, BUS)
    carrier.simulation.text_from(leaving, STOP)
    _until(lambda: _case(services, writing) is not None and _stopped(services, leaving))
    progress("a coordinator answers")
    _answer(services, writing)
    _dispatch_all(services)
    _until(lambda: any(message.body.startswith("Thank you") for message in carrier.carrier.thread(writing)))
    progress("printing letters")
    printed = print_letters(services)
    letter = family.a_letter(services)
    return Happened(
        texts=_texts(services),
        letters=printed.letters,
        family_page=family.look(letter) if letter else "",
        transcript=tuple((message.direction, message.body) for message in carrier.carrier.thread(writing)),
        stopped=_stopped(services, leaving),
        waiting=_waiting(services),
    )


def print_letters(services: Services) -> LettersReport:
    """Print the letters that are due."""
    return letters.release(services.database, services.settings, services.clock, services.settings.home / "letters", by="demo")


def _dispatch_all(services: Services) -> None:
    while dispatch(services.database, services.provider, services.settings, services.clock).claimed:
        pass


def _until(done: Callable[[], bool]) -> None:
    """Wait for what other threads do; give up after a while, the account then says what is missing."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not done() and time.monotonic() < end:
        time.sleep(0.05)


def _count(services: Services, *states: State) -> int:
    with services.database.read() as session:
        statement = select(func.count()).select_from(PlannedMessage).where(PlannedMessage.state.in_(states))
        return session.scalar(statement) or 0


def _texts(services: Services) -> Counter[str]:
    with services.database.read() as session:
        rows = session.execute(
            select(PlannedMessage.state, func.count())
            .where(PlannedMessage.channel == Channel.SMS, PlannedMessage.message == "count")
            .group_by(PlannedMessage.state)
        )
        return Counter(dict(rows.tuples().all()))


def _phones(services: Services) -> list[str]:
    """Numbers that got a count text, English-speaking families first."""
    with services.database.read() as session:
        rows = session.execute(
            select(PlannedMessage.phone, PlannedMessage.language)
            .where(PlannedMessage.channel == Channel.SMS, PlannedMessage.state == State.DELIVERED, PlannedMessage.household != "")
            .order_by(PlannedMessage.language != "en", PlannedMessage.id)
        )
        return [phone for phone, _ in rows]


def _case(services: Services, phone: str) -> int | None:
    with services.database.read() as session:
        return session.scalar(select(Case.id).where(Case.phone == phone, Case.state == CaseState.OPEN))


def _stopped(services: Services, phone: str) -> bool:
    with services.database.read() as session:
        return consent.state(session, phone).opted_out


def _waiting(services: Services) -> int:
    with services.database.read() as session:
        return session.scalar(select(func.count()).select_from(Case).where(Case.state == CaseState.OPEN)) or 0


def _answer(services: Services, phone: str) -> None:
    case_id = _case(services, phone)
    if case_id is None:
        return
    with services.database.write() as session:
        account = by_email(session, PEOPLE[0][0])
        if account is not None:
            words = ANSWER.format(name=account.name.split()[0])
            case = session.get_one(Case, case_id)
            cases.answer(session, case, words, account_id=account.id, by=account.email, now=services.clock.now())
