"""Promise 1: whatever corrections arrive between plan and release, the number that leaves equals the count at release, or nothing leaves.

Every example takes the same planned night, lets corrections arrive as the next import or a person would write them, moves the
clock, and asks the release of every message. ``truth`` works the answer out a second time from the bare rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from outreach.attendance.deceased import mark_deceased
from outreach.attendance.tables import FeedSource, Mark
from outreach.consent import actions as consent
from outreach.consent import blocks, restrictions
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.district.overlays import Act
from outreach.district.tables import CalendarEvent, Contact, ContactPhone, Enrolment, Student, StudentContact
from outreach.messages.letter_content import LetterContent
from outreach.planning.release import Go, Stop, check
from outreach.planning.states import State
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from tests.conftest import NOON
from tests.feeds import LINCOLN, ROOSEVELT, SETTINGS
from tests.stages.nights import LETTER, TEXT, Nights, approval
from tests.stages.truth import Truth, read

FAMILIES = {"lia": "anna", "max": "ben", "eva": "cleo", "zoe": "cleo"}
"""Child → the adult who is told."""
NUMBERS = {"anna": "+13125550142", "ben": "+13125550143", "cleo": "+13125550144"}
DAYS = [date(2026, 9, day) for day in (1, 2, 3, 8, 9, 10, 14, 15, 16, 21, 22, 23)]
LINCOLN_DOUBTS = {"schools": {LINCOLN: {"trust_registration_phones": False}}}
HOLDING = {"kind": "absent", "hold": True}
Correction = tuple[Any, ...]


@pytest.fixture
def nights(database: Database, tmp_path: Path, settings: Settings) -> Nights:
    """Four children over their thresholds, and their messages planned on a Tuesday noon."""
    found = Nights(database, settings, tmp_path)
    found.district.settings = {**SETTINGS, "codes": {**SETTINGS["codes"], "S": {"kind": "suspended_out"}}}
    for child, absent, school in (("lia", 4, LINCOLN), ("max", 9, LINCOLN), ("eva", 5, ROOSEVELT), ("zoe", 6, LINCOLN)):
        found.district.child(child, absent=absent, school=school)
    for contact, number in NUMBERS.items():
        children = [child for child, adult in FAMILIES.items() if adult == contact]
        found.district.adult(contact, children, phone=number, address=f"{len(contact)} Elm Street")
    found.district.contacts["ben"]["language"] = "Spanish"
    found.approve(
        {("count", "sms", "en"): TEXT, ("count", "letter", "en"): LETTER, ("count", "sms", "es"): TEXT, ("count", "letter", "es"): LETTER}
    )
    found.open()
    found.plan()
    return found


def _mark(session: Session, child: str, day: date, code: str) -> None:
    session.execute(delete(Mark).where(Mark.student_id == child, Mark.date == day))
    if code:
        school = session.scalars(select(Enrolment.school_id).where(Enrolment.student_id == child).order_by(Enrolment.id)).first()
        session.execute(
            insert(Mark).values(
                student_id=child, date=day, school_id=school, section_id="", code=code, source="sis", portion="", minutes=None, reason="",
                import_id=1, line=1,
            )
        )  # fmt: skip


def _forget_marks(session: Session, child: str, number: int) -> None:
    days = session.scalars(select(Mark.date).where(Mark.student_id == child).order_by(Mark.date).limit(number)).all()
    session.execute(delete(Mark).where(Mark.student_id == child, Mark.date.in_(days)))


def _leave(session: Session, child: str, last: date) -> None:
    session.execute(update(Enrolment).where(Enrolment.student_id == child).values(exit_date=last))


def _transfer(session: Session, child: str, day: date) -> None:
    _leave(session, child, day - timedelta(days=1))
    session.execute(
        insert(Enrolment).values(
            student_id=child, school_id="S2" if child != "eva" else "S1", entry_date=day, exit_date=None, grade="", exit_type="", track="",
            primary=None, source="sis", import_id=2, line=1,
        )
    )  # fmt: skip


def _codes(session: Session, code: str, meaning: dict[str, Any] | None) -> None:
    source = session.scalars(select(FeedSource)).one()
    codes = {name: value for name, value in source.settings["codes"].items() if name != code}
    source.settings = {**source.settings, "codes": codes | ({code: meaning} if meaning else {})}
    session.flush()


def _source(session: Session, values: dict[str, Any]) -> None:
    source = session.scalars(select(FeedSource)).one()
    source.settings = {**source.settings, **values}
    session.flush()


def _stale(session: Session, days: int) -> None:
    session.execute(update(FeedSource).values(last_delivered_at=NOON - timedelta(days=days)))


def _number(session: Session, child: str, kind: str) -> None:
    consent.record(session, NUMBERS[FAMILIES[child]], Kind(kind), source=Source.FAMILY, by="inbound", now=NOON)


def _phone(session: Session, child: str, values: dict[str, Any]) -> None:
    session.execute(update(ContactPhone).where(ContactPhone.contact_id == FAMILIES[child]).values(**values))


def _no_phone(session: Session, child: str) -> None:
    session.execute(delete(ContactPhone).where(ContactPhone.contact_id == FAMILIES[child]))


def _better_phone(session: Session, child: str) -> None:
    session.execute(
        insert(ContactPhone).values(
            contact_id=FAMILIES[child], phone="x", e164="+13125550188", type="mobile", can_text=None, priority=1, given_by="",
            given_on=None,
            verified_on=None, consent=None, source="sis", import_id=2, line=9,
        )
    )  # fmt: skip


def _died(session: Session, child: str) -> None:
    mark_deceased(session, child, Act("head@example.org", NOON))


def _tie(session: Session, child: str, values: dict[str, Any]) -> None:
    session.execute(update(StudentContact).where(StudentContact.student_id == child).values(**values))


def _clear(session: Session, child: str, words: str) -> None:
    restrictions.clear(session, child, FAMILIES[child], words, by="head@example.org", now=NOON)


def _block(session: Session, child: str, student: str) -> None:
    blocks.place(session, FAMILIES[child], reason="order", by="head@example.org", now=NOON, student_id=student)


def _born(session: Session, child: str, day: date) -> None:
    session.execute(update(Student).where(Student.student_id == child).values(birth_date=day))


def _gone(session: Session, child: str) -> None:
    session.execute(update(Student).where(Student.student_id == child).values(gone_import_id=2))


def _contact_gone(session: Session, child: str) -> None:
    session.execute(update(Contact).where(Contact.contact_id == FAMILIES[child]).values(gone_import_id=2))


def _approve(session: Session, channel: str, locale: str) -> None:
    session.add(approval("count", channel, locale, f"New: {TEXT}" if channel == "sms" else LETTER.replace("Goodbye", "Farewell"), NOON))
    session.flush()


def _close_days(session: Session, days: list[date]) -> None:
    session.execute(update(CalendarEvent).where(CalendarEvent.date.in_(days)).values(event="Holiday"))


def _strange_day(session: Session, day: date) -> None:
    session.execute(update(CalendarEvent).where(CalendarEvent.date == day, CalendarEvent.school_id == LINCOLN).values(event="Field trip?"))


def _told(session: Session, child: str, days_ago: int) -> None:
    """Another text of the same household has left: one about a crossing that is none of the messages asked here."""
    planned = session.scalars(
        select(PlannedMessage).where(PlannedMessage.household == FAMILIES[child], PlannedMessage.channel == "sms")
    ).first()
    values = {column.name: getattr(planned, column.name) for column in PlannedMessage.__table__.columns if column.name != "id"}
    left = {
        "ref": f"told-{child}-{days_ago}",
        "once_key": f"told-{child}-{days_ago}",
        "state": "delivered",
        "sent_at": NOON - timedelta(days=days_ago),
    }
    told = session.scalar(insert(PlannedMessage).values(**values | left).returning(PlannedMessage.id))
    episode = session.scalars(
        select(PlannedEpisode.episode_id).where(PlannedEpisode.channel == "letter").order_by(PlannedEpisode.episode_id)
    ).first()
    session.execute(insert(PlannedEpisode).values(planned_id=told, episode_id=episode, household=f"once-{child}-{days_ago}", channel="sms"))


ACTS: dict[str, Callable[..., None]] = {
    act.__name__.strip("_"): act
    for act in (
        _mark, _forget_marks, _leave, _transfer, _codes, _source, _stale, _number, _phone, _no_phone, _better_phone, _tie, _clear, _block,
        _born, _gone, _contact_gone, _approve, _close_days, _strange_day, _told, _died,
    )
}  # fmt: skip

child = st.sampled_from(sorted(FAMILIES))
day = st.sampled_from([*DAYS, date(2026, 10, 5), date(2026, 10, 6), date(2026, 10, 7)])
corrections: st.SearchStrategy[Correction] = st.one_of(
    st.tuples(st.just("mark"), child, day, st.sampled_from(["U", "E", "T", "?", "B", "S", ""])),
    st.tuples(st.just("mark"), child, day, st.sampled_from(["U", "E", ""])),
    st.tuples(st.just("codes"), st.just("U"), st.just({"kind": "suspended_out", "reason": "suspended"})),
    st.tuples(st.just("died"), child),
    st.tuples(st.just("forget_marks"), child, st.integers(1, 6)),
    st.tuples(st.just("leave"), child, st.sampled_from([date(2026, 9, 30), date(2026, 10, 6), date(2026, 10, 7)])),
    st.tuples(st.just("transfer"), child, st.sampled_from([date(2026, 9, 9), date(2026, 10, 6), date(2026, 10, 8)])),
    st.tuples(st.just("codes"), st.sampled_from(["U", "E"]), st.sampled_from([None, {"kind": "present"}, HOLDING])),
    st.tuples(st.just("source"), st.sampled_from([{"trust_registration_phones": False}, {"reporting": "affirmative"}, LINCOLN_DOUBTS])),
    st.tuples(st.just("stale"), st.integers(0, 7)),
    st.tuples(st.just("number"), child, st.sampled_from(["opt_out", "opt_in", "verified", "suppressed"])),
    st.tuples(st.just("phone"), child, st.sampled_from([
        {"e164": "+13125550199"}, {"e164": ""}, {"type": "home"}, {"consent": False}, {"verified_on": date(2026, 9, 1), "consent": True},
    ])),
    st.tuples(st.just("no_phone"), child),
    st.tuples(st.just("better_phone"), child),
    st.tuples(st.just("tie"), child, st.sampled_from([
        {"restriction": "court"}, {"may_receive": False}, {"may_receive": True}, {"lives_with": False}, {"lives_with": True},
    ])),
    st.tuples(st.just("clear"), child, st.sampled_from(["court", "another text"])),
    st.tuples(st.just("block"), child, st.sampled_from(["", "lia", "max", "eva"])),
    st.tuples(st.just("born"), child, st.sampled_from([date(2008, 10, 6), date(2008, 10, 7), date(2010, 1, 1)])),
    st.tuples(st.just("gone"), child),
    st.tuples(st.just("contact_gone"), child),
    st.tuples(st.just("approve"), st.sampled_from(["sms", "letter"]), st.sampled_from(["en", "es"])),
    st.tuples(st.just("close_days"), st.lists(day, min_size=1, max_size=5)),
    st.tuples(st.just("strange_day"), day),
    st.tuples(st.just("told"), child, st.sampled_from([5, 6, 9])),
)  # fmt: skip
hours = st.one_of(st.just(0.0), st.integers(0, 80).map(float), st.sampled_from([6.99, 7.0, 20.99, 21.0, 21.5, 22.0, 45.5, 71.99, 72.0]))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(arriving=st.lists(corrections, max_size=5), later=hours)
@example(arriving=[], later=0.0)
@example(arriving=[("mark", "lia", date(2026, 9, 1), "U")], later=0.0)
@example(arriving=[("forget_marks", "max", 2)], later=0.0)
@example(arriving=[("codes", "U", None)], later=0.0)
@example(arriving=[("tie", "max", {"restriction": "court"}), ("clear", "max", "court")], later=0.0)
@example(arriving=[("tie", "eva", {"restriction": "court"})], later=0.0)
def test_the_number_that_leaves_is_the_number_counted_at_release_or_nothing_leaves(
    nights: Nights, arriving: list[Correction], later: float
) -> None:
    now = NOON + timedelta(hours=later)
    for row, found, truth in _asked(nights, arriving, now):
        if isinstance(found, Stop):
            assert found.reason, "a reason that somebody can read"
            assert found.state in {State.HELD, State.SKIPPED, State.CANCELLED}
        _judge(row, found, truth)


WRONG_BY_NOW: list[tuple[str, Correction, float]] = [
    ("a day more", ("mark", "lia", date(2026, 9, 1), "U"), 0),
    ("a day less, still over", ("forget_marks", "lia", 1), 0),
    ("below the threshold", ("forget_marks", "lia", 3), 0),
    ("a code lost its meaning", ("codes", "U", None), 0),
    ("a code means presence", ("codes", "U", {"kind": "present"}), 0),
    ("left yesterday", ("leave", "lia", date(2026, 10, 5)), 0),
    ("another school's day", ("transfer", "lia", date(2026, 9, 9)), 0),
    ("said stop", ("number", "lia", "opt_out"), 0),
    ("another number", ("phone", "lia", {"e164": "+13125550199"}), 0),
    ("no number", ("no_phone", "lia"), 0),
    ("no longer trusted", ("source", {"trust_registration_phones": False}), 0),
    ("a block", ("block", "lia", ""), 0),
    ("a restriction", ("tie", "lia", {"restriction": "court"}), 0),
    ("may not receive", ("tie", "lia", {"may_receive": False}), 0),
    ("18 today", ("born", "lia", date(2008, 10, 6)), 0),
    ("other words", ("approve", "sms", "en"), 0),
    ("the next day", ("mark", "max", date(2026, 9, 1), ""), 24),
    ("at night", ("mark", "max", date(2026, 9, 1), ""), 8),
    ("stale", ("stale", 6), 0),
    ("she died", ("died", "lia"), 0),
    ("mostly suspended", ("codes", "U", {"kind": "suspended_out", "reason": "suspended"}), 0),
    ("her school no longer trusts", ("source", LINCOLN_DOUBTS), 0),
    ("heard yesterday", ("told", "lia", 1), 0),
]


def test_the_oracle_would_catch_a_release_that_rests_on_yesterdays_facts(nights: Nights) -> None:
    """So the promise's test can fail: what was right before a correction is called wrong after it."""
    before = {row["id"]: found for row, found, _ in _asked(nights, [], NOON)}
    believed = []
    for name, correction, later in WRONG_BY_NOW:
        for row, _, truth in _asked(nights, [correction], NOON + timedelta(hours=later)):
            if (row["contact_id"], row["channel"]) == ("anna", "sms") and _believes(row, before[row["id"]], truth):
                believed.append(name)
    assert believed == []


def test_each_correction_alone_is_seen_at_the_release(nights: Nights) -> None:
    for _, correction, later in WRONG_BY_NOW:
        for row, found, truth in _asked(nights, [correction], NOON + timedelta(hours=later)):
            _judge(row, found, truth)


def _believes(row: dict[str, Any], found: Go | Stop, truth: Truth) -> bool:
    try:
        _judge(row, found, truth)
    except AssertionError:
        return False
    return True


def test_what_staff_write_into_a_template_does_not_leave_before_it_is_approved(nights: Nights) -> None:
    own = nights.settings.home / "templates" / "messages" / "count"
    own.mkdir(parents=True)
    (own / "sms.txt").write_text("Other words {{ days_missed }}", encoding="utf-8")
    for row, found, truth in _asked(nights, [], NOON):
        _judge(row, found, truth)


def _asked(nights: Nights, arriving: list[Correction], now: datetime) -> Iterator[tuple[dict[str, Any], Go | Stop, Truth]]:
    """Let the corrections arrive, ask every planned message, and take all of it back."""
    with Session(nights.database.engine.execution_options(begin="IMMEDIATE")) as session:
        asked = session.scalars(select(PlannedMessage.id).where(PlannedMessage.state == "planned")).all()
        for name, *values in arriving:
            if not _twice(session, name, values):
                ACTS[name](session, *values)
        session.expire_all()
        truth = read(session, now)
        for planned in asked:
            [row] = truth.of("planned_messages", id=planned)
            yield row, check(session, session.get_one(PlannedMessage, planned), nights.settings, now), truth
        session.rollback()


def _twice(session: Session, name: str, values: list[Any]) -> bool:
    """Whether a correction is there already."""
    if name == "told":
        return session.scalar(select(PlannedMessage.id).where(PlannedMessage.ref == f"told-{values[0]}-{values[1]}")) is not None
    if name == "transfer":
        return len(session.scalars(select(Enrolment.id).where(Enrolment.student_id == values[0])).all()) > 1
    return name == "better_phone" and session.scalar(select(ContactPhone.id).where(ContactPhone.e164 == "+13125550188")) is not None


def _judge(row: dict[str, Any], found: Go | Stop, truth: Truth) -> None:
    contact, expires = row["contact_id"], row["expires_at"]
    rules = {truth.of("episodes", id=link["episode_id"])[0]["rule"] for link in truth.of("planned_episodes", planned_id=row["id"])}
    rules -= {"letter_10"} if "letter_20" in rules else set()
    children = _children(row)
    tell = [one for one in children if truth.may_be_told_of(one, contact) and truth.may_speak_of(one, rules)]
    in_time = expires is None or truth.now < _utc(expires)
    if row["channel"] == "sms":
        sound = (
            truth.window_open(row["school_id"]) and truth.first_number(contact, children[0]) == row["phone"] and not truth.heard_lately(row)
        )
    else:
        sound = True
    if not (tell and in_time and sound and truth.fresh()):
        assert isinstance(found, Stop), "nothing may leave"
        return
    assert isinstance(found, Go), f"this may leave, but: {found.reason}"
    assert set(found.student_ids) == set(tell)
    _same_words(row, found, truth)


def _same_words(row: dict[str, Any], found: Go, truth: Truth) -> None:
    words = truth.words(row["channel"], "es" if row["contact_id"] == "ben" else "en")
    assert words is not None
    template, locale = words
    assert found.language == locale
    if found.letter is None:
        assert found.body == truth.filled(template, locale, found.student_ids[0])
        return
    numbers = {one: int((truth.count(one) or {})["days_absent"]) for one in found.student_ids}
    first_names = {truth.of("students", student_id=one)[0]["first_name"]: number for one, number in numbers.items()}
    assert _table(found.letter) == first_names
    assert [child["days_absent"] for child in found.facts["children"]] == [str(numbers[one]) for one in found.student_ids]
    assert sorted(numbers.values(), reverse=True) == [numbers[one] for one in found.student_ids], "most absences first"


def _table(letter: LetterContent) -> dict[str, int]:
    """The children of a letter's table and their numbers, as printed."""
    rows = [
        ["".join(run.text for run in cell) for cell in row] for block in letter.own.blocks if block.kind == "table" for row in block.rows
    ]
    return {name: int(days.split()[0]) for name, days, _ in rows[1:]}


def _children(row: dict[str, Any]) -> list[str]:
    value = row["student_ids"]
    return list(json.loads(value) if isinstance(value, str) else value)


def _utc(value: datetime | str) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)
