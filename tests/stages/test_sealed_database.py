"""With a key set the whole database lies encrypted, and nothing in a home gives away a family; without it everything does."""

from __future__ import annotations

import base64
import gzip
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from outreach import arrivals, kept_files, keyring, sqlite_files
from outreach.arrivals import Arrival
from outreach.attendance.importing import import_folder
from outreach.cases import intake
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.delivery import instance
from outreach.district.tables import Contact
from outreach.doctor import State, examine
from outreach.feeds import store
from outreach.keeping import exports, sealing, snapshots
from outreach.keeping.building import build
from outreach.keyring import KeyringError, Ring, ring_of
from outreach.replies.tables import Inbound
from outreach.services import Services
from outreach.settings import Settings
from outreach.sqlite_files import NO_KEYS, InUseError
from outreach.wiring import opened
from scheduler import loading
from tests import command
from tests.attendance.feeds import write_feed
from tests.conftest import NOON
from tests.rules.house import ROOT

PHONE, NAME, REPLY = "+13125550187", "Zephyrine", "the kettle of heliotrope broke"
PLANTED = (PHONE, PHONE[2:], NAME, "heliotrope")
FEED: dict[str, Any] = {
    "settings": {"name": "sis", "codes": {"A": {"kind": "absent", "reason": "unexcused"}}},
    "files": {
        "schools": [{"school_id": "S1", "name": "Lincoln Elementary"}],
        "calendar": [{"school_id": "S1", "date": "2026-10-05", "event": "Instructional day"}],
        "students": [{"student_id": "st1", "first_name": NAME, "last_name": "Lopez"}],
        "enrollments": [{"student_id": "st1", "school_id": "S1", "entry_date": "2026-08-17"}],
        "contacts": [{"contact_id": "c1", "first_name": NAME, "last_name": "Lopez"}],
        "contact_phones": [{"contact_id": "c1", "phone": PHONE}],
        "student_contacts": [{"student_id": "st1", "contact_id": "c1", "may_receive": "yes"}],
        "attendance": [{"student_id": "st1", "school_id": "S1", "date": "2026-10-05", "code": "A"}],
    },
}


@dataclass
class Home:
    """A district's home, its database and the file of its keys, which may be none."""

    settings: Settings
    database: Database
    keys: Path
    ring: Ring

    @property
    def file(self) -> Path:
        """The database's."""
        return self.settings.home / "outreach.db"


def _home(template: Path, tmp_path: Path, settings: Settings, ring: Ring) -> Home:
    keys = tmp_path / "keys"
    if ring.keys:
        keys.write_bytes(b"".join(base64.urlsafe_b64encode(key) + b"\n" for key in ring.keys.values()))
        settings = settings.model_copy(update={"encryption_keys": str(keys)})
        keyring.note_used(settings.home, frozenset(ring.keys))
    settings.home.mkdir(exist_ok=True)
    shutil.copy(template, settings.home / "outreach.db")
    return Home(settings, Database(f"sqlite:///{settings.home / 'outreach.db'}", ring=ring), keys, ring)


@pytest.fixture
def plain(sqlite_template: Path, tmp_path: Path, settings: Settings) -> Iterator[Home]:
    """A home without keys."""
    home = _home(sqlite_template, tmp_path, settings, NO_KEYS)
    yield home
    home.database.close()


@pytest.fixture
def sealed(sealed_template: Path, sealed_ring: Ring, tmp_path: Path, settings: Settings) -> Iterator[Home]:
    """A home with one key."""
    home = _home(sealed_template, tmp_path, settings, sealed_ring)
    yield home
    home.database.close()


def _work(home: Home, tmp_path: Path) -> None:
    """A feed, a text that is taken in and one that must wait in a file, a photo, a source's own copy, and a table too large for memory."""
    import_folder(home.database, write_feed(tmp_path / "feed", FEED), home=home.settings.home, now=NOON)
    params = {"MessageSid": "SM1", "From": PHONE, "To": "+13125550100", "Body": REPLY, "NumMedia": "0"}
    intake.take(home.database, home.settings, Arrival("inbound", "SM1", params, "", NOON), NOON)
    arrivals.put(home.settings.home, Arrival("inbound", "SM2", params, "", NOON), home.ring)
    kept_files.write(home.settings.home / "media", REPLY.encode(), home.ring)
    for throw_away in (False, True):
        with store.opened(home.settings.home, "sis", home.ring, throw_away=throw_away) as copy, copy.transaction():
            copy.put("students", [store.Item({"id": "1"}, "1", {"name": NAME, "phone": PHONE})])
    with home.database.write() as session:
        session.execute(text("CREATE TEMP TABLE sorted AS SELECT body || hex(randomblob(64)) AS body FROM inbound_messages ORDER BY 1"))
        session.execute(text("DROP TABLE sorted"))


def _found(folder: Path) -> dict[str, list[str]]:
    """Each file below *folder*, unpacked where it is packed, with the planted words that its bytes hold."""
    files = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if content.startswith(b"\x1f\x8b"):
                content = gzip.decompress(content)
            if words := [word for word in PLANTED if word.encode() in content]:
                files[path.relative_to(folder).as_posix()] = words
    return files


def _inbound(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Inbound)) or 0


def test_without_a_key_every_place_holds_what_was_planted(plain: Home, tmp_path: Path) -> None:
    """What makes the next test able to fail."""
    _work(plain, tmp_path)
    found = _found(plain.settings.home)
    assert {name.split("/")[0].partition("-")[0] for name in found} == {"outreach.db", "feeds", "media", "arrivals"}
    assert "outreach.db-wal" in found
    assert any(name.startswith("feeds/copies/") for name in found)


def test_with_a_key_no_byte_of_the_home_gives_a_family_away(sealed: Home, tmp_path: Path) -> None:
    _work(sealed, tmp_path)
    assert (sealed.settings.home / "outreach.db-wal").stat().st_size > 0
    assert _found(sealed.settings.home) == {}
    made = snapshots.make(sealed.database, sealed.settings.home, tmp_path / "snapshots", now=NOON, kept=0, ring=sealed.ring)
    sealed.database.close()
    assert (_found(sealed.settings.home), _found(tmp_path / "snapshots")) == ({}, {})

    with_key = Database(f"sqlite:///{sealed.file}", ring=sealed.ring)
    assert (_inbound(with_key), len(arrivals.read(sealed.settings.home, sealed.ring).events)) == (1, 1)
    with_key.close()
    snapshots.unpack(made, tmp_path / "back", tmp_path / "back" / "outreach.db", sealed.ring)
    assert _found(tmp_path / "back") == {}
    back = Database(f"sqlite:///{tmp_path / 'back' / 'outreach.db'}", ring=sealed.ring)
    assert _inbound(back) == 1
    back.close()


def test_an_export_opens_without_a_key_and_what_is_built_from_it_is_encrypted_again(sealed: Home, tmp_path: Path) -> None:
    _work(sealed, tmp_path)
    exports.write(sealed.database, sealed.settings, tmp_path / "export", now=NOON)
    found = _found(tmp_path / "export")
    assert {"tables/inbound_messages.jsonl", "tables/contact_phones.jsonl"} <= set(found)
    assert [name for name in found if name.startswith(("home/feeds/", "home/media/"))]
    fresh = Database(f"sqlite:///{tmp_path / 'fresh.db'}", ring=sealed.ring)
    build(fresh, tmp_path / "export", tmp_path / "elsewhere")
    assert _inbound(fresh) == 1
    fresh.close()
    assert NAME.encode() not in (tmp_path / "fresh.db").read_bytes()


def test_a_lost_or_wrong_key_opens_nothing_and_changes_nothing(sealed: Home, tmp_path: Path) -> None:
    _work(sealed, tmp_path)
    sealed.database.close()
    before = sealed.file.read_bytes()
    wrong, elsewhere = tmp_path / "wrong", {"OUTREACH_DATABASE_URL": f"sqlite:///{sealed.file}"}
    keyring.add_key(wrong)
    for home, more, sentence in (
        (sealed.settings.home, {}, "without it nothing starts"),
        (sealed.settings.home, {"OUTREACH_ENCRYPTION_KEYS": str(wrong)}, "without it nothing starts"),
        (tmp_path / "other", elsewhere, "encryption_keys does not name"),
        (tmp_path / "other", elsewhere | {"OUTREACH_ENCRYPTION_KEYS": str(wrong)}, "none of the keys"),
    ):
        done = command.run(home, "doctor", more=more)
        assert (done.returncode, done.stdout, sentence in done.stderr) == (2, "", True), done.stderr
        assert done.stderr.count("\n") == 1
    assert sealed.file.read_bytes() == before


def test_the_key_stands_in_no_address_no_name_and_no_error(sealed: Home) -> None:
    secret = sqlite_files.secret(sealed.ring, sealed.ring.newest)
    with sealed.database.write() as session, pytest.raises(OperationalError) as failed:
        session.execute(text("SELECT nothing FROM nowhere"))
    said = [
        repr(sealed.database.engine),
        str(sealed.database.url),
        repr(sealed.ring),
        repr(sealed.database.__dict__),
        str(failed.getrepr()),
    ]
    raw = [secret[2:66], sealed.ring.keys[sealed.ring.newest].hex(), repr(sealed.ring.keys[sealed.ring.newest])]
    assert [one for one in raw for words in said if one in words] == []


def test_a_plain_home_is_encrypted_by_rotate_goes_on_with_a_new_key_and_stays_at_home(plain: Home, tmp_path: Path) -> None:
    """The service must be stopped for the database; files are done at once. It never becomes a stranger that may not send."""
    _work(plain, tmp_path)
    instance.settle(plain.database, NOON, demo=False)
    plain.database.copy_to(plain.file.with_name("outreach.db.before-1"), "")
    keyed = {"OUTREACH_ENCRYPTION_KEYS": str(plain.keys)}
    keyring.add_key(plain.keys)
    refused = command.run(plain.settings.home, "keys", "rotate", more=keyed)
    assert (refused.returncode, "Stop the service" in refused.stderr) == (1, True)
    assert _inbound(plain.database) == 1
    plain.database.close()

    for databases in (3, 3):
        done = command.run(plain.settings.home, "keys", "rotate", more=keyed)
        assert (done.returncode, f"databases {databases}." in done.stdout, "Older keys may go" in done.stdout) == (0, True, True)
        assert _found(plain.settings.home) == {}
        newest = plain.keys.read_text(encoding="ascii").splitlines()[0]
        plain.keys.write_text(f"{newest}\n", encoding="ascii")  # the older key goes
        ring = ring_of(str(plain.keys), plain.settings.home)
        keyring.check(ring, plain.settings.home)
        database = Database(f"sqlite:///{plain.file}", ring=ring)
        assert (_inbound(database), instance.held(database, NOON)) == (1, "")
        database.close()
        keyring.add_key(plain.keys)


def test_killed_at_any_line_of_a_change_of_keys_the_database_is_whole(tmp_path: Path) -> None:
    """From plain to a key, and from that to the next; each time as many kills as lines are run."""
    file, keys = tmp_path / "told.db", tmp_path / "keys"
    (tmp_path / "home").mkdir()
    with closing(sqlite_files.connect(file)) as connection:
        connection.execute("CREATE TABLE told (a)")
        connection.executemany("INSERT INTO told VALUES (?)", [(f"{n} {REPLY}",) for n in range(50)])
    for _ in range(2):
        keyring.add_key(keys)
        words = [sys.executable, "-m", "tests.stages.rekeying", str(file), str(keys)]
        done = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True)
        kills, _, is_new = done.stdout.strip().partition(" ")
        assert (int(kills or 0) > 30, is_new) == (True, "True"), done.stderr
        assert REPLY.encode() not in file.read_bytes()


def test_a_plain_snapshot_becomes_an_encrypted_database_where_a_key_is_set(plain: Home, tmp_path: Path, sealed_ring: Ring) -> None:
    _work(plain, tmp_path)
    made = snapshots.make(plain.database, plain.settings.home, tmp_path / "snapshots", now=NOON, kept=0)
    file = tmp_path / "back" / "outreach.db"
    snapshots.unpack(made, tmp_path / "back", file, sealed_ring)
    database = Database(f"sqlite:///{file}", ring=sealed_ring)
    assert (database.key_id, _inbound(database)) == (sealed_ring.newest, 1)
    database.close()


def test_a_log_left_by_a_killed_service_goes_along_into_the_new_file(sealed: Home, tmp_path: Path) -> None:
    """Its last words lie in the write-ahead log alone."""
    _work(sealed, tmp_path)
    crashed = tmp_path / "crashed"
    shutil.copytree(sealed.settings.home, crashed)
    assert (crashed / "outreach.db-wal").stat().st_size > 0
    with pytest.raises(KeyringError):
        sqlite_files.key_of(crashed / "outreach.db", Ring({"0" * 16: b"0" * 32}))
    keyring.add_key(sealed.keys)
    ring = ring_of(str(sealed.keys), crashed)
    moved = sealed.settings.model_copy(update={"home": crashed, "encryption_keys": str(sealed.keys)})
    assert not sealing.renew(moved, ring).in_use
    database = Database(f"sqlite:///{crashed / 'outreach.db'}", ring=ring)
    assert (_inbound(database), database.key_id) == (1, ring.newest)
    database.close()


def test_while_the_key_is_changed_nobody_opens_the_database(sealed: Home) -> None:
    url = f"sqlite:///{sealed.file}"
    sealed.database.close()
    with sqlite_files.alone(sealed.file), pytest.raises(InUseError, match="just being changed"):
        Database(url, ring=sealed.ring)
    opened(url, sealed.ring, upgrade=False).close()


def test_encryption_ends_only_by_its_own_command(sealed: Home, tmp_path: Path) -> None:
    _work(sealed, tmp_path)
    sealed.database.close()
    keyed = {"OUTREACH_ENCRYPTION_KEYS": str(sealed.keys)}
    refused = command.run(sealed.settings.home, "keys", "remove", more=keyed)
    assert (refused.returncode, "--yes" in refused.stderr, _found(sealed.settings.home)) == (2, True, {})
    done = command.run(sealed.settings.home, "keys", "remove", "--yes", more=keyed)
    assert (done.returncode, "databases 2." in done.stdout) == (0, True)
    assert "outreach.db" in _found(sealed.settings.home)
    sealed.keys.unlink()
    database = opened(f"sqlite:///{sealed.file}", NO_KEYS, upgrade=False)
    assert _inbound(database) == 1
    database.close()


def test_beside_postgresql_the_copies_of_sources_are_encrypted_anew(sealed: Home, tmp_path: Path) -> None:
    home, address = tmp_path / "beside", "postgresql+psycopg://nobody@127.0.0.1/none"
    with store.opened(home, "sis", NO_KEYS) as copy, copy.transaction():
        copy.put("students", [store.Item({"id": "1"}, "1", {"name": NAME})])
    beside = sealed.settings.model_copy(update={"home": home, "database_url": address})
    assert _found(home)
    assert (sealing.renew(beside, sealed.ring).databases, _found(home)) == (1, {})
    with store.opened(home, "sis", sealed.ring) as copy:
        assert [item.body for item in copy.items("students")] == [{"name": NAME}]


@pytest.mark.long
def test_the_process_that_loads_a_feed_opens_the_database_with_its_key(sealed: Home, tmp_path: Path) -> None:
    services = Services(sealed.settings, sealed.database, FixedClock(NOON), None)
    assert loading.load(services, write_feed(tmp_path / "feed", FEED), NOON).files["students"].inserted == 1
    with sealed.database.read() as session:
        assert session.scalars(select(Contact.first_name)).all() == [NAME]
    assert _found(sealed.settings.home) == {}


def test_a_kept_feed_is_read_again_with_the_key(sealed: Home, tmp_path: Path) -> None:
    _work(sealed, tmp_path)
    kept = [path for path in (sealed.settings.home / "feeds").glob("*.gz") if path.read_bytes().startswith(keyring.MAGIC)]
    assert len(kept) == len(FEED["files"]) + 1
    read = [gzip.decompress(keyring.open_sealed(sealed.ring, path.read_bytes(), path.name)) for path in kept]
    assert sum(NAME.encode() in content for content in read) == 2


def test_doctor_says_whether_the_rows_lie_encrypted(sealed: Home, postgres_database: Database, tmp_path: Path) -> None:
    bare = Database(f"sqlite:///{tmp_path / 'bare.db'}")
    bare.prepare(upgrade=True)
    unused = sealed.settings.model_copy(update={"encryption_keys": ""})
    told = []
    for settings, database in ((sealed.settings, sealed.database), (sealed.settings, bare), (unused, bare), (unused, postgres_database)):
        (finding,) = [
            one
            for one in examine(Services(settings, database, FixedClock(NOON), None))
            if "plain" in one.sentence or "lies encrypted" in one.sentence
        ]
        told.append((finding.state, finding.sentence.split()[-1]))
    assert told == [(State.WELL, "disk."), (State.LOOK, "rotate."), (State.LOOK, "FILE)."), (State.LOOK, "them.")]
    bare.close()
