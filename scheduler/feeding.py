"""The job that looks at the watched folders: what came is loaded, and whatever happens is said once."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from outreach.attendance.importing import ImportReport
from outreach.attendance.refusal import RefusedError
from outreach.database import UnavailableError
from outreach.feeds import nights, watching
from outreach.feeds.drops import UnfinishedError
from outreach.feeds.watching import Look
from outreach.services import Services
from scheduler.loading import LoadingEndedError, load

Loading = Callable[[Services, Path, datetime], ImportReport]
"""``loading.load``, or what a test puts in its place because a process takes seconds to start."""

_log = structlog.get_logger()
_LOOK_AGAIN = timedelta(minutes=5)
"""When a server is looked at again on which files are being written."""
_ENDED = "could not be loaded: the process that loads it was ended, perhaps for want of memory."
_AGAIN = "It is tried again once its files change, or once this is marked as done."
_LATER = "It is tried again by itself."


def take_feeds(services: Services, load: Loading = load) -> None:
    """Load every folder with a source.toml below the feed folder, in a process of its own; one that nobody touched is passed over."""
    for folder in watching.folders(services.settings):
        try:
            _take_feed(services, folder, load)
        except (UnavailableError, SQLAlchemyError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with this folder, the others are sound
            _at_fault(services, folder, error)


def _at_fault(services: Services, folder: Path, error: Exception) -> None:
    """Put a fault of ours before a person, without the error's own words: they may quote a feed."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {last.name}, line {last.lineno}"
    _log.error("feed at fault", folder=folder.name, what=what)
    said = f"could not be looked at: {what}. Tell IT. {_LATER}"
    with services.database.write() as session:
        watching.refused(session, folder, said, settings=services.settings, now=services.clock.now(), may_mend=True)


def _take_feed(services: Services, folder: Path, load: Loading) -> None:
    now, settings, database = services.clock.now(), services.settings, services.database
    seen = watching.look_at(database, folder, settings=settings, now=now)
    if seen.look is Look.REST:
        return
    if seen.look is Look.WAIT:
        with database.write() as session:
            watching.waits(session, folder, seen.why, now=now)
        return
    try:
        report = load(services, folder, now)
    except UnfinishedError as error:
        with database.write() as session:
            watching.waits(session, folder, str(error).rstrip("."), now=now, again_at=now + _LOOK_AGAIN)
        return
    except (RefusedError, LoadingEndedError) as error:
        refused = isinstance(error, RefusedError)
        _log.warning("feed refused" if refused else "loading ended", folder=folder.name)
        may_mend = not refused or watching.asks_a_server(folder)
        said = f"{f'was refused: {error}' if refused else _ENDED} {_LATER if may_mend else _AGAIN}"
        with database.write() as session:
            watching.refused(session, folder, said, settings=settings, now=now, may_mend=may_mend)
        return
    if not report.unchanged:
        _log.info("feed loaded", folder=folder.name, import_id=report.import_id)
    with database.write() as session:
        watching.taken(session, folder, report, settings=settings, now=now)


def say_late(services: Services) -> None:
    """Tell a person of feeds that did not come by their hour."""
    now, zone = services.clock.now(), services.settings.zone
    with services.database.read() as session:
        waited_for = nights.expected(session)
    if waited_for:
        with services.database.write() as session:
            nights.say_late(session, waited_for, now=now, zone=zone)
