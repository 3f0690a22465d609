"""The district's playbook: who looks at which list on which day, and what happens next.

Shipped as ``config/playbook.toml`` (version 0); an administrator's versions stand above it, and the newest holds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.cases.team_tables import PlaybookVersion
from outreach.resources import data_folder
from outreach.staff.actions import audit
from outreach.staff.roles import Role

ROLES = (Role.COORDINATOR, Role.ATTENDANCE_CLERK, Role.SCHOOL_ADMINISTRATOR, Role.DISTRICT_ADMINISTRATOR)
"""Who has a *Today* page."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
EVERY_DAY = "school days"
LISTS = (
    "none", "needs_me", "calls", "follow_ups", "my_students", "no_next_step", "never_reached", "silent", "improving", "disputes", "data",
    "delivery", "attention", "in_figures", "packet",
)  # fmt: skip
"""Where the work of a line may be."""
LONGEST = 300
MOST = 60
"""Lines of a playbook: a week that nobody can read is no week."""


class PlaybookError(ValueError):
    """The playbook cannot be kept as it is."""


@dataclass(frozen=True)
class Line:
    """One thing that people of some roles do on some day."""

    roles: tuple[Role, ...]
    on: str
    """``EVERY_DAY``, one of ``WEEKDAYS``, or a date as ``2026-10-05``."""
    list: str
    """One of ``LISTS``."""
    step: str

    def is_on(self, day: date, *, school: bool) -> bool:
        """Whether it is for *day*; a named date is a person's choice and holds also where there is no *school*."""
        if self.on == day.isoformat():
            return True
        return school and (self.on == EVERY_DAY or self.on == _weekday(day))


@dataclass(frozen=True)
class Playbook:
    """The lines that hold, and whose they are."""

    version: int
    """0 is the shipped one."""
    lines: tuple[Line, ...]
    made_by: str = ""
    made_at: datetime | None = None


def line_of(values: dict[str, Any]) -> Line:
    """Read a line as the file, the form or a row has it. Raises PlaybookError."""
    roles = tuple(role for role in ROLES if role.value in values["roles"])
    step = " ".join(str(values["step"]).split())
    if not roles or len(roles) != len(set(values["roles"])):
        message = "Say for whom each line is."
        raise PlaybookError(message)
    if not step or len(step) > LONGEST:
        message = f"Say in one sentence of at most {LONGEST} letters what happens next."
        raise PlaybookError(message)
    if values["list"] not in LISTS:
        message = "Choose a list from those offered."
        raise PlaybookError(message)
    return Line(roles, _on(str(values["on"]).strip().lower()), values["list"], step)


def week(lines: Sequence[Line], role: Role, today: date, school_days: frozenset[date]) -> list[tuple[date, list[Line]]]:
    """The days from *today* to the end of its week on which somebody of *role* has a line; of those for every day only today's."""
    found = []
    for day in (today + timedelta(days=ahead) for ahead in range(7 - today.weekday())):
        mine = [one for one in lines if role in one.roles and one.is_on(day, school=day in school_days)]
        shown = [one for one in mine if day == today or one.on != EVERY_DAY]
        if shown:
            found.append((day, shown))
    return found


def current(session: Session) -> Playbook:
    """The playbook that holds now."""
    row = session.scalars(select(PlaybookVersion).order_by(PlaybookVersion.id.desc()).limit(1)).first()
    return Playbook(0, shipped()) if row is None else _of_row(row)


def versions(session: Session, *, most: int = 20) -> list[Playbook]:
    """The newest versions first, the shipped one last."""
    rows = session.scalars(select(PlaybookVersion).order_by(PlaybookVersion.id.desc()).limit(most))
    return [*(_of_row(row) for row in rows), Playbook(0, shipped())]


def save(session: Session, lines: Sequence[Line], *, over: int, by: str, now: datetime, why: str = "") -> Playbook:
    """Let *lines* hold from now on, put together over version *over*. Raises PlaybookError where another version came meanwhile."""
    standing = current(session)
    if standing.version != over:
        message = "Somebody else changed the playbook meanwhile. Look at it again; nothing of yours was kept."
        raise PlaybookError(message)
    if not lines or len(lines) > MOST:
        message = f"A playbook has 1 to {MOST} lines."
        raise PlaybookError(message)
    if tuple(lines) == standing.lines:
        return standing
    row = PlaybookVersion(lines=[_to_row(one) for one in lines], made_at=now, made_by=by, why=why)
    session.add(row)
    session.flush()
    audit(session, actor=by, action="playbook.changed", subject=f"playbook {row.id}", now=now, detail={"lines": len(lines), "why": why})
    return _of_row(row)


@lru_cache
def shipped() -> tuple[Line, ...]:
    """The lines of ``config/playbook.toml``."""
    text = (data_folder("config") / "playbook.toml").read_text(encoding="utf-8")
    return tuple(line_of(values) for values in tomllib.loads(text)["line"])


def _of_row(row: PlaybookVersion) -> Playbook:
    return Playbook(row.id, tuple(line_of(values) for values in row.lines), row.made_by, row.made_at)


def _to_row(line: Line) -> dict[str, Any]:
    return {"roles": [role.value for role in line.roles], "on": line.on, "list": line.list, "step": line.step}


def _weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()] if day.weekday() < len(WEEKDAYS) else ""


def _on(text: str) -> str:
    if text == EVERY_DAY or text in WEEKDAYS:
        return text
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        message = "A line is for school days, for one weekday, or for a date such as 2026-10-05."
        raise PlaybookError(message) from error
