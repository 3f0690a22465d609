"""Districts made by chance with known effects: the published figures come back, and the estimator finds what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from outreach.evidence.estimating import TooFewError, effects
from outreach.evidence.power import smallest_effect
from outreach.evidence.simulating import KALIL, ROBINSON, ROGERS_FELLER, Cut, Made, Recipe, make, planted

_ARMS = ("control", "reminder", "total", "relative")
_SEEDS = range(24)


@pytest.fixture(scope="module")
def philadelphia() -> list[Made]:
    return [make(ROGERS_FELLER, seed) for seed in _SEEDS]


def _means(made: list[Made], column: str) -> list[float]:
    arms = range(int(made[0].arm.max()) + 1)
    return [float(np.mean([getattr(one, column)[one.arm == arm].mean() for one in made])) for arm in arms]


def test_rogers_and_feller_come_back_in_days_and_in_chronic_absence(philadelphia: list[Made]) -> None:
    assert _means(philadelphia, "absent") == pytest.approx([17.0, 16.4, 16.0, 15.9], abs=0.12)
    assert _means(philadelphia, "chronic") == pytest.approx([0.360, 0.335, 0.324, 0.318], abs=0.006)


def test_robinson_comes_back_in_days_and_in_chronic_absence() -> None:
    made = [make(ROBINSON, seed) for seed in _SEEDS]
    control, treated = _means(made, "absent")
    assert (control, treated) == pytest.approx((6.9, 6.37), abs=0.08)
    fewer, more = reversed(_means(made, "chronic"))
    assert fewer / more - 1 == pytest.approx(-0.15, abs=0.03)


def test_kalil_comes_back_as_a_fall_in_chronic_absence_that_its_size_could_see() -> None:
    made = [make(KALIL, seed) for seed in range(60)]
    assert -np.diff(_means(made, "absent"))[0] == pytest.approx(2.5, abs=0.3)
    unknown = np.full(len(made[0].arm), np.nan)
    found = [effects(one.chronic, one.arm, unknown, one.strata, arms=("control", "texts"))["texts"] for one in made]
    assert float(np.mean([one.difference for one in found])) == pytest.approx(-0.093, abs=0.015)
    assert float(np.mean([one.error for one in found])) == pytest.approx(0.036, abs=0.002)


def test_planted_effects_are_found_within_four_standard_errors_and_intervals_cover_as_often_as_they_say(philadelphia: list[Made]) -> None:
    truth = planted(ROGERS_FELLER)
    covered = []
    for one in philadelphia:
        for number, effect in enumerate(effects(one.absent, one.arm, one.prior, one.strata, arms=_ARMS).values(), start=1):
            assert abs(effect.difference - truth[number]) < 4 * effect.error
            covered.append(effect.low <= truth[number] <= effect.high)
    assert 0.90 <= np.mean(covered) <= 0.99


def test_last_years_absences_make_the_interval_three_times_narrower(philadelphia: list[Made]) -> None:
    one = philadelphia[0]
    with_last_year = effects(one.absent, one.arm, one.prior, one.strata, arms=_ARMS)["total"]
    without = effects(one.absent, one.arm, np.full(len(one.arm), np.nan), one.strata, arms=_ARMS)["total"]
    assert with_last_year.error == pytest.approx(0.09, abs=0.01)
    assert without.error == pytest.approx(0.30, abs=0.02)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 4, 9]), st.booleans())
def test_the_estimate_is_that_of_a_dummy_variable_for_each_stratum(seed: int, strata: int, with_gaps: bool) -> None:
    made = make(Recipe(240, 17.0, (Cut(0.0), Cut(0.3)), strata=strata), seed)
    prior = np.where(np.arange(240) % 5 == 0, np.nan, made.prior) if with_gaps else made.prior
    ours = effects(made.absent, made.arm, prior, made.strata, arms=("control", "texts"))["texts"]
    known = np.where(np.isnan(prior), np.nanmean(prior), prior)
    unknown = np.isnan(prior).astype(float)[:, None][:, : int(with_gaps)]
    dummies = (made.strata[:, None] == np.unique(made.strata)[None, :]).astype(float)
    theirs = OLS(made.absent, np.column_stack([made.arm == 1, known, unknown, dummies])).fit(cov_type="HC2")
    assert ours.difference == pytest.approx(float(theirs.params[0]), abs=1e-8)
    assert ours.error == pytest.approx(float(theirs.bse[0]), rel=0.05)


def test_several_comparisons_in_one_report_widen_each_interval(philadelphia: list[Made]) -> None:
    one = philadelphia[0]
    alone = effects(one.absent, one.arm, one.prior, one.strata, arms=_ARMS)["total"]
    of_ten = effects(one.absent, one.arm, one.prior, one.strata, arms=_ARMS, comparisons=10)["total"]
    assert of_ten.level == pytest.approx(0.995)
    assert of_ten.low < alone.low < alone.high < of_ten.high


def test_too_few_households_give_no_figure_at_all() -> None:
    made = make(Recipe(60, 17.0, (Cut(0.0), Cut(0.1)), strata=1, shares=(0.2, 0.8)), 1)
    with pytest.raises(TooFewError, match="needs 20 households"):
        effects(made.absent, made.arm, made.prior, made.strata, arms=("control", "texts"))


def test_an_outcome_that_is_the_same_for_everybody_is_no_finding() -> None:
    made = make(Recipe(60, 17.0, (Cut(0.0), Cut(0.1)), strata=1), 1)
    with pytest.raises(TooFewError, match="the same for every household"):
        effects(np.ones(60), made.arm, made.prior, made.strata, arms=("control", "texts"))


def test_a_trial_tells_beforehand_what_it_will_see_and_keeps_its_word() -> None:
    made = [make(Recipe(3_100, 17.0, (Cut(0.0), Cut(0.0)), strata=20), seed) for seed in range(3)]
    likeness = float(np.corrcoef(made[0].prior, made[0].absent)[0, 1])
    told = smallest_effect(3_100, share=0.5, spread=float(made[0].absent.std()), likeness=likeness)
    assert told is not None
    # 2.8 standard errors are what four of five trials see; the told size must be that of the errors really found.
    errors = [effects(one.absent, one.arm, one.prior, one.strata, arms=("control", "texts"))["texts"].error for one in made]
    assert told.days == pytest.approx(2.8 * float(np.mean(errors)), rel=0.05)
    assert smallest_effect(10, share=0.01, spread=10, likeness=0.5) is None
