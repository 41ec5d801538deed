"""Limit effects (demand response): what each usage limit or price of a segment does to its demand and revenue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod

from models.dataset import Dataset
from models.grouping import groups
from models.schema import Segment


@dataclass(frozen=True, slots=True)
class LimitEffect:
    """One limit, its blanks filled in: multipliers on baseline demand (off-peak and peak) and revenue.

    `elasticity` is the one that its price acts by, None where demand is given; `follow` are the multipliers that are
    blank, and follow demand.
    """

    limit: str
    lever: str
    generosity: float
    demand: float
    peak_demand: float
    revenue: float
    churn_per_month: float
    first: int
    last: int
    price: float = 1.0
    elasticity: float | None = None
    follow: tuple[str, ...] = ()

    def in_month(self, dataset: Dataset, segment: str, t: int) -> LimitEffect:
        """The same with the elasticity of month t: a scenario multiplies it."""
        factor = dataset.realization.elasticity(segment, t)
        if self.elasticity is None or factor == 1.0:
            return self
        demand = float(self.price ** (self.elasticity * factor))
        return replace(
            self,
            demand=demand,
            peak_demand=demand if "peak_demand" in self.follow else self.peak_demand,
            revenue=self.price * demand if "revenue" in self.follow else self.revenue,
        )


def limit_effects(dataset: Dataset, segment: str) -> tuple[LimitEffect, ...]:
    """The segment's limits in row order; months t of `first` and `last` may lie outside the horizon.

    A blank demand_multiplier is price_multiplier^price_elasticity when the segment has an elasticity,
    else 1; blank peak is as off-peak; blank revenue is price x demand multiplier; blank generosity is
    the row's order.
    """
    row_of = dataset.segment_of[segment]
    deferrable = row_of.timing == "deferrable"
    found: list[LimitEffect] = []
    for row in dataset.limits:
        if row.segment != segment:
            continue
        demand = row.demand_multiplier
        if demand is None and row_of.price_elasticity is not None:
            demand = row.price_multiplier**row_of.price_elasticity
        demand = 1.0 if demand is None else demand
        peak = demand if row.peak_demand_multiplier is None or deferrable else row.peak_demand_multiplier
        blank = {
            "peak_demand": row.peak_demand_multiplier is None or deferrable,
            "revenue": row.revenue_multiplier is None,
        }
        found.append(
            LimitEffect(
                limit=row.limit,
                lever=row.lever,
                generosity=len(found) + 1.0 if row.generosity is None else row.generosity,
                demand=demand,
                peak_demand=peak,
                revenue=row.price_multiplier * demand if row.revenue_multiplier is None else row.revenue_multiplier,
                churn_per_month=row.churn_per_month,
                first=0 if row.from_month is None else dataset.t(row.from_month),
                last=len(dataset.horizon) if row.until_month is None else dataset.t(row.until_month),
                price=row.price_multiplier,
                elasticity=row_of.price_elasticity if row.demand_multiplier is None else None,
                follow=tuple(name for name, follows in blank.items() if follows),
            )
        )
    return tuple(found)


def levers(dataset: Dataset, segment: str) -> dict[str, tuple[LimitEffect, ...]]:
    """The segment's limits by lever: of each lever one is in force."""
    found = groups((each.lever, each) for each in limit_effects(dataset, segment))
    return {lever: tuple(effects) for lever, effects in found.items()}


def limit_before(segment: Segment, effects: Iterable[LimitEffect]) -> str | None:
    """The limit of a lever in force before month 0; None where `current_limit` names none."""
    return next((each.limit for each in effects if each.limit in segment.current_limits), None)


def product(effects: Iterable[LimitEffect], multiplier: str) -> float:
    """A multiplier of limits of different levers in force together."""
    return float(prod(getattr(each, multiplier) for each in effects))
