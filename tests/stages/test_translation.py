"""Machines translate for staff through real clients over HTTP; and the database refuses their words as an answer, however it is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from outreach.database import Database
from outreach.planning.rows import new_row
from outreach.planning.states import MessageClass
from outreach.settings import SettingsError, load_settings
from outreach.simulator.translation import TranslationFault, TranslationHouse
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.translation.choosing import translator_of
from outreach.translation.tables import MachineText
from outreach.translation.translator import NoSuchLanguageError, Translator, UnreachableError
from tests.conftest import NOON
from tests.stages.families import PHONE, a_family, hear

KEY = "stand-in:fx"
SOMALI = "Ilmahaygu wuu xanuunsan yahay"
DRAFT = "Waad ku mahadsan tahay qoraalkaaga. Baska wuxuu imanayaa toddobada."


@pytest.fixture(scope="module")
def house() -> Iterator[TranslationHouse]:
    house = TranslationHouse(KEY, says={SOMALI: "My child is ill"})
    house.listen()
    yield house
    house.stop()


@pytest.fixture(params=["libretranslate", "deepl"])
def translator(request: pytest.FixtureRequest, house: TranslationHouse) -> Iterator[Translator]:
    settings = load_settings(translation=request.param, translation_api_base=house.url, translation_key=KEY, translation_timeout_seconds=1)
    found = translator_of(settings)
    assert found is not None
    house.asked.clear()
    yield found
    found.close()


def test_words_come_back_in_the_language_that_was_asked_for(translator: Translator) -> None:
    assert translator.translate(SOMALI, "so", "en") == "My child is ill"
    for locale in ("zh-Hans", "pt-BR", "ar"):
        assert "Thank you" in translator.translate("Thank you", "en", locale)
        assert translator.translate("words", locale, "en")
    assert translator.is_cloud == (translator.name == "DeepL")


def test_a_language_that_nobody_translates_is_said_at_once(translator: Translator) -> None:
    with pytest.raises(NoSuchLanguageError):
        translator.translate("words", "mh", "en")


@pytest.mark.parametrize("fault", list(TranslationFault))
def test_whatever_goes_wrong_it_is_asked_once_ends_in_time_and_repeats_no_words(
    translator: Translator, house: TranslationHouse, fault: TranslationFault
) -> None:
    house.faults.append(fault)
    began = time.monotonic()
    with pytest.raises(UnreachableError) as refusal:
        translator.translate(SOMALI, "so", "en")
    assert time.monotonic() - began < 2.5
    assert not house.faults
    assert "xanuunsan" not in str(refusal.value)
    assert len(house.asked) <= 1


def test_a_server_that_is_down_is_said() -> None:
    for service in ("libretranslate", "deepl"):
        found = translator_of(load_settings(translation=service, translation_api_base="http://127.0.0.1:9", translation_key=KEY))
        assert found is not None
        with pytest.raises(UnreachableError):
            found.translate(SOMALI, "so", "en")
        found.close()


def test_nobody_translates_by_default_and_half_a_setting_is_refused() -> None:
    assert translator_of(load_settings()) is None
    for half in ({"translation": "libretranslate"}, {"translation": "deepl"}):
        with pytest.raises(SettingsError, match="translation"):
            load_settings(**half)


# --- the database ---------------------------------------------------------------------------------------------------------------


def _draft(database: Database, words: str = DRAFT) -> tuple[int, int]:
    """A machine's draft for PHONE that waits for a speaker, and an account."""
    with database.write() as session:
        a_family(session, "C1", {"child": "S1"}, phone=PHONE, locale="so")
        case = hear(session, load_settings(), "when does the bus come?", phone=PHONE, at=NOON)[1]
        speaker = staff.add_account(session, email="amina@example.org", name="Amina", role=Role.COORDINATOR, schools=["S1"], now=NOON)
        session.flush()
        row = MachineText(
            kind="draft", state="made", case_id=case.id, inbound_id=None, phone=PHONE, source="en", target="so", original="Thank you.",
            words=words, provider="LibreTranslate", asked_by="ana@example.org", asked_at=NOON, due_at=NOON, tries=1, made_at=NOON,
            reason="", approved_by_id=None, approved_at=None,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id, speaker.id


def _answer(database: Database, body: str, phone: str = PHONE) -> int:
    """Write an answer as any program might, past all of our own code."""
    with database.write() as session:
        row = new_row(NOON, once_key=f"raw:{phone}:{body}", message_class=MessageClass.ANSWER, phone=phone, created_by="x")
        session.add(row)
        session.flush()
        session.execute(text("UPDATE planned_messages SET body = :body WHERE id = :id"), {"body": body, "id": row.id})
        return row.id


@pytest.mark.parametrize("body", [DRAFT, f"  {DRAFT}\n", DRAFT.replace(" ", "\n"), f"Hello. {DRAFT} Bye."])
def test_the_database_refuses_machine_text_as_an_answer(database: Database, body: str) -> None:
    _draft(database)
    with pytest.raises(IntegrityError, match="speaker"):
        _answer(database, body)
    with database.write() as session:
        row = new_row(NOON, once_key="raw", message_class=MessageClass.ANSWER, phone=PHONE, body=body, created_by="x")
        session.add(row)
        with pytest.raises(IntegrityError, match="speaker"):
            session.flush()
        session.rollback()


def test_it_lets_through_what_a_person_wrote_and_what_a_speaker_approved(database: Database) -> None:
    draft, speaker = _draft(database)
    assert _answer(database, "Baska wuxuu imanayaa toddobada.")
    assert _answer(database, DRAFT, phone="+13125550143")
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text("UPDATE machine_texts SET state = 'approved'"))
    with database.write() as session:
        session.execute(
            text("UPDATE machine_texts SET state = 'approved', approved_by_id = :who WHERE id = :id"), {"who": speaker, "id": draft}
        )
    assert _answer(database, DRAFT)


def test_a_draft_of_a_word_or_two_is_refused_alone_and_not_inside_other_words(database: Database) -> None:
    _draft(database, "Haa")
    with pytest.raises(IntegrityError):
        _answer(database, " Haa ")
    assert _answer(database, "Haa, berri.")
