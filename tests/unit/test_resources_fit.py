"""Which resource fits a need, and why another is not offered: one table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from outreach.cases.resources import Need, Place, why_not, why_not_now

TODAY = date(2026, 10, 6)
NEED = Need("food", "S1", "es", "4", frozenset({"homeless", "el"}))
PANTRY = Place(needs=["food", "housing"], checked_on=TODAY)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (PANTRY, ""),
        (replace(PANTRY, needs=["transportation"]), "something else"),
        (replace(PANTRY, schools=["S1", "S2"]), ""),
        (replace(PANTRY, schools=["S2"]), "other schools"),
        (replace(PANTRY, languages=["en", "es"]), ""),
        (replace(PANTRY, languages=["en"]), "language"),
        (replace(PANTRY, grades=["3", "4"]), ""),
        (replace(PANTRY, grades=["9"]), "other grades"),
        (replace(PANTRY, subgroups=["el", "swd"]), ""),
        (replace(PANTRY, subgroups=["swd"]), "other students"),
    ],
)
def test_a_resource_fits_or_says_why_it_does_not(place: Place, why: str) -> None:
    said = why_not(place, NEED)
    assert (why in said) if why else said == ""


def test_a_family_whose_language_is_not_known_is_kept_from_no_resource() -> None:
    assert why_not(replace(PANTRY, languages=["en"]), replace(NEED, locale="")) == ""


@pytest.mark.parametrize(
    ("left", "days", "why"),
    [
        (None, 0, ""),
        (None, 90, ""),
        (None, 91, "Nobody has checked it for more than 90 days"),
        (1, 90, ""),
        (0, 0, "Full"),
        (0, 91, "Full"),
    ],
)
def test_a_full_or_unchecked_resource_is_not_offered_and_says_why(left: int | None, days: int, why: str) -> None:
    said = why_not_now(replace(PANTRY, left=left, checked_on=TODAY - timedelta(days=days)), TODAY, 90)
    assert said.startswith(why) if why else said == ""
