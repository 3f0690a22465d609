"""A snapshot brings a district back, and a database in a strange place sends nothing until a person lets it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from outreach.clock import FixedClock
from outreach.consent import actions as consent
from outreach.consent.queries import states
from outreach.consent.states import Kind, Source
from outreach.database import Database
from outreach.delivery import instance
from outreach.keeping import snapshots
from outreach.keeping.files import KeepingError
from outreach.keeping.returning import MEANWHILE, come_back
from outreach.planning.states import State
from outreach.planning.tables import PlannedMessage
from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from outreach.staff.actions import audit
from outreach.staff.tables import AuditEntry
from tests import command
from tests.conftest import NOON
from tests.stages.outbox import Outbox, running

OTHER, THIRD = "+17735550143", "+17735550144"


@pytest.fixture
def live(sqlite_database: Database, tmp_path: Path) -> Iterator[Outbox]:
    """A district that is at home: one text has left, kept files lie in its home."""
    with running(sqlite_database, tmp_path / "home") as ready:
        home = ready.settings.home
        (home / "feeds").mkdir(parents=True)
        (home / "feeds" / "abc.gz").write_bytes(b"a kept feed")
        (home / "secret-key").write_text("k" * 40, encoding="ascii")
        (home / "samples").mkdir()
        (home / "samples" / "today.csv").write_text("somebody's for a day", encoding="utf-8")
        instance.settle(ready.database, NOON, demo=False)
        ready.answer()
        ready.send()
        yield ready


def _snapshot(live: Outbox, folder: Path) -> Path:
    return snapshots.make(live.database, live.settings.home, folder, now=live.now, kept=0)


def _restored(live: Outbox, snapshot: Path, home: Path) -> Iterator[Outbox]:
    file = home / "outreach.db"
    snapshots.unpack(snapshot, home, file)
    copy = Database(f"sqlite:///{file}")
    yield Outbox(copy, live.settings.model_copy(update={"home": home}), live.carrier, live.now)
    copy.engine.dispose()


@pytest.fixture
def restored(live: Outbox, tmp_path: Path) -> Iterator[Outbox]:
    """The district's snapshot in an empty home, after the original told a second family and a third one asked it to stop."""
    live.answer("Waits in both.", phone=OTHER)
    live.answer("For the third.", phone=THIRD)
    snapshot = _snapshot(live, tmp_path / "snapshots")
    live.send()
    live.carrier.simulation.text_from(THIRD, "STOP")
    yield from _restored(live, snapshot, tmp_path / "elsewhere")


def test_a_restored_district_is_whole_and_silent(live: Outbox, restored: Outbox) -> None:
    home = restored.settings.home
    assert (home / "feeds" / "abc.gz").read_bytes() == b"a kept feed"
    assert (home / "secret-key").exists()
    assert not (home / "samples").exists()
    assert restored.states() == [*live.states()[:1], State.PLANNED, State.PLANNED]
    before = len(live.sent())
    restored.later(hours=1)
    assert restored.send().stopped == instance.HELD
    assert len(live.sent()) == before
    assert instance.held(live.database, NOON) == "", "the original goes on"


def test_released_it_knows_what_the_carrier_knew(restored: Outbox) -> None:
    before = len(restored.sent())
    restored.later(hours=1)
    clock = FixedClock(restored.now)
    assert instance.held(restored.database, restored.now)
    found = come_back(restored.database, restored.provider, restored.settings, clock, by="it@lincoln.invalid")
    assert (found.heard, found.known, found.unknown, found.cancelled) == (1, 1, 2, 2)
    restored.send()
    assert [message.to for message in restored.sent()][before:] == [], "nobody is told twice, and a stop is a stop"
    with restored.database.read() as session:
        assert states(session, {THIRD})[THIRD].opted_out
        reasons = set(session.scalars(select(PlannedMessage.reason).where(PlannedMessage.state == State.CANCELLED)))
        assert reasons == {MEANWHILE}
        assert session.scalar(select(func.count()).where(AuditEntry.action == "instance.released")) == 1
    assert not instance.held(restored.database, restored.now)


def test_a_copied_home_and_an_older_file_in_its_place_are_held(live: Outbox, tmp_path: Path) -> None:
    live.database.engine.dispose()
    original = Path(str(live.database.url.database))
    shutil.copytree(original.parent, tmp_path / "copied", ignore=shutil.ignore_patterns("copied", "home"))
    copied = Database(f"sqlite:///{tmp_path / 'copied' / original.name}")
    assert instance.held(copied, NOON)
    copied.engine.dispose()
    older = original.read_bytes()
    assert not instance.held(live.database, NOON)
    with live.database.write() as session:
        consent.record(session, OTHER, Kind.OPT_OUT, source=Source.STAFF, by="ana", now=NOON)
    assert not instance.held(live.database, NOON)
    live.database.engine.dispose()
    for companion in original.parent.glob(f"{original.name}-*"):
        companion.unlink()
    original.write_bytes(older)
    assert instance.held(live.database, NOON)


def test_postgresql_names_its_server_and_any_number_of_hosts_share_it(postgres_database: Database) -> None:
    instance.settle(postgres_database, NOON, demo=False)
    instance.settle(postgres_database, NOON, demo=False)
    assert not instance.held(postgres_database, NOON)
    with postgres_database.write() as session:
        row = instance.standing(session)
        assert row is not None
        row.place = "another/1/5"
    assert instance.held(postgres_database, NOON)
    with postgres_database.write() as session:
        instance.release(postgres_database, session, by="it", now=NOON)
    assert not instance.held(postgres_database, NOON)


def test_a_changed_or_cut_snapshot_puts_nothing_in_place(live: Outbox, tmp_path: Path) -> None:
    snapshot = _snapshot(live, tmp_path / "snapshots")
    whole = snapshot.read_bytes()
    for spoilt in (whole[: len(whole) // 2], whole[:-200] + bytes(200), b"no archive"):
        snapshot.write_bytes(spoilt)
        with pytest.raises(KeepingError, match="Nothing was restored"):
            snapshots.unpack(snapshot, tmp_path / "empty", tmp_path / "empty" / "outreach.db")
        assert list((tmp_path / "empty").iterdir()) == []


def test_old_snapshots_go_and_only_the_owner_reads_them(live: Outbox, tmp_path: Path) -> None:
    for _ in range(4):
        live.later(days=1)
        made = snapshots.make(live.database, live.settings.home, tmp_path / "snapshots", now=live.now, kept=2)
    assert len(list((tmp_path / "snapshots").iterdir())) == 2
    assert made.stat().st_mode & 0o077 == 0
    assert snapshots.newest(tmp_path / "snapshots") == live.now


def test_the_commands_take_a_district_from_one_home_to_another(live: Outbox, tmp_path: Path) -> None:
    """The drill: backup, restore, doctor says held, dispatch sends nothing, release, doctor is content with the database."""
    home, moved = live.settings.home, tmp_path / "moved"
    more = {
        "OUTREACH_PROVIDER": "simulator",
        "OUTREACH_TWILIO_API_BASE": live.settings.twilio_api_base,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": live.settings.twilio_messaging_service_sid,
    }
    with live.database.write() as session:
        audit(session, actor="ana", action="case.closed", subject="case 1", now=NOON, detail={})
    url = {"OUTREACH_DATABASE_URL": live.database.url.render_as_string(hide_password=False)}
    made = command.run(home, "backup", more=more | url)
    assert made.returncode == 0, made.stderr
    assert command.run(moved, "restore", made.stdout.strip(), more=more).returncode == 0
    again = command.run(moved, "restore", made.stdout.strip(), more=more)
    assert (again.returncode, "empty home only" in again.stderr) == (2, True)
    assert "Nothing leaves: this database was restored" in command.run(moved, "doctor", more=more).stdout
    assert "must release it first" in command.run(moved, "dispatch", more=more).stderr
    freed = command.run(moved, "release", "--by", "it@lincoln.invalid", more=more)
    assert (freed.returncode, "It may send" in freed.stderr) == (0, True), freed.stderr
    assert "Nothing leaves" not in command.run(moved, "doctor", more=more).stdout
    assert "case.closed" in command.run(moved, "audit", "list", more=more).stdout


def test_a_demos_database_refuses_a_real_carrier(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "demo-clock.json").write_text('{"offset_seconds": 0}', encoding="utf-8")
    assert command.run(home, "doctor").returncode == 1
    (home / "demo-clock.json").unlink()
    real = {"OUTREACH_PROVIDER": "twilio", "OUTREACH_NOW": "", "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN}
    refused = command.run(home, "doctor", more=real | {"TWILIO_MESSAGING_SERVICE_SID": "MG" + "1" * 32})
    assert (refused.returncode, "invented" in refused.stderr) == (2, True)
