"""E-mails to staff through a real mail server on this machine: once, to those who chose them, and never a name in them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from outreach.attendance.importing import ImportReport
from outreach.attention.queries import open_items
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import feed_report, mail
from outreach.delivery.mail import NO_SERVER, Kind, MailState, Recipient, Words
from outreach.delivery.mail_tables import Email
from outreach.delivery.smtp import SmtpMailer
from outreach.feeds.taking import take_in
from outreach.services import Services
from outreach.settings import Settings
from outreach.simulator.mailbox import Mailbox
from outreach.staff.actions import add_account
from outreach.staff.roles import Role
from outreach.staff.tables import Account
from scheduler import feeding, ticks
from tests.attendance.feeds import write_feed
from tests.attendance.small import FIRST, feed, mark

MORNING = datetime(2026, 9, 16, 7, 30, tzinfo=ZoneInfo("America/Chicago"))
WORDS = Words("Subject", "plain\n", "<p>html</p>\n")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes everything."""
    mailbox = Mailbox()
    mailbox.listen()
    yield mailbox
    mailbox.stop()


@pytest.fixture
def services(sqlite_database: Database, settings: Settings, mailbox: Mailbox, tmp_path: Path) -> Services:
    """A service at half past seven, whose mail server is the mailbox."""
    return with_server(Services(settings, sqlite_database, FixedClock(MORNING), None), mailbox.port, feed_folder=str(tmp_path / "feeds"))


@pytest.fixture
def either(services: Services, database: Database) -> Services:
    """The same on a database of each kind."""
    return replace(services, database=database)


def with_server(services: Services, port: int, **more: object) -> Services:
    """The same with a mail server on *port*."""
    server = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "mail_from": "outreach@district.example"}
    settings = services.settings.model_copy(update={**server, "smtp_timeout_seconds": 2.0, "feed_settle_seconds": 0.0, **more})
    return replace(services, settings=settings, mailer=SmtpMailer.from_settings(settings))


def later(services: Services, after: timedelta) -> Services:
    """The same some time later."""
    return replace(services, clock=FixedClock(services.clock.now() + after))


def person(database: Database, name: str, *, role: Role = Role.IT, chooses: bool = True, locale: str = "en") -> int:
    """Someone of the staff."""
    schools = () if role is Role.IT else ("1",)
    with database.write() as session:
        account = add_account(session, email=f"{name}@district.example", name=name, role=role, schools=schools, now=MORNING)
        if chooses:
            mail.choose(session, account.id, [Kind.FEED_REPORT], locale=locale, now=MORNING)
        return account.id


def planned(services: Services, key: str = "one", account_id: int | None = None) -> None:
    """One e-mail that is due."""
    with services.database.write() as session:
        to = Recipient("it@district.example", "en", account_id)
        ends = services.clock.now() + timedelta(days=1)
        mail.put(session, kind=Kind.FEED_REPORT, key=key, to=to, words=WORDS, now=services.clock.now(), expires_at=ends)


def send(services: Services) -> dict[str, int]:
    """Send what is due."""
    return dict(mail.send_due(services.database, services.mailer, services.clock))


def here(services: Services, folder: Path, now: datetime) -> ImportReport:
    """Load without a process of its own."""
    return take_in(services.database, folder, settings=services.settings, now=now)


def states(database: Database) -> list[tuple[str, str]]:
    """State and reason of every e-mail."""
    with database.read() as session:
        return [(row.state, row.reason) for row in session.scalars(select(Email).order_by(Email.id))]


def told(database: Database) -> list[str]:
    """What stands under Attention."""
    with database.read() as session:
        return [item.sentence for item in open_items(session, None) if item.kind == "mail"]


def test_an_e_mail_is_planned_once_and_sent_once(either: Services, mailbox: Mailbox) -> None:
    for _ in range(2):
        planned(either)
        send(either)
    assert [(one.to, one.subject, one.part("plain"), one.part("html")) for one in mailbox.letters] == [
        ("it@district.example", "Subject", "plain\n", "<p>html</p>\n")
    ]
    assert states(either.database) == [(MailState.SENT, "")]


def test_without_a_server_it_is_held_and_leaves_once_there_is_one(services: Services, mailbox: Mailbox) -> None:
    planned(services)
    assert send(replace(services, mailer=None)) == {MailState.HELD: 1}
    assert send(replace(services, mailer=None)) == {}
    assert states(services.database) == [(MailState.HELD, NO_SERVER)]
    send(services)
    assert len(mailbox.letters) == 1


def test_what_nobody_wants_any_more_does_not_leave(services: Services, mailbox: Mailbox) -> None:
    """Too old, the account is closed, taken back, or no longer theirs to see."""
    planned(services, "old")
    for name in ("closed", "changed", "moved"):
        planned(services, name, person(services.database, name))
    with services.database.write() as session:
        people = {row.name: row for row in session.scalars(select(Account))}
        people["closed"].disabled_at = MORNING
        mail.choose(session, people["changed"].id, [], locale="en", now=MORNING)
        people["moved"].role = Role.TRANSLATOR.value
        session.scalars(select(Email).where(Email.key == "old")).one().expires_at = MORNING
    assert send(services) == {MailState.CANCELLED: 4}
    assert [reason for _, reason in states(services.database)] == [
        "too late to be of use",
        "the account is closed",
        "no longer wanted",
        "no longer wanted",
    ]
    assert mailbox.letters == []


def test_a_busy_server_is_asked_again_later_and_a_refusal_is_final(services: Services, mailbox: Mailbox) -> None:
    planned(services)
    mailbox.answers = ["451 busy", "550 no such person"]
    assert send(services) == {MailState.PLANNED: 1}
    assert send(services) == {}
    assert "E-mails to staff cannot be sent: it said 451 busy." in told(services.database)[0]
    assert send(later(services, timedelta(minutes=2))) == {MailState.FAILED: 1}
    assert told(services.database)[-1] == "An e-mail (feed report) to it@district.example was refused by the mail server."
    planned(services, "two")
    send(later(services, timedelta(minutes=2)))
    assert (len(mailbox.letters), len(told(services.database))) == (1, 1)


def test_a_server_that_is_away_loses_nothing(services: Services, mailbox: Mailbox) -> None:
    planned(services)
    with socket.create_server(("127.0.0.1", 0)) as line:
        nobody = line.getsockname()[1]
    send(with_server(services, nobody))
    assert states(services.database) == [(MailState.PLANNED, "127.0.0.1 does not answer (ConnectionRefusedError)")]
    send(later(services, timedelta(minutes=2)))
    assert (len(mailbox.letters), told(services.database)) == (1, [])


@contextmanager
def breaking_off_after(words: bytes) -> Iterator[int]:
    """A server that hangs up once it heard *words*."""
    with socket.create_server(("127.0.0.1", 0)) as line:

        def talk() -> None:
            with line.accept()[0] as caller, caller.makefile("rb") as heard:
                caller.sendall(b"220 here\r\n")
                in_data = False
                while row := heard.readline():
                    if row.strip() == words:
                        return
                    in_data = in_data or row.strip() == b"data"
                    if not in_data or row.strip() == b"data":
                        caller.sendall(b"354 go on\r\n" if in_data else b"250 yes\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        yield line.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize(("words", "state"), [(b".", MailState.UNCERTAIN), (b"rcpt TO:<it@district.example>", MailState.PLANNED)])
def test_only_a_break_after_the_words_left_is_doubt_and_doubt_is_not_sent_again(
    services: Services, mailbox: Mailbox, words: bytes, state: MailState
) -> None:
    planned(services)
    with breaking_off_after(words) as port:
        assert send(with_server(services, port)) == {state: 1}
    send(later(services, timedelta(hours=1)))
    assert len(mailbox.letters) == (0 if state is MailState.UNCERTAIN else 1)
    assert bool(told(services.database)) == (state is MailState.UNCERTAIN)


def test_a_worker_that_died_leaves_doubt_behind(either: Services, mailbox: Mailbox) -> None:
    planned(either)
    with either.database.write() as session:
        row = session.scalars(select(Email)).one()
        row.state, row.claimed_at = MailState.SENDING, MORNING
    assert send(later(either, timedelta(minutes=4))) == {}
    send(later(either, timedelta(minutes=6)))
    assert states(either.database) == [(MailState.UNCERTAIN, "no answer from the mail server")]
    assert mailbox.letters == []
    assert "may not have arrived" in told(either.database)[0]


def test_the_night_is_told_once_in_counts_to_those_who_chose_it(services: Services, mailbox: Mailbox) -> None:
    """Two sources, one e-mail; nothing of a child in it, nor why a feed was refused."""
    person(services.database, "ada")
    person(services.database, "luz", locale="es")
    person(services.database, "clerk", role=Role.ATTENDANCE_CLERK)
    person(services.database, "else", chooses=False)
    write_feed(Path(services.settings.feed_folder) / "first", feed(marks=[mark("s1", FIRST), mark("s2", FIRST, "X")]))
    folder = write_feed(Path(services.settings.feed_folder) / "other", feed(name="other"))
    (folder / "students.csv").write_text("student_id\ns1\n", encoding="utf-8")
    feeding.take_feeds(services, here)
    ticks.send_mail(later(services, timedelta(hours=-1)))
    assert mailbox.letters == []
    for _ in range(2):
        ticks.send_mail(services)
    assert [(one.to, one.subject, one.language) for one in mailbox.letters] == [
        ("ada@district.example", "Feeds, September 16, 2026: please look at 2", "en"),
        ("luz@district.example", "Datos recibidos, 16 de septiembre de 2026: por favor revise 2", "es"),
    ]
    body = mailbox.letters[0].part("plain")
    assert "other: Refused whole; nothing of it was loaded." in body
    assert "small: Loaded, but some rows were left out." in body
    assert "  Held: 1" in body
    for name in ("s1", "Ada", "Lee", "first_name", "X"):
        assert all(f" {name} " not in one.part(kind) for one in mailbox.letters for kind in ("plain", "html"))


def test_a_night_without_feeds_is_no_e_mail(services: Services, mailbox: Mailbox) -> None:
    person(services.database, "ada")
    ticks.send_mail(services)
    assert mailbox.letters == []


@pytest.mark.parametrize("locale", sorted(mail.LOCALES))
def test_every_outcome_has_words_in_every_language_of_the_staff(locale: str) -> None:
    outcomes = ("loaded", "with_rows_left_out", "again", "refused", "waiting", "late")
    lines = [feed_report.Line(f"<{outcome}>", outcome) for outcome in outcomes]
    words = feed_report.compose(lines, date(2026, 9, 16), locale, "https://outreach.example")
    assert "&lt;late&gt;" in words.html
    assert "https://outreach.example/attention" in words.body
