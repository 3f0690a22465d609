"""Words under work reach the pretended phone of whoever wrote them, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.database import Database
from outreach.planning import release, trial
from outreach.planning.reasons import Reason
from outreach.planning.release import Go, Stop
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.families import a_family
from tests.stages.outbox import running

WORDS = "Lincoln Schools: Maya has missed 8 days. Reply STOP to stop."


def planned(database: Database) -> PlannedMessage:
    with database.write() as session:
        row = trial.plan_trial(session, account_id=7, body=WORDS, language="en", by="boss@example.org", now=NOON)
        session.expunge(row)
        return row


def verdict(database: Database, row: PlannedMessage, settings: Settings) -> Go | Stop:
    with database.read() as session:
        return release.check(session, row, settings, NOON)


def test_a_trial_goes_through_the_outbox_to_the_pretended_phone(sqlite_database: Database, tmp_path: Path) -> None:
    with running(sqlite_database, tmp_path) as box:
        row = planned(sqlite_database)
        box.send()
        assert [(message.to, message.body) for message in box.sent()] == [("+19075550107", WORDS)]
        assert box.row(row.id).state != State.PLANNED


@pytest.mark.parametrize("provider", ["twilio", ""])
def test_a_trial_never_leaves_with_a_provider_that_reaches_people(database: Database, settings: Settings, provider: str) -> None:
    stop = Stop(State.CANCELLED, Reason.NO_TRIAL)
    assert verdict(database, planned(database), settings.model_copy(update={"provider": provider})) == stop


def test_a_trial_never_reaches_a_number_that_is_a_familys_or_not_of_the_kind_staff_get(database: Database, settings: Settings) -> None:
    pretending = settings.model_copy(update={"provider": "simulator"})
    row = planned(database)
    assert isinstance(verdict(database, row, pretending), Go)
    row.phone = "+13125550142"
    assert verdict(database, row, pretending) == Stop(State.CANCELLED, Reason.NO_TRIAL)
    row.phone = trial.number_of(7)
    with database.write() as session:
        a_family(session, "c9", {"st9": "S1"}, phone=row.phone)
    assert verdict(database, row, pretending) == Stop(State.CANCELLED, Reason.NO_TRIAL)


def test_everybody_has_a_fictional_number_of_their_own() -> None:
    numbers = [trial.number_of(account) for account in range(1, 501)]
    assert len(set(numbers)) == 500
    assert all(number[5:10] == "55501" and len(number) == 12 for number in numbers)
