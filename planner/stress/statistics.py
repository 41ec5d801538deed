"""Estimates from a stress test: cost, shortfall and the probability of no plan, with confidence intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.core.vector import Vector
from models.dataset import Dataset
from models.stochastic.estimates import SampleEstimate, mean, probability, quantile, tail_mean
from planner.stress.simulation import SampleResult, SimulatedPlan

BINS = 15
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
WORST = 5
NAMED = 8
"""Offers or caps named in a list; more of them are rare."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Samples that cost from `low_usd` to `high_usd`, and how likely it is to cost more than that."""

    low_usd: float
    high_usd: float
    samples: int
    above: SampleEstimate


@dataclass(frozen=True, slots=True)
class ShortPlace:
    """A segment's shortfall in month t: how likely, on average over all samples, and at worst; bn tokens a day."""

    segment: str
    month: int
    times: int
    probability: SampleEstimate
    mean_bn_per_day: float
    worst_bn_per_day: float


@dataclass(frozen=True, slots=True)
class CostFigures:
    """Cost of samples in USD: the mean, quantiles by level, the mean of the worst 1 - alpha, spread and extremes.

    `proven`: whether each sample's plan is within the gap asked for. Where one is not, the figures are those of the
    plans found, intervals reach down to what the bounds prove, and no value is to be told.
    """

    count: int
    proven: bool
    expected: SampleEstimate
    quantiles: dict[float, SampleEstimate]
    cvar: SampleEstimate
    deviation: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class StressFigures:
    """The figures of a stress test. Samples are numbered from 0 in the order drawn.

    `cost` and shortfall are over the samples with a plan that keeps every rule (`with_plan` of `finished`);
    `cost_beyond` also has those with a plan that only goes beyond caps, `caps` counts these by cap.
    """

    finished: int
    with_plan: int
    beyond_caps: int
    undecided: int
    largest_gap: float | None
    no_plan: SampleEstimate | None
    cost: CostFigures | None
    cost_beyond: CostFigures | None
    short: SampleEstimate | None
    places: tuple[ShortPlace, ...]
    bins: tuple[Bin, ...]
    worst: tuple[int, ...]
    caps: tuple[tuple[str, int], ...]
    unavailable: tuple[tuple[str, int], ...]


def figures(dataset: Dataset, trial: SimulatedPlan, seed: int) -> StressFigures:
    """The figures of a simulation; CVaR at the settings' risk_alpha, None for what nothing is known of."""
    alpha = dataset.settings.risk_alpha
    results = trial.results
    decided = [each for each in results if each.status != "undecided"]
    solved = [each for each in results if each.solved]
    beyond = [each for each in results if each.status == "infeasible" and not math.isnan(each.cost_usd)]
    gaps = [each.gap for each in solved]
    return StressFigures(
        finished=len(results),
        with_plan=len(solved),
        beyond_caps=len(beyond),
        undecided=len(results) - len(decided),
        largest_gap=None if None in gaps else max((gap for gap in gaps if gap is not None), default=0.0),
        no_plan=probability(len(decided) - len(solved), len(decided)) if decided else None,
        cost=_cost(solved, alpha, seed),
        cost_beyond=_cost([*solved, *beyond], alpha, seed) if beyond else None,
        short=probability(sum(bool(each.short) for each in solved), len(solved)) if solved else None,
        places=_places(dataset, solved),
        bins=_bins(np.array([each.cost_usd for each in solved])),
        worst=_worst(trial),
        caps=_counted(name for each in beyond for name in each.caps),
        unavailable=_counted(name for each in results for name in each.unavailable),
    )


def _cost(results: Sequence[SampleResult], alpha: float, seed: int) -> CostFigures | None:
    if not results:
        return None
    costs, bounds = (np.array([getattr(each, end) for each in results], float) for end in ("cost_usd", "bound_usd"))
    proven = all(each.proven for each in results)

    def told(statistic: Callable[[Vector], SampleEstimate]) -> SampleEstimate:
        found = statistic(costs)
        if proven:
            return found
        return replace(found, low=None if np.isnan(bounds).any() else statistic(bounds).low)

    return CostFigures(
        len(costs),
        proven,
        told(mean),
        {level: told(lambda sample, level=level: quantile(sample, level, seed)) for level in LEVELS},  # type: ignore[misc]
        told(lambda sample: tail_mean(sample, alpha, seed)),
        float(np.std(costs, ddof=1)) if len(costs) > 1 else 0.0,
        float(costs.min()),
        float(costs.max()),
    )


def _bins(costs: Vector) -> tuple[Bin, ...]:
    """Bins of one width over what the samples cost; a single one where all cost the same."""
    if not len(costs):
        return ()
    low, high = float(costs.min()), float(costs.max())
    count = BINS if high - low > 1e-9 * max(1.0, abs(high)) else 1
    edges = np.linspace(low, high, count + 1)
    found = np.histogram(costs, edges)[0] if count > 1 else [len(costs)]
    above = [int((costs > edge).sum()) if count > 1 else 0 for edge in edges[1:-1]] + [0]
    return tuple(
        Bin(float(edges[i]), float(edges[i + 1]), int(found[i]), probability(above[i], len(costs)))
        for i in range(count)
    )


def _places(dataset: Dataset, solved: list[SampleResult]) -> tuple[ShortPlace, ...]:
    """Every segment and month; none where nothing is known."""
    if not solved:
        return ()
    short = pd.DataFrame([row for each in solved for row in each.short], columns=["segment", "month", "tokens"])
    found = short.groupby(["segment", "month"])["tokens"].agg(["size", "sum", "max"])
    everywhere = pd.MultiIndex.from_product([list(dataset.segment_of), dataset.horizon])
    return tuple(
        ShortPlace(segment, month, int(times), probability(int(times), len(solved)), total / len(solved), worst)
        for (segment, month), times, total, worst in found.reindex(everywhere, fill_value=0.0).itertuples()
    )


def _worst(trial: SimulatedPlan) -> tuple[int, ...]:
    """The most expensive samples, each problem once."""
    costs = [each.cost_usd if each.solved else math.nan for each in trial.results]
    samples = pd.DataFrame({"cost_usd": costs, "problem": trial.samples.problem_of[: len(costs)]}).dropna()
    return tuple(samples.drop_duplicates("problem").nlargest(WORST, "cost_usd").index.tolist())


def _counted(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(names).most_common(NAMED))
