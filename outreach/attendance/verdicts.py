"""What all live marks of one child, school and date add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from outreach.attendance.profiles import Profile
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


@dataclass(frozen=True)
class DayMark:
    """One live mark with the meaning its source gives the code; None where it gives none."""

    date: date
    school_id: str
    code: str
    meaning: Meaning | None
    portion: str = ""
    minutes: int | None = None
    import_id: int = 0
    line: int = 0


@dataclass(frozen=True)
class Day:
    """A student-day that is not simply present, with the marks and the rule that made it so."""

    date: date
    school_id: str
    verdict: Verdict
    marks: tuple[DayMark, ...]
    rule: str


_WHOLE = Fraction(1)
_ABSENT_KINDS = frozenset({Kind.ABSENT, Kind.PARTIAL, Kind.SUSPENDED_OUT})


def decide(marks: Sequence[DayMark], scheduled: int | None, profile: Profile) -> tuple[Verdict, str]:
    """Return the verdict of a day and the rule behind it; the order of *marks* makes no difference.

    *scheduled* are the day's minutes, where the calendar says them. Any absence counts once; two different named reasons are a
    conflict; a named reason beats an unspecified one; absent beats unknown, unknown beats present.
    """
    shares = [_share(mark, scheduled, profile) for mark in marks]
    missed = sum((share for share in shares if share is not None), Fraction(0))
    if missed >= profile.absent_from:
        named = {mark.meaning.reason for mark, share in zip(marks, shares, strict=True) if share and mark.meaning} - {Reason.UNSPECIFIED}
        return _of_reasons(named, profile)
    if any(mark.meaning is None for mark in marks):
        return Verdict.UNKNOWN, "a code without a meaning"
    if None in shares:
        return Verdict.UNKNOWN, "minutes missed, but the calendar does not say how long the day was"
    return Verdict.PRESENT, f"less than {profile.absent_from} of the day missed"


def _of_reasons(named: set[Reason], profile: Profile) -> tuple[Verdict, str]:
    if len(named) > 1:
        return Verdict.CONFLICT, "absent; the marks give different reasons: " + ", ".join(sorted(named))
    reason = named.pop() if named else Reason.UNSPECIFIED
    return Verdict(reason.value), f"{profile.absent_from} or more of the day missed ({profile.name})"


def _share(mark: DayMark, scheduled: int | None, profile: Profile) -> Fraction | None:
    """The share of the day that a mark says was missed; None where that cannot be told."""
    if mark.meaning is None:
        return None
    kind = mark.meaning.kind
    if kind not in _ABSENT_KINDS:
        return _WHOLE if kind == Kind.SUSPENDED_IN and profile.suspended_in_is_absent else Fraction(0)
    if mark.portion:
        return Fraction(mark.portion)
    if mark.minutes is not None:
        return Fraction(mark.minutes, scheduled) if scheduled else (Fraction(0) if mark.minutes == 0 else None)
    return Fraction(0) if kind == Kind.PARTIAL else _WHOLE
