"""What all live marks of one child, school and date add up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from outreach.attendance.profiles import Days, Profile
from outreach.attendance.schedules import NOT_KNOWN, Schedule
from outreach.attendance.source_settings import Kind, Meaning, Reason


class Verdict(StrEnum):
    """What a student-day is."""

    PRESENT = "present"
    EXCUSED = "excused"
    UNEXCUSED = "unexcused"
    SUSPENDED = "suspended"
    UNSPECIFIED = "unspecified"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"

    @property
    def absent(self) -> bool:
        """Whether the day counts as absent."""
        return self not in {Verdict.PRESENT, Verdict.UNKNOWN}


class DayMark(NamedTuple):
    """One live mark with the meaning its source gives the code; None where it gives none."""

    date: date
    school_id: str
    code: str
    meaning: Meaning | None
    portion: str = ""
    minutes: int | None = None
    import_id: int = 0
    line: int = 0
    section_id: str = ""
    """The section that the mark speaks of; empty where it speaks of the day."""

    def asks_schedule(self, scheduled: int | None = None) -> bool:
        """Whether the child's own schedule may decide what it says: of a section, or of minutes of a day that nobody else measures."""
        return bool(self.section_id or (self.minutes and not scheduled))


class Day(NamedTuple):
    """A student-day that is not simply present, with the marks and the rule that made it so."""

    date: date
    school_id: str
    verdict: Verdict
    marks: tuple[DayMark, ...]
    rule: str
    missed: Days = 1
    """How much of a day it counts as absent: 1, or less where the profile counts parts; of an unknown day, what is in doubt."""


class _Told(NamedTuple):
    """All of a mark that decides; kind and reason are None where the code has no meaning."""

    kind: Kind | None
    reason: Reason | None
    portion: str
    minutes: int | None
    section_id: str


class Decision(NamedTuple):
    """A day's verdict, the rule behind it, and how much of a day it counts."""

    verdict: Verdict
    rule: str
    missed: Days


_WHOLE = Fraction(1)
_NONE = Fraction(0)
_ABSENT_KINDS = frozenset({Kind.ABSENT, Kind.PARTIAL, Kind.SUSPENDED_OUT})
_TAUGHT_KINDS = frozenset({Kind.ON_SITE, Kind.INSTRUCTED_ELSEWHERE})
"""Such a mark takes back the absence from its own section: the nurse had the child, or the class was on a trip."""

_NO_MEANING = "a code without a meaning"
_NO_MINUTES = "minutes missed, but the calendar does not say how long the day was"
_NO_SCHEDULE = "an absence from a section, but the child's own schedule of that day is not known"


def decide(marks: Sequence[DayMark], scheduled: int | None, profile: Profile, schedule: Schedule = NOT_KNOWN) -> Decision:
    """Return the verdict of a day and the rule behind it; the order of *marks* makes no difference.

    *scheduled* are the day's minutes, where the calendar says them; *schedule* is the child's own, by which section marks are
    weighed. What marks of the day say and what marks of sections say is the same absence told twice, so the larger of both
    counts and they are never added. Any absence counts once; two different named reasons are a conflict; a named reason beats
    an unspecified one; absent beats unknown, unknown beats present.
    """
    told = tuple(_told(mark) for mark in marks)
    if schedule.known:
        return _weigh(told, scheduled or schedule.minutes, profile, schedule)
    return _weigh_once(told, scheduled, profile)


def _told(mark: DayMark) -> _Told:
    meaning = mark.meaning
    kind, reason = (None, None) if meaning is None else (meaning.kind, meaning.reason)
    return _Told(kind, reason, mark.portion, mark.minutes, mark.section_id)


def _weigh(marks: Sequence[_Told], scheduled: int | None, profile: Profile, schedule: Schedule) -> Decision:
    of_day = [mark for mark in marks if not mark.section_id]
    of_sections = _still_absent([mark for mark in marks if mark.section_id])
    shares = [(mark, _share_of_day(mark, scheduled, profile)) for mark in of_day]
    by_section = [(mark, _share_of_section(mark, schedule, profile)) for mark in of_sections]
    told = sum((share for _, share in shares if share is not None), _NONE)
    missed = max(told, _sum_of_sections(by_section))
    unsure = _unsure(marks, shares, by_section)
    days = profile.days_of(missed)
    if days == 1 or (days and not unsure):
        named = {mark.reason for mark, share in (*shares, *by_section) if share and mark.reason} - {Reason.UNSPECIFIED}
        return _of_reasons(named, days, profile)
    if unsure:
        return Decision(Verdict.UNKNOWN, unsure, 1)
    return Decision(Verdict.PRESENT, f"less than {profile.half_from or profile.absent_from} of the day missed", 0)


@lru_cache(maxsize=100_000)
def _weigh_once(marks: tuple[_Told, ...], scheduled: int | None, profile: Profile) -> Decision:
    """A district tells a few thousand different days in all; each is weighed once, with exact fractions."""
    return _weigh(marks, scheduled, profile, NOT_KNOWN)


_Shares = Sequence[tuple[_Told, Fraction | None]]


def _unsure(marks: Sequence[_Told], of_day: _Shares, of_sections: _Shares) -> str:
    """Why it cannot be told how much of the day was missed, or empty."""
    if any(mark.kind is None for mark in marks):
        return _NO_MEANING
    if any(share is None for _, share in of_day):
        return _NO_MINUTES
    return _NO_SCHEDULE if any(share is None for _, share in of_sections) else ""


def _of_reasons(named: set[Reason], days: Days, profile: Profile) -> Decision:
    if len(named) > 1:
        return Decision(Verdict.CONFLICT, "absent; the marks give different reasons: " + ", ".join(sorted(named)), days)
    reason = named.pop() if named else Reason.UNSPECIFIED
    least = profile.absent_from if days == 1 else days
    return Decision(Verdict(reason.value), f"{least} or more of the day missed ({profile.name})", days)


def _still_absent(marks: Sequence[_Told]) -> list[_Told]:
    """The marks of sections, less those of sections where the child was known to be taught or looked after."""
    taught = {mark.section_id for mark in marks if mark.kind in _TAUGHT_KINDS}
    return [mark for mark in marks if mark.section_id not in taught]


def _sum_of_sections(shares: _Shares) -> Fraction:
    """Each section once, by the largest of its marks."""
    largest: dict[str, Fraction] = {}
    for mark, share in shares:
        largest[mark.section_id] = max(largest.get(mark.section_id, _NONE), share or _NONE)
    return sum(largest.values(), _NONE)


def _share_of_day(mark: _Told, scheduled: int | None, profile: Profile) -> Fraction | None:
    """The share of the day that a mark of the day says was missed; None where that cannot be told."""
    kind = _kind(mark, profile)
    if kind is None:
        return None
    if kind not in _ABSENT_KINDS:
        return _NONE
    if mark.portion:
        return Fraction(mark.portion)
    if mark.minutes is not None:
        return Fraction(mark.minutes, scheduled) if scheduled else (_NONE if mark.minutes == 0 else None)
    return _NONE if kind == Kind.PARTIAL else _WHOLE


def _share_of_section(mark: _Told, schedule: Schedule, profile: Profile) -> Fraction | None:
    """The share of the day that a mark of a section says was missed: a given portion of the day, some minutes, or the section."""
    kind = _kind(mark, profile)
    if kind is None:
        return None
    if kind not in _ABSENT_KINDS:
        return _NONE
    if mark.portion:
        return Fraction(mark.portion)
    section = schedule.shares.get(mark.section_id)
    if mark.minutes is not None:
        if mark.minutes == 0:
            return _NONE
        return min(section, Fraction(mark.minutes, schedule.minutes)) if section is not None and schedule.minutes else None
    return _NONE if kind == Kind.PARTIAL else section


def _kind(mark: _Told, profile: Profile) -> Kind | None:
    """What a mark's code means under a profile; in-school suspension is an absence in some states and none in others."""
    if mark.kind == Kind.SUSPENDED_IN and profile.suspended_in_is_absent:
        return Kind.SUSPENDED_OUT
    return mark.kind
