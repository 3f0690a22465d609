"""Where two people must look, an account whose e-mail changes in between is still one person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from outreach.cases import account_changes
from outreach.cases.account_changes import Wanted
from outreach.database import Database
from outreach.delivery import letter_batches
from outreach.delivery.letter_rules import BatchError, BatchState
from outreach.delivery.letter_tables import LetterBatch
from outreach.messages import bench_actions
from outreach.messages.actions import approve
from outreach.messages.bench_actions import BenchError, Seen
from outreach.messages.bench_queries import work_at
from outreach.messages.bench_stages import Deadlines
from outreach.messages.editing import Hand, Spot
from outreach.messages.pairs import current_pairs, digest
from outreach.planning import batches, study_actions
from outreach.planning.batches import SecondPersonError
from outreach.planning.studies import Arm, Design, DesignError, Home, Kind
from outreach.planning.study_tables import Study
from outreach.planning.tables import MessageBatch
from outreach.settings import Settings, load_settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from tests.conftest import NOON

FORMER, TODAY, OTHER = "ana@example.org", "ruiz@example.org", "kim@example.org"
Second = Callable[[Session, str], object]
First = Callable[[Session], Second]


def letters(session: Session) -> Second:
    """A batch of letters that two people look at, and the first of them has."""
    row = LetterBatch(
        state=BatchState.WAITING, prepared_at=NOON, prepared_by="", approved_by=[], released_by="", letters=1, pages=1, left_out={},
        revoked_by="", why="",
    )  # fmt: skip
    session.add(row)
    session.flush()
    settings, number = load_settings(letter_approvals=2), row.id
    letter_batches.approve(session, number, settings, NOON, FORMER)
    return lambda session, by: letter_batches.approve(session, number, settings, NOON, by)


def mass_send(session: Session) -> Second:
    """Very many messages of one night, which somebody released."""
    row = MessageBatch(
        planned_at=NOON, planned_by="", messages=900, started_by=[FORMER], waits="mass send", mass_send=True, decided_at=None, decided_by=""
    )
    session.add(row)
    session.flush()
    number = row.id
    return lambda session, by: batches.approve(session, number, by=by, now=NOON)


def study(session: Session) -> Second:
    """A study that somebody proposed."""
    first = NOON.date() + timedelta(days=1)
    design = Design("Does it help?", Kind.HOLDOUT, first, first + timedelta(days=60), (Arm("later", 50), Arm("now", 50, first)))
    number = study_actions.propose(session, design, by=FORMER, now=NOON).id
    homes = [Home("c1", "st1", ("st1",), "north", "5", "4")]

    def second(session: Session, by: str) -> object:
        row = session.get_one(Study, number)
        return study_actions.start(session, row, homes, left_out={}, by=by, today=NOON.date(), now=NOON)

    return second


def translation(session: Session) -> Second:
    """Words that a translator handed in."""
    spot = Spot("help", "sms", locale="so")
    approve(session, message="help", language="en", by=OTHER, now=NOON)
    [english] = [pair.source for _, pair in current_pairs() if (pair.message, pair.locale) == ("help", "en")]
    words = "{{ district }}: Fariin ku saabsan maalmaha dugsiga. STOP si aad u joojiso."
    bench_actions.hand_in(session, spot, words, Hand(FORMER, NOON), seen=Seen(digest(english)))

    def second(session: Session, by: str) -> object:
        work = work_at(session, spot, Deadlines(core=5, others=14))
        assert work is not None
        return bench_actions.approve(session, work, Hand(by, NOON), shown=bench_actions.shown_digest(work.pair), own_words=False)

    return second


@pytest.mark.parametrize(
    ("first", "error"), [(letters, BatchError), (mass_send, SecondPersonError), (study, DesignError), (translation, BenchError)]
)
def test_a_new_e_mail_makes_no_second_person_where_two_must_look(
    sqlite_database: Database, settings: Settings, first: First, error: type[Exception]
) -> None:
    with sqlite_database.write() as session:
        for email in (FORMER, OTHER, "boss@example.org"):
            staff.add_account(session, email=email, name=email, role=Role.DISTRICT_ADMINISTRATOR, schools=[], now=NOON)
        second = first(session)
        account = session.get_one(Account, 1)
        wanted = Wanted("Ana Ruiz", TODAY, Role.DISTRICT_ADMINISTRATOR, frozenset())
        account_changes.change(session, account, wanted, None, by="boss@example.org", settings=settings, now=NOON)
    for by in (FORMER, TODAY):
        with pytest.raises(error), sqlite_database.write() as session:
            second(session, by)
    with sqlite_database.write() as session:
        second(session, OTHER)
