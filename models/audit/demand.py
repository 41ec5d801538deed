"""Demand after limits: demand by block before and after usage limits, and the revenue that goes with it.

Tokens are billions in a load block of a month; a billion is 1,000 million (Mtok).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable

from models.audit.report import Findings
from models.audit.scenario_factors import FactorPaths
from models.dataset import Dataset
from models.grouping import groups, sums
from models.plan import Plan
from models.schema import Limit, Segment

MTOK_PER_BN = 1000.0


class DemandAfterLimits:
    """Demand and revenue of every month under the limits a plan has in force.

    `tokens[t, block, segment, region]` is demand after limits, `baseline` that before them,
    `baseline_revenue[t, segment]` revenue before them and `forgone[t, segment]` what they take from it, in USD.
    """

    def __init__(self, dataset: Dataset, plan: Plan, findings: Findings) -> None:
        self.tokens: dict[tuple[int, str, str, str], float] = {}
        self.baseline: dict[tuple[int, str, str, str], float] = {}
        self.baseline_revenue: dict[tuple[int, str], float] = {}
        self.forgone: dict[tuple[int, str], float] = {}
        in_force = groups(((each.segment, each.month), each.limit) for each in plan.limits)
        missing = sums(((row.month, row.segment), row.tokens_bn) for row in plan.shortfalls)
        for segment in dataset.segments:
            regions = _per_day(dataset, segment, findings)
            weights = _block_weights(dataset, segment)
            lost = segment.lost_share
            for t in dataset.horizon:
                limit = _together(_limit(dataset, segment, name, t) for name in in_force[segment.segment, t])
                days = dataset.hours(t) / 24
                for region, path in regions.items():
                    for block in dataset.blocks:
                        peak = block.peak and segment.timing == "interactive"
                        left = (limit.peak if peak else limit.demand) - lost
                        if path[t]:
                            where = f"{dataset.label(t)} {segment.segment} in {region}, share of demand left"
                            findings.at_least("demand_is_left", where, left, 0.0, 1.0)
                        key = (t, block.block, segment.segment, region)
                        self.baseline[key] = path[t] * days * weights[block.block]
                        self.tokens[key] = self.baseline[key] * left
                wanted_bn = sum(path[t] for path in regions.values()) * days
                earns = token_price(dataset, segment.segment, "revenue_usd_per_mtok", t)
                revenue = wanted_bn * MTOK_PER_BN * earns
                self.baseline_revenue[t, segment.segment] = revenue
                self.forgone[t, segment.segment] = revenue * (1 - (limit.revenue - lost))
                if revenue:
                    where = f"{dataset.label(t)} {segment.segment}, share of revenue left"
                    findings.at_least("demand_is_left", where, limit.revenue - lost, 0.0, 1.0)
                ahead = limit.generosity - _rivals(dataset, segment.segment, t)
                churned = FactorPaths(dataset).product("churn", t, segment.segment)
                lost = (1 - segment.recovery_per_month) * lost + limit.churn * churned
                lost -= segment.share_won_per_generosity * ahead
                if wanted_bn:
                    lost += churned * segment.churn_per_shortfall * missing[t, segment.segment] / wanted_bn

        self.of_segment = sums(((t, name), tokens) for (t, _, name, _), tokens in self.tokens.items())
        # before limits: what they leave may be nothing but rounding
        self.of_month = sums(
            (t, max(tokens, self.baseline[key])) for key, tokens in self.tokens.items() for t in key[:1]
        )


class _Effect:
    """What a limit in force does: multipliers of demand, peak demand and revenue, and churn."""

    def __init__(self, segment: Segment | None, limit: Limit | None, elastic: float = 1.0) -> None:
        self.demand = self.peak = self.revenue = 1.0
        self.churn = self.generosity = 0.0
        if limit is None or segment is None:
            return
        if limit.demand_multiplier is not None:
            self.demand = limit.demand_multiplier
        elif segment.price_elasticity is not None:
            self.demand = _power(limit.price_multiplier, segment.price_elasticity * elastic)
        self.peak = self.demand if limit.peak_demand_multiplier is None else limit.peak_demand_multiplier
        given = limit.revenue_multiplier
        self.revenue = limit.price_multiplier * self.demand if given is None else given
        self.churn = limit.churn_per_month
        self.generosity = limit.generosity or 0.0


def _rivals(dataset: Dataset, segment: str, t: int) -> float:
    """How generous rivals are in month t, 0 before the first row, and what the scenario adds."""
    begun = [row for row in dataset.rivals if row.segment == segment and dataset.t(row.month) <= t]
    given = max(begun, key=lambda row: row.month).generosity if begun else 0.0
    return given + FactorPaths(dataset).addend("rival_generosity", t, segment)


SCENARIO_PRICES = {"revenue_usd_per_mtok": "revenue", "shortfall_usd_per_mtok": "shortfall_cost"}
"""The factor of a scenario that multiplies a price."""


def token_price(dataset: Dataset, segment: str, column: str, t: int) -> float:
    """Revenue or shortfall price of a million tokens in month t, as the scenario has it."""
    return _plain_price(dataset, segment, column, t) * FactorPaths(dataset).product(SCENARIO_PRICES[column], t, segment)


def _plain_price(dataset: Dataset, segment: str, column: str, t: int) -> float:
    """By `prices` where given there, else by `segments`."""
    plain = getattr(dataset.segment_of[segment], column)
    given = {
        dataset.t(row.month): getattr(row, column)
        for row in dataset.prices
        if row.segment == segment and getattr(row, column) is not None
    }
    if not given or (column == "shortfall_usd_per_mtok" and plain is None):
        return float(plain or 0.0)
    nearest = min(max(t, min(given)), max(given))
    before, after = max(m for m in given if m <= nearest), min(m for m in given if m >= nearest)
    low, high = given[before], given[after]
    part = (nearest - before) / (after - before) if after > before else 0.0
    return float(low ** (1 - part) * high**part if low > 0 and high > 0 else low * (1 - part) + high * part)


def _power(base: float, exponent: float) -> float:
    return math.inf if base == 0 and exponent < 0 else float(base**exponent)


def _together(effects: Iterable[_Effect]) -> _Effect:
    """Limits of different levers in force at once: multipliers multiply, churn and generosity add up."""
    whole = _Effect(None, None)
    for each in effects:
        whole.demand *= each.demand
        whole.peak *= each.peak
        whole.revenue *= each.revenue
        whole.churn += each.churn
        whole.generosity += each.generosity
    return whole


def _limit(dataset: Dataset, segment: Segment, name: str, t: int) -> _Effect:
    elastic = FactorPaths(dataset).product("elasticity", t, segment.segment)
    found = (each for each in dataset.limits if each.segment == segment.segment and each.limit == name)
    return _Effect(segment, next(found, None), elastic)


def _block_weights(dataset: Dataset, segment: Segment) -> dict[str, float]:
    """The share of a day's tokens that falls in each load block; they sum to 1."""
    shape = {each.block: each.multiplier for each in dataset.load_shape if each.segment == segment.segment}
    parts = {each.block: each.hours_per_day * shape.get(each.block, 1.0) for each in dataset.blocks}
    total = sum(parts.values())
    return {block: part / total if total else math.nan for block, part in parts.items()}


def _per_day(dataset: Dataset, segment: Segment, findings: Findings) -> dict[str, list[float]]:
    """Baseline billions of tokens a day by region, a figure for every month of the horizon."""
    points: dict[str, dict[int, float]] = {}
    for row in dataset.demand:
        if row.segment == segment.segment:
            points.setdefault(row.region, {})[dataset.t(row.month)] = row.tokens_bn_per_day
    paths = {}
    for region, given in points.items():
        path = [_between(sorted(given.items()), segment.growth_per_month, t) for t in dataset.horizon]
        for t, figure in enumerate(path):
            where = f"{dataset.label(t)} {segment.segment} {region}"
            findings.true("demand_is_given", where, figure is not None)
        paths[region] = _in_scenario(dataset, segment.segment, [math.nan if f is None else f for f in path])
    return paths


def _in_scenario(dataset: Dataset, segment: str, plain: list[float]) -> list[float]:
    """Demand as the scenario has it: growth added from month to month, then multiplied."""
    factors = FactorPaths(dataset)
    if not factors.layers:
        return plain
    grown = list(plain)
    for t in dataset.horizon[1:]:
        if plain[t - 1]:
            ratio = plain[t] / plain[t - 1] + factors.addend("demand_growth", t - 1, segment)
            grown[t] = max(0.0, grown[t - 1] * ratio)
    return [figure * factors.product("demand", t, segment) for t, figure in enumerate(grown)]


def _between(points: list[tuple[int, float]], growth: float | None, t: int) -> float | None:
    after = bisect_right(points, t, key=lambda point: point[0])
    if after == 0:
        return None
    start, low = points[after - 1]
    if start == t:
        return low
    if after == len(points):
        return None if growth is None else low * (1 + growth) ** (t - start)
    end, high = points[after]
    part = (t - start) / (end - start)
    if low == 0 or high == 0:
        return low + (high - low) * part
    return float(low * (high / low) ** part)
