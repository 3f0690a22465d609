"""Loads a feed in a process of its own, so that the serving process goes on answering while a district's rows are compared."""

from __future__ import annotations

import multiprocessing
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import outreach.tables  # noqa: F401 - the process that loads must know every table
from outreach.attendance.folder import open_delivery
from outreach.attendance.importing import ImportReport
from outreach.attendance.tables import FeedSource
from outreach.database import Database
from outreach.feeds import watching
from outreach.feeds.drops import holds_packed
from outreach.feeds.taking import take_in
from outreach.keyring import ring_of
from outreach.services import Services
from outreach.settings import Settings
from scheduler.stopping import deaf_children, die_with_parent


class LoadingEndedError(RuntimeError):
    """The process that loads was killed (out of memory, say); nothing was written."""


def load(services: Services, folder: Path, now: datetime) -> ImportReport:
    """Load one delivery as ``take_in`` does; bytes that are as they were are dealt with here, for starting a process takes longer.

    A word to stop waits for the end of it. Raises RefusedError, LoadingEndedError.
    """
    if _is_known(services.database, folder):
        return take_in(services.database, folder, settings=services.settings, now=now, by_itself=True)
    url = services.database.url.render_as_string(hide_password=False)
    spawning = multiprocessing.get_context("spawn")
    receiving, sending = spawning.Pipe(duplex=False)
    # no pool: a pool's queues are taken down while a process that is told to stop still waits for its children
    process = spawning.Process(target=_tell, args=(sending, url, folder, services.settings, now))
    with receiving, deaf_children():
        process.start()
        sending.close()
        try:
            told: ImportReport | Exception = receiving.recv()
        except EOFError as error:
            raise LoadingEndedError from error
        finally:
            process.join()
    if isinstance(told, Exception):
        raise told
    return told


def _is_known(database: Database, folder: Path) -> bool:
    """Whether plain files lie there whose bytes were loaded already; what is packed or fetched is opened in the other process."""
    if watching.asks_a_server(folder) or holds_packed(folder):
        return False
    delivery = open_delivery(folder)
    with database.read() as session:
        source = session.get(FeedSource, delivery.settings.name)
        return source is not None and source.digest == delivery.digest


def _tell(sending: Connection, url: str, folder: Path, settings: Settings, now: datetime) -> None:
    """Load, and send what came of it, or the error."""
    die_with_parent()
    database = Database(url, ring=ring_of(settings.encryption_keys, settings.home))
    told: ImportReport | Exception
    try:
        told = take_in(database, folder, settings=settings, now=now, by_itself=True)
    except Exception as error:  # noqa: BLE001 - whoever waits for it raises it again
        told = error
    finally:
        database.engine.dispose()
    sending.send(told)
