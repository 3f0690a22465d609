"""The simulator's own small Flask application."""

from __future__ import annotations

from flask import Flask

from outreach.simulator.api import control, lookups, services, twilio
from outreach.simulator.mail_pages import mail_pages
from outreach.simulator.pages import pages
from outreach.simulator.service import Simulation


def create_app(simulation: Simulation) -> Flask:
    """Put Twilio's addresses, the control addresses and the phones on one application."""
    app = Flask(__name__)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["simulation"] = simulation
    for blueprint in (twilio, services, lookups, control, pages, mail_pages):
        app.register_blueprint(blueprint)
    return app
