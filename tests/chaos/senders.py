"""A sender in a process of its own that ends without another instruction: at a named step, or whenever it is killed from outside."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Self

from sqlalchemy import event
from sqlalchemy.orm import Session, configure_mappers

from outreach.cases.intake import take_waiting
from outreach.clock import MovableClock
from outreach.database import Database
from outreach.delivery import last_look
from outreach.delivery.actions import dispatch
from outreach.delivery.last_look import Known
from outreach.delivery.provider import Answer, Listed, Provider, Text
from outreach.delivery.reconcile import reconcile
from outreach.settings import Settings, load_settings
from outreach.wiring import provider_of
from tests.chaos.judge import Asked


class Step(StrEnum):
    """Where a sender dies."""

    ANYWHERE = "anywhere"
    """Killed from outside at a random instant."""
    STATEMENT = "after a statement, its transaction open"
    COMMIT = "before a commit"
    COMMITTED = "after a commit"
    ASKING = "before the request"
    ASKED = "while the request is under way"
    ANSWERED = "after the answer"
    LISTED = "after the carrier's list was read"


configure_mappers()  # once, before senders are forked: each would else spend its short life on it
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.chaos.senders"])
_OFTEN = {Step.STATEMENT: 60, Step.COMMIT: 12, Step.COMMITTED: 12, Step.LISTED: 1}
"""How many times a step may be passed before the sender dies at it, at most."""
_PAUSE = 0.01


@dataclass(frozen=True)
class Place:
    """Where a sender works."""

    url: str
    """The database's address."""
    values: Mapping[str, object]
    """The service's settings."""
    clock: Path
    requests: Path
    """The file in which it notes its signs of life and its requests."""
    blind: bool = False
    """It sends what it has claimed without the last read before each request."""


@dataclass
class Sender:
    """A process that sends until it dies."""

    step: Step
    life: float
    """Seconds at work, at most."""
    _process: ForkServerProcess
    _ready: Event
    _until: float = 0.0

    @classmethod
    def start(cls, place: Place, step: Step, seed: int, life: float) -> Self:
        """Start one that is to die at *step*."""
        ready = _CONTEXT.Event()
        process = _CONTEXT.Process(target=_send, args=(place, step, seed, ready), daemon=True)
        process.start()
        return cls(step, life, process, ready)

    def is_done(self) -> bool:
        """Whether it is dead, or should be."""
        if not self._until and self._ready.is_set():
            self._until = time.monotonic() + self.life
        return not self._process.is_alive() or 0.0 < self._until < time.monotonic()

    def bury(self) -> Step:
        """Kill it if it lives, and say where it died."""
        died_at_its_step = not self._process.is_alive()
        self._process.kill()
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL, f"a sender ended with {self._process.exitcode} instead of being killed"
        self._process.close()
        return self.step if died_at_its_step else Step.ANYWHERE


def _send(place: Place, step: Step, seed: int, ready: Event) -> None:
    database, settings, clock = Database(place.url), load_settings(**place.values), MovableClock(place.clock)
    fuse = _Fuse(step, random.Random(seed))  # noqa: S311 - chance that can be repeated
    _watch(database, fuse)
    notes = _Notes(place.requests)
    provider = _Dying(_real(settings), fuse, notes)

    def look(session: Session, planned_id: int, attempt_id: int, consent_version: int, then: Known) -> bool:
        notes.write()  # what had happened by now it has to see
        return place.blind or last_look.is_unchanged(session, planned_id, attempt_id, consent_version, then)

    ready.set()
    while True:
        notes.write()
        reconcile(database, provider, settings, clock)
        take_waiting(database, settings, clock.now())
        notes.write()
        if not dispatch(database, provider, settings, clock, look=look).claimed:
            time.sleep(_PAUSE)


class _Notes:
    """Signs of life and requests, a line each, which survive the sender."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def write(self, ref: str = "-") -> None:
        """Note that the sender lives, or that it asks for the message *ref*."""
        os.write(self._file, f"{os.getpid()} {time.monotonic()} {ref}\n".encode())


def noting(settings: Settings, file: Path) -> Provider:
    """The real provider for a sender that does not die, with its notes in the same *file*."""
    unlit = _Fuse(Step.ANYWHERE, random.Random(0))  # noqa: S311 - never used
    return _Dying(_real(settings), unlit, _Notes(file))


def asked_in(file: Path) -> list[Asked]:
    """Every request that the senders noted."""
    last: dict[str, float] = {}
    asked = []
    for line in file.read_text().splitlines():
        sender, at, ref = line.split()
        if ref != "-":
            asked.append(Asked(ref, last.get(sender, 0.0), float(at)))
        last[sender] = float(at)
    return asked


def _real(settings: Settings) -> Provider:
    provider = provider_of(settings)
    assert provider is not None
    return provider


class _Fuse:
    """Burns down each time its step is passed; at the end the process dies as by ``kill -9``."""

    def __init__(self, step: Step, chance: random.Random) -> None:
        self._step = step
        self._left = chance.randint(1, _OFTEN.get(step, 2))
        self._soon = chance.uniform(0.0, 0.04)

    def at(self, step: Step) -> None:
        """Note that *step* is reached."""
        if step is self._step:
            self._left -= 1
            if self._left == 0 and step is Step.ASKED:
                threading.Timer(self._soon, _die).start()
            elif self._left == 0:
                _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _watch(database: Database, fuse: _Fuse) -> None:
    event.listen(database.engine, "after_cursor_execute", lambda *_: fuse.at(Step.STATEMENT))
    event.listen(Session, "before_commit", lambda _: fuse.at(Step.COMMIT))
    event.listen(Session, "after_commit", lambda _: fuse.at(Step.COMMITTED))


class _Dying:
    """The real provider, with the steps around its requests."""

    def __init__(self, real: Provider, fuse: _Fuse, notes: _Notes) -> None:
        self._real, self._fuse, self._notes = real, fuse, notes

    def send(self, text: Text) -> Answer:
        """Ask once."""
        self._fuse.at(Step.ASKING)
        self._fuse.at(Step.ASKED)
        self._notes.write(text.ref)
        answer = self._real.send(text)
        self._notes.write()
        self._fuse.at(Step.ANSWERED)
        return answer

    def sent_to(self, phone: str, since: datetime) -> list[Listed]:
        """Read the list."""
        listed = self._real.sent_to(phone, since)
        self._fuse.at(Step.LISTED)
        return listed
