"""With a key set, photos, papers and snapshots lie encrypted; keys change while the service runs; without one nothing starts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach import kept_files, keyring
from outreach.attention.tables import AttentionItem
from outreach.clock import FixedClock
from outreach.database import Database
from outreach.keeping import sealing, snapshots
from outreach.keeping.files import KeepingError
from outreach.keyring import KeyringError, Ring, ring_of
from outreach.services import Services
from outreach.settings import Settings
from scheduler import ticks
from tests import command
from tests.conftest import NOON

PHOTO = b"\xff\xd8\xff a doctor's note of Luis Lopez"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A file with one key, outside the home."""
    keyring.add_key(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def ring(keys: Path, settings: Settings) -> Ring:
    """That file's keys."""
    return ring_of(str(keys), settings.home)


def test_a_kept_file_hides_its_words_and_opens_under_its_own_name_alone(settings: Settings, ring: Ring) -> None:
    folder = settings.home / "media"
    name, other = (kept_files.write(folder, PHOTO, ring) for _ in range(2))
    assert b"Luis" not in (folder / name).read_bytes()
    assert kept_files.read(folder, name, ring) == PHOTO
    (folder / other).write_bytes((folder / name).read_bytes())
    with pytest.raises(keyring.SealedError):
        kept_files.read(folder, other, ring)


def test_a_change_of_keys_encrypts_plain_and_older_files_anew_and_lets_the_older_key_go(settings: Settings, keys: Path, ring: Ring) -> None:
    folder = settings.home / "media"
    plain, older = kept_files.write(folder, PHOTO), kept_files.write(folder, PHOTO, ring)
    newest = keyring.add_key(keys)
    both = ring_of(str(keys), settings.home)

    assert [sealing.renew(settings, both).files for _ in range(2)] == [2, 0]
    alone = Ring({newest: both.keys[newest]})
    assert [kept_files.read(folder, name, alone) for name in (plain, older)] == [PHOTO, PHOTO]
    keyring.check(alone, settings.home)
    with pytest.raises(KeyringError):
        keyring.check(ring, settings.home)


def test_a_snapshot_is_encrypted_as_it_is_written_and_restored_with_its_key_alone(
    sqlite_database: Database, settings: Settings, tmp_path: Path, ring: Ring
) -> None:
    (settings.home / "feeds").mkdir(parents=True)
    (settings.home / "feeds" / "abc.gz").write_bytes(b"a kept feed")
    made = snapshots.make(sqlite_database, settings.home, tmp_path / "snapshots", now=NOON, kept=2, ring=ring)
    assert made.name.endswith(".tar.gz.sealed")
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [made.name], "nothing plain lies beside it"
    assert snapshots.newest(tmp_path / "snapshots") == NOON
    assert snapshots.needing(tmp_path / "snapshots", set()) == 1

    for refused, wrong in ((KeyringError, Ring({})), (KeyringError, Ring({"0" * 16: b"0" * 32}))):
        with pytest.raises(refused):
            snapshots.unpack(made, tmp_path / "empty", tmp_path / "empty" / "outreach.db", wrong)
        assert list((tmp_path / "empty").iterdir()) == []
    snapshots.unpack(made, tmp_path / "back", tmp_path / "back" / "outreach.db", ring)
    assert (tmp_path / "back" / "feeds" / "abc.gz").read_bytes() == b"a kept feed"
    made.write_bytes(made.read_bytes()[:-40])
    with pytest.raises(KeepingError, match="Nothing was restored"):
        snapshots.unpack(made, tmp_path / "cut", tmp_path / "cut" / "outreach.db", ring)


def test_the_nightly_job_encrypts_and_says_so_when_the_key_is_gone(sqlite_database: Database, settings: Settings, keys: Path) -> None:
    told = settings.model_copy(update={"encryption_keys": str(keys)})
    ticks.back_up(Services(told, sqlite_database, FixedClock(NOON), None))
    assert [path.suffix for path in told.backups.iterdir()] == [".sealed"]
    keys.unlink()
    ticks.back_up(Services(told, sqlite_database, FixedClock(NOON + timedelta(days=1)), None))
    with sqlite_database.read() as session:
        (item,) = session.scalars(select(AttentionItem).where(AttentionItem.kind == "backup"))
        assert "encryption_keys" in item.sentence


def test_the_commands_make_a_key_and_rotate_and_refuse_to_start_without_it(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "keys"
    plain, keyed = kept_files.write(home / "media", PHOTO), {"OUTREACH_ENCRYPTION_KEYS": str(file)}
    assert command.run(home, "keys", "new", str(file)).returncode == 0
    refused = command.run(home, "keys", "rotate")
    assert (refused.returncode, "No key is set" in refused.stderr) == (2, True)
    done = command.run(home, "keys", "rotate", more=keyed)
    assert (done.returncode, "files 1, databases 0" in done.stdout) == (0, True)
    assert b"Luis" not in (home / "media" / plain).read_bytes()
    lost = command.run(home, "doctor")
    assert (lost.returncode, "without it nothing starts" in lost.stderr, lost.stdout) == (2, True, "")
