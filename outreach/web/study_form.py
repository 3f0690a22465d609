"""What a person typed about a study, as a design: arms follow from the kind, so that nobody has to write them by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from outreach.planning.studies import Arm, Design, DesignError, Kind
from outreach.replies.normalise import storable

_ORDINALS = ("first", "second", "third", "fourth")
_LONGEST = 120


def design(asked: Mapping[str, str], schools: Sequence[str]) -> Design:
    """The design that a form describes. Raises DesignError with one sentence where a field is missing or odd."""
    kind = next((kind for kind in Kind if kind == asked.get("kind")), None)
    if kind is None:
        message = "Choose how the groups differ."
        raise DesignError(message)
    first, last = _day(asked, "first_day", "first day"), _day(asked, "last_day", "last day")
    return Design(
        name=storable(asked.get("name", "")).strip()[:_LONGEST],
        kind=kind,
        first_day=first,
        last_day=last,
        arms=_ARMS[kind](asked, first),
        schools=tuple(schools),
        grades=_list(asked, "grades"),
        subgroups=_list(asked, "subgroups"),
    )


def _staggered(asked: Mapping[str, str], first: date) -> tuple[Arm, ...]:
    """Equal groups, each so many weeks after the one before; the last is what the others are compared with."""
    number, weeks = _number(asked, "groups", "number of groups", 2, len(_ORDINALS)), _number(asked, "weeks", "number of weeks", 1, 20)
    shares = [100 // number + (1 if place < 100 % number else 0) for place in range(number)]
    arms = [Arm(f"{_ORDINALS[place]} group", shares[place], first + timedelta(weeks=weeks * place)) for place in range(number)]
    return arms[-1], *arms[:-1]


def _holdout(asked: Mapping[str, str], first: date) -> tuple[Arm, ...]:
    share = _number(asked, "share", "share that waits", 5, 50)
    return Arm("told after the study", share), Arm("told now", 100 - share, first)


def _wording(asked: Mapping[str, str], first: date) -> tuple[Arm, ...]:
    messages = [storable(asked.get(field, "")).strip() for field in ("usual", "other")]
    if not all(messages):
        message = "Choose the two messages to compare."
        raise DesignError(message)
    return tuple(Arm(message, 50, first, message) for message in messages)


_ARMS = {Kind.STAGGERED: _staggered, Kind.HOLDOUT: _holdout, Kind.WORDING: _wording}


def _list(asked: Mapping[str, str], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip()[:_LONGEST] for part in storable(asked.get(field, "")).split(",") if part.strip()))


def _number(asked: Mapping[str, str], field: str, words: str, least: int, most: int) -> int:
    typed = asked.get(field, "").strip()[:9]
    if not (typed.isascii() and typed.isdigit()) or not least <= int(typed) <= most:
        message = f"The {words} is a number from {least} to {most}."
        raise DesignError(message)
    return int(typed)


def _day(asked: Mapping[str, str], field: str, words: str) -> date:
    try:
        return date.fromisoformat(asked.get(field, ""))
    except ValueError:
        message = f"The {words} is a date such as 2026-10-05."
        raise DesignError(message) from None
