"""The carrier's memory: messages, numbers that opted out, and orders to go wrong. Knows no HTTP; safe to use from many threads."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from outreach.clock import Clock
from outreach.simulator.faults import AT_REQUEST, Order

STOP_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
REPLIES = {
    "stop": "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.",
    "start": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe.",
    "help": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
DEFAULT_SENDER = "+13125550100"
"""Whom a phone writes to that never got a text."""
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_LONGEST_BODY = 1600


class RefusedError(Exception):
    """The carrier takes nothing; ``code`` is Twilio's, ``status`` the HTTP status."""

    def __init__(self, code: int, sentence: str, status: int = 400) -> None:
        """Keep what the error page shows."""
        super().__init__(sentence)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Line:
    """What Lookup says of a number."""

    type: str = "mobile"
    reassigned: bool = False


@dataclass(frozen=True)
class Photo:
    """What a parent sends with a text."""

    content: bytes
    type: str = "image/jpeg"
    """What the sender's phone calls it."""
    sid: str = field(default_factory=lambda: "ME" + secrets.token_hex(16))


@dataclass
class Message:
    """One text as the carrier keeps it; ``direction`` is ``outbound-api``, ``inbound`` or ``outbound-reply`` (the carrier's own words)."""

    sid: str
    to: str
    sender: str
    """The number or messaging service it goes out from; for inbound the one it was sent to."""
    body: str
    direction: str
    status: str
    created_at: datetime
    updated_at: datetime
    callback: str = ""
    valid_seconds: int = 36_000
    """How long it may wait in the carrier's queue; later it fails with 30036."""
    error_code: str = ""
    sent_at: datetime | None = None
    history: list[str] = field(default_factory=list)
    photos: tuple[Photo, ...] = ()

    @property
    def number(self) -> str:
        """The number it was sent to, where that is one of a messaging service."""
        return DEFAULT_SENDER if self.to.startswith("MG") else self.to


@dataclass
class Phone:
    """A pretended phone: a number, and the name a demo gave its owner."""

    number: str
    label: str = ""


class Carrier:
    """Everything the pretended carrier knows."""

    def __init__(self, clock: Clock) -> None:
        """Start with nothing."""
        self._clock = clock
        self._lock = threading.RLock()
        self._messages: dict[str, Message] = {}
        self._stopped: set[tuple[str, str]] = set()
        self._orders: list[Order] = []
        self._phones: dict[str, Phone] = {}
        self.lines: dict[str, Line] = {}
        """What Lookup says of a number; of all others that it is a mobile."""

    @property
    def log(self) -> list[Message]:
        """Every message the carrier ever accepted from the service, oldest first: the truth that tests compare with."""
        with self._lock:
            return [message for message in self._messages.values() if message.direction == "outbound-api"]

    @property
    def phones(self) -> list[Phone]:
        """All phones, in the order they appeared."""
        with self._lock:
            return list(self._phones.values())

    def seed(self, number: str, label: str = "") -> None:
        """Put a phone on the page before it got a text."""
        with self._lock:
            self._phones[number] = Phone(number, label or self._phones.get(number, Phone(number)).label)

    def thread(self, number: str) -> list[Message]:
        """Return what stands on one phone, oldest first."""
        with self._lock:
            return [m for m in self._messages.values() if m.to == number or (m.direction == "inbound" and m.sender == number)]

    def order(self, order: Order) -> None:
        """Go wrong as ordered from now on."""
        with self._lock:
            self._orders.append(order)

    def recall(self) -> None:
        """Take all orders back."""
        with self._lock:
            self._orders.clear()

    def strike(self, to: str, *, at_request: bool) -> Order | None:
        """Return the fault due now for a message to *to*, and count it down."""
        with self._lock:
            for order in self._orders:
                if (order.fault in AT_REQUEST) is at_request and order.to in {"", to}:
                    order.times -= 1
                    if order.times <= 0:
                        self._orders.remove(order)
                    return order
        return None

    def accept(self, *, to: str, sender: str, body: str, callback: str, valid_seconds: int = 36_000) -> Message:
        """Take a message from the service, or raise RefusedError as Twilio does."""
        if not sender:
            raise RefusedError(21603, "A 'From' phone number is required.")
        if not _NUMBER.fullmatch(to):
            raise RefusedError(21211, f"The 'To' number {to} is not a valid phone number.")
        if not body:
            raise RefusedError(21602, "Message body is required.")
        if len(body) > _LONGEST_BODY:
            raise RefusedError(21617, "The concatenated message body exceeds the 1600 character limit.")
        with self._lock:
            if (sender, to) in self._stopped:
                raise RefusedError(21610, "Attempt to send to unsubscribed recipient")
            self._phones.setdefault(to, Phone(to))
            status = "accepted" if sender.startswith("MG") else "queued"
            message = self._keep(to=to, sender=sender, body=body, direction="outbound-api", status=status, callback=callback)
            message.valid_seconds = valid_seconds
            return message

    def hear(self, number: str, body: str, photos: Sequence[Photo] = ()) -> tuple[Message, Message | None]:
        """Take a text that a parent typed, with photos; returns it and the carrier's own reply to a keyword, if any."""
        word = body.strip().upper()
        with self._lock:
            sender = self._sender_known_to(number)
            self._phones.setdefault(number, Phone(number))
            inbound = self._keep(to=sender, sender=number, body=body, direction="inbound", status="received")
            inbound.photos = tuple(photos)
            kind = "stop" if word in STOP_WORDS else "start" if word in START_WORDS else "help" if word in HELP_WORDS else ""
            if kind == "stop":
                self._stopped.add((sender, number))
            elif kind == "start":
                self._stopped.discard((sender, number))
            if not kind:
                return inbound, None
            return inbound, self._keep(to=number, sender=sender, body=REPLIES[kind], direction="outbound-reply", status="delivered")

    def find(self, sid: str) -> Message | None:
        """Return one message, or None."""
        with self._lock:
            return self._messages.get(sid)

    def listed(self, *, to: str = "", sender: str = "", after: str = "") -> list[Message]:
        """Return messages newest first, as Twilio lists them; *after* an instant in ISO form, which drops what was not sent yet."""
        with self._lock:
            every = list(self._messages.values())[::-1]
        found = [m for m in every if to in {"", m.to, m.number} and sender in {"", m.sender}]
        return [m for m in found if m.sent_at and m.sent_at > datetime.fromisoformat(after)] if after else found

    def stop(self, sender: str, number: str) -> None:
        """Take no more texts from a service to a number, as if it had said STOP to it."""
        with self._lock:
            self._stopped.add((sender, number))

    def progress(self, sid: str, status: str, error_code: str) -> None:
        """Note a later status of a message."""
        with self._lock:
            message = self._messages[sid]
            message.status, message.error_code, message.updated_at = status, error_code, self._clock.now()
            message.history.append(status)
            if status == "sent":
                message.sent_at = message.updated_at

    def redact(self, sid: str) -> None:
        """Forget a message's words, as an update with an empty body asks."""
        with self._lock:
            self._messages[sid].body = ""

    def _sender_known_to(self, number: str) -> str:
        outbound = [m.sender for m in self._messages.values() if m.direction == "outbound-api"]
        to_this = [m.sender for m in self._messages.values() if m.direction == "outbound-api" and m.to == number]
        return (to_this or outbound or [DEFAULT_SENDER])[-1]

    def _keep(self, *, to: str, sender: str, body: str, direction: str, status: str, callback: str = "") -> Message:
        now = self._clock.now()
        message = Message(
            sid="SM" + secrets.token_hex(16),
            to=to,
            sender=sender,
            body=body,
            direction=direction,
            status=status,
            created_at=now,
            updated_at=now,
            callback=callback,
            history=[status],
            sent_at=now if direction == "inbound" else None,
        )
        self._messages[message.sid] = message
        return message
