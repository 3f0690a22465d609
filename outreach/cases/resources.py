"""Which resource fits a need, and why another one does not. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Need:
    """What one child needs help with."""

    reason: str
    school_id: str
    locale: str
    """The family's language; empty where it is not known."""
    grade: str
    subgroups: frozenset[str]


@dataclass(frozen=True)
class Place:
    """What decides whether a resource is offered; an empty collection means everybody."""

    needs: Collection[str]
    schools: Collection[str] = ()
    languages: Collection[str] = ()
    grades: Collection[str] = ()
    subgroups: Collection[str] = ()
    left: int | None = None
    """Places left; None where there is no limit."""
    checked_on: date = date.min


def why_not_now(place: Place, today: date, fresh_days: int) -> str:
    """Why a resource is offered to nobody today; empty where it may be."""
    if place.left is not None and place.left <= 0:
        return "Full: nobody more can be sent there now."
    if (today - place.checked_on).days > fresh_days:
        return f"Nobody has checked it for more than {fresh_days} days: call there first, then say that it is right."
    return ""


def why_not(place: Place, need: Need) -> str:
    """Why a resource does not fit a need, in the order in which one would ask; empty where it fits."""
    if need.reason not in place.needs:
        return "It helps with something else."
    if place.schools and need.school_id not in place.schools:
        return "It is for other schools."
    if place.grades and need.grade not in place.grades:
        return "It is for other grades."
    if place.subgroups and need.subgroups.isdisjoint(place.subgroups):
        return "It is for other students."
    if place.languages and need.locale and need.locale not in place.languages:
        return "It does not speak the family's language."
    return ""
