"""Districts made by chance with effects that are known, to find out whether the estimator finds them.

The parameters are those of evidence-law-twilio §A2: each child has a propensity to be absent, last year's absences come from the same
propensity, and messages lower it from the day the first one works, for children up to some propensity and not beyond. A cut that is
the same for everybody hits the published means but not the published fall in chronic absence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from outreach.evidence.estimating import Codes, Numbers

_DAYS = 180
_CHRONIC = 18
"""A tenth of 180 days."""
_FIRST_WORKS = 36
"""The first letter reaches a family after a fifth of the year."""


@dataclass(frozen=True)
class Cut:
    """What an arm's messages do: the share by which the daily propensity falls, for children whose propensity is at most *up_to*."""

    share: float
    up_to: float = 1.0


@dataclass(frozen=True)
class Made:
    """A year of a district: one entry per household."""

    arm: Codes
    strata: Codes
    prior: Numbers
    absent: Numbers

    @property
    def chronic(self) -> Numbers:
        """1.0 for a child who missed a tenth of the year or more."""
        return (self.absent >= _CHRONIC).astype(float)


@dataclass(frozen=True)
class Recipe:
    """How a district is made."""

    households: int
    mean: float
    """School days missed without messages."""
    cuts: Sequence[Cut]
    """One for each arm; the first is the comparison, with a cut of nothing."""
    strata: int = 100
    shares: Sequence[float] = ()
    """How chance divides the households among the arms; equal where empty."""
    concentration: float = 8.0
    """How alike children are: the two parameters of the beta distribution sum to it."""


ROGERS_FELLER = Recipe(28_080, 17.0, (Cut(0.0), Cut(0.098, 0.16), Cut(0.127, 0.20), Cut(0.155, 0.18)), strata=203)
"""Philadelphia: control, reminder, total, relative (row 1)."""
ROBINSON = Recipe(10_900, 6.9, (Cut(0.0), Cut(0.15, 0.16)), strata=200, shares=(0.404, 0.596))
"""Ten districts in California, early grades: 4,400 control and more than 6,500 treated households (row 2)."""
KALIL = Recipe(741, 18.35, (Cut(0.0), Cut(0.167)), strata=9, concentration=30.0)
"""Nine Head Start centres in Chicago: 741 children, half of them, more alike than a whole district (row 8)."""


def make(recipe: Recipe, seed: int) -> Made:
    """The district of *recipe* and *seed*: the same for the same two."""
    chance = np.random.default_rng(seed)
    mean = recipe.mean / _DAYS
    propensity = chance.beta(mean * recipe.concentration, (1 - mean) * recipe.concentration, recipe.households)
    strata = chance.integers(0, recipe.strata, recipe.households)
    arm = _assign(recipe, strata, chance)
    cuts = np.array([cut.share for cut in recipe.cuts])[arm]
    bounds = np.array([cut.up_to for cut in recipe.cuts])[arm]
    later = propensity * np.where(propensity <= bounds, 1 - cuts, 1.0)
    absent = chance.binomial(_FIRST_WORKS - 1, propensity) + chance.binomial(_DAYS - _FIRST_WORKS + 1, later)
    return Made(arm, strata, chance.binomial(_DAYS, propensity).astype(float), absent.astype(float))


def planted(recipe: Recipe) -> Mapping[int, float]:
    """The true effect of each arm in days, by integration over the propensity."""
    mean = recipe.mean / _DAYS
    # A very large sample of propensities is the integral to three decimals, and needs no formula that could be wrong in the same way.
    propensity = np.random.default_rng(0).beta(mean * recipe.concentration, (1 - mean) * recipe.concentration, 4_000_000)
    days = _DAYS - _FIRST_WORKS + 1
    return {
        number: float(-days * cut.share * propensity[propensity <= cut.up_to].sum() / len(propensity))
        for number, cut in enumerate(recipe.cuts)
    }


def _assign(recipe: Recipe, strata: Codes, chance: np.random.Generator) -> Codes:
    """Chance decides within each stratum, in the recipe's shares."""
    shares = np.array(recipe.shares or [1 / len(recipe.cuts)] * len(recipe.cuts))
    arm = np.zeros(len(strata), dtype=np.int64)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        places = (np.arange(len(members)) + chance.random()) / len(members)
        arm[chance.permutation(members)] = np.minimum(np.searchsorted(np.cumsum(shares), places, side="right"), len(shares) - 1)
    return arm
