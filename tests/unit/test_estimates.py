"""Estimates and their confidence intervals, against textbook figures and their own promise."""

from __future__ import annotations

import numpy as np
import pytest

from models.stochastic.estimates import SampleEstimate, mean, probability, quantile, tail_mean
from models.stochastic.risk import cvar


def test_the_mean_has_students_interval() -> None:
    """Of 1 to 5: 3 plus or minus t(0.975, 4) = 2.776 times 1.5811 / sqrt 5."""
    found = mean(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert (found.value, found.low, found.high) == pytest.approx((3.0, 3 - 1.96324, 3 + 1.96324), abs=1e-4)


def test_one_figure_bounds_nothing() -> None:
    """A single sample gives an estimate without an interval."""
    one = np.array([7.0])
    assert mean(one) == quantile(one, 0.95, 1) == tail_mean(one, 0.95, 1) == SampleEstimate(7.0)


@pytest.mark.parametrize(
    ("times", "of", "low", "high"), [(10, 100, 0.0552, 0.1744), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0)]
)
def test_a_probability_has_wilsons_interval(times: int, of: int, low: float, high: float) -> None:
    """Published values of the score interval, at none and at all too."""
    found = probability(times, of)
    assert (found.value, found.low, found.high) == pytest.approx((times / of, low, high), abs=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.83, 0.95, 1.0])
def test_the_tail_mean_is_the_cvar_of_equal_chances(alpha: float) -> None:
    """With n figures of probability 1 / n it is what the objective calls CVaR, wherever the edge falls."""
    figures = np.random.default_rng(3).normal(size=17)
    named = {str(i): float(figure) for i, figure in enumerate(figures)}
    expected = cvar(named, dict.fromkeys(named, 1 / 17), alpha)
    assert tail_mean(figures, alpha, 1).value == pytest.approx(expected)


def test_a_quantile_is_one_of_the_figures() -> None:
    """The smallest figure that a share of at least 95 % does not exceed, and its interval holds it."""
    figures = np.arange(1.0, 101.0)
    found = quantile(figures, 0.95, 1)
    assert found.value == 95.0
    assert found.low is not None
    assert found.high is not None
    assert found.low < 95.0 < found.high


def test_a_seed_gives_the_same_interval() -> None:
    """The bootstrap draws the same again for a seed."""
    figures = np.random.default_rng(1).lognormal(size=60)
    assert tail_mean(figures, 0.9, 4) == tail_mean(figures, 0.9, 4) != tail_mean(figures, 0.9, 5)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of 400 samples of 40 normal figures between 91 and 99 % have the true mean in their 95 % interval."""
    draws = np.random.default_rng(0).normal(5.0, 2.0, size=(400, 40))
    held = sum((found := mean(each)).low < 5.0 < found.high for each in draws)  # type: ignore[operator]
    assert 0.91 <= held / 400 <= 0.99
