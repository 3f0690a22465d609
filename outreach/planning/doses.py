"""How much a family hears in a year, what other systems told it, and whether telling helped: a third count to no avail is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from outreach.attendance.counting import Count
from outreach.database import Json
from outreach.district.overlays import merged
from outreach.district.queries import slices
from outreach.district.tables import OtherContact
from outreach.messages.templates import menu
from outreach.planning.queries import Waiting, known_by
from outreach.planning.reasons import Reason
from outreach.planning.states import TOLD, Channel, MessageClass
from outreach.planning.tables import PlannedEpisode, PlannedMessage
from outreach.settings import Settings
from outreach.thresholds.tables import Episode


@dataclass(frozen=True)
class Told:
    """What one count message said of a child."""

    absent: Fraction
    enrolled: int

    def helped(self, now: Count) -> bool:
        """Whether the child has missed a smaller share of its days since then than before."""
        since = now.enrolled - self.enrolled
        return since > 0 and (Fraction(now.absent) - self.absent) * self.enrolled < self.absent * since


@dataclass(frozen=True)
class Other:
    """What another system told a child's family."""

    date: date
    kind: str


Year = tuple[str, str, date]
"""Child, channel, first day of the school year."""


@dataclass(frozen=True)
class Doses:
    """What families heard this school year."""

    settings: Settings
    told: Mapping[Year, Sequence[Told]] = field(default_factory=dict)
    families: Sequence[tuple[frozenset[str], date, int]] = ()
    """(marks of a family, school year, count messages that it got)."""
    others: Mapping[str, Sequence[Other]] = field(default_factory=dict)
    asking: Collection[str] = ()
    """Messages that ask by digits what is hard: no count, so they may follow where counts did not help."""

    def refusal(
        self, family: Collection[str], channel: Channel, items: Sequence[Waiting], counts: Mapping[str, Count], today: date
    ) -> Reason | None:
        """Why a family is not told of some crossings on *channel*; None where it may be. *today* is the school's."""
        if any(self._truancy(other, today) for item in items for other in self.others.get(item.student_id, ())):
            return Reason.TRUANCY
        if any(self._too_soon(item, today) for item in items):
            return Reason.OTHER_CONTACT
        if sum(number for marks, year, number in self.families if year == items[0].school_year and not marks.isdisjoint(family)) >= (
            self.settings.yearly_nudge_dose
        ):
            return Reason.DOSE
        return Reason.TOLD_TWICE if any(self._in_vain(item, channel, counts) for item in items) else None

    def _truancy(self, other: Other, today: date) -> bool:
        kinds = self.settings.truancy_kinds
        recent = today - other.date < timedelta(days=self.settings.truancy_quiet_days)
        return recent and any(kind.casefold() in other.kind.casefold() for kind in kinds)

    def _too_soon(self, item: Waiting, today: date) -> bool:
        quiet = timedelta(days=min(item.rule.cool_down, self.settings.other_contact_days))
        return any(today - other.date < quiet for other in self.others.get(item.student_id, ()))

    def _in_vain(self, item: Waiting, channel: Channel, counts: Mapping[str, Count]) -> bool:
        count = counts.get(item.student_id)
        if item.rule.message in self.asking:
            return False
        told = self.told.get((item.student_id, channel.value, item.school_year), ())
        in_vain = sum(count is not None and not message.helped(count) for message in told)
        return in_vain >= self.settings.counts_before_case


def load(session: Session, items: Sequence[Waiting], settings: Settings, today: date, *, family: Collection[str] | None = None) -> Doses:
    """Read what the families of the children in *items* heard, or only the one with the marks *family*.

    *today* is that of any school: a day more or less is read along.
    """
    students = {item.student_id for item in items}
    years = {item.school_year for item in items}
    return Doses(
        settings,
        _told(session, students, years),
        _families(session, years, family),
        _others(session, students, settings, today),
        {message for message in {item.rule.message for item in items} if menu(message, Channel.SMS, settings.home)},
    )


def _told(session: Session, students: Collection[str], years: Collection[date]) -> dict[Year, list[Told]]:
    found: defaultdict[Year, list[Told]] = defaultdict(list)
    for some in slices(students):
        seen: set[tuple[int, str]] = set()
        statement = (
            select(PlannedMessage.id, PlannedMessage.channel, PlannedMessage.facts, Episode.student_id, Episode.school_year)
            .join(PlannedEpisode, PlannedEpisode.planned_id == PlannedMessage.id)
            .join(Episode, Episode.id == PlannedEpisode.episode_id)
            .where(Episode.student_id.in_(some), Episode.school_year.in_(years), _arrived())
        )
        for row in session.execute(statement.order_by(PlannedMessage.id)):
            if (row.id, row.student_id) not in seen and "menu" not in row.facts:  # one message may speak for several crossings of a child
                seen.add((row.id, row.student_id))
                found[row.student_id, row.channel, row.school_year].extend(_numbers(row.facts, row.student_id))
    return found


def _numbers(facts: Json, student_id: str) -> Iterable[Told]:
    mine = (child for child in facts.get("children", ()) if child["student_id"] == student_id)
    return (Told(Fraction(child["days_absent"]), child["days_enrolled"]) for child in mine)


def _families(session: Session, years: Collection[date], family: Collection[str] | None) -> list[tuple[frozenset[str], date, int]]:
    columns = PlannedMessage.household, PlannedMessage.contact_id, PlannedMessage.phone
    statement = (
        select(*columns, Episode.school_year, func.count(PlannedMessage.id.distinct()))
        .join(PlannedEpisode, PlannedEpisode.planned_id == PlannedMessage.id)
        .join(Episode, Episode.id == PlannedEpisode.episode_id)
        .where(Episode.school_year.in_(years), _arrived())
        .group_by(*columns, Episode.school_year)
    )
    if family is not None:
        statement = statement.where(known_by(family))
    return [
        (frozenset(f"{kind}:{mark}" for kind, mark in zip(("household", "contact", "phone"), marks, strict=True) if mark), year, number)
        for *marks, year, number in session.execute(statement)
    ]


def _arrived() -> ColumnElement[bool]:
    return and_(PlannedMessage.message_class == MessageClass.NUDGE, PlannedMessage.state.in_(TOLD))


def _others(session: Session, students: Collection[str], settings: Settings, today: date) -> dict[str, list[Other]]:
    back = timedelta(days=max(settings.other_contact_days, settings.truancy_quiet_days) + 1)
    one, found = merged(session), defaultdict[str, list[Other]](list)
    for some in slices(one.ids(students)):
        rows = select(OtherContact).where(OtherContact.student_id.in_(some), OtherContact.date > today - back)
        for row in session.scalars(rows):
            found[one.of(row.student_id)].append(Other(row.date, row.kind))
    return found
