"""A plan month by month: power, tokens by where they are served from, cash, lock-in; and its totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.dataset import Dataset
from models.demand.throughput import TokensServed
from models.grouping import groups, sums
from models.kinds import FLEET, ON_DEMAND, Kind
from models.plan import Plan
from models.supply.registry import bringing
from planner.results.lock_in import LockRow
from planner.results.power import PowerRow
from planner.results.views import (
    CASH_GROUPS,
    TOKEN_FIGURES,
    ServiceRow,
    Tokens,
    UseRow,
    cash_group,
    leased_out,
    regions_of_sources,
    serving_of_demand,
)

SOURCES: tuple[Kind, ...] = (FLEET, *bringing(), ON_DEMAND)
"""What tokens are served from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow(Tokens):
    """Month t on one row: power in MW, tokens in billions a day, cash and what is owed in USD.

    `at_work_mw` and `on_demand_mw` are those of the busiest load block. `served_from`: tokens by source, which add
    up to `served`. `idle`: what accelerators available and not at work could serve of the month's mix of demand.
    `signed_mw`: of all that is signed and not ended, begun or not.
    `owed_usd`: still due after the month; `locked_months`: service still to come of the longest commitment.
    """

    month: int
    online_mw: dict[str, float]
    on_demand_mw: float
    at_work_mw: float
    leased_out_mw: float
    served_from: dict[str, float]
    idle: float
    cash: dict[str, float]
    owed_usd: float
    locked_months: int
    signed_mw: float

    @property
    def committed_mw(self) -> float:
        """MW online from fleet and offers, before lease-outs."""
        return sum(self.online_mw.values())


def by_month(
    dataset: Dataset,
    plan: Plan,
    service: Sequence[ServiceRow],
    use: Iterable[UseRow],
    lock_in: Sequence[LockRow],
    power: Iterable[PowerRow],
) -> list[MonthRow]:
    """Every month of the horizon, from the rows of `views`, `lock_in` and `power` of those names."""
    signed = sums((row.month, row.signed_mw) for row in power)
    rented = leased_out(dataset, plan).items()
    mw = sums(((each.month, each.kind), each.mw) for each in plan.online)
    out_mw = sums((t, accelerators * _mw(dataset, hardware)) for (t, (_, hardware)), accelerators in rented)
    work = sums(
        ((each.month, each.block), (each.accelerators + each.overage) * _mw(dataset, each.hardware))
        for each in plan.source_use
    )
    bought = sums(
        ((hour.month, hour.block), hour.accelerators * _mw(dataset, hour.hardware)) for hour in plan.on_demand
    )
    tokens = sums(((row.month, figure), getattr(row, figure)) for row in service for figure in TOKEN_FIGURES)
    cash = sums(((each.month, cash_group(each.category)), each.cash_usd) for each in plan.payments)
    owed = sums((due.month, due.owed_usd) for due in lock_in)
    left = groups((due.month, due.months_left) for due in lock_in)
    served_from, idle = _served_from(dataset, plan), _idle(dataset, use, service)

    def month(t: int) -> MonthRow:
        at_work = {b.block: work[t, b.block] + bought[t, b.block] for b in dataset.blocks}
        busiest = max(at_work, key=lambda block: at_work[block])
        return MonthRow(
            month=t,
            online_mw={kind.name: mw[t, kind] for kind in SOURCES if kind.name != ON_DEMAND.name},
            on_demand_mw=bought[t, busiest],
            at_work_mw=at_work[busiest],
            leased_out_mw=out_mw[t],
            served_from={source.name: served_from[t, source] for source in SOURCES},
            idle=idle[t],
            cash={group: cash[t, group] for group in (*CASH_GROUPS.values(), "other")},
            owed_usd=owed[t],
            locked_months=max(left[t], default=0),
            signed_mw=signed[t],
            **{figure: tokens[t, figure] for figure in TOKEN_FIGURES},
        )

    return [month(t) for t in dataset.horizon]


def _mw(dataset: Dataset, hardware: str) -> float:
    return dataset.hardware_of[hardware].kw / 1000.0


def _served_from(dataset: Dataset, plan: Plan) -> dict[tuple[int, Kind], float]:
    """Billions of tokens a day by month t and source: a pool's tokens, shared as its accelerators at work are."""
    region_of = regions_of_sources(dataset)
    work: dict[tuple[int, str, str, str], dict[Kind, float]] = defaultdict(lambda: defaultdict(float))
    for each in plan.source_use:
        pool = each.month, each.block, region_of[each.kind, each.name], each.hardware
        work[pool][each.kind] += each.accelerators + each.overage
    for hour in plan.on_demand:
        work[hour.month, hour.block, hour.region, hour.hardware][ON_DEMAND] += hour.accelerators
    found: dict[tuple[int, Kind], float] = defaultdict(float)
    for row in serving_of_demand(dataset, plan):
        at_work = work[row.month, row.block, row.capacity_region, row.hardware]
        total = sum(at_work.values())
        for source, accelerators in at_work.items():
            found[row.month, source] += row.tokens_bn * accelerators / total / (dataset.hours(row.month) / 24.0)
    return found


def _idle(dataset: Dataset, pools: Iterable[UseRow], service: Iterable[ServiceRow]) -> dict[int, float]:
    """Billions of tokens a day that idle accelerators could serve in month t, of the mix of its demand by segment.

    An accelerator on a mix of shares w_s, at rates r_s, serves 1 / sum(w_s / r_s); segments it cannot run do not count.
    """
    rates = TokensServed(dataset)
    runs = {name: set(rates.hardware(name)) for name in dataset.segment_of}
    wanted = groups((row.month, (row.segment, row.after_limits or row.demand)) for row in service)
    found: dict[int, float] = defaultdict(float)
    for row in pools:
        mix = sums((name, tokens) for name, tokens in wanted[row.month] if row.hardware in runs[name] and tokens)
        hours = sum(tokens / rates.bn_per_hour(name, row.hardware, row.month) for name, tokens in mix.items())
        free = max(0.0, row.available - row.used) * dataset.hours_per_day[row.block]
        if hours:
            found[row.month] += free * sum(mix.values()) / hours
    return found


@dataclass(frozen=True, slots=True)
class Totals:
    """Tokens in billions over the horizon; peak of committed power in MW and the month t it first comes in."""

    demand_bn: float
    after_limits_bn: float
    served_bn: float
    shortfall_bn: float
    peak_mw: float
    peak_month: int


def totals(dataset: Dataset, plan: Plan, rows: Sequence[MonthRow]) -> Totals:
    """The plan in six figures, from the rows of `by_month`."""
    days = [dataset.hours(t) / 24 for t in dataset.horizon]
    peak = max(rows, key=lambda row: row.committed_mw)
    return Totals(
        demand_bn=sum(row.demand * n for row, n in zip(rows, days, strict=True)),
        after_limits_bn=sum(row.after_limits * n for row, n in zip(rows, days, strict=True)),
        served_bn=sum((each.tokens_bn for each in serving_of_demand(dataset, plan)), 0.0),
        shortfall_bn=sum((each.tokens_bn for each in plan.shortfalls), 0.0),
        peak_mw=peak.committed_mw,
        peak_month=peak.month,
    )
