"""What a plan amounts to, worked out from its rows: service, use of the pools, months, totals."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from models import months
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.plan import Plan, Signing
from planner.lock_in import owed_by_month

Pool = tuple[str, str]
"""A region and a hardware."""

CASH_GROUPS = {
    "lease": "leases",
    "contract": "contracts",
    "on_demand": "on_demand",
    "fleet": "fleet",
    "usage": "usage",
    "lease_out_income": "leased_out",
}
"""Groups of categories that cash is shown in; every other category is `other`."""


def cash_group(category: str) -> str:
    """The group of a category of payment."""
    return CASH_GROUPS.get(category, "other")


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """Tokens of a segment wanted in a region in month t, in billions a day; after limits = served + shortfall."""

    month: int
    segment: str
    region: str
    demand: float
    after_limits: float
    served: float
    shortfall: float


TOKEN_FIGURES = ("demand", "after_limits", "served", "shortfall")


def service(dataset: Dataset, plan: Plan) -> list[ServiceRow]:
    """Every month, segment and region with demand."""
    served: dict[tuple[int, str, str], float] = defaultdict(float)
    short: dict[tuple[int, str, str], float] = defaultdict(float)
    for each in plan.serving:
        served[each.month, each.segment, each.region] += each.tokens_bn
    for missed in plan.shortfalls:
        short[missed.month, missed.segment, missed.region] += missed.tokens_bn
    baseline = baseline_demand(dataset)
    found = []
    for t in dataset.horizon:
        days = dataset.hours(t) / 24
        for (segment, region), demand in baseline.items():
            met, missing = served[t, segment, region] / days, short[t, segment, region] / days
            found.append(ServiceRow(t, segment, region, demand[t], met + missing, met, missing))
    return found


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


def use(dataset: Dataset, plan: Plan) -> list[UseRow]:
    """Every pool with anything online or bought, in every load block."""
    online, leased_out = _online(plan), _leased_out(dataset, plan)
    region_of = _regions(dataset)
    used: dict[tuple[int, str, Pool], float] = defaultdict(float)
    bought: dict[tuple[int, str, Pool], float] = defaultdict(float)
    for work in plan.source_use:
        pool = region_of[work.kind, work.name], work.hardware
        used[work.month, work.block, pool] += work.accelerators + work.overage
    for hour in plan.on_demand:
        bought[hour.month, hour.block, (hour.region, hour.hardware)] += hour.accelerators
    pools = sorted({pool for _, pool in online} | {pool for *_, pool in (*used, *bought)})
    found = []
    for t in dataset.horizon:
        for block in dataset.blocks:
            for pool in pools:
                key = t, block.block, pool
                if (t, pool) in online or key in used or key in bought:
                    free = online.get((t, pool), 0.0) - leased_out.get((t, pool), 0.0)
                    available = free * (1.0 - dataset.settings.reserve_margin)
                    found.append(UseRow(t, block.block, *pool, available, used.get(key, 0.0), bought.get(key, 0.0)))
    return found


def _online(plan: Plan) -> dict[tuple[int, Pool], float]:
    found: dict[tuple[int, Pool], float] = defaultdict(float)
    for each in plan.online:
        found[each.month, (each.region, each.hardware)] += each.accelerators
    return found


def _leased_out(dataset: Dataset, plan: Plan) -> dict[tuple[int, Pool], float]:
    found: dict[tuple[int, Pool], float] = defaultdict(float)
    for each in plan.signings:
        if each.kind == "lease_out":
            taken = dataset.lease_out_of[each.name]
            for t in _service(dataset, each):
                found[t, (taken.region, taken.hardware)] += each.units * taken.accelerators
    return found


def _service(dataset: Dataset, each: Signing) -> range:
    return range(max(0, each.start), min(each.end + 1, len(dataset.horizon)))


def _regions(dataset: Dataset) -> dict[tuple[str, str], str]:
    return {
        **{("fleet", each.asset): each.region for each in dataset.fleet},
        **{("lease", each.lease): each.region for each in dataset.leases},
        **{("contract", each.contract): each.region for each in dataset.contracts},
    }


@dataclass(frozen=True, slots=True)
class MonthRow:
    """Month t on one row: MW committed by kind and at work in the busiest load block, bn tokens a day, cash in USD.

    `demand_mw` and `after_limits_mw` are the power that demand before and after limits would take in the busiest
    block, at the tokens that a MW at work serves in that month. `owed_usd`: still due after the month.
    """

    month: int
    fleet_mw: float
    leases_mw: float
    contracts_mw: float
    on_demand_mw: float
    at_work_mw: float
    demand: float
    after_limits: float
    served: float
    shortfall: float
    cash: dict[str, float]
    owed_usd: float = 0.0

    @property
    def demand_mw(self) -> float:
        return self.at_work_mw * self.demand / self.served if self.served else 0.0

    @property
    def after_limits_mw(self) -> float:
        return self.at_work_mw * self.after_limits / self.served if self.served else 0.0

    @property
    def committed_mw(self) -> float:
        """MW online from fleet, leases and contracts, before lease-outs."""
        return self.fleet_mw + self.leases_mw + self.contracts_mw


def by_month(dataset: Dataset, plan: Plan) -> list[MonthRow]:
    """Every month of the horizon; on-demand MW are those of the month's busiest load block."""
    mw: dict[tuple[int, str], float] = defaultdict(float)
    for each in plan.online:
        mw[each.month, each.kind] += each.mw
    work: dict[tuple[int, str], float] = defaultdict(float)
    bought: dict[tuple[int, str], float] = defaultdict(float)
    for source in plan.source_use:
        work[source.month, source.block] += (source.accelerators + source.overage) * _mw(dataset, source.hardware)
    for hour in plan.on_demand:
        bought[hour.month, hour.block] += hour.accelerators * _mw(dataset, hour.hardware)
    tokens: dict[tuple[int, str], float] = defaultdict(float)
    for row in service(dataset, plan):
        for figure in TOKEN_FIGURES:
            tokens[row.month, figure] += getattr(row, figure)
    cash: dict[int, dict[str, float]] = defaultdict(lambda: dict.fromkeys((*CASH_GROUPS.values(), "other"), 0.0))
    for payment in plan.payments:
        cash[payment.month][cash_group(payment.category)] += payment.cash_usd

    owed = owed_by_month(dataset, plan)

    def month(t: int) -> MonthRow:
        at_work = {b.block: work[t, b.block] + bought[t, b.block] for b in dataset.blocks}
        busiest = max(at_work, key=lambda block: at_work[block])
        fleet, leases, contracts = (mw[t, kind] for kind in ("fleet", "lease", "contract"))
        return MonthRow(
            month=t,
            fleet_mw=fleet,
            leases_mw=leases,
            contracts_mw=contracts,
            on_demand_mw=bought[t, busiest],
            at_work_mw=at_work[busiest],
            cash=cash[t],
            owed_usd=owed[t],
            **{figure: tokens[t, figure] for figure in TOKEN_FIGURES},
        )

    return [month(t) for t in dataset.horizon]


def _mw(dataset: Dataset, hardware: str) -> float:
    return dataset.hardware_of[hardware].kw / 1000.0


@dataclass(frozen=True, slots=True)
class Totals:
    """Tokens in billions over the horizon; peak of committed power in MW and the month t it first comes in."""

    demand_bn: float
    after_limits_bn: float
    served_bn: float
    shortfall_bn: float
    peak_mw: float
    peak_month: int


def totals(dataset: Dataset, plan: Plan) -> Totals:
    """The plan in six figures."""
    rows = by_month(dataset, plan)
    days = [dataset.hours(t) / 24 for t in dataset.horizon]
    peak = max(rows, key=lambda row: row.committed_mw)
    return Totals(
        demand_bn=sum(row.demand * n for row, n in zip(rows, days, strict=True)),
        after_limits_bn=sum(row.after_limits * n for row, n in zip(rows, days, strict=True)),
        served_bn=sum((each.tokens_bn for each in plan.serving), 0.0),
        shortfall_bn=sum((each.tokens_bn for each in plan.shortfalls), 0.0),
        peak_mw=peak.committed_mw,
        peak_month=peak.month,
    )


def cash_by_year(dataset: Dataset, plan: Plan) -> dict[int, dict[str, float]]:
    """Cash in USD by calendar year and group, in order of years; payments beyond the horizon too."""
    found: dict[int, dict[str, float]] = {}
    for each in sorted(plan.payments, key=lambda payment: payment.month):
        year, _ = months.year_and_month(dataset.month(each.month))
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


def limit_changes(plan: Plan) -> list[tuple[int, str, str]]:
    """Month t, segment and limit: of every segment the limit of its first month, and each change after."""
    found = []
    before: dict[str, str] = {}
    for each in sorted(plan.limits, key=lambda choice: choice.month):
        if before.get(each.segment) != each.limit:
            found.append((each.month, each.segment, each.limit))
        before[each.segment] = each.limit
    return found
