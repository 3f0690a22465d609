"""A mail house on this machine that speaks Lob's HTTP for letters: it keeps what it gets, goes wrong on demand, and posts nothing."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import BaseWSGIServer, make_server

from outreach.clock import Clock

_LOOPBACK = "127.0.0.1"
_NEEDED = ("to[name]", "to[address_line1]", "from", "color", "use_type", "metadata[ref]")


class HouseFault(StrEnum):
    """One way to go wrong, for one request."""

    SLOW = "slow"
    """Takes the letter, and answers too late."""
    BUSY = "busy"
    """Takes nothing: 429."""
    BAD_ADDRESS = "bad_address"
    """Takes nothing: 422, no post arrives there."""
    BAD_FILE = "bad_file"
    """Takes nothing: 422, the page is not as it should be."""
    BROKEN = "broken"
    """Takes nothing: 502 with a page in HTML."""
    TAKEN_BUT_BROKEN = "taken_but_broken"
    """Takes the letter and answers with the same 502."""
    LOCKED = "locked"
    """Takes nothing: 401."""


@dataclass
class Piece:
    """One letter as the mail house has it."""

    id: str
    ref: str
    fields: dict[str, str]
    pdf: bytes
    at: datetime
    back: bool = False
    """Whether the post brought it back."""

    def shown(self) -> dict[str, Any]:
        """The letter as the API shows it."""
        events = [{"type": "normal", "name": "Returned to Sender"}] if self.back else []
        when = self.at.isoformat()
        return {"id": self.id, "object": "letter", "metadata": {"ref": self.ref}, "date_created": when, "tracking_events": events}


@dataclass
class MailHouse:
    """The letters it took, and the server that takes them once ``listen`` was called."""

    clock: Clock
    key: str
    letters: list[Piece] = field(default_factory=list)
    faults: deque[HouseFault] = field(default_factory=deque)
    """What goes wrong with the next requests, one each."""
    slow_seconds: float = 1.0
    forgetful: bool = False
    """Whether it forgets idempotency keys, as one day later."""
    requests: int = 0
    url: str = ""
    _server: BaseWSGIServer | None = None
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def listen(self) -> str:
        """Take letters on a free port of this machine, and return the address of the API."""
        self._server = make_server(_LOOPBACK, 0, _app(self), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://{_LOOPBACK}:{self._server.server_port}/v1"
        return self.url

    def stop(self) -> None:
        """Take nothing any more; what came stays."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    def take(self, fields: dict[str, str], pdf: bytes, key: str) -> Piece:
        """Keep a letter; under a key that came before, the one that came then."""
        with self._lock:
            known = next((piece for piece in self.letters if piece.ref == key), None)
            if known is not None and not self.forgetful:
                return known
            piece = Piece(f"ltr_{len(self.letters) + 1:016x}", fields["metadata[ref]"], fields, pdf, self.clock.now())
            self.letters.append(piece)
            return piece


def _app(house: MailHouse) -> Flask:
    app = Flask(__name__)

    @app.before_request
    def _key() -> None:
        expected = base64.b64encode(f"{house.key}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            abort(_error(401, "unauthorized"))

    @app.post("/v1/letters")
    def create() -> ResponseReturnValue:
        house.requests += 1
        fault = house.faults.popleft() if house.faults else None
        if fault in _TAKES_NOTHING:
            return _TAKES_NOTHING[fault]()
        page = request.files.get("file")
        pdf = page.read() if page else b""
        if not pdf.startswith(b"%PDF") or not all(request.form.get(name) for name in _NEEDED):
            return _error(422, "invalid_form")
        piece = house.take(dict(request.form), pdf, request.headers.get("Idempotency-Key", ""))
        if fault is HouseFault.SLOW:
            time.sleep(house.slow_seconds)
        return _broken() if fault is HouseFault.TAKEN_BUT_BROKEN else jsonify(piece.shown())

    @app.get("/v1/letters")
    def listed() -> ResponseReturnValue:
        wanted = json.loads(request.args.get("metadata", "{}")).get("ref")
        every = [piece for piece in reversed(house.letters) if wanted in {None, piece.ref}]
        after = request.args.get("after")
        start = next((n + 1 for n, piece in enumerate(every) if piece.id == after), 0)
        page = every[start : start + int(request.args.get("limit", 10))]
        return jsonify({"object": "list", "data": [piece.shown() for piece in page], "count": len(page)})

    return app


def _error(status: int, code: str) -> Response:
    answer = jsonify({"error": {"message": code.replace("_", " "), "status_code": status, "code": code}})
    answer.status_code = status
    return answer


def _broken() -> Response:
    return Response("<html><h1>502 Bad Gateway</h1></html>", 502, content_type="text/html")


_TAKES_NOTHING: dict[HouseFault | None, Callable[[], Response]] = {
    HouseFault.BUSY: lambda: _error(429, "rate_limit_exceeded"),
    HouseFault.BAD_ADDRESS: lambda: _error(422, "failed_deliverability_strictness"),
    HouseFault.BAD_FILE: lambda: _error(422, "invalid_file_dimensions"),
    HouseFault.BROKEN: _broken,
    HouseFault.LOCKED: lambda: _error(401, "unauthorized"),
}
