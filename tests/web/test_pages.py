"""Delivery, first round, attention, words, the demo's clock."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from outreach.attention.tables import AttentionItem
from outreach.clock import MovableClock
from outreach.database import Database
from outreach.messages.queries import CORE_PACK, choose, missing_from_core
from outreach.messages.tables import Approval
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.services import Services
from outreach.settings import Settings
from outreach.staff import actions as staff
from outreach.staff import queries as accounts
from outreach.staff.tables import AuditEntry
from outreach.thresholds.tables import Episode
from outreach.web import wording
from outreach.web.app import create_app
from outreach.web.context import SESSION_KEY
from outreach.web.outbox import GROUPS
from tests.conftest import NOON
from tests.web.conftest import SignedIn, send
from tests.web.seed import Seeded, told


def tiles(html: str) -> dict[str, int]:
    """Counts per group of states, as the page shows them."""
    found = re.findall(r'tile-count">([\d,]+)</span><span class="tile-label">([^<]+)<', html)
    return {label: int(count.replace(",", "")) for count, label in found}


def rows(html: str) -> int:
    return html.count('class="message-row"')


def test_every_state_has_words_and_a_place() -> None:
    assert set(wording.STATES) == set(State)
    assert sorted(state for states in GROUPS.values() for state in states) == sorted(State)
    assert len({words.label for words in wording.STATES.values()}) == len(State), "no two states read alike"


def test_delivery_counts_by_state_and_shows_each_reason(signed_in: SignedIn) -> None:
    html = signed_in("boss").get("/delivery").text
    assert tiles(html) == {"All": 12, "Needs a look": 2, "Waiting": 2, "On the way": 0, "Arrived": 5, "Not sent": 3}
    for reason in (
        "too early or too late",
        "Nobody has confirmed",
        "asked for no more texts",
        "The number does not exist",
        "no longer over the threshold",
    ):
        assert reason in html


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 12),
        ("state=Needs+a+look", 2),
        ("state=skipped", 2),
        ("state=nonsense", 12),
        ("channel=letter", 1),
        ("channel=carrier-pigeon", 12),
        ("days=1", 4),
        ("day=2026-10-05", 5),
        ("day=2026-02-31", 12),
        ("days=1&state=held", 1),
        ("page=2", 0),
        ("page=-1", 12),
        ("page=99999999999999999999", 0),
    ],
)
def test_delivery_filters_stand_in_the_address(signed_in: SignedIn, query: str, shown: int) -> None:
    assert rows(signed_in("boss").get(f"/delivery?{query}").text) == shown


def test_delivery_has_pages_and_keeps_its_filters(signed_in: SignedIn, sqlite_database: Database, seeded: Seeded) -> None:  # noqa: ARG001
    with sqlite_database.write() as session:
        for n in range(60):
            told(session, "", NOON - timedelta(minutes=n), state="held")
    client = signed_in("ana")
    first = client.get("/delivery?state=held").text
    assert rows(first) == 50
    assert "/delivery?page=2&amp;state=held" in first
    assert rows(client.get("/delivery?page=2&state=held").text) == 11


def test_delivery_by_day_adds_up(signed_in: SignedIn) -> None:
    html = signed_in("boss").get("/delivery").text
    table = html[html.index("<tbody>") : html.index("</tbody>")]
    assert sum(int(count) for count in re.findall(r'class="num">(\d+)<', table)) == 12


def test_delivery_of_another_school_is_not_shown(signed_in: SignedIn, sqlite_database: Database) -> None:
    raj = signed_in("raj")
    html = raj.get("/delivery").text
    assert rows(html) == 1
    assert "Chen" in html
    assert "Haddad" not in html
    with sqlite_database.read() as session:
        elsewhere = session.scalar(select(PlannedMessage.id).where(PlannedMessage.school_id == "S1"))
        here = session.scalar(select(PlannedMessage.id).where(PlannedMessage.school_id == "S2"))
    assert raj.get(f"/delivery/{elsewhere}").status_code == 404
    assert raj.get(f"/delivery/{here}").status_code == 200


def test_one_message_opens_into_its_words_and_figures(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("ana")
    children = [
        {"student_id": "st1", "days_absent": "6", "days_enrolled": 37, "tier": "moderate", "as_of": "2026-10-05", "dates": ["2026-10-05"]}
    ]
    with sqlite_database.write() as session:
        row = told(session, "", NOON, student_ids=["st1"], contact_id="c1", body="Luis has missed 6 days", facts={"children": children})
        shown = row.id
    html = client.get(f"/delivery/{shown}").text
    for words in ("Luis has missed 6 days", "Luis Lopez", "Maria Lopez", "6 of 37 days", "yesterday"):
        assert words in html


def test_the_first_round_waits_by_school_and_tier(signed_in: SignedIn) -> None:
    cells = re.findall(r'scope="row">([^<]+)</th>|class="num">(?:<strong>)?(\d+)', signed_in("boss").get("/baseline").text)
    assert [name or count for name, count in cells] == ["Lincoln Elementary", "1", "1", "1", "3", "Roosevelt Middle", "1", "0", "0", "1"]
    mine = signed_in("ana").get("/baseline").text
    assert "Roosevelt" not in mine
    assert "3 waiting" in mine
    assert "A district administrator releases them" in mine


def test_a_slice_is_released_and_remembered(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("boss")
    assert send(client, "/baseline", "/baseline/release", number="3")[0] == 302
    page = client.get("/baseline").text
    assert "Released 3." in page
    assert "1 waiting" in page
    with sqlite_database.read() as session:
        assert session.scalars(select(Episode.state).order_by(Episode.student_id)).all().count("open") == 3
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "baseline.released")).one()
        assert (entry.actor, entry.detail) == ("boss@example.org", {"asked": 3, "released": 3})


@pytest.mark.parametrize("number", ["", "0", "-1", "1.5", "x", "100001", "9" * 40, "٣"])
def test_a_number_that_makes_no_sense_releases_nobody(signed_in: SignedIn, sqlite_database: Database, number: str) -> None:
    client = signed_in("boss")
    send(client, "/baseline", "/baseline/release", number=number)
    assert "Please give a number" in client.get("/baseline").text
    with sqlite_database.read() as session:
        assert set(session.scalars(select(Episode.state))) == {"baseline"}


def test_attention_shows_what_is_mine_urgent_first(signed_in: SignedIn) -> None:
    html = signed_in("boss").get("/attention").text
    assert html.index("error 20003") < html.index("Roosevelt Middle has sent") < html.index("The code UNV")
    assert "Urgent" in html
    mine = signed_in("ana").get("/attention").text
    assert "The code UNV" in mine
    assert "20003" not in mine
    assert "Settled" not in signed_in("kim").get("/attention").text, "a clerk reads and does not settle"


def test_an_item_is_settled_by_who_may_see_it(signed_in: SignedIn, sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        theirs = session.scalars(select(AttentionItem.id).where(AttentionItem.school_id == "S2")).one()
        mine = session.scalars(select(AttentionItem.id).where(AttentionItem.school_id == "S1")).one()
    ana = signed_in("ana")
    assert send(ana, "/attention", f"/attention/{theirs}/resolve")[0] == 404
    assert send(ana, "/attention", f"/attention/{mine}/resolve")[0] == 302
    assert "The code UNV" not in ana.get("/attention").text
    assert send(ana, "/inbox", "/attention/99999/resolve")[0] == 404
    with sqlite_database.read() as session:
        assert session.get_one(AttentionItem, mine).resolved_by == "ana@example.org"
        assert session.get_one(AttentionItem, theirs).resolved_at is None


def approve_form(html: str, message: str, locale: str) -> dict[str, str]:
    """What the page's form for this message and language sends."""
    form = html.split(f'value="{message}"><input type="hidden" name="locale" value="{locale}"')[1]
    digest = re.search(r'name="digest" value="(\w+)"', form)
    assert digest is not None
    return {"message": message, "locale": locale, "digest": digest[1]}


def test_words_wait_until_a_named_person_approves_them(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("boss")
    before = client.get("/words?message=count").text
    assert "Not approved yet" in before
    assert before.count("Drafted, not reviewed") == 15
    assert send(client, "/words", "/words/approve", **approve_form(before, "count", "es"))[0] == 302
    assert client.get("/words?message=count").text.count("Approved</span>") == 1
    with sqlite_database.read() as session:
        assert {(row.message, row.locale, row.approved_by) for row in session.scalars(select(Approval))} == {
            ("count", "es", "boss@example.org")
        }
        assert session.scalar(select(func.count()).where(AuditEntry.action == "words.approved")) == 1


def test_words_that_changed_since_they_were_read_are_not_approved(
    signed_in: SignedIn, sqlite_database: Database, settings: Settings
) -> None:
    client = signed_in("boss")
    form = approve_form(client.get("/words?message=help").text, "help", "en")
    own = settings.home / "templates" / "messages" / "help"
    own.mkdir(parents=True)
    (own / "sms.txt").write_text("{{ district }}: Write back any time. Reply STOP to stop.\n", encoding="utf-8")
    send(client, "/words", "/words/approve", **form)
    assert "changed while you were reading" in client.get("/words").text
    with sqlite_database.read() as session:
        assert session.scalar(select(func.count(Approval.id))) == 0


def test_edited_words_show_beside_the_approved_ones_that_still_leave(signed_in: SignedIn, settings: Settings) -> None:
    client = signed_in("boss")
    send(client, "/words", "/words/approve", **approve_form(client.get("/words?message=help").text, "help", "en"))
    own = settings.home / "templates" / "messages" / "help"
    own.mkdir(parents=True)
    (own / "sms.txt").write_text("{{ district }}: Write back any time. Reply STOP to stop.\n", encoding="utf-8")
    html = client.get("/words?message=help").text
    assert "Changed since approval" in html
    assert "Until now (still what leaves)" in html


def test_a_languages_core_pack_is_approved_on_one_screen(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("boss")
    html = client.get("/words?language=so").text
    assert html.index("Core pack · Somali") < html.index("Which days · Somali") < html.index("Summer · Somali")
    assert send(client, "/words", "/words/approve", **approve_form(html, "", "so"))[0] == 302
    with sqlite_database.read() as session:
        assert {row.message for row in session.scalars(select(Approval)) if row.locale == "so"} == set(CORE_PACK)
        assert missing_from_core(session, "so") == ()
        assert missing_from_core(session, "ar") == CORE_PACK
    overview = " ".join(re.sub(r"<[^>]+>", " ", client.get("/words").text).split())
    assert re.search(r"Somali \d+ 8 of 8 8 of ", overview)
    assert re.search(r"Arabic \d+ 0 of 8 0 of ", overview)


def test_a_changed_english_shows_both_and_keeps_the_translation_in_force(
    signed_in: SignedIn, sqlite_database: Database, settings: Settings
) -> None:
    client = signed_in("boss")
    send(client, "/words", "/words/approve", **approve_form(client.get("/words?message=help").text, "help", "es"))
    own = settings.home / "templates" / "messages" / "help"
    own.mkdir(parents=True)
    (own / "sms.txt").write_text("{{ district }}: We text families when school days are missed. Reply STOP to stop.\n", encoding="utf-8")
    html = client.get("/words?message=help&language=es").text
    assert "Not translated anew" in html
    assert (
        html.index("when school days are missed") < html.index("We text families about missed school days") < html.index("Escribimos a las")
    )
    with sqlite_database.read() as session:
        assert choose(session, "help", "sms", "es", default="es") is not None
    send(client, "/words", "/words/keep", **approve_form(html, "help", "es"))
    assert "Not translated anew" not in client.get("/words?message=help&language=es").text
    with sqlite_database.read() as session:
        kept = choose(session, "help", "sms", "es")
        assert kept is not None
        assert kept.pair.translation.startswith("{{ district }}: Escribimos")
        assert "when school days are missed" in kept.pair.source
        assert session.scalar(select(func.count()).where(AuditEntry.action == "words.kept")) == 1


def test_words_that_need_repair_cannot_be_approved(signed_in: SignedIn, settings: Settings) -> None:
    own = settings.home / "templates" / "messages" / "help"
    own.mkdir(parents=True)
    (own / "sms.txt").write_text("{{ district }}: Write back any time.\n", encoding="utf-8")
    html = signed_in("boss").get("/words?message=help").text
    assert "To repair: the word STOP is missing." in html
    assert 'name="message" value="help"><input type="hidden" name="locale" value="en"' not in html


@pytest.mark.parametrize(("name", "status"), [("boss", 200), ("ana", 403), ("ira", 403), ("eve", 403)])
def test_words_are_for_those_whose_role_has_them(signed_in: SignedIn, name: str, status: int) -> None:
    assert signed_in(name).get("/words").status_code == status


@pytest.fixture
def movable(settings: Settings, sqlite_database: Database, seeded: Seeded) -> tuple[FlaskClient, MovableClock]:  # noqa: ARG001
    """The demo: a clock that moves, and the administrator signed in."""
    clock = MovableClock(Path(settings.home) / "demo-clock.json")
    clock.move_to(NOON)
    with sqlite_database.write() as session:
        account = accounts.by_email(session, "boss@example.org")
        assert account is not None
        key = staff.begin_session(session, account, NOON)
    client = create_app(Services(settings, sqlite_database, clock, None)).test_client()
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = key
    return client, clock


def test_the_demo_clock_moves_by_steps_and_to_a_time(movable: tuple[FlaskClient, MovableClock]) -> None:
    client, clock = movable
    html = client.get("/inbox").text
    assert "The clock is moved" in html
    assert "the reviewer who approved the words" in html, "the demo says so on every screen"
    assert send(client, "/inbox", "/clock", step="day", back="/delivery?days=1")[1] == "/delivery?days=1"
    assert timedelta(0) <= clock.now() - (NOON + timedelta(days=1)) < timedelta(minutes=1)
    send(client, "/inbox", "/clock", to="2026-11-02T09:30")
    assert "Mon, Nov 2, 2026, 9:30 am" in client.get("/inbox").text
    assert send(client, "/inbox", "/clock", to="soon")[0] == 400


def test_nobody_moves_a_real_clock(signed_in: SignedIn) -> None:
    client = signed_in("boss")
    assert send(client, "/inbox", "/clock", step="day")[0] == 404
    assert "+1 day" not in client.get("/inbox").text
