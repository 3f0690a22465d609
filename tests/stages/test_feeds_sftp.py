"""A district's SFTP server: what it holds is fetched whole and once, and whatever goes wrong is one sentence and works the next night."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from outreach.attendance.importing import ImportReport
from outreach.attendance.queries import last_attendance_at
from outreach.attendance.refusal import RefusedError
from outreach.database import Database
from outreach.feeds.drops import UnfinishedError
from outreach.feeds.taking import is_due
from outreach.settings import FeedKey
from tests.adapters.sftp_site import LOOPBACK, PASSWORD, USER, Site, visiting
from tests.adapters.taking import NAME, NOW, Taker, source
from tests.attendance.feeds import write_feed
from tests.attendance.loading import Loader
from tests.attendance.small import FIRST, LAST, feed, mark


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A running server whose folder ``out`` holds a small district's files."""
    site = Site(tmp_path / "server")
    put(site, feed())
    with visiting(site):
        yield site


@pytest.fixture
def taker(sqlite_database: Database, tmp_path: Path) -> Taker:
    """Takes with the right password."""
    return with_key(Taker(sqlite_database, tmp_path / "home"), FeedKey(key=USER, secret=PASSWORD))


def with_key(taker: Taker, key: FeedKey) -> Taker:
    """The same with another key."""
    taker.settings = taker.settings.model_copy(update={"feed_keys": {NAME: key}})
    return taker


def put(site: Site, told: dict[str, Any]) -> Path:
    """Write files into the server's folder ``out``; what its ``source.toml`` would say stands with us."""
    folder = write_feed(site.root / "out", told)
    (folder / "source.toml").rename(site.root / "settings.toml")
    return folder


def pointing(site: Site, place: Path, **sftp: Any) -> Path:
    """A folder that points to the server."""
    drop = sftp.pop("drop", {})
    table = {"host": LOOPBACK, "port": site.port, "host_key": [site.fingerprint], "folder": "out", "settle_seconds": 0, **sftp}
    return source(place / "feed", {**feed()["settings"], "name": NAME, "sftp": {**table, "timeout_seconds": 3}, "drop": drop})


def absent(taker: Taker, folder: Path) -> list[str]:
    """Days absent of each child."""
    return [row["days_absent"] for row in Loader(taker.database, folder).counts(LAST, "student")]


def by_itself(taker: Taker, folder: Path) -> ImportReport:
    """Take in as the service does when nobody asks."""
    return taker.take(folder, by_itself=True)


def test_what_lies_there_is_fetched_once_and_newer_files_again(taker: Taker, site: Site, tmp_path: Path) -> None:
    folder = pointing(site, tmp_path)
    assert not by_itself(taker, folder).unchanged
    assert absent(taker, tmp_path) == ["1", "0"]
    site.read.clear()
    assert by_itself(taker, folder).unchanged
    assert site.read == []
    put(site, feed(marks=[mark("s1", FIRST), mark("s2", FIRST)]))
    os.utime(site.root / "out" / "attendance.csv", (2_000_000_000, 2_000_000_000))
    assert not by_itself(taker, folder).unchanged
    assert absent(taker, tmp_path) == ["1", "1"]
    assert (site.root / "out" / "attendance.csv").exists()


def test_where_keys_are_set_fetched_files_do_not_stay_plain(taker: Taker, site: Site, tmp_path: Path, sealed_database: Database) -> None:
    taker.database = sealed_database
    folder = pointing(site, tmp_path)
    assert not by_itself(taker, folder).unchanged
    inbox = taker.settings.home / "feeds" / "inbox"
    assert [path for path in inbox.rglob("*") if path.is_file()] == []
    assert by_itself(taker, folder).unchanged
    put(site, feed(marks=[mark("s1", FIRST), mark("s2", FIRST)]))
    os.utime(site.root / "out" / "attendance.csv", (2_000_000_000, 2_000_000_000))
    assert not by_itself(taker, folder).unchanged
    assert absent(taker, tmp_path) == ["1", "1"]


def test_the_service_looks_every_quarter_of_an_hour(taker: Taker, site: Site, tmp_path: Path) -> None:
    folder = pointing(site, tmp_path)
    assert is_due(taker.database, folder, settings=taker.settings, now=NOW)
    by_itself(taker, folder)
    assert not is_due(taker.database, folder, settings=taker.settings, now=NOW + timedelta(minutes=14))
    assert is_due(taker.database, folder, settings=taker.settings, now=NOW + timedelta(minutes=15))


@pytest.mark.long
def test_packed_files_and_files_with_a_date_in_their_name(taker: Taker, site: Site, tmp_path: Path) -> None:
    """The newest that fits a pattern is taken, under the name that stands here."""
    out = site.root / "out"
    with zipfile.ZipFile(out / "roster.zip", "w") as zipped:
        for name in ("schools", "calendar", "students", "enrollments"):
            zipped.write(out / f"{name}.csv", f"export/{name}.csv")
            (out / f"{name}.csv").unlink()
    whole = (out / "attendance.csv").read_bytes()
    (out / "attendance.csv").unlink()
    for day, body in (("2026-10-05", whole.partition(b"\n")[0] + b"\n"), ("2026-10-06", whole)):
        (out / f"ATT_{day}.csv.gz").write_bytes(gzip.compress(body))
        os.utime(out / f"ATT_{day}.csv.gz", (1_700_000_000, 1_700_000_000))
    folder = pointing(site, tmp_path, files={"roster.zip": "roster.zip", "attendance.csv.gz": "ATT_*.csv.gz"})
    by_itself(taker, folder)
    assert absent(taker, tmp_path) == ["1", "0"]


@pytest.mark.long
def test_loaded_files_are_moved_and_the_empty_folder_is_no_trouble(taker: Taker, site: Site, tmp_path: Path) -> None:
    folder = pointing(site, tmp_path, done_folder="done")
    for _ in range(2):
        put(site, feed())
        by_itself(taker, folder)
    assert [path.name for path in (site.root / "out").iterdir()] == ["done"]
    assert len(list((site.root / "out" / "done").iterdir())) == 2 * len(feed()["files"])
    assert by_itself(taker, folder).unchanged


@pytest.mark.long
def test_a_private_key_opens_the_door(taker: Taker, site: Site, tmp_path: Path) -> None:
    site.user_key.write_private_key(tmp_path / "key", passphrase="passphrase", rounds=1, ignore_few_rounds=True)
    with_key(taker, FeedKey(key=USER, secret="passphrase", private_key_file=str(tmp_path / "key")))
    by_itself(taker, pointing(site, tmp_path))
    assert absent(taker, tmp_path) == ["1", "0"]


def refusal(taker: Taker, folder: Path) -> str:
    """The sentence with which a delivery is refused."""
    with pytest.raises(RefusedError) as told:
        by_itself(taker, folder)
    return str(told.value)


def test_a_wrong_password_is_said_and_the_next_night_works(taker: Taker, site: Site, tmp_path: Path) -> None:
    folder = pointing(site, tmp_path)
    with_key(taker, FeedKey(key=USER, secret="wrong"))
    assert refusal(taker, folder) == (
        "127.0.0.1 does not accept the user name with this password or key; check feed_keys in settings.toml. Nothing was loaded."
    )
    with_key(taker, FeedKey(key=USER, secret=PASSWORD))
    assert not by_itself(taker, folder).unchanged


def test_an_unknown_host_key_is_shown_and_nothing_is_sent(taker: Taker, site: Site, tmp_path: Path) -> None:
    assert refusal(taker, pointing(site, tmp_path, host_key=[])) == (
        f"127.0.0.1 shows the host key {site.fingerprint}, which nobody has confirmed; ask whoever runs the server whether it is theirs, "
        "and put it into source.toml as host_key. Nothing was sent or loaded."
    )


def test_a_key_that_this_machine_trusts_for_other_purposes_is_not_trusted_here(
    taker: Taker, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / "operator" / ".ssh" / "known_hosts"
    known.parent.mkdir(parents=True)
    known.write_text(f"[{LOOPBACK}]:{site.port} {site.host_key.export_public_key().decode()}", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path / "operator"))
    assert "which nobody has confirmed" in refusal(taker, pointing(site, tmp_path, host_key=[]))


def test_a_changed_host_key_is_refused_with_both_fingerprints(taker: Taker, site: Site, tmp_path: Path) -> None:
    other = str(asyncssh.generate_private_key("ssh-ed25519").get_fingerprint())
    said = refusal(taker, pointing(site, tmp_path, host_key=[other]))
    assert said.startswith(f"127.0.0.1 shows the host key {site.fingerprint} where source.toml expects {other};")
    assert site.read == []
    by_itself(taker, pointing(site, tmp_path, host_key=[other, site.fingerprint]))
    assert absent(taker, tmp_path) == ["1", "0"]


def test_a_missing_folder_is_named(taker: Taker, site: Site, tmp_path: Path) -> None:
    folder = pointing(site, tmp_path, folder="export")
    assert refusal(taker, folder) == "127.0.0.1 has no folder export, or a file in it went away; nothing was loaded."
    (site.root / "out").rename(site.root / "export")
    assert not by_itself(taker, folder).unchanged


def test_a_server_that_is_away_is_named(taker: Taker, site: Site, tmp_path: Path) -> None:
    with visiting(replace(site, port=0)) as gone:
        folder = pointing(gone, tmp_path)
    assert refusal(taker, folder).startswith("127.0.0.1 does not answer (ConnectionRefusedError);")


def test_a_file_that_grows_while_it_is_fetched_is_waited_for(taker: Taker, site: Site, tmp_path: Path) -> None:
    file = site.root / "out" / "attendance.csv"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    folder = pointing(site, tmp_path)

    def grow(name: str, _offset: int) -> None:
        if name == file.name:
            file.write_bytes(whole)

    site.on_read, quiet = grow, site.on_read
    with pytest.raises(UnfinishedError, match="still being written"):
        by_itself(taker, folder)
    site.on_read = quiet
    assert not by_itself(taker, folder).unchanged
    assert absent(taker, tmp_path) == ["1", "0"]


@pytest.mark.parametrize("how", ["name", "marker"])
def test_files_that_are_announced_as_unfinished_are_not_even_fetched(taker: Taker, site: Site, tmp_path: Path, how: str) -> None:
    out = site.root / "out"
    if how == "name":
        (out / "attendance.csv").rename(out / "attendance.csv.filepart")
    folder = pointing(site, tmp_path, drop={"done_file": "done.txt"} if how == "marker" else {})
    with pytest.raises(UnfinishedError, match=r"attendance\.csv\.filepart|done\.txt"):
        by_itself(taker, folder)
    assert site.read == []
    if how == "name":
        (out / "attendance.csv.filepart").rename(out / "attendance.csv")
    (out / "done.txt").touch()
    assert not by_itself(taker, folder).unchanged


def test_a_connection_lost_in_a_file_goes_on_where_it_stopped(taker: Taker, site: Site, tmp_path: Path) -> None:
    """A column nobody reads makes the file long; the second try reads only the rest of it."""
    put(site, feed(marks=[mark("s1", FIRST, reason="x" * 3_000_000)]))
    folder = pointing(site, tmp_path)

    def lose(name: str, offset: int) -> None:
        if name == "attendance.csv" and offset >= 2_000_000:
            raise ConnectionResetError

    site.on_read = lose
    assert refusal(taker, folder).startswith("The connection to 127.0.0.1 was lost")
    site.on_read, site.read = (lambda _name, _offset: None), []
    assert not by_itself(taker, folder).unchanged
    assert min(offset for name, offset in site.read if name == "attendance.csv") > 0
    assert absent(taker, tmp_path) == ["1", "0"]


def test_the_same_bytes_sent_again_change_nothing_but_the_day_they_came(taker: Taker, site: Site, tmp_path: Path) -> None:
    folder = pointing(site, tmp_path)
    first = by_itself(taker, folder)
    os.utime(site.root / "out" / "attendance.csv", (2_000_000_000, 2_000_000_000))
    again = taker.take(folder, NOW + timedelta(days=1), by_itself=True)
    assert again.unchanged
    assert again.import_id == first.import_id
    with taker.database.read() as session:
        assert last_attendance_at(session) == NOW + timedelta(days=1)


@pytest.mark.long
def test_a_person_who_asks_gets_what_is_there_once_more(taker: Taker, site: Site, tmp_path: Path) -> None:
    folder = pointing(site, tmp_path)
    by_itself(taker, folder)
    assert taker.take(folder, dry_run=True).files["attendance"].read == 1


def test_without_a_key_it_says_where_one_belongs(taker: Taker, site: Site, tmp_path: Path) -> None:
    taker.settings = taker.settings.model_copy(update={"feed_keys": {}})
    assert refusal(taker, pointing(site, tmp_path)).startswith("The key of ods is not set;")
