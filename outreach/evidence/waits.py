"""How long families waited for an answer and for help, added up with the day that is kept, so that no page reads messages or cases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.attendance.years import start_of_year
from outreach.cases.reach import waits_for_answers
from outreach.evidence.snapshot_tables import WHOLE
from outreach.evidence.time_to_help import Heard, barriers

YEAR_BEGINS = "07-01"
"""Only where figures of messages and cases begin; counts know each school's own."""


class Key(NamedTuple):
    """What one row is about."""

    kind: Literal["answer", "help"]
    school_id: str
    value: str
    """The family's language as a locale; a root cause, or empty for all."""


@dataclass(frozen=True)
class Waited:
    """See ``snapshot_tables.SnapshotWait``."""

    number: int
    seconds: Sequence[int]
    """The shortest first."""
    closed: int = 0

    @property
    def middle(self) -> float | None:
        """The median in seconds."""
        return median(self.seconds) if self.seconds else None


def year_to(day: date, zone: str) -> tuple[datetime, datetime]:
    """The instants at which the school year of *day* began, and at which *day* ends."""
    begin, end = (datetime.combine(one, time(), ZoneInfo(zone)) for one in (start_of_year(day, YEAR_BEGINS), day + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def add_up(session: Session, heard: Sequence[Heard], since: datetime) -> Mapping[Key, Waited]:
    """The waits of each school and of the district: for an answer by language, for help by root cause and in all."""
    answers: defaultdict[Key, list[timedelta]] = defaultdict(list)
    for (school_id, locale), times in waits_for_answers(session, since).items():
        for place in {school_id, WHOLE}:
            answers[Key("answer", place, locale)] += times
    help_: defaultdict[Key, list[Heard]] = defaultdict(list)
    for one in heard:
        for place in {one.school_id, WHOLE}:
            for cause in (one.category, ""):
                help_[Key("help", place, cause)].append(one)
    found = {key: Waited(len(times), _seconds(times)) for key, times in answers.items()}
    return found | {key: _of(some) for key, some in help_.items()}


def by_month(heard: Sequence[Heard], zone: str) -> Iterator[tuple[str, str, int]]:
    """School (or the district), ``month root cause``, and how often it was heard then."""
    local = ZoneInfo(zone)
    counted = Counter(
        (place, f"{one.heard_at.astimezone(local):%Y-%m} {one.category}") for one in heard for place in {one.school_id, WHOLE}
    )
    yield from ((place, value, number) for (place, value), number in counted.items())


def heard_this_year(session: Session, day: date, zone: str) -> list[Heard]:
    """What families said stands in their way, in the school year of *day* up to its end."""
    return barriers(session, *year_to(day, zone))


def _of(some: Sequence[Heard]) -> Waited:
    times = [one.took for one in some if one.took is not None]
    return Waited(len(some), _seconds(times), sum(one.closed and one.took is None for one in some))


def _seconds(times: Sequence[timedelta]) -> list[int]:
    return sorted(int(one.total_seconds()) for one in times)
