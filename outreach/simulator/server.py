"""Starting and stopping the simulator on a loopback address."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from outreach.clock import Clock
from outreach.settings import Settings
from outreach.simulator.app import create_app
from outreach.simulator.carrier import Carrier
from outreach.simulator.outbound import Outbound
from outreach.simulator.service import Simulation

ACCOUNT_SID = "AC" + "5" * 32
"""The pretended account, where the settings name none."""
AUTH_TOKEN = "simulated-token"  # noqa: S105 - of a pretended carrier
_LOOPBACK = "127.0.0.1"


class SimulatorError(RuntimeError):
    """The simulator cannot start."""


class _QuietHandler(WSGIRequestHandler):
    """No line per request, and small answers leave at once."""

    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@dataclass
class Running:
    """A started simulator."""

    url: str
    simulation: Simulation
    _server: BaseWSGIServer
    _thread: threading.Thread

    @property
    def carrier(self) -> Carrier:
        """What the carrier knows."""
        return self.simulation.carrier

    def stop(self) -> None:
        """Let waiting receipts leave, then end; the address is free afterwards."""
        self._server.shutdown()
        self._thread.join()
        self.simulation.outbound.stop()
        self.simulation.mailbox.stop()


def start(settings: Settings, clock: Clock, port: int = 0, *, latency: float = 0.0, receipt_pause: float = 0.02) -> Running:
    """Serve the simulator on this machine only, on *port* (0: any free one), and return it.

    Account and token are those of *settings*, else ``ACCOUNT_SID`` and ``AUTH_TOKEN``; parents' texts go to the inbound webhook
    under ``settings.public_url`` (changed later through ``simulation.webhook_base``). *latency* is what every request to send
    takes, *receipt_pause* what lies between receipts, both in seconds. Raises SimulatorError where the port is taken.
    """
    token = settings.twilio_auth_token or AUTH_TOKEN
    simulation = Simulation(
        carrier=Carrier(clock),
        outbound=Outbound(token),
        account_sid=settings.twilio_account_sid or ACCOUNT_SID,
        auth_token=token,
        webhook_base=settings.public_url,
        zone=settings.zone,
        latency=latency,
        receipt_pause=receipt_pause,
    )
    with _bound(port) as line:
        bound_port = line.getsockname()[1]
        server = make_server(_LOOPBACK, bound_port, create_app(simulation), threaded=True, request_handler=_QuietHandler, fd=line.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulator", daemon=True)
    thread.start()
    simulation.outbound.start()
    return Running(f"http://{_LOOPBACK}:{bound_port}", simulation, server, thread)


def _bound(port: int) -> socket.socket:
    line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        line.bind((_LOOPBACK, port))
        line.listen(128)
    except OSError as error:
        line.close()
        message = f"The simulator cannot use port {port}: {error.strerror}."
        raise SimulatorError(message) from error
    return line
