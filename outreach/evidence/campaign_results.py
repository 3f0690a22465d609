"""What became of a campaign: whom it meant, who was left out and why, what left, arrived and came back, and what attendance did next.

The last is no effect: children are chosen because of how they came, and that alone makes them come otherwise afterwards (regression to
the mean). Only a study can tell an effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.queries import student_counts
from outreach.attendance.school_year import SchoolYear
from outreach.consent.states import Kind as Said
from outreach.consent.tables import ConsentEntry
from outreach.district.queries import slices
from outreach.evidence.small_cells import SMALLEST
from outreach.planning import campaign_actions
from outreach.planning.campaign_tables import Campaign
from outreach.planning.states import TOLD, State
from outreach.planning.tables import PlannedMessage
from outreach.replies.tables import Inbound

_HEARD = timedelta(days=14)
"""So long after a text a reply or a stop counts as one to it."""
_WEEKS = timedelta(weeks=4)


@dataclass(frozen=True)
class Results:
    """A campaign in numbers; each row is one household and child."""

    children: int
    planned: int
    left_out: tuple[tuple[str, int], ...]
    """Reasons, the most frequent first: nothing was planned, or it was cancelled since."""
    waiting: int
    """Not let go by a person yet."""
    held: tuple[tuple[str, int], ...]
    to_come: int
    sent: int
    delivered: int
    failed: int
    replied: int
    """Households that wrote within two weeks."""
    stopped: int
    """Numbers that asked for no more texts within two weeks."""
    attendance: Attendance | None
    """None for fewer than ten children, before four weeks have passed, and where days are not known."""


@dataclass(frozen=True)
class Attendance:
    """How much of their school days the children who were written about missed, four weeks before and after."""

    children: int
    before: Fraction
    after: Fraction


def results(session: Session, campaign: Campaign, today: date) -> Results:
    """Read what became of a campaign."""
    rows = campaign_actions.rows_of(session, campaign)
    states = Counter(State(row.state) for row in rows)
    told = [row for row in rows if row.state in TOLD]
    silent = Counter(row.reason for row in rows if row.state in {State.SKIPPED, State.CANCELLED})
    held = Counter(row.reason for row in rows if row.state == State.HELD)
    tried = [row for row in rows if row.state in {*TOLD, State.FAILED, State.UNDELIVERED}]
    return Results(
        children=campaign.children,
        planned=sum(row.batch_id is not None for row in rows),
        left_out=tuple(silent.most_common()),
        waiting=states[State.WAITING],
        held=tuple(held.most_common()),
        to_come=states[State.PLANNED],
        sent=len(tried),
        delivered=states[State.DELIVERED],
        failed=states[State.FAILED] + states[State.UNDELIVERED],
        replied=len(_wrote(session, told)),
        stopped=len(_stopped(session, told)),
        attendance=_attendance(session, told, today),
    )


def _wrote(session: Session, told: Sequence[PlannedMessage]) -> set[str]:
    """Households of which a number wrote after its text."""
    found = set()
    by_phone = {row.phone: row for row in told}
    for some in slices(by_phone.keys()):
        for phone, at in session.execute(select(Inbound.phone, Inbound.received_at).where(Inbound.phone.in_(some))):
            if _follows(by_phone[phone], at):
                found.add(by_phone[phone].household)
    return found


def _stopped(session: Session, told: Sequence[PlannedMessage]) -> set[str]:
    """Numbers that stopped texts after theirs."""
    found = set()
    by_phone = {row.phone: row for row in told}
    for some in slices(by_phone.keys()):
        entries = select(ConsentEntry.phone, ConsentEntry.at).where(ConsentEntry.phone.in_(some), ConsentEntry.kind == Said.OPT_OUT.value)
        found |= {phone for phone, at in session.execute(entries) if _follows(by_phone[phone], at)}
    return found


def _follows(row: PlannedMessage, at: datetime) -> bool:
    left = row.sent_at or row.claimed_at
    return left is not None and left <= at <= left + _HEARD


def _attendance(session: Session, told: Sequence[PlannedMessage], today: date) -> Attendance | None:
    """Days missed of school days; children whose days are not all known, or who were not here all the time, are left out."""
    days = [left.date() for row in told if (left := row.sent_at or row.claimed_at)]
    children = {child for row in told for child in row.student_ids}
    if len(children) < SMALLEST or not days or today < max(days) + _WEEKS:
        return None
    first, last = min(days), max(days)
    spans = (first - _WEEKS, first - timedelta(days=1)), (last + timedelta(days=1), last + _WEEKS)
    missed, school = [Fraction(0), Fraction(0)], [0, 0]
    counted = 0
    year = SchoolYear.of(session, spans[1][1])
    for found in student_counts(session, spans[1][1], students=children).values():
        mine = [_between(year.calendar(found.schools[-1], "", "").days, *span) for span in spans] if found.schools else []
        if not all(mine) or len(mine) != len(spans) or found.count.unknown or found.first_day is None or found.first_day > spans[0][0]:
            continue
        counted += 1
        for place, span in enumerate(spans):
            school[place] += len(mine[place])
            missed[place] += sum(
                (Fraction(day.missed) for day in found.days if day.verdict.absent and span[0] <= day.date <= span[1]), Fraction(0)
            )
    if counted < SMALLEST or not all(school):
        return None
    return Attendance(counted, missed[0] / school[0], missed[1] / school[1])


def _between(days: Collection[date], first: date, last: date) -> list[date]:
    return [day for day in days if first <= day <= last]
