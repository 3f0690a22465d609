"""The family page's rows on both databases: a code, tries that count, a report, a stop and a wish."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from outreach.cases import family_reports, family_visits, proposals
from outreach.cases.family_reports import Report
from outreach.cases.proposals import What
from outreach.cases.tables import Case
from outreach.consent import queries as consent
from outreach.database import Database
from outreach.delivery.family_tables import FamilyCode, FamilyTry
from outreach.replies.reasons import Intent
from outreach.settings import Settings
from tests.conftest import NOON
from tests.web import family_home
from tests.web.family_home import BORN, MOTHER


def test_a_familys_way_through_its_page(database: Database, settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"public_url": "https://lincoln.test"})
    home = family_home.a_letter(database, settings, tmp_path / "feed")
    for _ in range(2):
        with database.write() as session:
            assert family_visits.open_page(session, "2222 2222 2222", BORN, address="a", settings=settings, now=NOON) is None
            wrong = family_visits.open_page(session, home.link.code, BORN + timedelta(1), address="a", settings=settings, now=NOON)
            assert wrong is None
    with database.write() as session:
        assert session.scalars(select(FamilyTry)).one().wrong == 4
        assert session.scalars(select(FamilyCode)).one().wrong_tries == 2
        key = family_visits.open_page(session, home.link.code, BORN, address="a", settings=settings, now=NOON)
    assert key is not None
    with database.write() as session:
        found = family_visits.visited(session, key, settings, NOON)
        assert found is not None
        seen = found[1]
        assert [child.student_id for child in seen.children] == ["st1", "st2"]
        report = Report("once", Intent.BARRIER_REPORT, "The bus", "es", "transportation")
        cases = {family_reports.take(session, seen, seen.child("st1"), report, settings=settings, now=NOON).id for _ in range(2)}
        case = session.scalars(select(Case)).one()
        assert cases == {case.id}
        family_reports.stop(session, seen.adults, texts=True, letters=True, now=NOON)
        first = proposals.propose(session, case, "c1", What.LANGUAGE, "vi", NOON)
        second = proposals.propose(session, case, "c1", What.LANGUAGE, "ar", NOON)
        assert (first.open_key, [wish.id for wish in proposals.waiting(session, case.id)]) == (None, [second.id])
    with database.read() as session:
        assert consent.state(session, MOTHER).opted_out
        assert consent.without_letters(session) == {"c1", "c2"}
        assert family_visits.visited(session, key, settings, NOON + family_visits.LASTS) is None
