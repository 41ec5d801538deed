"""What is asked for: baseline demand, limits in force and what they leave, load blocks, revenue."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from properties.brute_bills import signing_months
from properties.brute_factors import plus, times
from properties.brute_month import Asked, Loss, Need
from properties.brute_prices import MTOK_PER_BN, price

from models.dataset import Dataset
from models.schema import Limit, Segment


@dataclass(frozen=True)
class LimitPath:
    """A limit for every month: multipliers (plain, in peak blocks, on revenue) less churn, and what changes cost."""

    segment: str
    names: tuple[str, ...]
    plain: tuple[float, ...]
    peak: tuple[float, ...]
    revenue: tuple[float, ...]
    changes: tuple[int, ...]


def limits_of(data: Dataset, segment: str) -> list[Limit]:
    return [row for row in data.limits if row.segment == segment]


def _multiplier(data: Dataset, segment: Segment, limit: Limit, t: int) -> float:
    if limit.demand_multiplier is not None:
        return limit.demand_multiplier
    if segment.price_elasticity is None:
        return 1.0
    return float(limit.price_multiplier ** (segment.price_elasticity * times(data, "elasticity", t, segment.segment)))


Steps = tuple[tuple[Limit, ...], tuple[int, ...]]
"""Limits of a lever by month, and the months of its changes."""


def sequences(data: Dataset, segment: Segment) -> list[list[Steps]]:
    """Of each lever every sequence of limits that windows, generosity and the time between changes allow."""
    rows, rank = limits_of(data, segment.segment), _ranks(data, segment)
    named = [part.strip() for part in (segment.current_limit or "").split(";")]
    by_lever = []
    for lever in sorted({row.lever for row in rows}):
        own = [row for row in rows if row.lever == lever]
        at_first = next((row.limit for row in own if row.limit in named), None)
        by_lever.append(list(_lever_paths(data, segment, own, rank, at_first)))
    return by_lever


def _ranks(data: Dataset, segment: Segment) -> dict[str, float]:
    rows = limits_of(data, segment.segment)
    return {row.limit: float(i + 1) if row.generosity is None else row.generosity for i, row in enumerate(rows)}


def limit_paths(data: Dataset, segment: Segment) -> Iterator[LimitPath]:
    """The sequences of all levers together, with what they multiply demand and revenue by."""
    rank = _ranks(data, segment)
    for together in itertools.product(*sequences(data, segment)):
        path = [tuple(each[0][t] for each in together) for t in data.horizon]
        lost = _lost(data, segment, path, rank)
        plain = [math.prod(_multiplier(data, segment, row, t) for row in month) for t, month in enumerate(path)]
        peak = [
            math.prod(
                _multiplier(data, segment, row, t) if row.peak_demand_multiplier is None else row.peak_demand_multiplier
                for row in month
            )
            for t, month in enumerate(path)
        ]
        revenue = [
            math.prod(
                row.price_multiplier * _multiplier(data, segment, row, t)
                if row.revenue_multiplier is None
                else row.revenue_multiplier
                for row in month
            )
            for t, month in enumerate(path)
        ]
        yield LimitPath(
            segment.segment,
            tuple(" and ".join(row.limit for row in month) for month in path if month),
            _less(plain, lost),
            _less(peak, lost),
            _less(revenue, lost),
            tuple(t for _, changes in together for t in changes),
        )


def _lever_paths(
    data: Dataset, segment: Segment, rows: list[Limit], rank: dict[str, float], at_first: str | None
) -> Iterator[Steps]:
    """Every sequence of limits of one lever, with the months of its changes."""
    allowed = [
        [row for row in rows if t in signing_months(data, row.from_month, row.until_month)] for t in data.horizon
    ]
    for path in itertools.product(*allowed):
        before = [at_first, *(row.limit for row in path)]
        changes = tuple(t for t, row in enumerate(path) if before[t] is not None and before[t] != row.limit)
        gaps = [after - first for first, after in itertools.pairwise(changes)]
        if any(gap < segment.min_months_between_changes for gap in gaps):
            continue
        if not segment.may_tighten and any(rank[path[t].limit] < rank[str(before[t])] for t in changes):
            continue
        yield path, changes


def _lost(data: Dataset, segment: Segment, path: Sequence[Sequence[Limit]], rank: dict[str, float]) -> list[float]:
    """By month the share lost with nothing short."""
    lost = [segment.lost_share]
    for t in data.horizon:
        rivals = {data.t(row.month): row.generosity for row in data.rivals if row.segment == segment.segment}
        theirs = next((rivals[month] for month in sorted(rivals, reverse=True) if month <= t), 0.0)
        theirs += plus(data, "rival_generosity", t, segment.segment)
        ahead = sum(rank[row.limit] for row in path[t]) - theirs
        churn = sum(row.churn_per_month for row in path[t]) * times(data, "churn", t, segment.segment)
        lost.append((1.0 - segment.recovery_per_month) * lost[t] + churn - segment.share_won_per_generosity * ahead)
    return lost[:-1]


def _less(multipliers: Sequence[float], lost: Sequence[float]) -> tuple[float, ...]:
    return tuple(value - gone for value, gone in zip(multipliers, lost, strict=True))


def baseline(data: Dataset, segment: Segment, region: str, t: int) -> float:
    """Billions of tokens a day before limits."""
    level = _plain(data, segment, region, t)
    if data.scenario:
        path = [_plain(data, segment, region, each) for each in range(t + 1)]
        level = path[0]
        for month, (before, after) in enumerate(itertools.pairwise(path)):
            faster = plus(data, "demand_growth", month, segment.segment)
            level = max(0.0, level * (after / before + faster)) if before else after
    return level * times(data, "demand", t, segment.segment)


def _plain(data: Dataset, segment: Segment, region: str, t: int) -> float:
    known = sorted(
        (data.t(row.month), row.tokens_bn_per_day)
        for row in data.demand
        if (row.segment, row.region) == (segment.segment, region)
    )
    last, level = [pair for pair in known if pair[0] <= t][-1]
    if last == t:
        return level
    following = [pair for pair in known if pair[0] > t]
    if not following:
        assert segment.growth_per_month is not None
        return level * (1.0 + segment.growth_per_month) ** (t - last)
    after, target = following[0]
    way = (t - last) / (after - last)
    if level > 0.0 and target > 0.0:
        return math.exp(math.log(level) * (1.0 - way) + math.log(target) * way)
    return level * (1.0 - way) + target * way


def _regions(data: Dataset, segment: str) -> list[str]:
    return sorted({row.region for row in data.demand if row.segment == segment})


def revenue_usd(data: Dataset, segment: Segment, t: int) -> float:
    """Baseline revenue of month t in USD."""
    tokens = sum(baseline(data, segment, region, t) for region in _regions(data, segment.segment))
    return tokens * data.hours(t) / 24.0 * MTOK_PER_BN * price(data, segment, "revenue_usd_per_mtok", t)


def loses(segment: Segment) -> bool:
    """Whether a segment without limits has or can have lost anything."""
    return bool(segment.lost_share or segment.churn_per_shortfall)


def losses(data: Dataset, chosen: Sequence[LimitPath], t: int) -> tuple[Loss, ...]:
    """What shortfall can take in month t from each segment whose customers leave over it."""
    found = []
    for path in chosen:
        segment = data.segment_of[path.segment]
        if segment.churn_per_shortfall and segment.shortfall_usd_per_mtok is not None:
            whole = [LimitPath(path.segment, (), *[(1.0,) * data.settings.months] * 3, ())]
            base = tuple(each for each in demand(data, whole, t) if each[0][0] == path.segment)
            found.append(Loss(path.segment, base, revenue_usd(data, segment, t), path.revenue[t]))
    return tuple(found)


def path_cost(data: Dataset, path: LimitPath) -> float:
    segment = data.segment_of[path.segment]
    forgone = sum(revenue_usd(data, segment, t) * (1.0 - path.revenue[t]) * data.discount(t) for t in data.horizon)
    return forgone + sum(segment.change_cost_usd * data.discount(t) for t in path.changes)


def demand(data: Dataset, chosen: Sequence[LimitPath], t: int) -> Asked:
    """Billions of tokens after limits by segment, region and load block."""
    paths = {path.segment: path for path in chosen}
    days = data.hours(t) / 24.0
    asked = []
    for segment in data.segments:
        path = paths.get(segment.segment)
        plain = path.plain[t] if path else 1.0
        peak = path.peak[t] if path else 1.0
        shape = {row.block: row.multiplier for row in data.load_shape if row.segment == segment.segment}
        mean = sum(shape.get(block.block, 1.0) * block.hours_per_day for block in data.blocks) / 24.0
        for region in _regions(data, segment.segment):
            daily = baseline(data, segment, region, t)
            if segment.timing == "deferrable":
                asked.append(((segment.segment, region, ""), daily * days * plain))
                continue
            for block in data.blocks:
                rate = shape.get(block.block, 1.0) / mean * (peak if block.peak else plain)
                tokens = daily * days * block.hours_per_day / 24.0 * rate
                asked.append(((segment.segment, region, block.block), tokens))
    return tuple((key, tokens) for key, tokens in asked if tokens > 1e-12)


@dataclass(frozen=True, eq=False)
class Course:
    """A sequence of limits for every segment that has any, with what is asked for under them by month."""

    data: Dataset
    paths: tuple[LimitPath, ...]

    @cached_property
    def cost(self) -> float:
        """What the limits forgo and their changes cost, USD of present value."""
        return sum(path_cost(self.data, each) for each in self.paths)

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """What each month asks for."""
        data = self.data
        return tuple(Need(demand(data, self.paths, t), losses(data, self.paths, t)) for t in data.horizon)

    @cached_property
    def revenue(self) -> tuple[float, ...]:
        """What each month earns after limits with nothing short, USD."""
        paths = {path.segment: path for path in self.paths}
        return tuple(
            sum(
                revenue_usd(self.data, each, t) * (paths[each.segment].revenue[t] if each.segment in paths else 1.0)
                for each in self.data.segments
            )
            for t in self.data.horizon
        )
