"""A real SFTP server on loopback, with a folder of its own, a password, a key, and faults that a test asks for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "district", "a long pass phrase"
LOOPBACK = "127.0.0.1"


@dataclass
class Site:
    """What the server is and does at the moment; a test may change it between two visits."""

    root: Path
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    user_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0
    read: list[tuple[str, int]] = field(default_factory=list)
    """Name and offset of every read."""
    on_read: Callable[[str, int], None] = lambda _name, _offset: None
    """Called before each read; raising ``ConnectionError`` breaks the connection off."""

    @property
    def fingerprint(self) -> str:
        """Of the host key."""
        return str(self.host_key.get_fingerprint())


class _Door(asyncssh.SSHServer):
    def __init__(self, site: Site) -> None:
        self._site = site
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key.public_data == self._site.user_key.public_data


def _files(site: Site) -> type[asyncssh.SFTPServer]:
    class Files(asyncssh.SFTPServer):
        def __init__(self, chan: asyncssh.SSHServerChannel[Any]) -> None:
            super().__init__(chan, chroot=str(site.root).encode())
            self._chan = chan

        def read(self, file_obj: object, offset: int, size: int) -> bytes:
            name = Path(getattr(file_obj, "name", b"").decode()).name
            site.read.append((name, offset))
            try:
                site.on_read(name, offset)
            except ConnectionError:
                self._chan.get_connection().abort()
                raise
            piece = super().read(file_obj, offset, size)
            assert isinstance(piece, bytes)
            return piece

    return Files


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Any) -> Any:
        """Run a coroutine there, and wait for it."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(10)

    def end(self) -> None:
        """Stop and free everything."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def visiting(site: Site) -> Iterator[Site]:
    """Serve *site* on a free port, or the one it had, around the block."""
    loop = _Loop()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            LOOPBACK,
            site.port,
            server_factory=lambda: _Door(site),
            server_host_keys=[site.host_key],
            sftp_factory=_files(site),
            reuse_address=True,
        )

    async def stop(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        await acceptor.wait_closed()
        await asyncio.sleep(0.05)  # connections say goodbye

    acceptor = loop.do(start())
    site.port = acceptor.get_port()
    try:
        yield site
    finally:
        loop.do(stop(acceptor))
        loop.end()
