"""Overlays: what a person here said against, or besides, what the feeds say. No feed undoes one, a person may withdraw it.

They are rows that are only ever added, so the newest id is the version of all that people have said.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from outreach.database import Json, take_turns
from outreach.district.tables import Overlay, Student


class Kind(StrEnum):
    """What an overlay speaks of."""

    CODE = "code"
    """What an attendance code (name) of a source means, at a school or everywhere."""
    CALENDAR = "calendar"
    """Whether a date was a school day at a school or an organisation above it."""
    SUBMISSION = "submission"
    """Whether a school's attendance of a date is in."""
    STUDENT_DAY = "student_day"
    """What a child's day at a school was."""
    DECEASED = "deceased"
    """That a child has died."""
    HOLD = "hold"
    """That nothing is begun with a child's family for a while: illness, a death."""
    SAME_CHILD = "same_child"
    """Under which id a child's rows are gathered that a feed brings under two."""
    CONTACT = "contact"
    """A contact's language or address (name)."""
    NUMBER = "number"
    """A contact's number (name): whether it is wrong, or new."""


class OverlayError(ValueError):
    """The overlay cannot be laid or withdrawn as asked."""


@dataclass(frozen=True)
class Subject:
    """What an overlay speaks of; whatever is left empty it does not name."""

    kind: Kind
    source: str = ""
    school_id: str = ""
    student_id: str = ""
    contact_id: str = ""
    date: date | None = None
    name: str = ""


@dataclass(frozen=True)
class Act:
    """Who lays or withdraws an overlay, when, and why."""

    by: str
    """The account's e-mail, or ``command line``."""
    now: datetime
    why: str = ""


_SUBJECT = (Overlay.kind, Overlay.source, Overlay.school_id, Overlay.student_id, Overlay.contact_id, Overlay.date, Overlay.name)


def lay(session: Session, subject: Subject, value: Mapping[str, Any], act: Act, *, instead_of: Mapping[str, Any] | None = None) -> Overlay:
    """Say *value* of *subject*, in place of whatever was said of it before."""
    return _add(session, subject, dict(value), act, instead_of=dict(instead_of or {}), withdraws=None)


def withdraw(session: Session, overlay_id: int, act: Act) -> Overlay:
    """Take an overlay back: the feeds hold again. Raises OverlayError when it holds no longer."""
    row = next((row for row in holding(session) if row.id == overlay_id), None)
    if row is None:
        message = "This was withdrawn or said anew by somebody else meanwhile; please look again."
        raise OverlayError(message)
    return _add(session, subject_of(row), {}, act, instead_of={}, withdraws=row.id)


def _add(session: Session, subject: Subject, value: Json, act: Act, *, instead_of: Json, withdraws: int | None) -> Overlay:
    take_turns(session, "overlay")  # so that a higher id is never seen before a lower one
    columns = asdict(subject) | {"kind": subject.kind.value}
    row = Overlay(**columns, value=value, instead_of=instead_of, withdraws=withdraws, at=act.now, by=act.by, why=act.why.strip())
    session.add(row)
    session.flush()
    return row


def subject_of(row: Overlay) -> Subject:
    """What a row speaks of."""
    return Subject(Kind(row.kind), row.source, row.school_id, row.student_id, row.contact_id, row.date, row.name)


def holding(session: Session, *kinds: Kind) -> list[Overlay]:
    """The overlays of some kinds (of all where none is named) that hold now, the oldest first."""
    return list(session.scalars(_holding(*kinds).order_by(Overlay.id)))


def _holding(*kinds: Kind) -> Select[Overlay]:
    newest = select(func.max(Overlay.id)).group_by(*_SUBJECT)
    if kinds:
        newest = newest.where(Overlay.kind.in_([kind.value for kind in kinds]))
    return select(Overlay).where(Overlay.id.in_(newest), Overlay.withdraws.is_(None))


def version(session: Session) -> int:
    """The id of the newest row: it grows whenever a person lays or withdraws an overlay; 0 before the first."""
    return session.scalar(select(func.max(Overlay.id))) or 0


@dataclass(frozen=True)
class Merged:
    """Children whom feeds bring under two ids: each old id with the one under which the child's rows are gathered."""

    kept: Mapping[str, str]

    def of(self, student_id: str) -> str:
        """The id under which a child is known here."""
        return self.kept.get(student_id, student_id)

    def ids(self, students: Collection[str]) -> list[str]:
        """Every id under which feeds bring some children, whichever of their ids are asked for."""
        if not self.kept:
            return sorted(students)
        children = {self.of(student_id) for student_id in students}
        return sorted(children | {old for old, kept in self.kept.items() if kept in children})


def merge(session: Session, old_id: str, kept_id: str, act: Act) -> Overlay:
    """Gather the rows of two ids of one child under the second; feed rows stay as they are, so ``withdraw`` parts them again.

    Raises OverlayError.
    """
    known = merged(session)
    if missing := [student_id for student_id in (old_id, kept_id) if session.get(Student, student_id) is None]:
        message = f"No feed has named a student {missing[0]}."
        raise OverlayError(message)
    if old_id in known.kept or known.of(kept_id) == old_id:
        message = "These two are one child already, or the first is merged with a third; part them before you merge anew."
        raise OverlayError(message)
    return lay(session, Subject(Kind.SAME_CHILD, student_id=old_id), {"kept": kept_id}, act)


def merged(session: Session) -> Merged:
    """The ids that are merged now; where a kept id was merged on, the last one is told."""
    said = {row.student_id: str(row.value["kept"]) for row in holding(session, Kind.SAME_CHILD)}
    return Merged({old: _last(said, old) for old in said})


def _last(said: Mapping[str, str], student_id: str) -> str:
    while student_id in said:  # ends: no merge closes a circle
        student_id = said[student_id]
    return student_id


def merged_away() -> Select[str]:
    """A query of the old ids: they have no count, crossing, letter or case of their own."""
    return _holding(Kind.SAME_CHILD).with_only_columns(Overlay.student_id)
