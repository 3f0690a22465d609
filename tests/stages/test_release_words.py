"""Which words leave, and who signs them: the wording for the occasion, the adult who knows the child, a line in the family's language."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from outreach.database import Database
from outreach.district.tables import StudentAdult
from outreach.planning import release
from outreach.planning.states import MessageClass, State
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff.tables import Account, AccountSchool
from tests.conftest import NOON
from tests.stages.nights import Nights, approval

ANNA = "+13125550142"
WORDS = {
    ("count", "sms", "en"): "{{ district }}: {{ child }} {{ days_missed }}. {{ signed_by }}",
    ("count", "letter", "en"): "Dear {{ adult_names }}\n\n{{ child }} {{ days_missed }}",
}
AGAIN = {("count_again", "sms", "en"): "{{ district }}: now {{ child }} {{ days_missed }}. {{ signed_by }}"}


@pytest.fixture
def nights(database: Database, settings: Settings, tmp_path: Path) -> Nights:
    """One child far over every threshold, with a mother who can be texted and written to."""
    found = Nights(database, settings, tmp_path)
    found.district.child("lia", absent=9)
    found.district.adult("anna", ["lia"], phone=ANNA, address="1 Elm Street")
    return found


def go(nights: Nights, channel: str = "sms") -> release.Go:
    [row] = nights.rows(channel, "planned")
    found = nights.check(row)
    assert isinstance(found, release.Go), found
    return found


def begin(nights: Nights, words: dict[tuple[str, str, str], str]) -> None:
    nights.approve(words)
    nights.open()
    nights.plan()


def copy_of(nights: Nights, **changes: Any) -> None:
    """A further row like the planned text."""
    [row] = nights.rows("sms", "planned")
    copied = {column.name: getattr(row, column.name) for column in PlannedMessage.__table__.columns if column.name != "id"}
    with nights.database.write() as session:
        session.add(PlannedMessage(**copied | {"ref": "copy", "once_key": "copy"} | changes))


def name_an_adult(nights: Nights, *names: str) -> None:
    with nights.database.write() as session:
        session.add_all(
            StudentAdult(student_id="lia", name=name, role="mentor", source="sis", import_id=1, line=line)
            for line, name in enumerate(names, start=2)
        )


def name_a_coordinator(nights: Nights) -> None:
    [row] = nights.rows("sms", "planned")
    with nights.database.write() as session:
        account = Account(
            email="r@example.org", name="Rosa Delgado", role="coordinator", password_hash=None, created_at=NOON, disabled_at=None
        )
        session.add(account)
        session.flush()
        session.add(AccountSchool(account_id=account.id, school_id=row.school_id))


def test_the_adult_who_knows_the_child_signs_else_the_coordinator_else_the_school(nights: Nights) -> None:
    begin(nights, WORDS)
    assert "days. Lincoln" in go(nights).body
    name_a_coordinator(nights)
    assert "days. Rosa Delgado" in go(nights).body
    name_an_adult(nights, "Mr. Okafor", "Ms. Rivera")
    assert "days. Mr. Okafor" in go(nights).body
    letter = go(nights, "letter").letter
    assert letter is not None
    assert letter.own.signature[0] == "Mr. Okafor"


def test_a_family_that_heard_of_the_child_before_gets_the_words_for_it(nights: Nights) -> None:
    begin(nights, WORDS | AGAIN)
    assert ": lia 9 days" in go(nights).body.lower()
    long_ago = nights.now - timedelta(days=40)
    copy_of(nights, state=State.DELIVERED, sent_at=long_ago, created_at=long_ago)
    assert ": now lia 9 days" in go(nights).body.lower()


def test_without_approved_words_for_the_occasion_those_of_the_message_go(nights: Nights) -> None:
    begin(nights, WORDS)
    copy_of(nights, state=State.DELIVERED, sent_at=nights.now - timedelta(days=40), created_at=nights.now - timedelta(days=40))
    assert ": lia 9 days" in go(nights).body.lower()


def test_a_letter_has_the_words_of_its_highest_threshold_and_a_familys_language_comes_before_them(nights: Nights) -> None:
    begin(nights, WORDS | {("count_20", "letter", "en"): "Dear {{ adult_names }}\n\nWe will call. {{ child }} {{ days_missed }}"})
    assert "We will call." in str(go(nights, "letter").letter)
    nights.approve({("count", "letter", "es"): "Saludos {{ adult_names }}\n\n{{ child }} {{ days_missed }}"})
    nights.district.contacts["anna"]["language"] = "Spanish"
    nights.load()
    assert "Saludos" in str(go(nights, "letter").letter)


def test_english_words_to_another_language_end_with_its_line_about_interpreters(nights: Nights) -> None:
    nights.district.contacts["anna"]["language"] = "Somali"
    nights.settings = nights.settings.model_copy(update={"interpreter_phone": "(312) 555-0177"})
    begin(nights, WORDS | {("interpreter", "sms", "so"): "Turjubaan: {{ interpreter_phone }}"})
    assert go(nights).body.splitlines()[-1] == "Turjubaan: (312) 555-0177"
    letter = go(nights, "letter").letter
    assert letter is not None
    assert (letter.tag, letter.tag_locale) == ("Turjubaan: (312) 555-0177", "so")


def test_a_text_that_would_cost_too_much_is_held_with_its_reason(nights: Nights) -> None:
    nights.settings = nights.settings.model_copy(update={"district_name": "Lincoln " * 60})
    begin(nights, WORDS)
    [row] = nights.rows("sms", "planned")
    found = nights.check(row)
    assert isinstance(found, release.Stop)
    assert (found.state, "segments" in found.reason) == (State.HELD, True)


def test_a_message_without_a_count_names_the_child_the_school_and_the_senders_note(nights: Nights) -> None:
    begin(nights, WORDS)
    nights.approve({("news", "sms", "en"): "{{ district }}: {{ child }} of {{ school }}. {{ note }}"})
    copy_of(nights, message="news", message_class=MessageClass.CAMPAIGN, facts={"note": "A prize for reading."})
    with nights.database.read() as session:
        row = session.scalars(select(PlannedMessage).filter_by(ref="copy")).one()
        found = release.check(session, row, nights.settings, nights.now)
    assert isinstance(found, release.Go), found
    assert found.body.endswith(". A prize for reading.")
    assert ": lia of " in found.body.lower()


def test_a_school_with_words_of_its_own_speaks_in_them_in_texts_and_letters(nights: Nights) -> None:
    begin(nights, WORDS)
    school = nights.rows("sms", "planned")[0].school_id
    with nights.database.write() as session:
        for (message, channel, locale), text in WORDS.items():
            copy = approval(message, channel, locale, f"Ours. {text}", nights.now)
            copy.school_id = school
            session.add(copy)
    assert go(nights).body.startswith("Ours. ")
    assert "Ours. Dear" in repr(go(nights, "letter").letter)
    assert go(nights).approval_id != nights.rows("sms", "planned")[0].approval_id, "the message pins the words that leave"
