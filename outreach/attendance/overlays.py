"""What people here say about attendance, over what the feeds say: a code's meaning, a date at a school, a child's day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.attendance.calendars import Said
from outreach.attendance.source_settings import Meaning, SchoolOverride, SourceSettings
from outreach.attendance.verdicts import Verdict
from outreach.district import overlays
from outreach.district.overlays import Act, Kind, Merged, OverlayError, Subject
from outreach.district.tables import Overlay

SETTLEABLE = (Verdict.PRESENT, Verdict.EXCUSED, Verdict.UNEXCUSED, Verdict.SUSPENDED, Verdict.UNSPECIFIED)
"""What a person may say that a day was."""
_KIND_OF = {
    Said.CLOSED: Kind.CALENDAR,
    Said.SCHOOL_DAY: Kind.CALENDAR,
    Said.SUBMITTED: Kind.SUBMISSION,
    Said.NOT_SUBMITTED: Kind.SUBMISSION,
}

Codes = Mapping[str, Mapping[str, Mapping[str, Meaning]]]
"""Source → school, or empty for all its schools → code → meaning."""
Days = Mapping[str, Mapping[date, frozenset[Said]]]
"""School, or an organisation above schools → date → what was said of it."""
Settled = Mapping[tuple[str, str], Mapping[date, Verdict]]
"""(student, school) → date → what a person said that the day was."""


@dataclass(frozen=True)
class Overlays:
    """All that holds now."""

    codes: Codes
    days: Days
    settled: Settled
    merged: Merged

    def said(self, organisations: Iterable[str]) -> dict[date, frozenset[Said]]:
        """What was said of dates at a school: date by date by the nearest of its *organisations* (the school first, then above)."""
        found: dict[date, frozenset[Said]] = {}
        for organisation in organisations:
            for day, words in self.days.get(organisation, {}).items():
                found.setdefault(day, words)
        return found


def give_meaning(session: Session, source: str, code: str, meaning: Meaning, act: Act, *, school_id: str = "") -> Overlay:
    """Say what *code* of *source* means, at one school or (empty) at all."""
    return overlays.lay(session, Subject(Kind.CODE, source=source, school_id=school_id, name=code), meaning.model_dump(mode="json"), act)


def call_day(session: Session, school_id: str, day: date, said: Said, act: Act) -> Overlay:
    """Say of *day* at a school (or at all schools below an organisation) that it was closed, a school day, submitted or not."""
    return overlays.lay(session, Subject(_KIND_OF[said], school_id=school_id, date=day), {"said": said.value}, act)


def settle_day(
    session: Session, student_id: str, school_id: str, day: date, verdict: Verdict, act: Act, *, marked: Verdict | None = None
) -> Overlay:
    """Say what a child's day at a school was; it wins over marks. *marked* is what the marks said then. Raises OverlayError."""
    if verdict not in SETTLEABLE:
        message = f"A day cannot be settled as {verdict}; it was {', '.join(SETTLEABLE[:-1])} or {SETTLEABLE[-1]}."
        raise OverlayError(message)
    subject = Subject(Kind.STUDENT_DAY, school_id=school_id, student_id=student_id, date=day)
    return overlays.lay(session, subject, {"verdict": verdict.value}, act, instead_of={"verdict": marked.value} if marked else {})


def read(session: Session) -> Overlays:
    """Everything that people said about attendance and that holds now."""
    codes: defaultdict[str, defaultdict[str, dict[str, Meaning]]] = defaultdict(lambda: defaultdict(dict))
    days: defaultdict[str, defaultdict[date, frozenset[Said]]] = defaultdict(lambda: defaultdict(frozenset))
    settled: defaultdict[tuple[str, str], dict[date, Verdict]] = defaultdict(dict)
    merged = overlays.merged(session)
    for row in overlays.holding(session, Kind.CODE, Kind.CALENDAR, Kind.SUBMISSION, Kind.STUDENT_DAY):
        if row.kind == Kind.CODE:
            codes[row.source][row.school_id][row.name] = Meaning.model_validate(row.value)
        elif row.date is not None and row.kind == Kind.STUDENT_DAY:
            settled[merged.of(row.student_id), row.school_id][row.date] = Verdict(row.value["verdict"])
        elif row.date is not None:
            days[row.school_id][row.date] |= {Said(row.value["said"])}
    return Overlays(codes, days, settled, merged)


def code_said_since(session: Session, at: datetime) -> bool:
    """Whether a person gave a code a meaning, or took one back, at or after an instant."""
    return session.scalar(select(Overlay.id).where(Overlay.kind == Kind.CODE, Overlay.at >= at).limit(1)) is not None


def with_codes(settings: SourceSettings, codes: Codes) -> SourceSettings:
    """The settings of a source with the meanings that people gave its codes."""
    said = codes.get(settings.name, {})
    if not said:
        return settings
    schools: dict[str, Any] = dict(settings.schools)
    for school_id in filter(None, said):
        own = settings.schools.get(school_id, SchoolOverride())
        schools[school_id] = own.model_copy(update={"codes": {**own.codes, **said[school_id]}})
    return settings.model_copy(update={"codes": {**settings.codes, **said.get("", {})}, "schools": schools})
