"""Several people at one inbox: who is here, drafts, snoozes, taking back, and finding a conversation again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases import actions, acts, alerts, desk, searching
from outreach.cases.actions import CaseError, OvertakenError
from outreach.cases.desk import DraftKind
from outreach.cases.events import add_event
from outreach.cases.states import EventKind
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.mail import Kind
from outreach.delivery.mail_tables import Email
from outreach.district.tables import Contact, Student
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings
from outreach.staff import queries as staff
from tests.conftest import NOON
from tests.stages.families import hear
from tests.web.seed import MARIA, case_of, heard, people

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def who(session: Session, name: str) -> dict[str, object]:
    account = staff.by_email(session, f"{name}@example.org")
    assert account is not None
    return {"account_id": account.id, "by": account.email}


def id_of(session: Session, name: str) -> int:
    return int(str(who(session, name)["account_id"]))


def waiting(session: Session, words: str = "Hola", **values: object) -> Case:
    case = case_of(session, NOON - HOUR, phone=MARIA, open_key=f"phone:{MARIA}", **values)
    heard(session, case, words, NOON - HOUR)
    return case


def found(session: Session, query: str) -> list[int]:
    statement = searching.find(query)
    return [] if statement is None else [case.id for case in session.scalars(statement)]


# --- who is here ----------------------------------------------------------------------------------------------------------------


def test_colleagues_see_who_looks_and_who_writes_and_nobody_sees_themselves(session: Session) -> None:
    case, ana, raj = waiting(session), id_of(session, "ana"), id_of(session, "raj")
    desk.look(session, case.id, ana, NOON)
    desk.look(session, case.id, raj, NOON, typing=True)
    assert [(one.name, one.typing) for one in desk.others(session, [case.id], ana, NOON)[case.id]] == [("Raj Reyes", True)]
    assert [(one.name, one.typing) for one in desk.others(session, [case.id], raj, NOON)[case.id]] == [("Ana Reyes", False)]


def test_who_has_gone_or_stopped_writing_is_told_so_by_time_alone(session: Session) -> None:
    case, ana, raj = waiting(session), id_of(session, "ana"), id_of(session, "raj")
    desk.look(session, case.id, raj, NOON, typing=True)
    assert desk.others(session, [case.id], ana, NOON + 30 * SECOND)[case.id][0].typing is False
    assert desk.others(session, [case.id], ana, NOON + MINUTE) == {}
    desk.look(session, case.id, raj, NOON + MINUTE)
    desk.leave(session, case.id, raj)
    assert desk.others(session, [case.id], ana, NOON + MINUTE) == {}


# --- drafts and collisions ------------------------------------------------------------------------------------------------------


def test_a_draft_is_its_writers_alone_and_survives_another_owner(session: Session) -> None:
    case, ana, raj = waiting(session), id_of(session, "ana"), id_of(session, "raj")
    desk.keep_draft(session, case.id, ana, DraftKind.ANSWER, "We wi", NOON)
    desk.keep_draft(session, case.id, ana, DraftKind.ANSWER, "We will call", NOON)
    desk.keep_draft(session, case.id, ana, DraftKind.NOTE, "Ask transport", NOON)
    actions.assign(session, case, raj, by="raj@example.org", now=NOON)
    assert desk.drafts(session, case.id, ana) == {"answer": "We will call", "note": "Ask transport"}
    assert desk.drafts(session, case.id, raj) == {}
    assert desk.around(session, [case.id], ana, NOON)[1] == {case.id}
    desk.keep_draft(session, case.id, ana, DraftKind.ANSWER, "  ", NOON)
    assert desk.drafts(session, case.id, ana) == {"note": "Ask transport"}


def test_words_are_refused_where_a_colleague_answered_what_the_writer_has_not_seen(session: Session) -> None:
    case = waiting(session)
    seen = desk.newest_event(session, case.id)
    actions.answer(session, case, "Raj here", **who(session, "raj"), now=NOON, seen=seen)  # type: ignore[arg-type]
    with pytest.raises(OvertakenError, match="Raj Reyes wrote while you were writing"):
        actions.answer(session, case, "Ana here", **who(session, "ana"), now=NOON, seen=seen)  # type: ignore[arg-type]
    session.rollback()


def test_words_are_refused_where_the_family_wrote_on(session: Session) -> None:
    case = waiting(session)
    seen = desk.newest_event(session, case.id)
    heard(session, case, "Please call, not text", NOON)
    with pytest.raises(OvertakenError, match="The family wrote while you were writing"):
        actions.answer(session, case, "Ok", **who(session, "ana"), now=NOON, seen=seen)  # type: ignore[arg-type]
    session.rollback()


def test_the_same_click_twice_is_one_answer_and_no_collision(session: Session) -> None:
    case = waiting(session)
    seen = desk.newest_event(session, case.id)
    first, again = (
        actions.answer(session, case, "Ok", **who(session, "ana"), now=NOON, seen=seen, once="k")  # type: ignore[arg-type]
        for _ in range(2)
    )
    assert first.id == again.id


def test_an_empty_place_of_a_saved_reply_does_not_leave(session: Session) -> None:
    case = waiting(session)
    with pytest.raises(CaseError, match="still empty"):
        actions.answer(session, case, "We meet on {{ note }}.", **who(session, "ana"), now=NOON)  # type: ignore[arg-type]
    session.rollback()


# --- snooze ---------------------------------------------------------------------------------------------------------------------


def test_a_reply_cancels_a_snooze_and_the_clock_of_the_family_runs_on(session: Session, settings: Settings) -> None:
    case = waiting(session)
    since = case.waiting_since
    acts.snooze(session, case, NOON + DAY, by="ana@example.org", now=NOON, what_then="call after the bus office opens")
    assert (case.snoozed_until, case.waiting_since) == (NOON + DAY, since)
    hear(session, settings, "¿Hola? ¿Hay alguien?", phone=case.phone)
    assert (case.snoozed_until, case.waiting_since) == (None, since)


def test_an_answered_case_that_is_put_aside_needs_a_person_again(session: Session) -> None:
    case = waiting(session)
    actions.answer(session, case, "Ok", **who(session, "ana"), now=NOON)  # type: ignore[arg-type]
    acts.snooze(session, case, NOON + DAY, by="ana@example.org", now=NOON)
    assert (case.state, case.queue, case.waiting_since) == ("open", "needs_me", None)


@pytest.mark.parametrize("until", [NOON, NOON - DAY, NOON + 400 * DAY])
def test_a_snooze_ends_within_reach(session: Session, until: object) -> None:
    with pytest.raises(CaseError, match="Choose a day"):
        acts.snooze(session, waiting(session), until, by="ana@example.org", now=NOON)  # type: ignore[arg-type]
    session.rollback()


def test_what_may_mean_danger_cannot_be_put_aside(session: Session, settings: Settings) -> None:
    case = waiting(session)
    hear(session, settings, "he says he wants to kill himself", phone=case.phone)
    with pytest.raises(CaseError, match="may mean danger"):
        acts.snooze(session, case, NOON + DAY, by="ana@example.org", now=NOON)
    session.rollback()


# --- taking back ----------------------------------------------------------------------------------------------------------------


def test_an_answer_is_taken_back_before_it_leaves_and_its_words_are_a_draft_again(session: Session) -> None:
    case, ana = waiting(session), who(session, "ana")
    before = acts.stands(case)
    planned = actions.answer(session, case, "Wrong family", **ana, now=NOON, leaves_in=8 * SECOND)  # type: ignore[arg-type]
    assert planned.due_at == NOON + 8 * SECOND
    act = acts.remember(session, [before], "Sent.", account_id=id_of(session, "ana"), now=NOON, planned_id=planned.id)
    undone, cases = acts.undo(session, act.id, **ana, now=NOON + SECOND)  # type: ignore[arg-type]
    assert (undone.undone_at, cases) == (NOON + SECOND, 1)
    assert acts.stands(case) == before
    assert (session.get_one(PlannedMessage, planned.id).state, planned.reason) == ("cancelled", acts.TAKEN_BACK)
    assert desk.drafts(session, case.id, id_of(session, "ana")) == {"answer": "Wrong family"}
    with pytest.raises(CaseError, match="nothing to take back"):
        acts.undo(session, act.id, **ana, now=NOON)  # type: ignore[arg-type]
    session.rollback()


def test_an_answer_that_has_left_stays(session: Session) -> None:
    case, ana = waiting(session), who(session, "ana")
    before = acts.stands(case)
    planned = actions.answer(session, case, "Ok", **ana, now=NOON)  # type: ignore[arg-type]
    act = acts.remember(session, [before], "Sent.", account_id=id_of(session, "ana"), now=NOON, planned_id=planned.id)
    planned.state = "accepted"
    with pytest.raises(CaseError, match="the answer has left"):
        acts.undo(session, act.id, **ana, now=NOON)  # type: ignore[arg-type]
    session.rollback()


def test_many_are_closed_and_taken_back_in_one_go_except_where_something_happened_since(session: Session, settings: Settings) -> None:
    ana = id_of(session, "ana")
    cases = [case_of(session, NOON, open_key=f"student:{n}", student_id=str(n), waiting_since=None) for n in range(4)]
    stood = [acts.stands(case) for case in cases]
    done = acts.in_bulk(
        session, cases, lambda case: actions.close(session, case, by="ana@example.org", now=NOON), "{} closed.", account_id=ana, now=NOON
    )
    assert (done.done, done.left, done.act and done.act.said) == (4, 0, "4 closed.")
    actions.reopen(session, cases[3], by="raj@example.org", settings=settings, now=NOON)
    last = acts.last_act(session, ana, NOON + MINUTE)
    assert last is not None
    assert acts.undo(session, last.id, **who(session, "ana"), now=NOON + MINUTE)[1] == 3  # type: ignore[arg-type]
    assert [acts.stands(case) for case in cases[:3]] == stood[:3]
    assert acts.last_act(session, ana, NOON + MINUTE) is None


def test_nobody_takes_back_what_a_colleague_did_or_what_is_long_past(session: Session) -> None:
    case = waiting(session)
    before = acts.stands(case)
    actions.close(session, case, by="ana@example.org", now=NOON)
    act = acts.remember(session, [before], "Closed.", account_id=id_of(session, "ana"), now=NOON)
    for name, now, why in (("raj", NOON, "nothing to take back"), ("ana", NOON + HOUR, "Too late")):
        with pytest.raises(CaseError, match=why):
            acts.undo(session, act.id, **who(session, name), now=now)  # type: ignore[arg-type]
    session.rollback()


# --- finding --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("El autobús no pasa", "autobus"),
        ("El autobus no pasa", "AUTOBÚS pasa"),
        ("we missed the school bus", "miss sch"),
        ("我們明天去看醫生", "明天"),
        ("我們明天去看醫生", "醫"),
        ("اِبْنِي مريض", "ابني"),
        ("버스를 놓쳤어요", "버스"),
        ("Straße gesperrt", "strasse"),
        ("call me at 555-0177", "555 0177"),
    ],
)
def test_words_are_found_in_any_script_by_their_beginning(session: Session, text: str, query: str) -> None:
    case = waiting(session)
    actions.note(session, case, text, by="ana@example.org", now=NOON)
    assert found(session, query) == [case.id]
    assert found(session, f"{query} zebra") == []


@pytest.mark.parametrize("query", ["", "   ", "%", "'; drop table cases; --", "🙂", "\x00"])
def test_odd_queries_find_nothing(session: Session, query: str) -> None:
    actions.note(session, waiting(session), "plain words", by="ana@example.org", now=NOON)
    assert found(session, query) == []


def test_names_and_numbers_of_the_people_find_their_conversation(session: Session, settings: Settings) -> None:
    feed = {"source": "s", "import_id": 1, "line": 1, "gone_import_id": None}
    none = dict.fromkeys(("language", "locale", "email", "address_line1", "address_line2", "city", "state", "postal_code"), "")
    session.add(Contact(contact_id="c1", first_name="María", last_name="López", **none, **feed))
    child = {"preferred_name": "Lucho", "birth_date": None, "grade": "3", "home_language": "", "home_locale": "", "subgroups": ""}
    session.add(Student(student_id="st1", first_name="Luis", last_name="López", **child, **feed))
    case = waiting(session, contact_id="c1", student_id="st1")
    hear(session, settings, "Hola", phone=case.phone)
    for query in ("maria lopez", "Lucho", "luis", "(312) 555-0142", "+1 312 555 0142", "0142", "555-0142"):
        assert found(session, query) == [case.id], query
    assert found(session, "0199") == []


def test_of_a_sealed_conversation_only_the_names_find_it(session: Session, settings: Settings) -> None:
    case = waiting(session)
    hear(session, settings, "the bus was late", phone=case.phone)
    assert found(session, "bus") == [case.id]
    hear(session, settings, "he says he wants to kill himself", phone=case.phone)
    assert found(session, "bus") == found(session, "kill") == []
    assert found(session, "0142") == [case.id]


def test_what_is_forgotten_is_found_no_more(session: Session) -> None:
    case = waiting(session)
    actions.note(session, case, "green heron", by="ana@example.org", now=NOON)
    searching.forget(session, case.id)
    assert found(session, "heron") == []


def test_automatic_words_and_happenings_are_no_words_of_a_conversation(session: Session) -> None:
    case = waiting(session)
    add_event(session, case, EventKind.ASSIGNED, by="ana@example.org", now=NOON, text="Ana Reyes")
    assert found(session, "reyes") == []
    assert list(session.scalars(select(Case.id))) == [case.id]


# --- alerts ---------------------------------------------------------------------------------------------------------------------


def alerted(database: Database, settings: Settings, now: datetime) -> dict[str, list[str]]:
    """Plan what is due; everything planned so far, by address."""
    alerts.plan(database, settings, now)
    found: dict[str, list[str]] = {}
    with database.read() as session:
        for row in session.scalars(select(Email).order_by(Email.id)):
            found.setdefault(row.address.partition("@")[0], []).append(row.subject)
            assert "Hola" not in row.body + row.html
            assert "0142" not in row.body + row.html
    return found


def test_each_person_is_alerted_as_they_chose_and_only_of_their_own_schools(database: Database, settings: Settings) -> None:
    with database.write() as session:
        people(session, NOON - DAY)
        choices = {"ana": Kind.REPLIES_AT_ONCE, "boss": Kind.REPLIES_HOURLY, "raj": Kind.REPLIES_AT_ONCE, "kim": Kind.REPLIES_AT_ONCE}
        for name, kind in choices.items():
            mail.choose(session, id_of(session, name), [kind], locale="es" if name == "boss" else "en", now=NOON - 30 * MINUTE)
    assert alerted(database, settings, NOON) == {}, "nobody waits"
    with database.write() as session:
        heard(session, case_of(session, NOON, phone=MARIA), "Hola", NOON)
    first = {"ana": ["A family waits for a person"]}
    assert alerted(database, settings, NOON + SECOND) == first, "Raj's school is another, Kim may not answer, the boss wants one an hour"
    assert alerted(database, settings, NOON + 2 * SECOND) == first, "once"
    with database.write() as session:
        heard(session, case_of(session, NOON, phone="+13125550143"), "Hola", NOON + MINUTE)
    later = alerted(database, settings, NOON + 31 * MINUTE)
    assert later == {
        "ana": ["A family waits for a person", "2 families wait for a person"],
        "boss": ["2 familias esperan a una persona"],
    }
    with database.write() as session:
        heard(session, case_of(session, NOON, phone="+13125550144"), "Hola", NOON + 32 * MINUTE)
    assert alerted(database, settings, NOON + 33 * MINUTE)["boss"] == later["boss"], "an hour is not over"
    assert len(alerted(database, settings, NOON + 92 * MINUTE)["boss"]) == 2
