"""Fetching a delivery from an SFTP server: its host key pinned, every file whole, nothing asked for twice.

Files are fetched under a temporary name into an inbox in the home; a file that was broken off goes on where it stopped, as long
as the server's file has the same size and time. What was fetched counts once the server's list is the same before and after.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import asyncssh
from pydantic import Field

from outreach.attendance.refusal import RefusedError
from outreach.feeds.drops import PACKED, Drop, UnfinishedError, is_on_its_way
from outreach.feeds.options import Strict
from outreach.feeds.store import Store
from outreach.settings import FeedKey

TAKEN = "sftp_taken"
"""Under this name the copy of a source remembers how the list looked that was loaded last."""
_FETCHED = "sftp_fetched"
_TRIED = "sftp_tried_at"
_PIECE = 1 << 20
_READ = frozenset({".csv", ".txt", ".tsv", *PACKED})
Looks = list[list[object]]
_KEPT = "what was fetched is kept, and the next try goes on from there."


class Sftp(Strict):
    """Where an SFTP server is and what lies there for us: the table ``[sftp]`` of ``source.toml``."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 22
    host_key: list[str] = Field(default_factory=list)
    """Fingerprints (``SHA256:...``) of which the server's key must have one; two while it changes."""
    folder: str = "."
    files: dict[Annotated[str, Field(pattern=r"^[^/\\]+$")], str] = Field(default_factory=dict)
    """Name here → pattern there (``ATT_*.csv``), of which the newest is taken. Empty: every csv, txt, tsv, zip and gz by its own name."""
    done_folder: str = ""
    """Where on the server files are moved once they are loaded; empty: they stay."""
    settle_seconds: Annotated[float, Field(ge=0)] = 10
    """How long the server's list must stay the same."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 30
    """For the server to say anything at all."""
    every_minutes: Annotated[int, Field(ge=1)] = 15
    """How often the service looks by itself."""


@dataclass(frozen=True, order=True)
class Remote:
    """A file on the server and its name here; *mtime* in seconds."""

    name: str
    there: str
    size: int
    mtime: int

    @property
    def looks(self) -> list[object]:
        """By what another delivery is told from this one, as JSON keeps it."""
        return [self.name, self.there, self.size, self.mtime]


def is_due(store: Store, options: Sftp, now: datetime) -> bool:
    """Whether the server should be looked at again by itself."""
    tried = store.get(_TRIED)
    return tried is None or now - datetime.fromisoformat(tried) >= timedelta(minutes=options.every_minutes)


def fetch(  # what it fetches, from where, as whom and to where
    store: Store, options: Sftp, drop: Drop, key: FeedKey, inbox: Path, *, now: datetime, again: bool, progress: Callable[[str], None]
) -> Looks | None:
    """Fetch what the server holds into *inbox*, and return how its list looks; None where nothing came since the last time.

    *again* fetches what was taken already, too. Raises UnfinishedError while files are still being written, else RefusedError.
    """
    store.set(_TRIED, now.isoformat())
    inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _told(options):
        return asyncio.run(_fetch(store, options, drop, key, inbox, again=again, progress=progress))


def move_away(options: Sftp, key: FeedKey, looks: Looks) -> None:
    """Move the files of a delivery that was loaded to where the server's owner wants them. Raises RefusedError."""
    if options.done_folder:
        with _told(options):
            asyncio.run(_move(options, key, {str(there) for _name, there, *_ in looks}))


async def _fetch(
    store: Store, options: Sftp, drop: Drop, key: FeedKey, inbox: Path, *, again: bool, progress: Callable[[str], None]
) -> Looks | None:
    async with _session(options, key) as client:
        began = asyncio.get_running_loop().time()
        listed = await _listed(client, options, drop)
        looks = [one.looks for one in listed]
        if not listed:
            return None
        if looks == store.get(TAKEN) and not again:
            if options.done_folder:
                await _move_away(client, options, {one.there for one in listed})
            return None
        _tidy(inbox, {one.name for one in listed})
        for one in listed:
            progress(f"fetching {one.name}")
            await _fetch_one(client, store, options, one, inbox)
        await asyncio.sleep(max(0.0, began + options.settle_seconds - asyncio.get_running_loop().time()))
        if [one.looks for one in await _listed(client, options, drop)] != looks:
            sentence = f"Files on {options.host} are still being written; nothing was loaded yet, and the next look goes on."
            raise UnfinishedError(sentence)
        return looks


def _tidy(inbox: Path, wanted: Collection[str]) -> None:
    """Throw away what an earlier delivery left that this one does not hold."""
    for path in inbox.iterdir():
        if path.name.removesuffix(".part") not in wanted:
            path.unlink()


async def _fetch_one(client: asyncssh.SFTPClient, store: Store, options: Sftp, one: Remote, inbox: Path) -> None:
    """Fetch one file, or the rest of it; a file that is there already as the server has it is not fetched again."""
    whole, part = inbox / one.name, inbox / f"{one.name}.part"
    fetched = store.get(_FETCHED) or {}
    if fetched.get(one.name) != one.looks:
        whole.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
        store.set(_FETCHED, {**fetched, one.name: one.looks})
    if whole.exists() and whole.stat().st_size == one.size:
        return
    done = part.stat().st_size if part.exists() else 0
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as target:
        async with client.open(one.there, "rb") as source:
            while done < one.size:
                async with asyncio.timeout(options.timeout_seconds):
                    piece: Any = await source.read(min(_PIECE, one.size - done), done)
                if not piece:
                    break
                target.write(piece)
                done += len(piece)
    if done != one.size:
        part.unlink()
        sentence = f"{PurePosixPath(one.there).name} on {options.host} became shorter while it was fetched; nothing was loaded."
        raise UnfinishedError(sentence)
    part.replace(whole)


async def _listed(client: asyncssh.SFTPClient, options: Sftp, drop: Drop) -> list[Remote]:
    """The files of a delivery, in the order of their names here. Raises UnfinishedError while one of them is missing."""
    async with asyncio.timeout(options.timeout_seconds):
        found = [entry async for entry in client.scandir(options.folder)]
    there = {
        str(entry.filename): (entry.attrs.size or 0, entry.attrs.mtime or 0)
        for entry in found
        if entry.attrs.type in {asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN}
    }
    if going := next((name for name in sorted(there) if is_on_its_way(name)), None):
        sentence = f"{going} on {options.host} is still being written; nothing was loaded yet."
        raise UnfinishedError(sentence)
    chosen = _chosen(options, there)
    files = sorted(Remote(name, str(PurePosixPath(options.folder) / own), *there[own]) for name, own in chosen.items())
    if files and drop.done_file:
        marker = there.get(drop.done_file)
        if marker is None or any(one.mtime > marker[1] for one in files):
            sentence = f"{drop.done_file}, which is written when all is there, has not come to {options.host}; nothing was loaded yet."
            raise UnfinishedError(sentence)
    return files


def _chosen(options: Sftp, there: dict[str, tuple[int, int]]) -> dict[str, str]:
    """Name here → name on the server."""
    if not options.files:
        return {name: name for name in there if PurePosixPath(name).suffix.lower() in _READ and PurePosixPath(name).name == name}
    fitting = {here: [own for own in there if fnmatchcase(own, pattern)] for here, pattern in options.files.items()}
    if not any(fitting.values()):
        return {}
    if missing := next((pattern for here, pattern in options.files.items() if not fitting[here]), None):
        sentence = f"{options.host} has no file like {missing} in {options.folder} yet; nothing was loaded."
        raise UnfinishedError(sentence)
    return {here: max(own, key=lambda name: (there[name][1], name)) for here, own in fitting.items()}


async def _move(options: Sftp, key: FeedKey, paths: Collection[str]) -> None:
    async with _session(options, key) as client:
        await _move_away(client, options, paths)


async def _move_away(client: asyncssh.SFTPClient, options: Sftp, paths: Collection[str]) -> None:
    """Move files into the folder for what is done; a name that is taken there gets a number."""
    folder = PurePosixPath(options.folder) / options.done_folder
    await client.makedirs(str(folder), exist_ok=True)
    for path in sorted(paths):
        if not await client.exists(path):
            continue
        name, target, number = PurePosixPath(path).name, folder / PurePosixPath(path).name, 1
        while await client.exists(str(target)):
            number += 1
            target = folder / f"{number}-{name}"
        await client.rename(path, str(target))


class _Guard(asyncssh.SSHClient):
    """Lets only a server with a pinned key go on, and remembers what the others showed."""

    def __init__(self, pinned: Collection[str]) -> None:
        self._pinned = {one.strip().rstrip("=") for one in pinned}
        self.shown = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - the library's
        """Whether the key is one that somebody confirmed."""
        self.shown = key.get_fingerprint()
        return self.shown in self._pinned


@asynccontextmanager
async def _session(options: Sftp, key: FeedKey) -> AsyncIterator[asyncssh.SFTPClient]:
    """A signed-in conversation; nothing of the machine's own SSH settings, keys or agents is used."""
    guard = _Guard(options.host_key)
    keys = [_private_key(key)] if key.private_key_file else None
    try:
        connection = await asyncssh.connect(
            options.host,
            options.port,
            config=None,
            known_hosts=(
                [],
                [],
                [],
            ),  # trusted, pinned to another name and revoked: nothing of the machine's own list, so the guard is asked
            client_factory=lambda: guard,
            username=key.key,
            password=None if keys else key.secret,
            client_keys=keys,
            agent_path=None,
            connect_timeout=options.timeout_seconds,
            login_timeout=options.timeout_seconds,
            keepalive_interval=options.timeout_seconds,
            keepalive_count_max=2,
        )
    except asyncssh.HostKeyNotVerifiable:
        raise RefusedError(_stranger(options, guard.shown)) from None
    async with connection, connection.start_sftp_client() as client:
        yield client


def _private_key(key: FeedKey) -> asyncssh.SSHKey:
    try:
        return asyncssh.read_private_key(key.private_key_file, key.secret or None)
    except (OSError, ValueError) as error:
        sentence = f"The private key for the feed's server cannot be read ({type(error).__name__}); check feed_keys in settings.toml."
        raise RefusedError(sentence) from None


def _stranger(options: Sftp, shown: str) -> str:
    if not options.host_key:
        return (
            f"{options.host} shows the host key {shown}, which nobody has confirmed; ask whoever runs the server whether it is theirs, "
            "and put it into source.toml as host_key. Nothing was sent or loaded."
        )
    pinned = " or ".join(options.host_key)
    return (
        f"{options.host} shows the host key {shown} where source.toml expects {pinned}; somebody may stand between us and the server. "
        "Ask whoever runs it before you change host_key. Nothing was sent or loaded."
    )


@contextmanager
def _told(options: Sftp) -> Iterator[None]:
    """Whatever goes wrong with the server becomes one sentence, which never repeats a secret."""
    host = options.host
    try:
        yield
    except asyncssh.PermissionDenied:
        sentence = f"{host} does not accept the user name with this password or key; check feed_keys in settings.toml. Nothing was loaded."
        raise RefusedError(sentence) from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        sentence = f"{host} has no folder {options.folder}, or a file in it went away; nothing was loaded."
        raise RefusedError(sentence) from None
    except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.ConnectionLost) as error:
        sentence = f"The connection to {host} was lost ({type(error).__name__}); {_KEPT}"
        raise RefusedError(sentence) from None
    except asyncssh.SFTPError as error:
        sentence = f"{host} does not let us work with {options.folder} ({type(error).__name__}); {_KEPT}"
        raise RefusedError(sentence) from None
    except (asyncssh.Error, OSError) as error:
        sentence = f"{host} does not answer ({type(error).__name__}); {_KEPT}"
        raise RefusedError(sentence) from None
