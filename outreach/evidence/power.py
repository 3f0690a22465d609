"""What a trial of a given size will be able to see, told before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from statsmodels.stats.power import NormalIndPower

_SURE = 0.8
"""The share of trials that would find an effect of the size told."""


@dataclass(frozen=True)
class Seen:
    """The smallest effect that a trial will see in four of five cases."""

    households: int
    share: float
    """Of households that wait."""
    days: float
    """School days per child."""


def smallest_effect(households: int, *, share: float, spread: float, likeness: float) -> Seen | None:
    """The smallest difference, in school days, that *households* will show; None where an arm would be empty.

    *share* waits (0 to 1, both excluded), *spread* is the standard deviation of absences, and *likeness* the correlation of this
    year's absences with last year's (about 0.95 for whole years in the simulated district, 0.6 to 0.8 in real ones), by which the
    comparison gets narrower. Two-sided at 95 %.
    """
    waiting = round(households * share)
    told = households - waiting
    if min(waiting, told) < 1 or spread <= 0:
        return None
    left = spread * math.sqrt(1 - min(abs(likeness), 0.999) ** 2)
    standardised = NormalIndPower().solve_power(effect_size=None, nobs1=told, ratio=waiting / told, alpha=0.05, power=_SURE)
    return Seen(households, share, float(standardised) * left)
