"""What a plan amounts to, worked out from its rows: service, use of the pools, cash, changes of limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.grouping import sums
from models.kinds import FLEET, Kind
from models.plan import Plan, Serving
from models.supply.registry import KINDS, offers, payable

Pool = tuple[str, str]
"""A region and a hardware."""

CASH_GROUPS = {
    **{kind.category: kind.cash_group for kind in payable()},
    "on_demand": "on_demand",
    "fleet": "fleet",
    "usage": "usage",
    **{kind.category: kind.cash_group for kind in KINDS if not kind.buys},
}
"""Groups of categories that cash is shown in; every other category is `other`."""


def cash_group(category: str) -> str:
    """The group of a category of payment."""
    return CASH_GROUPS.get(category, "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Billions of tokens; after limits = served + shortfall."""

    demand: float
    after_limits: float
    served: float
    shortfall: float


TOKEN_FIGURES = tuple(each.name for each in fields(Tokens))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow(Tokens):
    """Tokens of a segment wanted in a region in month t, in billions a day."""

    month: int
    segment: str
    region: str


def service(dataset: Dataset, plan: Plan) -> Iterator[ServiceRow]:
    """Every month, segment and region with demand."""
    served = sums(((each.month, each.segment, each.region), each.tokens_bn) for each in plan.serving)
    short = sums(((each.month, each.segment, each.region), each.tokens_bn) for each in plan.shortfalls)
    baseline = baseline_demand(dataset)
    for t in dataset.horizon:
        days = dataset.hours(t) / 24
        for (segment, region), demand in baseline.items():
            met, missing = served[t, segment, region] / days, short[t, segment, region] / days
            tokens = {"demand": demand[t], "after_limits": met + missing, "served": met, "shortfall": missing}
            yield ServiceRow(month=t, segment=segment, region=region, **tokens)


def segment_tokens(dataset: Dataset, rows: Iterable[ServiceRow]) -> dict[str, Tokens]:
    """Tokens over the horizon by segment, in the order of the rows of `service`."""
    found = sums(
        ((row.segment, figure), getattr(row, figure) * dataset.hours(row.month) / 24.0)
        for row in rows
        for figure in TOKEN_FIGURES
    )
    segments = dict.fromkeys(segment for segment, _ in found)
    return {each: Tokens(**{figure: found[each, figure] for figure in TOKEN_FIGURES}) for each in segments}


def serving_of_demand(dataset: Dataset, plan: Plan) -> Iterator[Serving]:
    """What is served of segments' demand; runs are none."""
    return (each for each in plan.serving if each.segment in dataset.segment_of)


@dataclass(frozen=True, slots=True)
class UseRow:
    """Accelerators of a pool in a load block of month t.

    `available`: online from fleet, leases and contracts less leased out, times (1 - reserve_margin).
    `used`: at work there, overage included, so that it may exceed what is available.
    """

    month: int
    block: str
    region: str
    hardware: str
    available: float
    used: float
    on_demand: float


def use(dataset: Dataset, plan: Plan) -> Iterator[UseRow]:
    """Every pool with anything online or bought, in every load block."""
    region_of, let = regions_of_sources(dataset), leased_out(dataset, plan)
    online = sums(((each.month, (each.region, each.hardware)), each.accelerators) for each in plan.online)
    used = sums(
        ((each.month, each.block, (region_of[each.kind, each.name], each.hardware)), each.accelerators + each.overage)
        for each in plan.source_use
    )
    bought = sums(
        ((hour.month, hour.block, (hour.region, hour.hardware)), hour.accelerators) for hour in plan.on_demand
    )
    pools = sorted({pool for _, pool in online} | {pool for *_, pool in (*used, *bought)})
    for t in dataset.horizon:
        for block in dataset.blocks:
            for pool in pools:
                key = t, block.block, pool
                if (t, pool) in online or key in used or key in bought:
                    free = online.get((t, pool), 0.0) - let.get((t, pool), 0.0)
                    available = free * (1.0 - dataset.settings.reserve_margin)
                    yield UseRow(t, block.block, *pool, available, used.get(key, 0.0), bought.get(key, 0.0))


def leased_out(dataset: Dataset, plan: Plan) -> dict[tuple[int, Pool], float]:
    """Accelerators leased out of each pool, by month t."""
    return sums(
        ((t, (each.offer.row(dataset).region, hardware)), each.units * accelerators)
        for each in plan.signings
        if not each.kind.buys
        for t in range(max(0, each.start), min(each.end + 1, len(dataset.horizon)))
        for hardware, accelerators in each.kind.accelerators(dataset, each, t).items()
    )


def sublet_sources(dataset: Dataset) -> set[tuple[Kind, str]]:
    """The sources that may be leased out, by kind and name."""
    lendable = ((kind, kind.name_of(row)) for kind, row in offers(dataset) if getattr(row, "sublet", False))
    return {*lendable, *((FLEET, each.asset) for each in dataset.fleet if each.sublet)}


def regions_of_sources(dataset: Dataset) -> dict[tuple[Kind, str], str]:
    """The region of every source, by kind and name."""
    return {
        **{(FLEET, each.asset): each.region for each in dataset.fleet},
        **{(kind, kind.name_of(row)): kind.region(dataset, row) for kind, row in offers(dataset) if kind.buys},
    }


def cash_by_year(dataset: Dataset, plan: Plan) -> dict[int, dict[str, float]]:
    """Cash in USD by fiscal year and group, in order of years; months of the horizon only."""
    found: dict[int, dict[str, float]] = {}
    inside = (each for each in plan.payments if each.month in dataset.horizon)
    for each in sorted(inside, key=lambda payment: payment.month):
        year, _ = dataset.fiscal_month(each.month)
        row = found.setdefault(year, dict.fromkeys((*CASH_GROUPS.values(), "other"), 0.0))
        row[cash_group(each.category)] += each.cash_usd
    return found


SPENDERS = 6
"""Providers that get a column of their own; the others share one."""
OTHERS = "others"


def cash_by_provider(dataset: Dataset, plan: Plan) -> dict[str, list[float]]:
    """Cash in USD by month for the providers paid most, and for all others together; months of the horizon only."""
    paid: dict[str, list[float]] = {}
    for each in plan.payments:
        if each.month in dataset.horizon and each.cash_usd:
            row = paid.setdefault(each.provider or OTHERS, [0.0] * len(dataset.horizon))
            row[each.month] += each.cash_usd
    rest = paid.pop(OTHERS, [0.0] * len(dataset.horizon))
    ranked = sorted(paid, key=lambda name: -sum(map(abs, paid[name])))
    for name in ranked[SPENDERS:]:
        rest = [sum(pair) for pair in zip(rest, paid[name], strict=True)]
    found = {name: paid[name] for name in ranked[:SPENDERS]}
    return found | {OTHERS: rest} if any(rest) else found


def limit_changes(plan: Plan) -> Iterator[tuple[int, str, str, str]]:
    """Month t, segment, lever and limit: of every lever the limit of its first month, and each change after."""
    before: dict[tuple[str, str], str] = {}
    for each in sorted(plan.limits, key=lambda choice: choice.month):
        key = each.segment, each.lever
        if before.get(key) != each.limit:
            yield each.month, *key, each.limit
        before[key] = each.limit
