r"""Baseline demand: what would be demanded without usage limits.

Between two months given, demand is interpolated geometrically (linearly if one is 0); after the last it grows
by growth_per_month. A scenario adds to the growth from each month to the next, which compounds, and then
multiplies. A load block of h hours a day takes h/24 x multiplier of the day's tokens, the multipliers normalised
to an hours-weighted mean of 1.
"""

from __future__ import annotations

from models.dataset import Dataset
from models.grouping import groups, sums

Place = tuple[str, str]
"""A segment and the region its tokens are wanted in."""


def baseline_demand(dataset: Dataset) -> dict[Place, tuple[float, ...]]:
    """Billions of tokens a day, by segment and region, for months 0 … T-1.

    Raises
    ------
    ValueError
        A month before the first given, or after the last without growth_per_month.
    """
    given = groups(((row.segment, row.region), (dataset.t(row.month), row.tokens_bn_per_day)) for row in dataset.demand)
    growth = {each.segment: each.growth_per_month for each in dataset.segments}

    def path(place: Place) -> list[float]:
        points = dict(given[place])
        return [_at(points, t, growth[place[0]], place) for t in dataset.horizon]

    return {place: dataset.realization.demand(place[0], path(place)) for place in given}


def _at(points: dict[int, float], t: int, growth: float | None, place: Place) -> float:
    if t in points:
        return points[t]
    before = max((month for month in points if month < t), default=None)
    after = min((month for month in points if month > t), default=None)
    if before is None:
        raise ValueError(f"demand of {place[0]} in {place[1]} starts after the first month of the horizon")
    if after is None:
        if growth is None:
            raise ValueError(f"demand of {place[0]} in {place[1]} ends before the horizon and has no growth_per_month")
        return points[before] * (1.0 + growth) ** (t - before)
    low, high, share = points[before], points[after], (t - before) / (after - before)
    if low == 0.0 or high == 0.0:
        return float(low + (high - low) * share)
    return float(low * (high / low) ** share)


def segment_demand(dataset: Dataset) -> dict[tuple[str, int], float]:
    """Billions of tokens a day before limits, by segment and month t of the horizon."""
    paths = baseline_demand(dataset).items()
    return sums(((segment, t), tokens) for (segment, _), path in paths for t, tokens in enumerate(path))


def block_shares(dataset: Dataset, segment: str) -> dict[str, float]:
    """Share of a day's tokens that arises in each load block; sums to 1."""
    multipliers = {each.block: each.multiplier for each in dataset.load_shape if each.segment == segment}
    weights = {each.block: each.hours_per_day * multipliers.get(each.block, 1.0) for each in dataset.blocks}
    total = sum(weights.values())
    return {block: weight / total for block, weight in weights.items()}
