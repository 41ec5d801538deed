r"""What a sample says of the whole: estimates with their confidence intervals.

The mean's interval is Student's, \bar x \pm t_{n-1} s / \sqrt n. That of a quantile and of the tail mean (CVaR) is the
percentile bootstrap's. That of a probability is Wilson's, which holds for small counts and none at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

CONFIDENCE = 0.95
RESAMPLES = 2000
BATCH = 2_000_000
"""Figures resampled at a time, so that large samples need no more memory."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and between what it lies with 95 % confidence; `low` and `high` are None where too little was drawn."""

    value: float
    low: float | None = None
    high: float | None = None


def mean(sample: Vector) -> Estimate:
    """The mean of what was sampled from; two figures or more bound it."""
    from scipy.stats import t

    middle, count = float(np.mean(sample)), len(sample)
    if count < 2:
        return Estimate(middle)
    reach = float(t.ppf((1.0 + CONFIDENCE) / 2.0, count - 1)) * float(np.std(sample, ddof=1)) / math.sqrt(count)
    return Estimate(middle, middle - reach, middle + reach)


def quantile(sample: Vector, level: float, seed: int) -> Estimate:
    """The figure that a share `level` of them does not exceed: the smallest for which that holds."""
    return _bootstrapped(sample, lambda each: np.quantile(each, level, axis=-1, method="inverted_cdf"), seed)


def tail_mean(sample: Vector, alpha: float, seed: int) -> Estimate:
    """The mean of the highest 1 - alpha of the figures (CVaR); at alpha 1 the highest."""
    return _bootstrapped(sample, lambda each: _tail(each, alpha), seed)


def _tail(samples: Vector, alpha: float) -> Vector:
    """Along the last axis; the figure at the edge counts by the part of it that lies in the tail."""
    ordered = np.sort(samples, axis=-1)[..., ::-1]
    count = ordered.shape[-1]
    size = (1.0 - alpha) * count
    if size <= 1.0:
        highest: Vector = ordered[..., 0]
        return highest
    weights = np.clip(size - np.arange(count), 0.0, 1.0)
    tail: Vector = ordered @ weights / size
    return tail


def _bootstrapped(sample: Vector, statistic: Callable[[Vector], Vector], seed: int) -> Estimate:
    from scipy.stats import bootstrap

    value, count = float(statistic(sample)), len(sample)
    if count < 2:
        return Estimate(value)
    interval = bootstrap(
        (sample,),
        lambda resampled, axis: statistic(resampled),
        n_resamples=RESAMPLES,
        batch=max(1, BATCH // count),
        vectorized=True,
        axis=-1,
        confidence_level=CONFIDENCE,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(value, float(interval.low), float(interval.high))


def probability(times: int, of: int) -> Estimate:
    """The probability of what happened so often of so many times; `of` at least 1."""
    from scipy.stats import norm

    z = float(norm.ppf((1.0 + CONFIDENCE) / 2.0))
    share = times / of
    middle = (share + z * z / (2 * of)) / (1.0 + z * z / of)
    reach = z / (1.0 + z * z / of) * math.sqrt(share * (1.0 - share) / of + z * z / (4 * of * of))
    # rounding may leave a hair of what is 0 or 1
    return Estimate(share, 0.0 if times == 0 else middle - reach, 1.0 if times == of else middle + reach)
