"""Loads a feed in a process of its own, so that the serving process goes on answering while a district's rows are compared."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path

import outreach.tables  # noqa: F401 - the process that loads must know every table
from outreach.attendance.folder import open_delivery
from outreach.attendance.importing import ImportReport
from outreach.attendance.tables import FeedSource
from outreach.database import Database
from outreach.feeds import watching
from outreach.feeds.drops import holds_packed
from outreach.feeds.taking import take_in
from outreach.services import Services
from outreach.settings import Settings
from scheduler.stopping import deaf_children, die_with_parent


def load(services: Services, folder: Path, now: datetime) -> ImportReport:
    """Load one delivery as ``take_in`` does; bytes that are as they were are dealt with here, for starting a process takes longer.

    Raises RefusedError, and BrokenProcessPool when the process was killed (out of memory, say); nothing was written then.
    """
    if _is_known(services.database, folder):
        return take_in(services.database, folder, settings=services.settings, now=now, by_itself=True)
    url = services.database.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=die_with_parent) as process:
        with deaf_children():
            loaded = process.submit(_load, url, folder, services.settings, now)
        return loaded.result()


def _is_known(database: Database, folder: Path) -> bool:
    """Whether plain files lie there whose bytes were loaded already; what is packed or fetched is opened in the other process."""
    if watching.asks_a_server(folder) or holds_packed(folder):
        return False
    delivery = open_delivery(folder)
    with database.read() as session:
        source = session.get(FeedSource, delivery.settings.name)
        return source is not None and source.digest == delivery.digest


def _load(url: str, folder: Path, settings: Settings, now: datetime) -> ImportReport:
    database = Database(url)
    try:
        return take_in(database, folder, settings=settings, now=now, by_itself=True)
    finally:
        database.engine.dispose()
