"""A line between two hosts that can be cut, go dumb and be mended: a TCP proxy on loopback."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

_LOOPBACK = "127.0.0.1"
_CHUNK = 65_536


@dataclass
class Line:
    """Carries connections to *target*: host and port, or a socket's path; whoever is behind it connects to ``port``."""

    target: tuple[str, int] | str
    port: int = 0
    _listener: socket.socket = field(init=False)
    _ends: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: bool = True
    _moving: threading.Event = field(default_factory=threading.Event)
    _over: bool = False

    def __post_init__(self) -> None:
        """Listen."""
        self._listener = socket.create_server((_LOOPBACK, self.port), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._moving.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and refuse new ones until it is mended."""
        self._open = False
        self._drop()

    def go_dumb(self) -> None:
        """Carry nothing and end nothing, as a network that swallows packets."""
        self._moving.clear()

    def mend(self) -> None:
        """Be well again; what was swallowed arrives."""
        self._open = True
        self._moving.set()

    def close(self) -> None:
        """End for good."""
        self._over = True
        self._moving.set()
        self._listener.close()
        self._drop()

    def _drop(self) -> None:
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while not self._over:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = self._reach() if self._open else None
            except OSError:
                far = None
            if far is None:
                near.close()
                continue
            with self._lock:
                self._ends |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _reach(self) -> socket.socket:
        if isinstance(self.target, tuple):
            return socket.create_connection(self.target)
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.target)
        return far

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(_CHUNK):
                self._moving.wait()
                other.sendall(data)
        with self._lock:
            self._ends -= {one, other}
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
