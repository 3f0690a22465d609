"""Whose thread a report of the family page comes into: its writer's own where that is certain, else nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.cases import family_reports, family_visits
from outreach.cases.family_reports import Report
from outreach.cases.tables import Case
from outreach.database import Database
from outreach.replies.reasons import Intent
from outreach.settings import Settings
from tests.conftest import NOON
from tests.stages.families import hear
from tests.web.family_home import BORN, FATHER, MOTHER, Home, a_letter, load


def _home(database: Database, settings: Settings, folder: Path, named: tuple[str, ...]) -> Home:
    """A letter about Luis, who is his parents' only child here: whoever of them texts can only mean him."""
    home = a_letter(database, settings.model_copy(update={"public_url": "https://lincoln.test"}), folder / "feed", contacts=named)
    load(database, home.settings, home.folder, student_contacts=["student_id,contact_id,relation", "st1,c1,Mother", "st1,c2,Father"])
    return home


def _report(home: Home) -> Case:
    """One of those whom the letter names says that a child is not safe."""
    with home.database.write() as session:
        key = family_visits.open_page(session, home.link.code, BORN, address="a", settings=home.settings, now=NOON)
        assert key is not None
        visit = family_visits.visited(session, key, home.settings, NOON)
        assert visit is not None
        seen, child = visit[1], visit[1].child("st1")
        assert child is not None
        report = Report("once", Intent.CRISIS, "not safe", "es", urgent=True)
        case = family_reports.take(session, seen, child, report, settings=home.settings, now=NOON)
        session.expunge_all()
    return case


def _hear(home: Home, phone: str) -> Case:
    with home.database.write() as session:
        _, case = hear(session, home.settings, "hola", phone=phone)
        session.expunge_all()
    return case


@pytest.mark.parametrize(
    ("named", "father_first"),
    [
        pytest.param(("c1", "c2"), True, id="both parents, the father had a thread"),
        pytest.param(("c1", "c2"), False, marks=pytest.mark.long, id="both parents, the father writes later"),
        pytest.param(("c1",), True, marks=pytest.mark.long, id="the mother, the father had a thread"),
        pytest.param(("c1",), False, id="the mother, the father writes later"),
    ],
)
def test_what_one_parent_reports_never_comes_into_the_others_thread(
    sqlite_database: Database, settings: Settings, tmp_path: Path, *, named: tuple[str, ...], father_first: bool
) -> None:
    home = _home(sqlite_database, settings, tmp_path, named)
    if father_first:
        _hear(home, FATHER)
    report = _report(home)
    assert report.phone == ""
    assert _hear(home, FATHER).id != report.id
    with home.database.write() as session:
        case = session.get_one(Case, report.id)
        assert (case.phone, case.contact_id) == ("", "c1" if len(named) == 1 else "")


def test_the_report_of_the_one_adult_a_letter_names_and_her_own_number_are_one_thread(
    sqlite_database: Database, settings: Settings, tmp_path: Path
) -> None:
    home = _home(sqlite_database, settings, tmp_path, ("c1",))
    report = _report(home)
    assert report.phone == ""
    assert _hear(home, MOTHER).id == report.id
