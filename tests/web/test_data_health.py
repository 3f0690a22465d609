"""The data health page: what is to fix, who may fix it, and that each fix counts, is written down and can be taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from outreach.attendance import sis_differences
from outreach.attendance.importing import import_folder
from outreach.attendance.queries import student_counts
from outreach.database import Database
from outreach.district.corrections import correct_language
from outreach.district.overlays import Act, holding, merged
from outreach.district.tables import Contact
from outreach.planning.reasons import Reason
from outreach.settings import Settings
from outreach.staff.tables import AuditEntry
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import LINCOLN, ROOSEVELT, told

YESTERDAY = NOON.date() - timedelta(days=1)
Dirty = Callable[..., None]


@pytest.fixture
def dirty(signed_in: SignedIn, sqlite_database: Database, settings: Settings, tmp_path: Path) -> Dirty:  # noqa: ARG001 - it is seeded first
    """Deliver the seed's feed again with further rows and settings."""

    def deliver(*marks: str, settings_too: str = "", calendar: str = "", students: str = "") -> None:
        for name, more in (("attendance.csv", "\n".join(marks)), ("calendar.csv", calendar), ("students.csv", students)):
            file = tmp_path / "feed" / name
            file.write_text(file.read_text() + (more + "\n" if more else ""))
        toml = tmp_path / "feed" / "source.toml"
        toml.write_text(toml.read_text() + settings_too)
        import_folder(sqlite_database, tmp_path / "feed", home=settings.home, now=NOON - timedelta(hours=1))

    return deliver


def figures(database: Database, student: str) -> tuple[object, int, object]:
    """Days absent, unknown and in conflict."""
    with database.read() as session:
        count = student_counts(session, YESTERDAY, students={student})[student].count
    return count.absent, count.unknown, count.conflict


def fix(client: FlaskClient, action: str, **fields: str) -> str:
    """Send one of the page's forms and return the page that follows."""
    status, place, _ = send(client, "/data-health", f"/data-health/{action}", **fields)
    assert status == 302
    return client.get(place.split("#")[0]).text


def test_a_sound_district_has_nothing_to_fix(signed_in: SignedIn) -> None:
    assert "Nothing to fix" in signed_in("boss").get("/data-health").text


def test_a_code_is_mapped_where_it_is_seen_and_its_messages_are_counted(
    signed_in: SignedIn, dirty: Dirty, sqlite_database: Database
) -> None:
    dirty(f"st1,{LINCOLN},2026-09-29,UNV", f"st3,{LINCOLN},2026-10-01,UNV", f"st3,{LINCOLN},2026-10-02,UNV")
    with sqlite_database.write() as session:
        told(session, "", NOON, state="held", reason=str(Reason.UNKNOWN_COUNT), contact_id="c1", student_ids=["st1"], school_id=LINCOLN)
    ana = signed_in("ana")
    html = ana.get("/data-health").text
    assert "The code “\u2068UNV\u2069” has no meaning." in html
    assert "3 marks, Tue, Sep 29 to Fri, Oct 2" in html
    assert re.search(r"2 children · <strong>1 message waits", html)
    assert f"#school-{LINCOLN}" in ana.get("/delivery").text, "the held message leads here"

    html = fix(ana, "code", source="seed", code="UNV", school=LINCOLN, meaning="unexcused")
    assert "Nothing to fix" in html
    assert figures(sqlite_database, "st3")[1] == 0
    with sqlite_database.read() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "data.code"))
    assert (entry.actor, entry.detail["school"]) == ("ana@example.org", LINCOLN)


def test_only_people_of_the_whole_district_give_a_code_its_meaning_everywhere(signed_in: SignedIn, dirty: Dirty) -> None:
    dirty(f"st1,{LINCOLN},2026-09-30,UNV")
    form = {"source": "seed", "code": "UNV", "school": LINCOLN, "meaning": "present", "everywhere": "yes"}
    assert send(signed_in("ana"), "/data-health", "/data-health/code", **form)[0] == 404
    assert send(signed_in("ira"), "/data-health", "/data-health/code", **form)[0] == 302


def test_days_without_attendance_are_called_what_they_were_and_taken_back(
    signed_in: SignedIn, dirty: Dirty, sqlite_database: Database
) -> None:
    dirty(settings_too=f'[schools."{ROOSEVELT}"]\nreporting = "affirmative"\n')
    raj = signed_in("raj")
    html = raj.get("/data-health").text
    assert "No attendance came at all." in html
    assert "Some children have no mark." in html
    quiet = re.findall(r'name="day" value="([\d-]+)"', html)
    before = figures(sqlite_database, "st5")
    assert before[1] > 0

    html = fix(raj, "days", school=ROOSEVELT, day=quiet[0], said="submitted")
    assert figures(sqlite_database, "st5")[1] == before[1] - 1
    [number] = re.findall(r"/data-health/(\d+)/withdraw", html)
    fix(raj, f"{number}/withdraw")
    assert figures(sqlite_database, "st5") == before
    html = fix(raj, "days", school=ROOSEVELT, said="submitted")
    assert "Please choose at least one date." in html


def test_an_event_nobody_explained_is_a_school_day_or_none(signed_in: SignedIn, dirty: Dirty, sqlite_database: Database) -> None:
    dirty(calendar=f"{LINCOLN},2026-09-26,Field day")
    ana = signed_in("ana")
    assert "The calendar says “\u2068Field day\u2069”" in ana.get("/data-health").text
    assert figures(sqlite_database, "st1")[1] == 1
    assert "Nothing to fix" in fix(ana, "days", school=LINCOLN, day="2026-09-26", said="closed")
    assert figures(sqlite_database, "st1")[1] == 0


def test_a_conflict_is_settled_once_however_many_marks_say_so(signed_in: SignedIn, dirty: Dirty, sqlite_database: Database) -> None:
    dirty(f"st1,{LINCOLN},2026-09-29,E", f"st1,{LINCOLN},2026-09-29,U")
    ana = signed_in("ana")
    assert "Luis Lopez" in ana.get("/data-health").text
    form = {"student": "st1", "school": LINCOLN, "day": "2026-09-29", "verdict": "present"}
    assert "Nothing to fix" in fix(ana, "settle", **form)
    assert figures(sqlite_database, "st1") == (6, 0, 0)

    dirty(f"st1,{LINCOLN},2026-09-29,UNV", settings_too='UNV = { kind = "suspended_out" }\n')
    assert "Nothing to fix" in ana.get("/data-health").text, "still a conflict, as when it was settled"


def test_a_settled_day_that_the_feed_gainsays_is_listed(
    signed_in: SignedIn, dirty: Dirty, sqlite_database: Database, tmp_path: Path
) -> None:
    dirty(f"st1,{LINCOLN},2026-09-29,E", f"st1,{LINCOLN},2026-09-29,U")
    ana = signed_in("ana")
    form = {"student": "st1", "school": LINCOLN, "day": "2026-09-29"}
    fix(ana, "settle", verdict="present", **form)
    file = tmp_path / "feed" / "attendance.csv"
    file.write_text(file.read_text().replace(f"st1,{LINCOLN},2026-09-29,E\n", ""))
    dirty()
    assert "settled as present, but the feed now says unexcused" in ana.get("/data-health").text
    assert figures(sqlite_database, "st1")[0] == 6, "the person's word counts until a person says otherwise"
    assert "Nothing to fix" in fix(ana, "settle", verdict="present", **form)


def test_a_person_sees_and_fixes_only_their_schools_and_it_sees_no_child(signed_in: SignedIn, dirty: Dirty) -> None:
    dirty(f"st1,{LINCOLN},2026-09-29,E", f"st1,{LINCOLN},2026-09-29,U", f"st3,{LINCOLN},2026-10-01,UNV")
    raj = signed_in("raj")
    assert "Nothing to fix" in raj.get("/data-health").text
    form = {"student": "st1", "school": LINCOLN, "day": "2026-09-29", "verdict": "present"}
    assert send(raj, "/data-health", "/data-health/settle", **form)[0] == 404
    assert send(raj, "/data-health", "/data-health/settle", **form | {"school": ROOSEVELT})[0] == 404
    assert send(raj, "/data-health", "/data-health/days", school=LINCOLN, day="2026-09-29", said="closed")[0] == 404

    ira = signed_in("ira")
    html = ira.get("/data-health").text
    assert "UNV" in html
    assert "told in two ways" in html
    assert not re.search("Luis|Lopez|st1|st3", html)
    assert send(ira, "/data-health", "/data-health/settle", **form)[0] == 403
    assert signed_in("eve").get("/data-health").status_code == 403


def test_a_form_that_makes_no_sense_changes_nothing(signed_in: SignedIn, sqlite_database: Database) -> None:
    boss = signed_in("boss")
    for action, fields in (
        ("code", {"source": "seed", "code": "U", "meaning": "nonsense"}),
        ("days", {"school": LINCOLN, "day": "tomorrow", "said": "closed"}),
        ("days", {"school": LINCOLN, "day": "2026-09-29", "said": "nonsense"}),
        ("settle", {"student": "st1", "school": LINCOLN, "day": "2026-09-29", "verdict": "unknown"}),
    ):
        assert send(boss, "/data-health", f"/data-health/{action}", **fields)[0] == 400
    assert send(boss, "/data-health", "/data-health/code", source="none", code="U", meaning="present", everywhere="yes")[0] == 404
    assert send(boss, "/data-health", "/data-health/99/withdraw")[0] == 404
    with sqlite_database.read() as session:
        assert holding(session) == []


def test_two_ids_of_one_child_are_proposed_merged_and_parted(
    signed_in: SignedIn, dirty: Dirty, sqlite_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "feed" / "students.csv"
    lines = [f"{line},{'birth_date' if not n else '2018-02-03'}" for n, line in enumerate(file.read_text().splitlines())]
    file.write_text("\n".join(lines) + "\n")
    enrolments = tmp_path / "feed" / "enrollments.csv"
    enrolments.write_text(enrolments.read_text() + f"st9,{LINCOLN},2026-09-01\n")
    dirty(f"st9,{LINCOLN},2026-09-29,U", students="st9,LUIS,lopez,3,Spanish,2018-02-03")
    ana = signed_in("ana")
    assert "under st1 and st9" in ana.get("/data-health").text
    alone = figures(sqlite_database, "st1")

    html = fix(ana, "merge", old="st9", kept="st1")
    assert "under st1 and st9" not in html
    assert figures(sqlite_database, "st1")[0] == 7
    assert "one of these ids" in fix(ana, "merge", old="st5", kept="st1"), "a child of another school"
    [number] = re.findall(r"/data-health/(\d+)/withdraw", html)
    fix(ana, f"{number}/withdraw")
    assert figures(sqlite_database, "st1") == alone
    with sqlite_database.read() as session:
        assert merged(session).kept == {}


def test_a_correction_that_the_feed_gainsays_is_kept_or_given_up(signed_in: SignedIn, sqlite_database: Database) -> None:
    def feed_says(language: str, locale: str) -> None:
        with sqlite_database.write() as session:
            row = session.get_one(Contact, "c1")
            row.language, row.locale = language, locale

    with sqlite_database.write() as session:
        correct_language(session, "c1", "so", Act("ana@example.org", NOON))
    ana = signed_in("ana")
    assert "The feed says otherwise" not in ana.get("/data-health").text
    feed_says("Russian", "ru")
    html = ana.get("/data-health").text
    assert "The feed says otherwise" in html
    [number] = re.findall(r"/data-health/(\d+)/keep", html)
    assert "The feed says otherwise" not in fix(ana, f"{number}/keep")
    feed_says("Korean", "ko")
    [number] = re.findall(r"/data-health/(\d+)/keep", ana.get("/data-health").text)
    assert "Decided here" not in fix(ana, f"{number}/withdraw")


def test_rows_left_out_are_told_to_people_of_the_whole_district(signed_in: SignedIn, dirty: Dirty) -> None:
    dirty(f"nobody,{LINCOLN},{date(2026, 9, 29)},U", "st1,,2026-09-29,U")
    html = signed_in("boss").get("/data-health").text
    assert "no feed names this student" in html
    assert "1 row rejected" in html
    assert "nobody" not in html, "ids of children stay out of it"
    assert "Rows left out" not in signed_in("ana").get("/data-health").text


def test_children_whom_the_sis_counts_otherwise_are_listed(
    signed_in: SignedIn, dirty: Dirty, sqlite_database: Database, tmp_path: Path
) -> None:
    total = f"st1,{LINCOLN},{YESTERDAY},999,7"
    (tmp_path / "feed" / "sis_totals.csv").write_text(f"student_id,school_id,as_of,days_enrolled,days_absent\n{total}\n")
    dirty()
    with sqlite_database.write() as session:
        sis_differences.refresh(session, NOON)
    seen = signed_in("boss").get("/data-health").text
    assert "1 child has another total in the SIS" in seen
    assert "in the SIS 7 of 999" in seen
    assert "in the SIS 7 of 999" not in signed_in("ira").get("/data-health").text
