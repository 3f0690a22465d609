"""The web application for tests: its pages are made once, for to make them takes longer than most tests."""

from __future__ import annotations

from flask import Flask

from outreach.services import Services
from outreach.web.app import build, fill


class Pages:
    """All pages, and what they were before a test changed something about them."""

    def __init__(self) -> None:
        """Make them."""
        self._app = build()
        self._before = tuple(dict(held) for held in self._held())

    def over(self, services: Services) -> Flask:
        """The application on *services*; whatever it was on before is forgotten. What breaks in it breaks the test."""
        for held, before in zip(self._held(), self._before, strict=True):
            held.clear()
            held.update(before)
        self._app.testing = True
        return fill(self._app, services)

    def _held(self) -> tuple[dict[str, object], dict[str, object]]:
        return self._app.config, self._app.extensions
