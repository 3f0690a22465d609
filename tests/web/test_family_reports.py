"""What becomes of what a family says on its page: cases, sealed danger, wishes that wait, and stops that hold at once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from outreach.attention.queries import open_items
from outreach.cases import proposals
from outreach.cases.danger_tables import Incident
from outreach.cases.help_tables import Barrier
from outreach.cases.tables import Case, CaseEvent
from outreach.consent import actions as consent
from outreach.consent import queries as consents
from outreach.consent.states import Kind, Source
from outreach.district import queries as district
from outreach.planning import release as checks
from outreach.planning.nudges import drafts
from outreach.planning.reasons import Reason
from outreach.planning.release import Go
from outreach.planning.situation import load as situation_of
from outreach.planning.states import Channel, State
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.web.context import SESSION_KEY
from tests.conftest import NOON
from tests.stages.families import hear
from tests.web.conftest import send, token_of
from tests.web.family_home import FATHER, MOTHER, STRANGER, Home, app_at, opened, said, say
from tests.web.seed import people


def test_reasons_become_a_case_that_a_person_has_to_answer(home: Home) -> None:
    client = opened(home)
    assert say(client, "reason", child="st2", reason=["transportation", "bored", "made_up"], note="El autobús ya no pasa") == 303
    inbound, case = said(home)
    assert (inbound.intent, inbound.barrier, inbound.category) == ("barrier_report", "transportation", "barriers")
    assert inbound.body == "The bus, the ride or the walk; The lessons are boring\n\nEl autobús ya no pasa"
    assert (case.student_id, case.school_id, case.queue, case.state, case.household) == ("st2", "S1", "needs_me", "open", "c1")
    assert case.waiting_since == NOON
    assert not case.urgent
    assert case.sealed_since is None
    assert say(client, "reason", child="st2", reason=["bored", "housing"], note="Dormimos en el carro", once="two") == 303
    with home.database.read() as session:
        rows = [(row.reason, row.said_by, row.sealed) for row in session.scalars(select(Barrier).order_by(Barrier.id))]
        assert rows == [("transportation", "page", False), ("bored", "page", False), ("housing", "page", True)]
        assert session.get_one(Case, case.id).sealed_since == NOON


def test_a_doubled_click_is_one_report_and_an_empty_form_none(home: Home) -> None:
    client = opened(home)
    assert say(client, "reason") == 422
    assert say(client, "wrong") == 422
    assert say(client, "call", phone="12") == 422
    form = client.get("/f/es/page/reason").text
    data = {"csrf_token": token_of(form), "once": "a\0bc", "reason": "food"}
    for _ in range(2):
        assert client.post("/f/es/page/reason", data=data).status_code == 303
    with home.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Inbound)) == 1
        assert "\0" not in session.scalars(select(Inbound.message_sid)).one()


@pytest.mark.parametrize("fields", [{"reason": "not_safe"}, {"reason": "food", "note": "quiero morir"}], ids=["chosen", "written"])
def test_danger_takes_its_sealed_way(home: Home, fields: dict[str, str]) -> None:
    client = opened(home)
    assert say(client, "reason", child="st1", **fields) == 303
    inbound, case = said(home)
    assert (inbound.intent, inbound.urgent, case.urgent) == ("crisis", True, True)
    with home.database.read() as session:
        assert session.scalars(select(Incident)).one().case_id == case.id
        assert any(item.kind == "danger" and item.urgent for item in open_items(session, ["S1"]))
    assert "911" in client.get("/f/es/done/thanks").text


def test_a_child_of_another_household_cannot_be_named(home: Home) -> None:
    assert say(opened(home), "reason", child="st9", reason="food") == 303
    assert said(home)[1].student_id == "st1"


def test_a_call_with_times_and_a_number_and_a_wrong_day(home: Home) -> None:
    client = opened(home)
    assert say(client, "call", child="st1", time=["morning", "evening"], phone="312 555 0177") == 303
    inbound, first = said(home)
    assert inbound.intent == "request_call"
    assert (
        inbound.body
        == "Ask for a call\nIn the morning; In the early evening\nAt +13125550177, a number the family named.\nLanguage: Spanish"
    )
    assert say(client, "wrong", child="st1", note="El 5 de octubre estuvo allí") == 303
    inbound, case = said(home)
    assert (inbound.intent, case.id) == ("dispute_count", first.id)


def test_a_new_number_and_language_wait_for_a_person(home: Home) -> None:
    client = opened(home)
    assert say(client, "change", adult="c2", phone="(312) 555-0178", language="ar") == 303
    _, case = said(home)
    with home.database.read() as session:
        (father,) = district.named_adults(session, ["c2"])
        assert (father.locale, [phone.e164 for phone in father.phones]) == ("es", [FATHER]), "nothing uses them yet"
        wishes = proposals.waiting(session, case.id)
    assert [(wish.contact_id, wish.what, wish.value) for wish in wishes] == [("c2", "phone", "+13125550178"), ("c2", "language", "ar")]
    with home.database.write() as session:
        for wish, accept in zip(wishes, (True, False), strict=True):
            proposals.decide(session, session.get_one(Case, case.id), wish.id, accept=accept, by="ana@example.org", now=NOON)
    with home.database.read() as session:
        (father,) = district.named_adults(session, ["c2"])
    assert (father.locale, [phone.e164 for phone in father.phones]) == ("es", ["+13125550178", FATHER])


def wished(home: Home, phone: str = FATHER) -> list[PlannedMessage]:
    """The father asks for a new number, having confirmed *phone* before; return the questions that were planned."""
    with home.database.write() as session:
        consent.record(session, phone, Kind.VERIFIED, source=Source.FAMILY, by="text", now=NOON)
    assert say(opened(home), "change", adult="c2", phone="(312) 555-0178") == 303
    with home.database.read() as session:
        return list(session.scalars(select(PlannedMessage).where(PlannedMessage.message_class == "proposal")))


def fathers_numbers(home: Home) -> list[str]:
    with home.database.read() as session:
        (father,) = district.named_adults(session, ["c2"])
        return [phone.e164 for phone in father.phones]


@pytest.mark.parametrize(("said_to_it", "numbers"), [("1", ["+13125550178", FATHER]), ("2", [FATHER])])
def test_the_number_on_file_confirms_or_refuses_a_wish(home: Home, said_to_it: str, numbers: list[str]) -> None:
    (question,) = wished(home)
    assert (question.phone, question.message, question.student_ids, question.language) == (FATHER, "confirm_change", ["st1"], "es")
    with home.database.write() as session:
        found = checks.check(session, session.merge(question), home.settings, NOON)
        assert isinstance(found, Go)
        assert "555" not in found.body, "others may read the phone"
        asked = {"state": State.DELIVERED, "claimed_at": NOON, "facts": found.facts}
        session.execute(update(PlannedMessage).where(PlannedMessage.id == question.id).values(asked))
    with home.database.write() as session:
        inbound, _case = hear(session, home.settings, said_to_it, phone=FATHER, at=NOON + timedelta(hours=1))
        assert inbound.to_human is (said_to_it == "2")
        assert proposals.waiting(session, question_case(session, question)) == []
    assert fathers_numbers(home) == numbers


def question_case(session: Session, question: PlannedMessage) -> int:
    return session.scalars(select(CaseEvent.case_id).where(CaseEvent.planned_id == question.id)).one()


def test_a_digit_from_a_number_that_was_not_asked_decides_nothing(home: Home) -> None:
    (question,) = wished(home)
    with home.database.write() as session:
        hear(session, home.settings, "1", phone=MOTHER, at=NOON + timedelta(hours=1))
        hear(session, home.settings, "1", phone=FATHER, at=NOON + timedelta(hours=1))  # the question has not left yet
        assert len(proposals.waiting(session, question_case(session, question))) == 1
    assert fathers_numbers(home) == [FATHER]


def test_nobody_is_asked_where_danger_was_said(home: Home) -> None:
    """Whoever reads the phone would learn that something was said."""
    assert say(opened(home), "reason", child="st1", reason="not_safe") == 303
    assert wished(home) == []


@pytest.mark.parametrize(
    ("adult", "what", "texts", "letters"),
    [("", "texts", {MOTHER, FATHER}, set()), ("c2", "letters", set(), {"c2"}), ("", "both", {MOTHER, FATHER}, {"c1", "c2"})],
)
def test_a_stop_holds_in_the_same_request(home: Home, adult: str, what: str, texts: set[str], letters: set[str]) -> None:
    assert say(opened(home), "stop", adult=adult, stop=what) == 303
    with home.database.read() as session:
        stopped = {phone for phone, state in consents.states(session, [MOTHER, FATHER, STRANGER]).items() if state.opted_out}
        assert (stopped, set(consents.without_letters(session))) == (texts, letters)
        here = situation_of(session, ["st1"], settings=home.settings, now=NOON)
        (draft,) = drafts(here, here.homes("st1")[0], Channel.LETTER, ["st1"])
    if letters == {"c1", "c2"}:
        assert draft.refusal == Reason.NO_LETTERS
    else:
        assert {adult.contact_id for adult in draft.adults} == {"c1", "c2"} - letters
    inbound, case = said(home)
    assert (inbound.intent, inbound.suppress, case.queue) == ("opt_out", True, "information")


def test_a_stop_in_own_words_stops_everything(home: Home) -> None:
    assert say(opened(home), "wrong", child="st1", note="No me manden más mensajes") == 303
    with home.database.read() as session:
        assert consents.state(session, MOTHER).opted_out
        assert consents.without_letters(session) == {"c1", "c2"}
    assert said(home)[1].queue == "needs_me"


def test_a_coordinator_sees_the_wish_and_uses_it_after_making_sure(home: Home) -> None:
    assert say(opened(home), "change", adult="c1", phone="(312) 555-0178") == 303
    _, case = said(home)
    with home.database.write() as session:
        people(session, NOON)
        account = accounts.by_email(session, "ana@example.org")
        assert account is not None
        key = staff.begin_session(session, account, NOON)
    ana = app_at(home).test_client()
    with ana.session_transaction() as cookie:
        cookie[SESSION_KEY] = key
    page = ana.get(f"/cases/{case.id}").text
    assert "A new number was named" in page
    assert "(312) 555-0178" in page
    wish = re.search(r"/wishes/(\d+)", page)
    assert wish is not None
    status, _, _ = send(ana, f"/cases/{case.id}", f"/cases/{case.id}/wishes/{wish[1]}", accept="1")
    assert status == 302
    assert "A new number was named" not in ana.get(f"/cases/{case.id}").text
    with home.database.read() as session:
        (mother,) = district.named_adults(session, ["c1"])
    assert [phone.e164 for phone in mother.phones] == ["+13125550178", MOTHER]
