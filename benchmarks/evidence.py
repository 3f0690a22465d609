"""Trials of known effects by many seeds: published figures come back, and the estimator finds what was planted as often as it says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.measuring import alone
from outreach.evidence.estimating import Effect, effects
from outreach.evidence.simulating import KALIL, ROBINSON, ROGERS_FELLER, Made, Recipe, make, planted

SEEDS = int(os.environ.get("BENCH_SEEDS", "400"))
RECIPES: dict[str, Recipe] = {"rogers_feller": ROGERS_FELLER, "robinson": ROBINSON, "kalil": KALIL}


def run(seeds: int = SEEDS) -> dict[str, object]:
    """Bars: every estimate within 4 standard errors; intervals cover 90 to 99 %; Rogers and Feller err by 0.09, without last year 0.30."""
    trials = {name: alone(trial, name, seeds).value for name in RECIPES}
    return {
        "seeds": seeds,
        "trials": trials,
        "coverage": {name: one["coverage"] for name, one in trials.items()},
        "furthest_in_errors": max(one["furthest_in_errors"] for one in trials.values()),
    }


def trial(name: str, seeds: int) -> dict[str, Any]:
    """One recipe by many seeds: its means, and each arm's true effect beside what was found."""
    recipe = RECIPES[name]
    arms = ["control", *(f"arm {number}" for number in range(1, len(recipe.cuts)))]
    truth = planted(recipe)
    days, chronic = [], []
    found: list[tuple[float, Effect, Effect]] = []
    for seed in range(seeds):
        made = make(recipe, seed)
        days.append(_means(made, made.absent))
        chronic.append(_means(made, made.chronic))
        known = effects(made.absent, made.arm, made.prior, made.strata, arms=arms)
        raw = effects(made.absent, made.arm, np.full(len(made.arm), np.nan), made.strata, arms=arms)
        found.extend((truth[number], known[arm], raw[arm]) for number, arm in enumerate(arms[1:], start=1))
    per_arm = [found[number :: len(arms) - 1] for number in range(len(arms) - 1)]
    return {
        "households": recipe.households,
        "days_missed": _rounded(np.mean(days, axis=0)),
        "chronic": _rounded(np.mean(chronic, axis=0)),
        "planted": _rounded([some[0][0] for some in per_arm]),
        "recovered": _rounded([float(np.mean([one.difference for _, one, _ in some])) for some in per_arm]),
        "error": round(float(np.mean([one.error for _, one, _ in found])), 3),
        "error_without_last_year": round(float(np.mean([raw.error for _, _, raw in found])), 3),
        "spread_of_estimates": _rounded([float(np.std([one.difference for _, one, _ in some], ddof=1)) for some in per_arm]),
        "coverage": round(float(np.mean([one.low <= true <= one.high for true, one, _ in found])), 4),
        "furthest_in_errors": round(max(abs(one.difference - true) / one.error for true, one, _ in found), 2),
    }


def _means(made: Made, outcome: Any) -> list[float]:  # noqa: ANN401 - an array of numbers
    return [float(outcome[made.arm == arm].mean()) for arm in range(int(made.arm.max()) + 1)]


def _rounded(numbers: Sequence[float] | np.ndarray[Any, Any]) -> list[float]:
    return [round(float(number), 3) for number in numbers]
