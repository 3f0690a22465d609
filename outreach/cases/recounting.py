"""The numbers that families were told, counted again with what is known now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance import history
from outreach.attendance.profiles import in_figures, whole
from outreach.attendance.queries import StudentCount, student_counts
from outreach.attendance.tables import FeedSource
from outreach.attendance.years import start_of_year
from outreach.clock import local_date
from outreach.district import overlays
from outreach.district.overlays import Merged
from outreach.district.queries import slices
from outreach.planning.correcting import figure
from outreach.planning.states import TOLD
from outreach.planning.tables import PlannedMessage

_AT_ONCE = 2_000


@dataclass(frozen=True)
class Said:
    """One number that one message told of one child."""

    planned_id: int
    student_id: str
    """As it is known now, where ids were merged."""
    as_of: date
    told: str
    dates: frozenset[date]
    """The days that were behind it."""


@dataclass(frozen=True)
class Differing:
    """A number that is not what was told; *true_now* is empty where it is not known."""

    said: Said
    true_now: str
    counted: StudentCount | None


def told_this_year(session: Session, zone: str, now: datetime) -> list[Said]:
    """Every number in a text that may have arrived or a letter that was printed, told for a day of the school year of *now*.

    Numbers of earlier years are history: "this school year" in their words no longer means these days.
    """
    began = _year_began(session, local_date(now, zone))
    since = datetime.combine(began, time(), tzinfo=ZoneInfo(zone)) - timedelta(days=1)
    merged = overlays.merged(session)
    rows = (
        select(PlannedMessage.id, PlannedMessage.facts)
        .where(PlannedMessage.state.in_(TOLD), PlannedMessage.claimed_at >= since)
        .order_by(PlannedMessage.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    found = (said for planned_id, facts in session.execute(rows) for said in _numbers(planned_id, facts.get("children", ()), merged))
    return [said for said in found if said.as_of >= began]


def differing(session: Session, said: Sequence[Said]) -> Iterator[Differing]:
    """The numbers that are not what was told.

    All children are counted once, up to the newest day that was told, and their days added up to each day told; only what seems to
    differ is counted for its own day. A silence counts as unknown the sooner the longer it lasts, so nothing slips through.
    """
    suspects: defaultdict[date, list[Said]] = defaultdict(list)
    for one in _suspects(session, said):
        suspects[one.as_of].append(one)
    for as_of, some in suspects.items():
        counts = student_counts(session, as_of, students={one.student_id for one in some})
        for one in some:
            true_now = figure(counted := counts.get(one.student_id))
            if true_now != one.told:
                yield Differing(one, true_now, counted)


def changed_days(session: Session, found: Differing, since: int) -> list[dict[str, Any]]:
    """The days by which a number differs, each with the newest import that touched a mark of it after *since*; in order."""
    said = found.said
    now = {day.date: day for day in (found.counted.days if found.counted else ())}
    touched: defaultdict[date, int] = defaultdict(int)
    for (day, _school), import_id in history.touched(session, said.student_id, since).items():
        touched[day] = max(touched[day], import_id)
    absent = {day for day, one in now.items() if one.verdict.absent}
    days = set(said.dates ^ absent) | (now.keys() - absent)
    if not days:  # the same days, but another part of one
        days = {day for day in touched if day in said.dates}
    return [
        {
            "date": day.isoformat(),
            "then": "absent" if day in said.dates else "present",
            "now": now[day].verdict.value if day in now else "present",
            "import_id": touched.get(day, ""),
        }
        for day in sorted(days)
    ]


def _suspects(session: Session, said: Sequence[Said]) -> Iterator[Said]:
    newest = max((one.as_of for one in said), default=date.min)
    by_child: defaultdict[str, list[Said]] = defaultdict(list)
    for one in said:
        by_child[one.student_id].append(one)
    for some in slices(by_child):
        counts = student_counts(session, newest, students=some)
        for student_id in some:
            counted = counts.get(student_id)
            yield from (one for one in by_child[student_id] if counted is None or _up_to(counted, one.as_of) != one.told)


def _up_to(counted: StudentCount, as_of: date) -> str:
    """The number up to a day, from the days behind a later count; empty where it is not known."""
    days = [day for day in counted.days if day.date <= as_of]
    if not counted.count.calendar_known or not all(day.verdict.absent for day in days):
        return ""
    return in_figures(whole(sum((day.missed for day in days), start=0)))


def _numbers(planned_id: int, children: Iterable[dict[str, Any]], merged: Merged) -> Iterator[Said]:
    for child in children:
        as_of = date.fromisoformat(child["as_of"])
        dates = frozenset(map(date.fromisoformat, child.get("dates", ())))
        yield Said(planned_id, merged.of(child["student_id"]), as_of, child["days_absent"], dates)


def _year_began(session: Session, today: date) -> date:
    """The first day of the school year, by the source whose year is the longest under way."""
    starts = {str(row["school_year_start"]) for row in session.scalars(select(FeedSource.settings))}
    return min((start_of_year(today, start) for start in starts), default=today)
