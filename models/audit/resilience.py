"""What is left when a site, provider or region is lost, and how much of what is protected it can serve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.audit.demand import DemandAfterLimits
from models.audit.kinds import AUDITED
from models.audit.ledger import block_hours, on_demand_row
from models.audit.report import Findings
from models.audit.scenario_factors import FactorPaths
from models.audit.service import Rates
from models.audit.supply import Supply
from models.dataset import Dataset
from models.grouping import sums

MOST = 100.0
"""What is left is told up to so many times what is protected."""
LEAST = 1e-9
"""Less than this share of the baseline is what rounding leaves of demand that was all lost."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left in month t without one member: `multiple` of what is protected, by segment in billions of tokens."""

    month: int
    against: str
    lost: str
    protected: dict[str, float]
    multiple: float


def check_resilience(
    dataset: Dataset, supply: Supply, demand: DemandAfterLimits, rates: Rates, findings: Findings
) -> None:
    """Without any one member the rest can serve all that is protected."""
    for each in left_after(dataset, supply, demand, rates):
        where = f"{dataset.label(each.month)} without {each.against} {each.lost}"
        findings.at_least("resilience_holds", where, each.multiple, 1.0, 1.0)


def left_after(dataset: Dataset, supply: Supply, demand: DemandAfterLimits, rates: Rates) -> Iterator[Left]:
    """The losses of every month in which something is protected, but those that leave no less than another."""
    leased = sums(
        ((t, schedule.region, hardware), count)
        for schedule in supply.schedules
        for t in dataset.horizon
        for hardware, count in schedule.leased_out(t).items()
    )
    for against in ("site", "provider", "region"):
        for t in dataset.horizon:
            shares = _shares(dataset, against, t)
            asked = {
                (segment, region, block): tokens * shares[segment]
                for (month, block, segment, region), tokens in demand.tokens.items()
                if month == t and segment in shares and tokens > LEAST * demand.baseline[month, block, segment, region]
            }
            left = {
                member: _pools(dataset, supply, leased, (against, member, t))
                for member in (sorted(_members(dataset, against)) if shares else ())
            }
            protected = sums((segment, tokens) for (segment, _, _), tokens in asked.items())
            for member, pools in left.items():
                if not any(_less(other, pools, name < member) for name, other in left.items() if name != member):
                    multiple = _multiple(dataset, supply, rates, asked, pools, t)
                    yield Left(t, against, member, protected, multiple)


def _less(one: dict[tuple[str, str], float], other: dict[tuple[str, str], float], first: bool) -> bool:
    """Whether one leaves no more than the other in any pool; of those that leave the same the first."""
    keys = one.keys() | other.keys()
    pairs = [(one.get(key, 0.0), other.get(key, 0.0)) for key in keys]
    return all(mine <= theirs for mine, theirs in pairs) and (first or any(mine < theirs for mine, theirs in pairs))


def _shares(dataset: Dataset, against: str, t: int) -> dict[str, float]:
    month = dataset.month(t)
    rows = [
        row
        for row in dataset.resilience
        if row.against == against and (row.from_month or month) <= month <= (row.until_month or month)
    ]
    found = {}
    for segment in dataset.segments:
        own = [row.protected_share for row in rows if row.segment == segment.segment]
        share = max(own or [row.protected_share for row in rows if row.segment == "*"], default=0.0)
        if share > 0 and not segment.single_site:
            found[segment.segment] = share
    return found


def _members(dataset: Dataset, against: str) -> set[str]:
    found = {getattr(row, against) or row.asset for row in dataset.fleet}
    for kind in AUDITED.values():
        for name, row in kind.offers(dataset).items() if kind.held and kind.brings else ():
            if row.status != "excluded" and hasattr(row, "region"):
                found.add(getattr(row, against) or name)
    return found


def _pools(
    dataset: Dataset, supply: Supply, leased: dict[tuple[int, str, str], float], loss: tuple[str, str, int]
) -> dict[tuple[str, str], float]:
    """Accelerators that can be at work in each pool without one member; below 0 where takers cannot be carried."""
    against, member, t = loss
    pools: dict[tuple[str, str], float] = {}
    for source in supply.sources.values():
        lost = getattr(source, against) == member
        key = source.region, source.hardware
        pools[key] = pools.get(key, 0.0) + (0.0 if lost else source.at(t))
    for (month, region, hardware), count in leased.items():
        if month == t and (against, member) != ("region", region):
            pools[region, hardware] = pools.get((region, hardware), 0.0) - count
    if any(count < -1e-6 * max(1.0, supply.total(t)) for count in pools.values()):
        return pools
    for provider, region, hardware in {(row.provider, row.region, row.hardware) for row in dataset.on_demand}:
        row = on_demand_row(dataset, provider, region, hardware, t)
        if row is not None and (against, member) not in (("provider", provider), ("region", region)):
            share = FactorPaths(dataset).product("on_demand_cap", t, hardware)
            sold = 0.0 if share == 0 else np.inf if row.max_accelerators is None else row.max_accelerators * share
            pools[region, hardware] = max(0.0, pools.get((region, hardware), 0.0)) + sold
    return pools


def _multiple(
    dataset: Dataset,
    supply: Supply,
    rates: Rates,
    asked: dict[tuple[str, str, str], float],
    pools: dict[tuple[str, str], float],
    t: int,
) -> float:
    """The most times that what is protected can be served by what is left; below 1 where it cannot, -1 without any."""
    from scipy.optimize import linprog

    if any(count < -1e-6 * max(1.0, supply.total(t)) for count in pools.values()):
        return -1.0
    links = {(each.capacity_region, each.demand_region): each.allowed for each in dataset.network}
    deferrable = {each.segment for each in dataset.segments if each.timing == "deferrable"}
    needs = sums(
        ((segment, region, "" if segment in deferrable else block), tokens)
        for (segment, region, block), tokens in asked.items()
    )
    columns: list[tuple[tuple[str, str, str], tuple[str, str, str], float]] = []
    for segment, region, when in needs:
        for pool in pools:
            reached = links.get((pool[0], region), pool[0] == region or not dataset.network)
            speed = rates.bn_per_hour(segment, pool[1], t)
            for block in dataset.blocks if reached and speed > 0 else ():
                if when in ("", block.block):
                    tokens = speed * block_hours(dataset, t, block.block)
                    columns.append(((segment, region, when), (*pool, block.block), tokens))
    rows = list(needs)
    limits = [key for key in dict.fromkeys(place for _, place, _ in columns) if np.isfinite(pools[key[0], key[1]])]
    matrix = np.zeros((len(rows) + len(limits), len(columns) + 1))
    bounds = np.zeros(len(rows) + len(limits))
    for k, need in enumerate(rows):
        matrix[k, -1] = 1.0
        for j, (wanted, _, tokens) in enumerate(columns):
            if wanted == need:
                matrix[k, j] = -tokens / needs[need]
    for k, limited in enumerate(limits, start=len(rows)):
        bounds[k] = max(0.0, pools[limited[0], limited[1]])
        for j, (_, place, _) in enumerate(columns):
            if place == limited:
                matrix[k, j] = 1.0
    cost = np.zeros(len(columns) + 1)
    cost[-1] = -1.0
    found = linprog(cost, A_ub=matrix, b_ub=bounds, bounds=[*[(0, None)] * len(columns), (0, MOST)], method="highs")
    return float(found.x[-1]) if found.status == 0 else -1.0
