"""How a process ends that is told to: what is in hand is finished, and nothing new is begun.

What cannot be finished in time is ended, which costs time only: the next start does what was left, as after ``kill -9``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from types import FrameType

WITHIN_SECONDS = 45
"""Less than the minute that ``deploy/`` grants, so that everything ends before the service manager's patience does."""
_STEP_SECONDS = 0.1


class Word:
    """Whether somebody said stop."""

    def __init__(self) -> None:
        """Nobody has."""
        self.said = False

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until somebody says stop."""
        until = time.monotonic() + seconds
        while not self.said and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _STEP_SECONDS))


@contextmanager
def heeding() -> Iterator[Word]:
    """A word that SIGTERM or Ctrl+C sets, for a loop to look at between two pieces of work; a second one ends at once."""
    word = Word()

    def tell(number: int, _frame: FrameType | None) -> None:
        word.said = True
        signal.signal(number, before[number])
        be_brief()

    before = {int(number): signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield word
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def be_brief(seconds: int = WITHIN_SECONDS) -> None:
    """Have the kernel end this process in *seconds*, whatever it waits for then."""
    signal.alarm(seconds)


def heed_in_children() -> None:
    """A process forked from this one ends at the word until it listens for it itself; what it inherits would drop the word."""
    os.register_at_fork(after_in_child=_heed)


def _heed() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def deaf_children() -> Iterator[None]:
    """A process started meanwhile leaves the word to this one, which waits for it.

    A service manager may tell every process of the service; one that ended amid a feed would be taken for one without memory.
    """
    resource_tracker.ensure_running()  # started later it would let the signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_with_parent() -> None:
    """Called in a process that another one started: it goes on for as long as that one, and no longer."""
    threading.Thread(target=_die_after, args=(multiprocessing.parent_process(),), daemon=True).start()


def _die_after(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)
