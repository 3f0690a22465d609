"""A family that nobody at school can read: a machine or a helper reads it, it hears when a speaker answers, and nothing sealed leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from outreach.attention.queries import open_items
from outreach.cases import actions, cover, helper_alerts, reach, speaking, speaking_acts
from outreach.cases.language_states import TaskKind
from outreach.cases.language_tables import LanguageTask
from outreach.cases.queries import CaseNotFoundError
from outreach.cases.tables import Case, CaseEvent
from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.mail import Kind
from outreach.delivery.mail_tables import Email
from outreach.district.tables import Contact
from outreach.messages.actions import approve
from outreach.planning.release import Go, check
from outreach.planning.rows import new_row
from outreach.planning.states import MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings, load_settings
from outreach.simulator.translation import TranslationFault, TranslationHouse
from outreach.staff import actions as staff
from outreach.staff import queries as staff_queries
from outreach.staff.queries import SignedIn
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from outreach.translation.choosing import translator_of
from outreach.translation.tables import MachineText
from tests.conftest import NOON
from tests.stages.families import PHONE, a_family, hear

KEY = "stand-in:fx"
SOMALI = "Ilmahaygu basku ma yimaado subax walba"
DANGER = "wuxuu sitaa qori oo wuu na dili doonaa, he has a gun and will kill us"


@dataclass
class School:
    """S1, where Ana coordinates and reads no Somali, and whoever else a test adds."""

    database: Database
    settings: Settings
    house: TranslationHouse
    now: datetime = NOON

    def person(self, name: str, role: Role = Role.COORDINATOR, *, reads: str = "", schools: tuple[str, ...] = ("S1",)) -> int:
        with self.database.write() as session:
            account = staff.add_account(session, email=f"{name}@example.org", name=name, role=role, schools=list(schools), now=NOON)
            session.flush()
            if reads:
                cover.keep(session, account.id, cover.Details(languages=(reads,)), by="x", now=NOON)
            return account.id

    def hear(self, words: str = SOMALI, **more: str) -> int:
        with self.database.write() as session:
            if session.get(Contact, "C1") is None:
                a_family(session, "C1", {"child": "S1"}, phone=PHONE, locale="so")
            return hear(session, self.settings, words, phone=PHONE, at=self.now, **more)[1].id

    def run(self, **later: float) -> int:
        """One tick of the job, after some time."""
        self.now += timedelta(**later)
        translator = translator_of(self.settings)
        made = speaking.translate_due(self.database, translator, self.settings, self.now)
        if translator:
            translator.close()
        return made

    def tasks(self) -> list[LanguageTask]:
        with self.database.read() as session:
            return list(session.scalars(select(LanguageTask).order_by(LanguageTask.id)))

    def notes(self) -> list[PlannedMessage]:
        with self.database.read() as session:
            return list(session.scalars(select(PlannedMessage).where(PlannedMessage.message == speaking.NOTE)))

    def texts(self) -> list[MachineText]:
        with self.database.read() as session:
            return list(session.scalars(select(MachineText).order_by(MachineText.id)))

    def items(self) -> list[str]:
        with self.database.read() as session:
            return [item.sentence for item in open_items(session, None) if item.kind == speaking.KIND]


@pytest.fixture(scope="module")
def house() -> Iterator[TranslationHouse]:
    house = TranslationHouse(KEY, says={SOMALI: "The bus does not come every morning"})
    house.listen()
    yield house
    house.stop()


@pytest.fixture
def school(sqlite_database: Database, settings: Settings, house: TranslationHouse) -> School:
    house.asked.clear()
    with sqlite_database.write() as session:
        approve(session, message=("speaker_answers", "after_hours", "safety"), language="en", by="x", now=NOON)
        approve(session, message=("speaker_answers",), language="so", by="x", now=NOON)
    found = School(sqlite_database, settings, house)
    found.person("ana")
    return found


def _with(school: School, service: str) -> School:
    school.settings = load_settings(
        home=school.settings.home, translation=service, translation_api_base=school.house.url, translation_key=KEY,
        translation_timeout_seconds=1, district_name="Lincoln Public Schools",
    )  # fmt: skip
    return school


def test_with_nobody_and_nothing_a_helper_has_it_and_the_family_hears_when_at_once(school: School) -> None:
    other = school.person("omar", Role.LANGUAGE_HELPER, reads="so", schools=("S2",))
    amina = school.person("amina", Role.LANGUAGE_HELPER, reads="so")
    case = school.hear()
    [task] = school.tasks()
    assert (task.case_id, task.kind, task.language, task.helper_id) == (case, "read", "so", amina)
    [note] = school.notes()
    with school.database.read() as session:
        said = check(session, session.get_one(PlannedMessage, note.id), school.settings, school.now)
    assert isinstance(said, Go)
    assert (said.language, said.body.count("8 Oktoobar") + said.body.count("Oktoobar 8")) == ("so", 1), said.body
    assert school.items() == []
    school.hear("weli ma imaan basku")
    assert len(school.tasks()) == len(school.notes()) == 1, "one task a case, one note a day"
    assert school.tasks()[0].inbound_id != task.inbound_id
    assert other != amina


def test_without_any_helper_it_is_before_the_school_and_english_with_the_tag_line_tells_the_family(school: School) -> None:
    case = school.hear()
    assert school.items() == [f"Nobody is found to read what a family wrote in Somali. Case {case}: {school.tasks()[0].why}."]
    with school.database.write() as session:
        actions.answer(session, session.get_one(Case, case), "We will see to it.", account_id=1, by="ana@example.org", now=NOON)
    assert school.items() == []
    assert [(task.state, task.ended_by) for task in school.tasks()] == [("done", "ana@example.org")]


@pytest.mark.parametrize("words", ["thank you so much for the help", "123", "STOP"])
def test_nothing_is_asked_where_everybody_understands(school: School, words: str) -> None:
    school.hear(words)
    assert (school.tasks(), school.notes(), school.texts()) == ([], [], [])


def test_who_reads_it_at_school_needs_no_machine(school: School) -> None:
    school.person("raj", reads="so")
    _with(school, "libretranslate").hear()
    assert (school.tasks(), school.texts()) == ([], [])


@pytest.mark.parametrize("service", ["libretranslate", "deepl"])
def test_a_machine_reads_for_staff_apart_from_the_original(school: School, service: str) -> None:
    _with(school, service).hear()
    assert school.run() == 1
    [text] = school.texts()
    assert (text.state, text.words, text.target) == ("made", "The bus does not come every morning", "en")
    assert text.provider in {"LibreTranslate", "DeepL"}
    assert (text.made_at, school.tasks(), school.notes(), school.run()) == (school.now, [], [], 0)


def test_a_provider_that_is_down_is_asked_three_times_and_then_a_helper_has_it(school: School) -> None:
    amina = school.person("amina", Role.LANGUAGE_HELPER, reads="so")
    _with(school, "libretranslate").hear()
    school.house.faults.extend([TranslationFault.BROKEN, TranslationFault.BUSY, TranslationFault.LOCKED])
    for later, tasks in ((0, 0), (2, 0), (6, 1)):
        assert school.run(minutes=later) == 0
        assert len(school.tasks()) == tasks
    assert school.tasks()[0].helper_id == amina
    assert [text.state for text in school.texts()] == ["failed"]
    assert len(school.notes()) == 1


def test_a_language_that_the_machine_does_not_know_is_not_tried_twice(school: School) -> None:
    school.house.languages.discard("so")
    _with(school, "deepl").hear()
    assert school.run() == 0
    school.house.languages.add("so")
    assert [len(school.tasks()), len(school.items()), len(school.notes())] == [1, 1, 1]


def test_danger_never_goes_to_a_cloud_nor_to_a_helper_and_no_note_promises_a_later_day(school: School) -> None:
    school.person("amina", Role.LANGUAGE_HELPER, reads="so")
    _with(school, "deepl").hear(DANGER)
    school.run()
    assert school.house.asked == []
    assert ([task.helper_id for task in school.tasks()], school.notes()) == ([None], [])
    assert "interpreter called now" in school.items()[0]


def test_a_case_that_was_sealed_while_its_words_waited_is_not_sent_to_a_cloud(school: School) -> None:
    case = _with(school, "deepl").hear()
    with school.database.write() as session:
        session.execute(update(Case).where(Case.id == case).values(sealed_since=NOON))
    school.run()
    assert school.house.asked == []
    [task] = school.tasks()
    with school.database.read() as session:
        assert task.helper_id == session.get_one(Case, case).owner_id, "only who looks after it reads it"
    _with(school, "libretranslate").hear("weli ma imaan basku")
    assert school.run() == 1, "a server of the district's own may"


def test_at_night_the_family_first_hears_where_help_is(school: School) -> None:
    school.now = NOON + timedelta(hours=14)
    school.hear()
    [note] = school.notes()
    assert note.due_at == datetime(2026, 10, 7, 13, 0, tzinfo=NOON.tzinfo), "as school opens"
    with school.database.read() as session:
        assert "after_hours" in session.scalars(select(PlannedMessage.message)).all()


def test_what_may_be_sent_is_a_setting(school: School) -> None:
    school.settings = _with(school, "libretranslate").settings.model_copy(update={"translation_sends": "staff"})
    school.hear()
    assert (school.texts(), len(school.tasks())) == ([], 1)


# --- what people do -------------------------------------------------------------------------------------------------------------

OURS, THEIRS = "The bus comes at seven tomorrow.", "Baska wuxuu imanayaa berri toddobada subaxnimo."


def _signed(school: School, account_id: int) -> SignedIn:
    with school.database.read() as session:
        account = session.get_one(Account, account_id)
        role = Role(account.role)
        return SignedIn(id=account.id, email=account.email, name=account.name, role=role, schools=staff_queries.scope(session, account),
                        by_link=False, has_password=True, has_factor=False, session_id="")  # fmt: skip


def _draft(school: School) -> tuple[int, LanguageTask]:
    """A case in which a machine drafted OURS as THEIRS."""
    case = _with(school, "libretranslate").hear()
    school.house.says[OURS] = THEIRS
    with school.database.write() as session:
        speaking_acts.ask(session, session.get_one(Case, case), OURS, by="ana@example.org", settings=school.settings, now=school.now)
    school.run()
    [task] = [task for task in school.tasks() if task.kind == "check"]
    return case, task


def test_only_a_speaker_sends_what_a_machine_drafted_and_nobody_sends_it_by_hand(school: School) -> None:
    amina, omar = school.person("amina", Role.LANGUAGE_HELPER, reads="so"), school.person("omar", Role.LANGUAGE_HELPER, reads="ar")
    case, task = _draft(school)
    assert task.helper_id == amina
    with school.database.write() as session, pytest.raises(actions.CaseError, match="machine wrote these words"):
        actions.answer(session, session.get_one(Case, case), f"Hello! {THEIRS}", account_id=1, by="ana@example.org", now=school.now)
    with school.database.write() as session, pytest.raises(CaseNotFoundError):
        speaking_acts.one(session, task.id, _signed(school, omar))
    ana = _signed(school, 1)
    with school.database.write() as session, pytest.raises(speaking_acts.NotASpeakerError):
        speaking_acts.answer(session, speaking_acts.one(session, task.id, ana), THEIRS, ana, once="1", now=school.now)
    helper = _signed(school, amina)
    with school.database.write() as session:
        mine = speaking_acts.one(session, task.id, helper)
        sent = speaking_acts.answer(session, mine, THEIRS, helper, once="2", now=school.now)
        assert (sent.body, sent.language, mine.state) == (THEIRS, "so", "done")
        assert session.get_one(Case, case).owner_id == 1, "the family stays with the school"
    assert [text.approved_by_id for text in school.texts() if text.kind == "draft"] == [amina]
    with school.database.write() as session, pytest.raises(actions.CaseError, match="settled"):
        speaking_acts.answer(session, speaking_acts.one(session, task.id, helper), THEIRS, helper, once="3", now=school.now)


def test_a_draft_that_a_speaker_would_not_send_is_dropped_with_a_reason(school: School) -> None:
    amina = school.person("amina", Role.LANGUAGE_HELPER, reads="so")
    case, task = _draft(school)
    with school.database.write() as session:
        mine = speaking_acts.one(session, task.id, _signed(school, amina))
        speaking_acts.give_back(session, mine, "it says the opposite", by="amina@example.org", now=school.now)
    assert [text.state for text in school.texts() if text.kind == "draft"] == ["dropped"]
    with school.database.read() as session:
        notes = session.scalars(select(CaseEvent.text).where(CaseEvent.case_id == case, CaseEvent.kind == "note")).all()
    assert notes == ["The answer was not sent: it says the opposite"]


def test_an_interpreter_stands_under_attention_until_somebody_says_what_came_of_it(school: School) -> None:
    case = school.hear("thank you so much for the help")
    with school.database.write() as session:
        row = session.get_one(Case, case)
        about: dict[str, Any] = {"language": "so", "helper_id": None, "why": "room 204", "by": "ana@example.org", "now": school.now}
        with pytest.raises(actions.CaseError):
            speaking_acts.interpreter(session, row, when=school.now, **about)
        task = speaking_acts.interpreter(session, row, when=school.now + timedelta(days=1), **about)
        task_id = task.id
    assert school.items() == [f"An interpreter for Somali is asked for. Case {case}."], (
        "IT reads it too, and what was typed may name a family"
    )
    with school.database.write() as session:
        mine = speaking_acts.one(session, task_id, _signed(school, 1))
        speaking_acts.interpreted(session, mine, "the father agreed", by="ana@example.org", now=school.now)
    assert school.items() == []


def test_answer_time_by_language_is_the_median_of_planted_waits_and_hidden_where_few(school: School) -> None:
    school.hear("thank you so much for the help")
    with school.database.write() as session:
        for n in range(11):
            about = {"phone": PHONE, "contact_id": "C1", "school_id": "S1", "body": "x", "created_by": "ana@example.org"}
            wrote = {"family_wrote_at": (NOON + timedelta(seconds=n)).isoformat()}
            at = NOON + timedelta(minutes=10 * (n + 1))
            session.add(new_row(at, once_key=f"a{n}", message_class=MessageClass.ANSWER, facts=wrote, **about))
    with school.database.read() as session:
        found = reach.answer_times(session, NOON - timedelta(days=1))["so"]
        assert found == timedelta(minutes=60) - timedelta(seconds=5), "the sixth of eleven"
        assert reach.answer_times(session, NOON - timedelta(days=1), {"S2"}) == {}
        assert reach.answer_times(session, NOON + timedelta(minutes=25)) == {"so": None}, "nine are few"


# --- who has it -----------------------------------------------------------------------------------------------------------------


def _says(school: School, account_id: int, *languages: str) -> None:
    """Somebody says anew what they read."""
    with school.database.write() as session:
        cover.keep(session, account_id, cover.Details(languages=languages), by="x", now=school.now)
        speaking.look_again(session, account_id, languages, school.settings, school.now)


def test_what_waits_for_nobody_finds_whoever_says_that_they_read_it_and_leaves_whoever_no_longer_does(school: School) -> None:
    amina = school.person("amina", Role.LANGUAGE_HELPER, reads="ar")
    school.hear()
    assert (school.tasks()[0].helper_id, len(school.items())) == (None, 1), "she reads Arabic, and is offered nothing else"
    _says(school, amina, "ar", "so")
    assert (school.tasks()[0].helper_id, school.items()) == (amina, [])
    _says(school, amina, "ar")
    assert (school.tasks()[0].helper_id, len(school.items())) == (None, 1)
    _says(school, 1, "so")
    assert school.tasks()[0].helper_id == 1, "somebody at school who says so has it, too"


def test_danger_finds_no_helper_whatever_they_say_later(school: School) -> None:
    amina = school.person("amina", Role.LANGUAGE_HELPER)
    school.hear(DANGER)
    _says(school, amina, "so")
    assert [task.helper_id for task in school.tasks()] == [None]


def _told(school: School, **later: float) -> list[tuple[str, str, str]]:
    """Whom e-mails of help were planned for, after some time."""
    school.now += timedelta(**later)
    helper_alerts.plan(school.database, school.settings, school.now)
    with school.database.read() as session:
        return [(row.address.partition("@")[0], row.subject, row.body) for row in session.scalars(select(Email).order_by(Email.id)).all()]


def test_a_helper_hears_by_e_mail_what_is_hers_unless_she_chose_otherwise_and_it_names_nobody(school: School) -> None:
    school.settings = school.settings.model_copy(update={"public_url": "https://lincoln.example.org"})
    amina = school.person("amina", Role.LANGUAGE_HELPER, reads="so")
    school.person("omar", Role.LANGUAGE_HELPER, reads="ar")
    assert _told(school) == []
    school.hear()
    [(who, subject, body)] = _told(school, seconds=5)
    assert (who, subject) == ("amina", "Somebody waits for your language")
    assert body == "Somebody waits for your language.\n\nThey are here, after you sign in: https://lincoln.example.org/languages\n"
    assert len(_told(school, hours=2)) == 1, "each thing once"
    with school.database.write() as session:
        mail.choose(session, amina, [Kind.HELP_HOURLY], locale="es", now=school.now)
    _again(school)
    assert [row[1] for row in _told(school, minutes=1)[1:]] == ["2 tareas esperan a quien hable su idioma"]
    _again(school)
    assert len(_told(school, minutes=5)) == 2, "an hour is not over"
    assert len(_told(school, minutes=56)) == 3
    with school.database.write() as session:
        mail.choose(session, amina, [Kind.HELP_NEVER], locale="es", now=school.now)
    _again(school)
    assert len(_told(school, hours=2)) == 3


def _again(school: School) -> None:
    """A further task comes to Amina."""
    school.now += timedelta(seconds=1)
    with school.database.write() as session:
        case = session.scalars(select(Case)).first()
        assert case is not None
        amina = session.scalars(select(Account.id).where(Account.name == "amina")).one()
        speaking.put(
            session, case, speaking.new_task(case, TaskKind.CHECK, "so", school.now, helper_id=amina, wanted_at=None, why=""), school.now
        )


def test_who_works_in_the_inbox_gets_such_e_mails_only_when_they_choose_them(school: School) -> None:
    with school.database.write() as session:
        cover.keep(session, 1, cover.Details(languages=("so",)), by="x", now=NOON)
    school.hear("thank you so much for the help")
    with school.database.write() as session:
        case = session.scalars(select(Case)).one()
        speaking.put(session, case, speaking.new_task(case, TaskKind.CHECK, "so", NOON, helper_id=1, wanted_at=None, why=""), NOON)
    assert _told(school, minutes=1) == []
