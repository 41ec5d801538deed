r"""Estimates from a sample, with their confidence intervals.

The mean's interval is Student's, \bar x \pm t_{n-1} s / \sqrt n. That of a quantile and of the tail mean (CVaR) is the
percentile bootstrap's. That of a probability is Wilson's, which holds for small counts too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.core.vector import Vector

CONFIDENCE = 0.95
RESAMPLES = 2000
BATCH = 2_000_000
"""Figures resampled at a time, so that large samples need no more memory."""


@dataclass(frozen=True, slots=True)
class SampleEstimate:
    """A figure and its 95 % confidence interval; `low` and `high` are None where too little was sampled."""

    value: float
    low: float | None = None
    high: float | None = None


def mean(sample: Vector) -> SampleEstimate:
    """The mean; its interval takes two figures or more."""
    from scipy.stats import t

    middle, count = float(np.mean(sample)), len(sample)
    if count < 2:
        return SampleEstimate(middle)
    reach = float(t.ppf((1.0 + CONFIDENCE) / 2.0, count - 1)) * float(np.std(sample, ddof=1)) / math.sqrt(count)
    return SampleEstimate(middle, middle - reach, middle + reach)


def quantile(sample: Vector, level: float, seed: int) -> SampleEstimate:
    """The smallest figure that a share `level` of them does not exceed; `seed` is the bootstrap's."""
    return _bootstrap(sample, lambda samples: np.quantile(samples, level, axis=-1, method="inverted_cdf"), seed)


def tail_mean(sample: Vector, alpha: float, seed: int) -> SampleEstimate:
    """The mean of the highest 1 - alpha of the figures (CVaR); at alpha 1 the highest."""
    return _bootstrap(sample, lambda samples: _tail_means(samples, alpha), seed)


def _tail_means(samples: Vector, alpha: float) -> Vector:
    """Along the last axis; the figure at the edge counts by the part of it that lies in the tail."""
    descending = np.sort(samples, axis=-1)[..., ::-1]
    count = descending.shape[-1]
    size = (1.0 - alpha) * count
    if size <= 1.0:
        highest: Vector = descending[..., 0]
        return highest
    weights = np.clip(size - np.arange(count), 0.0, 1.0)
    means: Vector = descending @ weights / size
    return means


def _bootstrap(sample: Vector, statistic: Callable[[Vector], Vector], seed: int) -> SampleEstimate:
    from scipy.stats import bootstrap

    value, count = float(statistic(sample)), len(sample)
    if count < 2:
        return SampleEstimate(value)
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
    return SampleEstimate(value, float(interval.low), float(interval.high))


def probability(times: int, of: int) -> SampleEstimate:
    """The probability of what happened so many times out of `of`, which is at least 1."""
    from scipy.stats import binomtest

    interval = binomtest(times, of).proportion_ci(CONFIDENCE, method="wilson")
    return SampleEstimate(times / of, float(interval.low), float(interval.high))
