"""What a school's papers are made of: children, conversations, steps and figures as plain values, and the words for them. Pure.

No family's words, no adult, no number and no note of staff about a child is among it, and of a step only its kind: a paper lies on a table
that many pass. Of what is sealed a paper holds the root cause, and the day of the next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from outreach.attendance.counting import Count
from outreach.attendance.profiles import in_figures
from outreach.cases.help_states import Layer

SEALED = "sealed"
"""What stands in the place of a step in a conversation of which something is sealed."""
TENTH = ("moderate", "severe")
NAME_LONGEST = 60
_TIED = "\u00a0"
"""A space that does not break: a day stays on one line."""
_CONTACTS = {
    "inbound": "the family wrote",
    "answer": "we answered",
    "call": "call",
    "no_answer": "call, no answer",
    "visit": "home visit",
    "check_in": "mentor with the family",
    "text": "text",
    "letter": "letter",
}


class Kind(StrEnum):
    """Which paper."""

    TEAM = "team"
    ONE_PAGER = "one_pager"
    STEP_BACK = "step_back"


TITLES = {Kind.TEAM: "Team meeting", Kind.ONE_PAGER: "One page for the principal", Kind.STEP_BACK: "Step back"}


@dataclass(frozen=True)
class Next:
    """The next step of a conversation."""

    on: date
    what: str
    """Its kind; ``SEALED``, or empty where the conversation was only put aside until that day."""
    who: str


@dataclass(frozen=True)
class Decided:
    """The last thing that was planned or done."""

    on: date
    what: str


@dataclass(frozen=True)
class Talk:
    """One open conversation."""

    case_id: int
    student_id: str
    reasons: tuple[str, ...]
    """In plain words; of a sealed one the root cause."""
    owner: str
    layer: Layer | None
    """Of its next step, else of the last one; None without any."""
    next: Next | None
    last: Decided | None
    waits_since: datetime | None


@dataclass(frozen=True)
class Child:
    """One child who is enrolled at the school."""

    student_id: str
    name: str
    grade: str
    count: Count
    until: date
    """The last day of the count."""
    lately: tuple[Fraction, Fraction] | None = None
    reached: bool = False
    heard: bool = False
    improving: bool = False
    last: tuple[date, str] | None = None
    """The last contact: when and how."""
    knows: tuple[str, ...] = ()
    talk: Talk | None = None
    next_on: date | None = None
    quiet_until: date | None = None
    """Until when the family is left in peace."""


@dataclass(frozen=True)
class Late:
    """A planned step whose day has passed."""

    student_id: str
    what: str
    due_on: date
    who: str


@dataclass(frozen=True)
class Offered:
    """A referral of which nobody has said yet what became of it."""

    student_id: str
    to: str
    since: date
    who: str


@dataclass(frozen=True)
class Shared:
    """What several families name at once."""

    what: str
    households: int
    since: date


@dataclass(frozen=True)
class Work:
    """What happened from one instant to another."""

    opened: int
    steps_done: int
    said_better: int
    accepted: int


@dataclass(frozen=True)
class Before:
    """The packet before this one: of an earlier day."""

    on: date
    tiers: Mapping[str, str]


@dataclass(frozen=True)
class Team:
    """Everything that a team's packet tells of children."""

    today: date
    watched: tuple[Child, ...]
    """Those who miss a tenth or more, the highest share first."""
    better: tuple[Child, ...]
    """Those of the packet before who miss less than a tenth now."""
    others: Mapping[str, Child]
    """Further children of conversations, steps and referrals."""
    talks: tuple[Talk, ...]
    elsewhere: int
    """Open conversations of the school about nobody who is enrolled there today."""
    late: tuple[Late, ...]
    offered: tuple[Offered, ...]
    shared: tuple[Shared, ...]
    before: Before | None
    work: Work

    @property
    def by_id(self) -> Mapping[str, Child]:
        """Every child whose name stands on the paper."""
        return {**self.others, **{child.student_id: child for child in (*self.watched, *self.better)}}

    @property
    def severe_without_step(self) -> list[Child]:
        """Those who miss a fifth or more and of whom nobody has planned anything."""
        return [child for child in self.watched if child.count.tier == "severe" and child.next_on is None]

    @property
    def improving(self) -> list[Child]:
        """Those who missed less lately than before."""
        return [child for child in self.watched if child.improving]

    @property
    def no_answer(self) -> list[Child]:
        """Those whose families nothing reached, or who never answered."""
        return [child for child in self.watched if not child.heard]

    @property
    def new(self) -> list[Child]:
        """Those who are at a tier for the first time since the packet before."""
        return [child for child in self.watched if self.is_new(child)]

    def is_new(self, child: Child) -> bool:
        """Whether the child was not at its tier in the packet before; without one everybody is new."""
        if self.before is None:
            return True
        then = self.before.tiers.get(child.student_id)
        return then is None or (child.count.tier == "severe" and then != "severe")


def day(when: date, today: date) -> str:
    """``Mon, Oct 5``; with its year where that is not this one."""
    return f"{when:%a,}{_TIED}{when:%b}{_TIED}{when.day}" + ("" if when.year == today.year else f",{_TIED}{when.year}")


def moment(at: datetime, zone: str) -> str:
    """``Mon, Oct 5, 2026, 4:05 pm``."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a, %b} {local.day}, {local.year}, {local.hour % 12 or 12}:{local.minute:02d} {'pm' if local.hour // 12 else 'am'}"


def percent(share: Fraction | None) -> str:
    """``24.1 %``; a dash where nobody knows."""
    return "–" if share is None else f"{100 * float(share):.1f} %"


def points(now: Fraction | None, then: Fraction | None) -> str:
    """How many points a share moved: ``+1.2 points``; a dash where one of them is not known."""
    return "–" if now is None or then is None else f"{100 * float(now - then):+.1f} points"


def many(number: int, one: str, several: str) -> str:
    """``1 child``, ``3 children``."""
    return f"{number:,} {one if number == 1 else several}"


def missed(child: Child, today: date) -> str:
    """``8 of 36 days, 22.2 % (until Mon, Oct 5)``."""
    unknown = f", {child.count.unknown} not known" if child.count.unknown else ""
    figure = f"{in_figures(child.count.absent)} of {child.count.enrolled} days, {percent(child.count.rate)}"
    return f"{figure}{unknown} (until{_TIED}{day(child.until, today)})"


def contact(child: Child, today: date) -> str:
    """The last contact in words."""
    if child.last is None:
        return "none yet"
    on, how = child.last
    return f"{_CONTACTS.get(how, how)}, {day(on, today)}"


def called(child: Child) -> str:
    """A child's name and grade."""
    name = child.name if len(child.name) <= NAME_LONGEST else f"{child.name[: NAME_LONGEST - 1]}…"
    return f"{name}, grade{_TIED}{child.grade}" if child.grade else name
