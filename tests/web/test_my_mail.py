"""A person of the staff chooses which e-mails they get, and nobody what they may not see."""

from __future__ import annotations

from outreach.database import Database
from outreach.delivery import mail
from outreach.delivery.mail import Kind
from outreach.staff import queries as accounts
from tests.web.conftest import SignedIn, send


def chosen(database: Database, name: str) -> dict[Kind, str]:
    """What they chose."""
    with database.read() as session:
        account = accounts.by_email(session, f"{name}@example.org")
        assert account is not None
        return mail.chosen_by(session, account.id)


def test_who_looks_after_feeds_chooses_the_report_and_takes_it_back(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("ira")
    assert "E-mails to me" in client.get("/me/mail").text
    assert "No mail server is set yet" in client.get("/me/mail").text
    send(client, "/me/mail", "/me/mail", feed_report="yes", locale="es")
    assert chosen(sqlite_database, "ira") == {Kind.FEED_REPORT: "es"}
    send(client, "/me/mail", "/me/mail", locale="es")
    assert chosen(sqlite_database, "ira") == {}


def test_who_answers_families_chooses_one_rhythm_of_alerts(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("ana")
    assert "/me/mail" in client.get("/inbox").text
    for asked, kept in (("replies_at_once", {Kind.REPLIES_AT_ONCE}), ("replies_hourly", {Kind.REPLIES_HOURLY}), ("", set()), ("x", set())):
        send(client, "/me/mail", "/me/mail", alert=asked)
        assert set(chosen(sqlite_database, "ana")) == kept
    assert "What the feeds brought" not in client.get("/me/mail").text


def test_others_are_offered_none_and_get_none(signed_in: SignedIn, sqlite_database: Database) -> None:
    client = signed_in("eve")
    page = client.get("/me/mail").text
    assert "There are none for your role." in page
    assert "/me/mail" not in page
    send(client, "/password", "/me/mail", feed_report="yes", alert="replies_at_once", mid_day="yes")
    assert chosen(sqlite_database, "eve") == {}


def test_who_reads_conversations_or_data_chooses_bulletins(signed_in: SignedIn, sqlite_database: Database) -> None:
    everything = {"mid_day": "yes", "code_review": "yes", "weekly_digest": "yes"}
    for name, kept in (
        ("ana", {Kind.MID_DAY, Kind.CODE_REVIEW, Kind.WEEKLY}),
        ("kim", {Kind.MID_DAY, Kind.CODE_REVIEW}),
        ("ira", {Kind.CODE_REVIEW}),
    ):
        client = signed_in(name)
        send(client, "/me/mail", "/me/mail", **everything)
        assert set(chosen(sqlite_database, name)) == kept
    assert "on Mondays after 7:15 am" in signed_in("ana").get("/me/mail").text
