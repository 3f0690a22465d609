"""A family gets somebody as it is taken in; who is away is covered; and where nobody acts it goes up, on the test clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from outreach.attention.queries import open_items
from outreach.cases import actions, acts, cover, escalation
from outreach.cases.crossings import open_for_crossings
from outreach.cases.escalation import escalate
from outreach.cases.routing_tables import CaseRoute
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.planning.rows import new_row
from outreach.planning.states import State
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff.roles import Role
from outreach.staff.tables import Account, AuditEntry
from outreach.thresholds.tables import Episode, RuleVersion
from tests.conftest import NOON
from tests.stages.families import PHONE, a_family, hear

HOUR = timedelta(hours=1)
FOUR_PM = NOON + 4 * HOUR
"""School closes; NOON is a Tuesday's."""
WEDNESDAY_NOON = NOON + 24 * HOUR
"""Eight hours of school after Tuesday noon."""
_OTHER = "+13125550143"


@pytest.fixture
def people(database: Database) -> dict[str, int]:
    """Two coordinators of S1, its administrator, a coordinator of S2, and one of the district."""
    with database.write() as session:
        return {
            name: staff.add_account(session, email=f"{name}@example.org", name=name.capitalize(), role=role, schools=schools, now=NOON).id
            for name, role, schools in (
                ("ana", Role.COORDINATOR, ["S1"]),
                ("raj", Role.COORDINATOR, ["S1"]),
                ("jo", Role.SCHOOL_ADMINISTRATOR, ["S1"]),
                ("sue", Role.COORDINATOR, ["S2"]),
                ("boss", Role.DISTRICT_ADMINISTRATOR, []),
            )
        }


def _hear(database: Database, settings: Settings, words: str = "the bus never comes", *, phone: str = PHONE, at: datetime = NOON) -> int:
    with database.write() as session:
        if not session.scalars(select(Case).where(Case.phone == phone)).first():
            a_family(session, f"C{phone}", {f"child {phone}": "S1"}, phone=phone, locale="vi")
        return hear(session, settings, words, phone=phone, at=at)[1].id


def _with(database: Database, case_id: int, reader: int = 0) -> tuple[int | None, str]:
    """Who has a case, and why, as *reader* reads it."""
    with database.read() as session:
        case = session.get_one(Case, case_id)
        owner = session.get(Account, case.owner_id or 0)
        return case.owner_id, escalation.why(session, case, reader, owner.name if owner else "")


def test_a_family_gets_somebody_as_it_writes_and_both_can_read_why(database: Database, settings: Settings, people: dict[str, int]) -> None:
    with database.write() as session:
        cover.keep(session, people["raj"], cover.Details(languages=("vi",)), by="raj@example.org", now=NOON)
    case = _hear(database, settings)
    assert _with(database, case, people["raj"]) == (people["raj"], "Yours because you read Vietnamese.")
    assert _with(database, case, people["ana"]) == (people["raj"], "Raj has it because they read Vietnamese.")
    with database.read() as session:
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "routing")).all() == ["case.routed"]


def test_the_next_family_goes_to_whoever_has_fewer_and_thanks_to_nobody(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    first, second = _hear(database, settings), _hear(database, settings, phone=_OTHER)
    assert [_with(database, one)[0] for one in (first, second)] == [people["ana"], people["raj"]]
    assert _with(database, _hear(database, settings, "thank you", phone="+13125550144")) == (None, "")


def test_who_has_a_family_keeps_it_and_who_is_away_is_covered(database: Database, settings: Settings, people: dict[str, int]) -> None:
    case = _hear(database, settings)
    for n in range(3):
        _hear(database, settings, "and it is cold", at=NOON + n * HOUR)
    assert _with(database, case)[0] == people["ana"]
    with database.write() as session:
        cover.go_away(session, people["ana"], date(2026, 10, 7), date(2026, 10, 9), cover_id=people["jo"], by="ana@example.org", now=NOON)
    assert escalate(database, settings, NOON + HOUR) == 0, "she is there today"
    assert escalate(database, settings, NOON + 20 * HOUR) == 1
    assert _with(database, case) == (people["jo"], "Jo has it because they cover for Ana (away until October 9).")
    _hear(database, settings, "still waiting", at=NOON + timedelta(days=10))
    assert _with(database, case)[0] == people["jo"], "back again, and the family does not change hands once more"


def test_whose_account_is_disabled_has_no_family(database: Database, settings: Settings, people: dict[str, int]) -> None:
    case = _hear(database, settings)
    with database.write() as session:
        session.get_one(Account, people["ana"]).disabled_at = NOON
    assert escalate(database, settings, NOON + HOUR) == 1
    assert _with(database, case)[0] == people["raj"]


def test_where_nobody_acts_it_goes_up_rung_by_rung_and_then_before_the_district(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    case = _hear(database, settings)
    assert escalate(database, settings, WEDNESDAY_NOON - timedelta(minutes=1)) == 0
    assert escalate(database, settings, WEDNESDAY_NOON) == 1
    assert escalate(database, settings, WEDNESDAY_NOON) == 0
    assert _with(database, case, people["jo"]) == (
        people["jo"],
        "Yours because you are an administrator of S1, but do not read Vietnamese; nobody acted in 8 school hours.",
    )
    assert escalate(database, settings, WEDNESDAY_NOON + 24 * HOUR) == 1
    assert _with(database, case)[0] == people["boss"]
    monday = WEDNESDAY_NOON + timedelta(days=5)
    assert escalate(database, settings, monday - timedelta(days=3, minutes=1)) == 0, "Friday, a minute before noon"
    assert escalate(database, settings, monday) == 0
    assert _with(database, case)[0] == people["boss"], "it stays with whoever was asked last"
    with database.read() as session:
        [item] = [item for item in open_items(session, None) if item.kind == "unrouted"]
        assert item.sentence == (
            "A family waits, and nobody acted in 8 school hours, up to the district's administrators. Read it, and give it to somebody."
        )
        assert item.detail == {"case": case}


def test_an_act_of_a_person_gives_the_set_time_anew_and_an_answer_ends_it(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    case_id = _hear(database, settings)
    with database.write() as session:
        actions.note(session, session.get_one(Case, case_id), "I called the bus company.", by="ana@example.org", now=FOUR_PM)
    assert escalate(database, settings, WEDNESDAY_NOON) == 0
    with database.write() as session:
        case = session.get_one(Case, case_id)
        actions.answer(session, case, "A bus comes tomorrow.", account_id=people["ana"], by="ana@example.org", now=WEDNESDAY_NOON)
    assert escalate(database, settings, WEDNESDAY_NOON + timedelta(days=9)) == 0
    again = WEDNESDAY_NOON + timedelta(days=9)
    _hear(database, settings, "it did not come", at=again)
    assert escalate(database, settings, again + HOUR) == 0
    assert escalate(database, settings, again + timedelta(days=4)) == 1
    assert _with(database, case_id)[0] == people["jo"]


def test_put_aside_is_an_act_and_waits_for_its_day(database: Database, settings: Settings, people: dict[str, int]) -> None:
    case_id = _hear(database, settings)
    friday = datetime(2026, 10, 9, 13, tzinfo=UTC)
    with database.write() as session:
        acts.snooze(session, session.get_one(Case, case_id), friday, by="ana@example.org", now=NOON)
    assert escalate(database, settings, friday - HOUR) == 0
    assert _with(database, case_id)[0] == people["ana"]
    assert escalate(database, settings, friday) == 1, "its day has come, and the family has waited long"


def test_nobody_there_is_an_item_of_the_district_until_somebody_is(database: Database, settings: Settings, people: dict[str, int]) -> None:
    today = NOON.date()
    with database.write() as session:
        for name in ("ana", "raj", "jo", "boss"):
            cover.go_away(session, people[name], today, today, cover_id=None, by="boss@example.org", now=NOON)
    case = _hear(database, settings)
    assert _with(database, case)[0] is None
    escalate(database, settings, NOON + HOUR)
    with database.read() as session:
        assert [item.kind for item in open_items(session, None)] == ["unrouted"]
        assert len(session.scalars(select(CaseRoute)).all()) == 1, "the same answer is not written down again"
    assert escalate(database, settings, WEDNESDAY_NOON) == 1
    assert _with(database, case)[0] == people["ana"]
    with database.read() as session:
        assert open_items(session, None) == []


def test_a_sealed_reason_finds_its_person_and_is_not_named(database: Database, settings: Settings, people: dict[str, int]) -> None:
    with database.write() as session:
        cover.keep(session, people["raj"], cover.Details(reasons=("housing",)), by="raj@example.org", now=NOON)
    case = _hear(database, settings, "we lost our home and live in a shelter")
    owner, said = _with(database, case)
    assert owner == people["raj"]
    assert said == "Raj has it because they take what this family named, but do not read Vietnamese."


# --- every way in which a case comes to need somebody --------------------------------------------------------------------------------


def test_a_case_that_a_crossing_opens_has_somebody_at_once(database: Database, settings: Settings, people: dict[str, int]) -> None:
    with database.write() as session:
        a_family(session, "C1", {"st1": "S1"})
        version = RuleVersion(rule="chronic", digest="x", definition={"action": "case"}, first_seen_at=NOON)
        session.add(version)
        session.flush()
        session.add(
            Episode(
                student_id="st1", rule="chronic", rule_version_id=version.id, school_year=date(2026, 7, 1), episode=1, state="open",
                tier="moderate", days_absent="6", days_enrolled=36, as_of=NOON.date(), opened_at=NOON, released_at=None, released_by="",
                closed_at=None,
            )
        )  # fmt: skip
        [case] = open_for_crossings(session, settings=settings, now=NOON)
        case_id = case.id
    assert _with(database, case_id) == (people["ana"], "Ana has it because they have no more open families than others (0).")
    assert escalate(database, settings, NOON + timedelta(days=9)) == 0, "nobody waits: it goes no further up"


def test_a_case_that_is_opened_again_has_somebody_though_its_person_is_gone(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    case_id = _hear(database, settings)
    with database.write() as session:
        case = session.get_one(Case, case_id)
        actions.close(session, case, by="ana@example.org", now=NOON)
        session.get_one(Account, people["ana"]).disabled_at = NOON
        actions.reopen(session, case, by="jo@example.org", settings=settings, now=NOON + HOUR)
    assert _with(database, case_id)[0] == people["raj"]


def test_who_asked_for_days_that_could_not_be_told_has_somebody(database: Database, settings: Settings, people: dict[str, int]) -> None:
    with database.write() as session:
        a_family(session, "C1", {"st1": "S1"})
        inbound, case = hear(session, settings, "thank you")
        case_id, case.owner_id = case.id, None
        asked = {"once_key": "x", "message_class": "confirmation", "message": "which_days", "phone": PHONE, "reply_to_id": inbound.id}
        session.add(new_row(NOON, **asked, state=State.FAILED, reason="unknown count", created_by="automatic"))
        session.flush()
        assert actions.take_over_unsaid(session, settings, NOON + HOUR) == 1
    assert _with(database, case_id)[0] == people["ana"]
