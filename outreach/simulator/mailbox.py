"""A mail server on this machine that keeps what it gets: nothing leaves it."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

_LOOPBACK = "127.0.0.1"
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Letter:
    """One e-mail as it arrived."""

    to: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Its subject line."""
        return str(self.message["Subject"])

    @property
    def at(self) -> datetime:
        """When it says it was written."""
        return parsedate_to_datetime(str(self.message["Date"]))

    @property
    def language(self) -> str:
        """The language it is in, as its header says."""
        return str(self.message["Content-Language"] or "en")

    def part(self, subtype: str) -> str:
        """Its plain or html words."""
        body = self.message.get_body((subtype,))
        return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


@dataclass
class Mailbox:
    """Everybody's e-mails in one place, and the server that fills it once ``listen`` was called."""

    letters: list[Letter] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """What the server says to the next e-mails instead of taking them, such as ``451 busy``."""
    port: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _server: asyncio.Server | None = None
    _thread: threading.Thread | None = None

    def listen(self, port: int = 0) -> int:
        """Take e-mails on *port* of this machine (0: any free one), and return which it is."""
        line = socket.create_server((_LOOPBACK, port))
        self.port = int(line.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._loop.create_server(self._conversation, sock=line))
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator-mail", daemon=True)
        self._thread.start()
        return self.port

    def stop(self) -> None:
        """Take nothing any more; what came stays."""
        if self._loop is None or self._server is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(_hang_up(self._server), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._server = self._thread = None

    def _conversation(self) -> SMTP:
        return SMTP(self, hostname="simulator", data_size_limit=_LARGEST, enable_SMTPUTF8=True, loop=self._loop)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library calls it so
        """Keep one e-mail, or answer as ordered."""
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        self.letters.extend(Letter(to, message) for to in envelope.rcpt_tos)
        return "250 kept"


async def _hang_up(server: asyncio.Server) -> None:
    """Take no calls any more, and end those that are open."""
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
