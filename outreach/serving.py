"""The serving process: web pages, webhooks and the embedded scheduler together."""

from __future__ import annotations

import atexit
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from flask import Flask

from outreach import logs
from outreach.database import Database
from outreach.replies.lexicon import familiar
from outreach.services import Services
from outreach.web.app import create_app
from outreach.web.webhooks import AFTER_THE_ANSWER
from outreach.wiring import wire
from scheduler import embedded
from scheduler.jobs import WHAT

_PATIENCE_SECONDS = 5.0
"""How long a page waits for other writers; a few threads serve all, and a webhook must not wait for pages that wait for an import."""


def app() -> Flask:
    """Build the pages and start the jobs; the web server calls this once in its worker process."""
    logs.configure()
    services = wire()
    pages = _pages(services)
    scheduler = embedded.start(services)  # last: from here on a word to stop waits for what is at work
    atexit.register(scheduler.shutdown, wait=False)
    return pages


def pages() -> Flask:
    """Build the pages only: workers run the jobs."""
    logs.configure()
    return _pages(wire())


def _pages(services: Services) -> Flask:
    familiar()  # reads the word lists and learns from replies now, so that no family's first text waits for it
    own = Database(services.settings.database, patience=_PATIENCE_SECONDS, ring=services.database.ring)
    pages = create_app(replace(services, database=own), WHAT)
    hand = ThreadPoolExecutor(1, thread_name_prefix="intake")  # one: texts are taken in in the order they came
    atexit.register(hand.shutdown)
    pages.extensions[AFTER_THE_ANSWER] = hand
    return pages
