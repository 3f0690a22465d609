"""A family's text is kept, what it revokes is revoked at once, and few automatic answers follow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.consent import actions as consent
from outreach.consent import queries as consents
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.messages.tables import Approval
from outreach.planning.tables import PlannedMessage
from outreach.replies.actions import receive
from outreach.replies.tables import Inbound
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.families import PHONE, a_family, a_text, hear


def approve(session: Session, *messages: str, locale: str = "en") -> None:
    for message in messages:
        words = {
            "source_hash": message,
            "translation_hash": message,
            "source_text": "{{ district }}",
            "translation_text": "{{ district }}",
            "phrases_hash": "",
        }
        session.add(Approval(message=message, channel="sms", locale=locale, approved_by="ana@example.org", approved_at=NOON, **words))
    session.flush()


def confirmations(session: Session) -> list[str]:
    return list(
        session.scalars(select(PlannedMessage.message).where(PlannedMessage.message_class == "confirmation").order_by(PlannedMessage.id))
    )


def test_a_text_is_kept_with_its_meaning_and_the_words_that_decided(database: Database, settings: Settings) -> None:
    with database.write() as session:
        a_family(session, "C1", {"1": "S1"})
        inbound = receive(session, a_text(session, "the bus never comes"), settings, NOON)

        assert (inbound.phone, inbound.body, inbound.intent) == (PHONE, "the bus never comes", "barrier_report")
        assert (inbound.barrier, inbound.category, inbound.to_human) == ("transportation", "barriers", True)
        assert "bus never" in inbound.why


def test_the_same_message_sid_again_is_one_row_and_one_ledger_entry(database: Database, settings: Settings) -> None:
    with database.write() as session:
        first = receive(session, a_text(session, "STOP", sid="SM1"), settings, NOON)
        version = consents.state(session, PHONE).version
        again = receive(session, a_text(session, "STOP", sid="SM1"), settings, NOON)

        assert again.id == first.id
        assert session.scalar(select(func.count()).select_from(Inbound)) == 1
        assert consents.state(session, PHONE).version == version


@pytest.mark.parametrize("words", ["STOP", "please do not text me any more", "no más", "STOP.", "Stop!", "ＳＴＯＰ"])
def test_a_revocation_in_any_wording_is_in_the_ledger_when_the_text_is_taken_in(database: Database, settings: Settings, words: str) -> None:
    with database.write() as session:
        receive(session, a_text(session, words), settings, NOON)
        assert consents.state(session, PHONE).opted_out


def test_start_lifts_the_numbers_own_opt_out_but_no_suppression(database: Database, settings: Settings) -> None:
    with database.write() as session:
        consent.record(session, PHONE, Kind.SUPPRESSED, source=Source.STAFF, by="ana@example.org", now=NOON, note="asked on the phone")
        receive(session, a_text(session, "STOP"), settings, NOON)
        receive(session, a_text(session, "START"), settings, NOON)

        state = consents.state(session, PHONE)
        assert not state.opted_out
        assert state.suppressed == "asked on the phone"


def test_a_wrong_number_hears_nothing_more_even_after_start(database: Database, settings: Settings) -> None:
    with database.write() as session:
        receive(session, a_text(session, "wrong number"), settings, NOON)
        receive(session, a_text(session, "START"), settings, NOON)
        assert "wrong number" in consents.state(session, PHONE).suppressed


def test_the_carrier_confirms_its_own_words_and_we_confirm_the_others_once_per_opt_out(database: Database, settings: Settings) -> None:
    with database.write() as session:
        approve(session, "opt_out", "opt_in", "help")
        receive(session, a_text(session, "STOP"), settings, NOON)
        assert confirmations(session) == []
        receive(session, a_text(session, "please start texting me again"), settings, NOON)
        receive(session, a_text(session, "please stop texting me"), settings, NOON)
        receive(session, a_text(session, "I said stop texting me"), settings, NOON)
        assert confirmations(session) == ["opt_in", "opt_out"]


def test_with_the_service_confirming_every_word_is_ours(database: Database, settings: Settings) -> None:
    ours = settings.model_copy(update={"opt_out_confirmation": "service"})
    with database.write() as session:
        approve(session, "opt_out")
        receive(session, a_text(session, "STOP"), ours, NOON)
        assert confirmations(session) == ["opt_out"]


def test_two_machines_do_not_chat_one_help_answer_in_a_day(database: Database, settings: Settings) -> None:
    with database.write() as session:
        approve(session, "help")
        for hours in (0, 1, 23, 25):
            at = NOON + timedelta(hours=hours)
            receive(session, a_text(session, "Help?", at=at), settings, at)
        assert confirmations(session) == ["help", "help"]


def test_unapproved_words_are_not_said(database: Database, settings: Settings) -> None:
    with database.write() as session:
        receive(session, a_text(session, "please stop texting me"), settings, NOON)
        assert confirmations(session) == []
        assert consents.state(session, PHONE).opted_out


def test_danger_that_also_says_stop_is_both_and_gets_no_automatic_text(database: Database, settings: Settings) -> None:
    with database.write() as session:
        approve(session, "opt_out")
        inbound, case = hear(session, settings, "stop texting me, my husband hit me again last night")
        assert (inbound.intent, inbound.urgent, inbound.suppress) == ("crisis", True, True)
        assert case.urgent
        assert confirmations(session) == []


def test_the_carriers_own_stop_counts_whatever_we_understood(database: Database, settings: Settings) -> None:
    with database.write() as session:
        inbound = receive(session, a_text(session, "XYZ", OptOutType="STOP"), settings, NOON)
        assert inbound.suppress
        assert consents.state(session, PHONE).opted_out


def test_a_photo_needs_a_person_even_beside_thanks(database: Database, settings: Settings) -> None:
    with database.write() as session:
        inbound = receive(session, a_text(session, "thank you", NumMedia="1"), settings, NOON)
        assert (inbound.media, inbound.to_human) == (1, True)


def test_our_own_words_in_an_answer_are_not_the_familys(database: Database, settings: Settings) -> None:
    ours = "Lincoln Schools: Rosa has missed 12 days. Reply STOP to end these texts."
    with database.write() as session:
        inbound = receive(session, a_text(session, f"Loved “{ours}”"), settings, NOON)
        assert (inbound.intent, inbound.suppress) == ("ack", False)
