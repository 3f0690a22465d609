"""The serving process: web pages, webhooks and the embedded scheduler together."""

from __future__ import annotations

import atexit

from flask import Flask

from outreach.web.app import create_app
from outreach.wiring import wire
from scheduler import embedded


def app() -> Flask:
    """Build the pages and start the jobs; the web server calls this once in its worker process."""
    services = wire()
    scheduler = embedded.start(services)
    atexit.register(scheduler.shutdown, wait=False)
    return create_app(services)
