"""Two translation services on this machine, LibreTranslate's HTTP and DeepL's: they mark words as translated, and go wrong on demand."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import BaseWSGIServer, make_server

_LOOPBACK = "127.0.0.1"
_WRITTEN = ("ar", "de", "en", "en-us", "es", "fr", "ht", "ko", "pb", "pt", "pt-br", "ru", "so", "sw", "uk", "ur", "vi", "zh", "zh-hans")


class TranslationFault(StrEnum):
    """One way to go wrong, for one request."""

    SLOW = "slow"
    """Answers too late."""
    BUSY = "busy"
    """429."""
    BROKEN = "broken"
    """502 with a page in HTML."""
    HALF = "half"
    """200 with JSON that holds no translation."""
    LOCKED = "locked"
    """403: the key is not right."""


@dataclass
class TranslationHouse:
    """What it was asked, and the server that answers once ``listen`` was called."""

    key: str
    languages: set[str] = field(default_factory=lambda: set(_WRITTEN))
    """Codes it knows, in small letters; others are refused with 400."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Words, from, to; as they came."""
    faults: deque[TranslationFault] = field(default_factory=deque)
    """What goes wrong with the next requests, one each."""
    slow_seconds: float = 3.0
    says: dict[str, str] = field(default_factory=dict)
    """Words → their translation; others come back between signs."""
    url: str = ""
    _server: BaseWSGIServer | None = None
    _thread: threading.Thread | None = None

    def listen(self) -> str:
        """Answer on a free port of this machine, and return the address."""
        self._server = make_server(_LOOPBACK, 0, _app(self), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://{_LOOPBACK}:{self._server.server_port}"
        return self.url

    def stop(self) -> None:
        """Answer no more."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    def take(self, words: str, source: str, target: str) -> str | None:
        """The translation; None for a language that is not known."""
        self.asked.append((words, source, target))
        if not {source.lower(), target.lower()} <= self.languages:
            return None
        return self.says.get(words, f"«{target.lower()}» {words}")


def _app(house: TranslationHouse) -> Flask:
    app = Flask(__name__)

    @app.before_request
    def _go_wrong() -> ResponseReturnValue | None:
        fault = house.faults.popleft() if house.faults else None
        if fault is TranslationFault.SLOW:
            time.sleep(house.slow_seconds)
        return _FAULTS[fault]() if fault in _FAULTS else None

    @app.post("/translate")
    def libre() -> ResponseReturnValue:
        form = request.form
        if form.get("api_key", "") != house.key:
            return jsonify({"error": "Invalid API key"}), 403
        said = house.take(form["q"], form["source"], form["target"])
        return jsonify({"translatedText": said}) if said is not None else (jsonify({"error": f"{form['source']} is not supported"}), 400)

    @app.post("/v2/translate")
    def deepl() -> ResponseReturnValue:
        if request.headers.get("Authorization") != f"DeepL-Auth-Key {house.key}":
            return jsonify({"message": "Forbidden"}), 403
        body = request.get_json()
        said = [house.take(words, body["source_lang"], body["target_lang"]) for words in body["text"]]
        if None in said:
            return jsonify({"message": "Value for 'source_lang' not supported."}), 400
        return jsonify(
            {
                "translations": [
                    {"detected_source_language": body["source_lang"], "text": words, "billed_characters": len(words or "")}
                    for words in said
                ]
            }
        )

    return app


def _broken() -> Response:
    return Response("<html><h1>502 Bad Gateway</h1></html>", 502, content_type="text/html")


def _busy() -> Response:
    return Response('{"message": "Too many requests"}', 429, content_type="application/json")


def _locked() -> Response:
    return Response('{"message": "Forbidden"}', 403, content_type="application/json")


def _half() -> Response:
    return Response('{"ok": true}', 200, content_type="application/json")


_FAULTS: dict[TranslationFault | None, Callable[[], Response]] = {
    TranslationFault.BUSY: _busy,
    TranslationFault.BROKEN: _broken,
    TranslationFault.HALF: _half,
    TranslationFault.LOCKED: _locked,
}
