"""The demo's web pages on a loopback address, in a thread."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from typing import Self

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

LOOPBACK = "127.0.0.1"


class PortTakenError(RuntimeError):
    """The port is in use; choose another with --port."""


class _QuietHandler(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: an address may name a case."""


@dataclass
class WebServer:
    """Pages served until ``stop``."""

    url: str
    _server: BaseWSGIServer
    _thread: threading.Thread

    @classmethod
    def start(cls, app: Flask, port: int) -> Self:
        """Serve *app* on *port*."""
        try:
            server = make_server(LOOPBACK, port, app, threaded=True, request_handler=_QuietHandler)
        except (OSError, SystemExit) as error:
            sentence = f"Port {port} is in use; choose another with --port."
            raise PortTakenError(sentence) from error
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="web", daemon=True)
        thread.start()
        return cls(f"http://{LOOPBACK}:{port}", server, thread)

    def stop(self) -> None:
        """End; the address is free afterwards."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as line:
        line.bind((LOOPBACK, 0))
        return int(line.getsockname()[1])
