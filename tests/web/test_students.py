"""My students: who misses a tenth or more, who is in touch with the family, and what comes next."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from outreach.attendance.counting import SchoolRecord
from outreach.attendance.profiles import profile
from outreach.attendance.queries import StudentCount
from outreach.attendance.verdicts import Day, Verdict
from outreach.cases.mentor_tables import MentorTie
from outreach.cases.my_students import WINDOW, two_windows
from outreach.cases.tables import CaseEvent
from outreach.database import Database
from outreach.district.tables import StudentAdult
from outreach.planning.tables import PlannedMessage
from outreach.staff.tables import Account
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded

DAYS = [date(2026, 8, 17) + timedelta(days=n) for n in range(60)]


def named(html: str) -> list[str]:
    return re.findall(r"<strong><bdi>([^<]+)</bdi>", html)


def counted(missed: set[date]) -> StudentCount:
    days = tuple(Day(day, "S1", Verdict.UNEXCUSED, (), "", 1) for day in DAYS if day in missed)
    return StudentCount.of([SchoolRecord("st1", "S1", tuple(DAYS), days, calendar_known=True)], profile("federal"))


@given(st.sets(st.sampled_from(DAYS)))
@settings(max_examples=40)
def test_the_last_twenty_days_are_set_against_the_twenty_before(missed: set[date]) -> None:
    expected = (Fraction(len(missed.intersection(DAYS[40:]))), Fraction(len(missed.intersection(DAYS[20:40]))))
    assert two_windows(DAYS, counted(missed)) == expected


def test_there_is_nothing_to_compare_before_forty_days() -> None:
    assert two_windows(DAYS[: 2 * WINDOW - 1], counted(set())) is None
    assert two_windows(DAYS[: 2 * WINDOW], counted(set())) == (Fraction(0), Fraction(0))


def test_every_child_at_ten_percent_is_listed_the_highest_share_first_with_or_without_a_case(signed_in: SignedIn, seeded: Seeded) -> None:
    page = signed_in("ana").get("/students").text
    assert named(page) == ["Yusuf Haddad", "Luis Lopez"], "Sam missed too few, Elena and Mei are at another school"
    assert "<strong>8</strong> of 37 days" in page
    assert f'href="/cases/{seeded.maria}"' in page
    assert named(signed_in("raj").get("/students").text) == []


def test_the_views_say_whom_nobody_reached_who_is_silent_and_who_has_no_next_step(
    signed_in: SignedIn, seeded: Seeded, sqlite_database: Database
) -> None:
    ana = signed_in("ana")
    count = dict(re.findall(r">([\w ]+) <span class=\"count\">(\d+)</span>", ana.get("/students").text))
    assert (count["All"], count["No next step"], count["Never reached"]) == ("2", "2", "0")
    send(ana, "/inbox", f"/cases/{seeded.omar}/snooze", day="2026-10-08", what_then="Ask the clinic")
    assert named(ana.get("/students?view=no_next_step").text) == ["Luis Lopez"]
    assert 'Next: Thu, Oct 8, <span dir="auto">Ask the clinic' in ana.get("/students").text
    send(ana, "/log", "/log", child="st1", words="Will try", kind="no_answer")
    assert "Last contact today: a call without answer" in ana.get("/students").text
    with sqlite_database.write() as session:
        session.execute(delete(CaseEvent).where(CaseEvent.kind == "inbound"))
    assert named(ana.get("/students?view=silent").text) == ["Yusuf Haddad", "Luis Lopez"], "a text or letter arrived"
    with sqlite_database.write() as session:
        session.execute(update(PlannedMessage).where(PlannedMessage.contact_id == "c2").values(state="failed"))
    assert named(ana.get("/students?view=never_reached").text) == ["Yusuf Haddad"], "nothing arrived with his father"
    assert named(ana.get("/students?view=silent").text) == ["Luis Lopez"]


def test_one_view_holds_the_children_whom_no_adult_at_school_knows(signed_in: SignedIn, sqlite_database: Database) -> None:
    def add(*rows: object) -> list[str]:
        with sqlite_database.write() as session:
            session.add_all(rows)
        return named(signed_in("ana").get("/students?view=nobody_knows").text)

    assert add() == ["Yusuf Haddad", "Luis Lopez"]
    assert add(StudentAdult(student_id="st3", name="Ms Ode", role="nurse", source="seed", import_id=1, line=2)) == ["Luis Lopez"]
    with sqlite_database.read() as session:
        mia = session.scalars(select(Account).where(Account.email == "mia@example.org")).one().id
    assert add(MentorTie(account_id=mia, student_id="st1", name="", by="boss@example.org", at=NOON)) == []
    page = signed_in("ana").get("/students").text
    assert "<bdi>Ms Ode, nurse</bdi>" in page
    assert ", mentor</bdi>" in page
    with sqlite_database.write() as session:
        session.execute(update(Account).where(Account.id == mia).values(disabled_at=NOON))
    assert add() == ["Luis Lopez"], "a mentor who left knows nobody"


def test_a_person_of_several_schools_chooses_one_and_no_other(signed_in: SignedIn) -> None:
    assert named(signed_in("boss").get("/students?school=S1").text) == ["Yusuf Haddad", "Luis Lopez"]
    assert named(signed_in("boss").get("/students?school=S2").text) == []
    assert named(signed_in("ana").get("/students?school=S2").text) == ["Yusuf Haddad", "Luis Lopez"], "S2 is none of hers"


def test_the_page_is_for_who_reads_the_inbox(signed_in: SignedIn) -> None:
    assert [signed_in(name).get("/students").status_code for name in ("kim", "ira", "eve")] == [200, 403, 403]
