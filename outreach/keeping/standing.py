"""How the service fares, in words: one sentence for each thing that may go wrong, and what to do where it has.

The same sentences stand on the page *The service* and, while they are bad, under *Attention*. They name nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attention import runs
from outreach.attention.actions import raise_item, resolve_key
from outreach.attention.run_tables import JobRun
from outreach.delivery import instance
from outreach.delivery.tables import WebhookEvent
from outreach.feeds import nights
from outreach.keeping import measures, snapshots
from outreach.settings import Settings

_NEAR_CAP = 0.8
_GRACE = timedelta(minutes=15)
_PERIODS = 3
_MANY_WEBHOOKS = 50
_OLD_SNAPSHOT = timedelta(days=2)
_BY = "watch"
_KIND = "service"


class Area(StrEnum):
    """What a sentence is about, in the order of the page."""

    LEAVING = "Sending"
    REPLIES = "Replies"
    TEXTS = "Texts"
    COST = "Cost"
    FEEDS = "Feeds"
    SNAPSHOTS = "Snapshots"
    JOBS = "Jobs"


@dataclass(frozen=True)
class Standing:
    """How one thing stands; *do* says what to do, and is empty where it is well."""

    area: Area
    says: str
    do: str = ""
    name: str = ""
    """Of the job or the feed."""
    at: datetime | None = None
    """When it last went well."""
    key: str = ""
    """Of the attention item that ``watch`` raises; empty where another part of the service tells a person, or nobody needs to be told."""
    urgent: bool = False


def standing(session: Session, settings: Settings, now: datetime) -> Iterator[Standing]:
    """Say everything, in the order of the areas."""
    held = instance.is_held(session)
    home, copy = (
        "This is the district's own database: what is due may leave.",
        "This database was restored or copied: nothing leaves from it.",
    )
    yield Standing(Area.LEAVING, copy if held else home, "Make sure that no other copy runs; then outreach release." if held else "")
    yield _webhooks(session)
    yield _arriving(session, now)
    yield _cost(session, settings, now)
    yield from _feeds(session, settings, now)
    if session.get_bind().dialect.name == "sqlite" and settings.backups_kept:
        yield _snapshot(settings, now)
    yield from (_job(run, now) for run in runs.all_runs(session))


def watch(session: Session, settings: Settings, now: datetime) -> None:
    """Put before a person what goes wrong with the service itself, and take it back once it is well."""
    found = [*(_job(run, now) for run in runs.all_runs(session)), _arriving(session, now), _cost(session, settings, now)]
    for one in found:
        if one.do:
            raise_item(session, kind=_KIND, key=f"service:{one.key}", sentence=f"{one.says} {one.do}", now=now, urgent=one.urgent)
        else:
            resolve_key(session, f"service:{one.key}", by=_BY, now=now)


def _job(run: JobRun, now: datetime) -> Standing:
    """A job that has been silent for three of its turns and a quarter of an hour, or fails again and again, is wrong."""
    waited = now - run.ended_at if run.ended_at else timedelta()
    wrong = waited > _PERIODS * timedelta(seconds=run.every_seconds) + _GRACE or (run.ended_at is None and run.failures >= _PERIODS)
    last = f"has not come to a good end since {run.ended_at:%Y-%m-%d %H:%M} UTC" if run.ended_at else "has never come to a good end"
    why = f" It failed {run.failures} times in a row ({run.problem})." if run.problem else ""
    says = f"The job {run.job!r} {last}.{why}" if wrong else f"Runs every {_spoken(run.every_seconds)}.{why}"
    do = (
        "Is the disk full, the database busy or away? Restart the service: what was left is done by the next run. Tell IT." if wrong else ""
    )
    return Standing(Area.JOBS, says, do, run.job, run.ended_at, f"job:{run.job}", urgent=wrong)


def _arriving(session: Session, now: datetime) -> Standing:
    failed = measures.failing(session, now)
    if not failed.ended:
        return Standing(Area.TEXTS, "No text has come to its end in the last day.", key="failing")
    says = (
        f"{failed.share:.0%} of the last day's {failed.ended:,} texts did not arrive ({failed.filtered:,} by a carrier's filter); "
        f"in the week before it was {failed.before:.0%}."
    )
    return Standing(Area.TEXTS, says, "Look at the page Delivery for the reasons." if failed.rises else "", key="failing")


def _cost(session: Session, settings: Settings, now: datetime) -> Standing:
    spent, cap = measures.spent(session, settings, now), float(settings.daily_spending_cap)
    near = spent >= _NEAR_CAP * cap > 0
    says = f"Today's texts have cost ${spent:,.2f} of the ${cap:,.2f} that they may."
    return Standing(Area.COST, says, "Look at the page Sending whether this many is right." if near else "", key="spending:near")


def _feeds(session: Session, settings: Settings, now: datetime) -> Iterator[Standing]:
    """A feed that is waited for by an hour; others say only when they last came."""
    hours = {one.name: one for one in nights.expected(session)}
    for name, last in measures.last_deliveries(session):
        expected = hours.get(name)
        late = expected is not None and nights.is_late(expected, now, settings.zone)
        by = f"Expected by {expected.by:%H:%M}." if expected else "No hour is set by which it is expected."
        do = "Look at the export of the student information system; a count that is too old is not told." if late else ""
        yield Standing(Area.FEEDS, f"It did not come today. {by}" if late else by, do, name, last)


def _webhooks(session: Session) -> Standing:
    waiting = session.scalar(select(func.count()).select_from(WebhookEvent).where(WebhookEvent.processed_at.is_(None))) or 0
    says = f"{waiting:,} of the carrier's messages wait to be taken in." if waiting else "Everything that families wrote is taken in."
    return Standing(Area.REPLIES, says, "Look at the job 'replies' below." if waiting > _MANY_WEBHOOKS else "")


def _snapshot(settings: Settings, now: datetime) -> Standing:
    made = snapshots.newest(settings.backups)
    if made is None:
        return Standing(Area.SNAPSHOTS, "No snapshot was made yet.", "Run outreach backup, or wait for the night.")
    old = now - made > _OLD_SNAPSHOT
    says = "The newest snapshot is old." if old else f"One each day; the newest {settings.backups_kept} are kept."
    return Standing(Area.SNAPSHOTS, says, "Is there room on the disk of backup_folder?" if old else "", at=made)


def _spoken(seconds: int) -> str:
    """``20 seconds``, ``5 minutes``, ``hour``."""
    for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and seconds % size == 0:
            return unit if seconds == size else f"{seconds // size} {unit}s"
    return "moment"
