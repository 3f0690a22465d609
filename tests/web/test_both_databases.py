"""Every page of the navigation answers on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path

from outreach.clock import FixedClock
from outreach.database import Database
from outreach.services import Services
from outreach.settings import Settings
from outreach.web.app import create_app
from tests.web.conftest import send
from tests.web.seed import PASSWORD, seed


def test_every_page_shows_its_rows(database: Database, settings: Settings, clock: FixedClock, tmp_path: Path) -> None:
    cases = seed(database, settings, tmp_path / "feed")
    client = create_app(Services(settings, database, clock, None)).test_client()
    assert send(client, "/sign-in", "/sign-in", email="ana@example.org", password=PASSWORD)[1] == "/"
    for page, words in (
        ("/inbox", "Omar Haddad"),
        ("/inbox?queue=closed", "Omar Haddad"),
        ("/inbox?whose=mine", "Nobody is waiting"),
        (f"/cases/{cases.maria}", "Chronic: 10 %"),
        ("/delivery", "Nobody has confirmed"),
        ("/delivery?days=30&state=Not+sent", "asked for no more texts"),
        ("/baseline", "3 waiting"),
        ("/attention", "The code UNV"),
    ):
        answer = client.get(page)
        assert (answer.status_code, words in answer.text) == (200, True), page
    assert send(client, "/inbox", f"/cases/{cases.omar}/answer", text="We call you.", then="next")[1] == f"/cases/{cases.maria}"
