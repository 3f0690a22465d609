"""Bulletins: each figure is the plain recount, they come once on school days to those who chose them, and never name anybody."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.attendance import health
from outreach.attendance.tables import FeedImport
from outreach.cases.help_tables import Barrier, Step
from outreach.cases.tables import Case, CaseEvent
from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.mail import LOCALES, Kind, Recipient
from outreach.delivery.mail_tables import Email
from outreach.district.tables import Contact, Student
from outreach.evidence import bulletins
from outreach.evidence.waiting import What
from outreach.settings import Settings, load_settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.roles import Role
from tests.attendance.loading import Loader
from tests.attendance.small import feed, mark, weekdays
from tests.conftest import NOON
from tests.web.seed import LINCOLN, Seeded, seed

PLANTED = "Zephyrine"
MONDAY = datetime.fromisoformat("2026-10-05T07:30:00-05:00")
SATURDAY = datetime.fromisoformat("2026-10-10T12:00:00-05:00")


@pytest.fixture
def team(database: Database, settings: Settings, tmp_path: Path) -> Seeded:
    """The seeded district, Ana with every bulletin chosen, and a name planted wherever words can stand."""
    cases = seed(database, settings, tmp_path / "feed")
    with database.write() as session:
        for student in session.scalars(select(Student)):
            student.first_name = student.last_name = PLANTED
        for contact in session.scalars(select(Contact)):
            contact.first_name = contact.last_name = PLANTED
        maria = session.get_one(Case, cases.maria)
        session.add(Step(
            case_id=maria.id, barrier_id=None, kind="call", layer="problem_solving", words=PLANTED, owner_id=_id(session, "ana"),
            state="planned", due_on=NOON.date(), planned_at=NOON, planned_by="", done_at=None, outcome=PLANTED, told_id=None, asked_id=None,
        ))  # fmt: skip
        session.add(CaseEvent(case_id=maria.id, at=NOON - timedelta(hours=1), kind="visit", by="ana@example.org", text=PLANTED))
        mail.choose(session, _id(session, "ana"), [Kind.MID_DAY, Kind.CODE_REVIEW, Kind.WEEKLY], locale="en", now=NOON)
    return cases


def _id(session: object, name: str) -> int:
    account = accounts.by_email(session, f"{name}@example.org")  # type: ignore[arg-type]
    assert account is not None
    return account.id


def shown(body: str) -> Counter[str]:
    """Label → number, over all sections."""
    found: Counter[str] = Counter()
    for label, number in re.findall(r"^  (.+): ([\d,]+)$", body, re.MULTILINE):
        found[label] += int(number.replace(",", ""))
    return found


def composed(database: Database, settings: Settings, kind: Kind, locale: str = "en", name: str = "ana") -> str:
    with database.read() as session:
        to = Recipient("ana@example.org", locale, _id(session, name))
        words = bulletins.compose(session, kind, to, settings.model_copy(update={"public_url": "https://help.lincoln.example"}), NOON)
    return f"{words.subject}\n{words.body}\n{words.html}"


def test_figures_equal_a_plain_recount(database: Database, settings: Settings, team: Seeded) -> None:
    assert team
    labels = bulletins.said("en")["labels"]
    found = shown(composed(database, settings, Kind.MID_DAY))
    with database.read() as session:
        cases = [row for row in session.scalars(select(Case)) if row.school_id == LINCOLN]
        events = [row for row in session.scalars(select(CaseEvent)) if row.case_id in {case.id for case in cases}]
        barriers = [row for row in session.scalars(select(Barrier)) if row.case_id in {case.id for case in cases}]
    needs = [case for case in cases if case.state == "open" and case.queue == "needs_me" and case.snoozed_until is None]
    midnight, week = NOON - timedelta(hours=12), NOON - timedelta(days=7, hours=12)
    assert found[labels["needs_me"]] == len(needs) > 0
    assert found[labels["follow_ups"]] == 1
    assert found[labels["heard"]] == sum(one.kind == "inbound" and midnight <= one.at < NOON for one in events) > 0
    assert found[labels["spoken"]] == 1
    weekly = shown(composed(database, settings, Kind.WEEKLY))
    assert weekly[labels["heard"]] == sum(one.kind == "inbound" and week <= one.at < midnight for one in events)
    assert weekly[labels["reasons"]] == sum(week <= one.heard_at < midnight for one in barriers)
    assert weekly[labels["due_this_week"]] == 1


@pytest.mark.parametrize("kind", [Kind.MID_DAY, Kind.CODE_REVIEW, Kind.WEEKLY])
def test_no_child_no_adult_and_no_word_of_theirs_is_in_any(database: Database, settings: Settings, team: Seeded, kind: Kind) -> None:
    assert team
    for locale in LOCALES:
        for name in ("ana", "boss"):
            words = composed(database, settings, kind, locale, name)
            assert not re.search(rf"{PLANTED}|Lopez|Maria|Luis|st[1-5]\b|\+1|555-01|/cases/|/students/", words), words
            assert "https://help.lincoln.example/" in words


def test_both_languages_have_words_for_every_figure_that_can_stand_there() -> None:
    english, spanish = (bulletins.said(locale) for locale in ("en", "es"))
    assert english["labels"].keys() == spanish["labels"].keys() >= {what.value for what in What}
    assert english.keys() == spanish.keys() >= {kind.value for kind in (Kind.MID_DAY, Kind.CODE_REVIEW, Kind.WEEKLY)}


def test_they_come_once_each_at_their_hour_on_school_days_only(database: Database, settings: Settings, team: Seeded) -> None:
    assert team
    afternoon = NOON.replace(hour=20, minute=45)  # a quarter to four in Chicago
    for at, new in (
        (NOON - timedelta(hours=2), 0), (NOON, 1), (NOON, 0), (afternoon, 1), (afternoon, 0), (SATURDAY, 0), (MONDAY, 1),
        (MONDAY + timedelta(days=7), 1), (MONDAY + timedelta(days=1), 0),
    ):  # fmt: skip
        assert bulletins.plan(database, settings, at) == new, at
    with database.write() as session:
        assert Counter(session.scalars(select(Email.kind))) == {"mid_day": 1, "code_review": 1, "weekly_digest": 2}
        mail.choose(session, _id(session, "ana"), [], locale="en", now=NOON)
    assert bulletins.plan(database, settings, NOON + timedelta(days=1)) == 0


def test_registers_and_codes_are_those_of_the_page_of_data(database: Database, settings: Settings, team: Seeded) -> None:
    """The page of the seeded district shows one code without a meaning; today is told of only once a feed came after school began."""
    assert team
    with database.read() as session:
        page = health.look(session, NOON.date() - timedelta(days=1), frozenset({LINCOLN}))
        codes = len({(one.school_id, one.name, one.source) for one in page.findings if one.trouble == "code"})
        assert bulletins._told_until(session, settings, NOON) == NOON.date() - timedelta(days=1)
    label = bulletins.said("en")["labels"]["codes"]
    assert shown(composed(database, settings, Kind.CODE_REVIEW))[label] == codes
    with database.write() as session:
        newest = session.scalars(select(FeedImport).order_by(FeedImport.id.desc())).first()
        assert newest is not None
        newest.finished_at = NOON
        session.flush()
        assert bulletins._told_until(session, settings, NOON) == NOON.date()


def test_dirt_that_was_put_into_a_feed_is_told_school_by_school(sqlite_database: Database, tmp_path: Path) -> None:
    """Two days without a register, one child's missing mark, a code nobody knows twice, and a first day that is too long ago to be told."""
    loader, days = Loader(sqlite_database, tmp_path), weekdays()
    marks = [mark(child, day, "T") for day in days[1:-2] for child in ("s1", "s2") if (child, day) != ("s2", days[-3])]
    loader.load(feed(marks=[*marks, mark("s1", days[-4], "??"), mark("s2", days[-5], "??")], reporting="affirmative"))
    now = datetime.fromisoformat("2026-09-19T12:00:00-05:00")
    settings = load_settings(home=tmp_path / "home", timezone="America/Chicago")
    with sqlite_database.write() as session:
        boss = staff.add_account(session, email="b@example.org", name="B", role=Role.DISTRICT_ADMINISTRATOR, schools=[], now=now)
        [section] = bulletins.code_review(session, accounts.as_reader(session, boss), settings, now)
    assert dict(section.rows) == {"registers": 2, "marks_missing": 1, "codes": 1, "conflicts": 0}
