"""What a million tokens cost, by the sources that serve them and by the segments they are served to.

The cash of computing, as `Profit and loss` has it, month by month. A source has what is paid for it, at work or idle. A
segment has, of each source, the part of the energy at work that serves it; what is paid for no source (network,
own sites, commitments, less lease-outs) and for sources without work is shared as all energy at work is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.dataset import Dataset, block_hours
from models.demand.prices import MTOK_PER_BN
from models.demand.throughput import TokensServed
from models.grouping import groups, sums
from models.kinds import FLEET, ON_DEMAND, Kind
from models.plan import Plan
from models.supply.kind import OfferKind
from models.supply.on_demand import seller_name
from models.supply.registry import bringing
from models.supply.usage import charged_use
from planner.results.monthly import MonthRow
from planner.results.profit import COMPUTE
from planner.results.views import regions_of_sources

SOURCE, SEGMENT = "source", "segment"
OTHER = "other"
"""What is paid for no source."""

Source = tuple[Kind, str]
Pool = tuple[int, str, str, str]
"""Month t, load block, region and hardware."""


@dataclass(frozen=True, slots=True)
class UnitCost:
    """Cash of month t in USD and billions of tokens of a kind of source, or of a segment."""

    month: int
    by: str
    name: str
    cost_usd: float
    tokens_bn: float

    @property
    def usd_per_mtok(self) -> float | None:
        """What a million tokens cost; None where there are none."""
        return self.cost_usd / (self.tokens_bn * MTOK_PER_BN) if self.tokens_bn else None


def unit_costs(dataset: Dataset, plan: Plan, months: Iterable[MonthRow]) -> list[UnitCost]:
    """By month: every kind of source that costs or serves anything, then every segment."""
    paid = sums(_by_source(dataset, plan))
    by_kind = sums(((t, kind.name if kind else OTHER), usd) for (t, kind, _), usd in paid.items())
    of_segments = _by_segment(dataset, plan, paid)
    tokens = sums(((each.month, each.segment), each.tokens_bn) for each in plan.serving)
    found = []
    for month in months:
        t, days = month.month, dataset.hours(month.month) / 24.0
        for name, bn_per_day in (*month.served_from.items(), (OTHER, 0.0)):
            if by_kind[t, name] or bn_per_day:
                found.append(UnitCost(t, SOURCE, name, by_kind[t, name], bn_per_day * days))
        for name in dataset.segment_of:
            if of_segments[t, name] or tokens[t, name]:
                found.append(UnitCost(t, SEGMENT, name, of_segments[t, name], tokens[t, name]))
    return found


def _by_source(dataset: Dataset, plan: Plan) -> Iterator[tuple[tuple[int, Kind | None, str], float]]:
    """Month t, kind and name of the source, USD; no kind where it is paid for no source."""
    kinds = {kind.category: kind for kind in bringing()} | {each.name: each for each in (FLEET, ON_DEMAND)}
    charges = groups(_charges(dataset, plan))
    for each in plan.payments:
        if each.category not in COMPUTE or each.month not in dataset.horizon:
            continue
        of = charges.get((each.month, each.offer), []) if each.category == "usage" else []
        total = sum(usd for *_, usd in of)
        if of:
            yield from (((each.month, kind, name), each.cash_usd * usd / total) for kind, name, usd in of)
        else:
            yield (each.month, kinds.get(each.category), each.offer), each.cash_usd


def _charges(dataset: Dataset, plan: Plan) -> Iterator[tuple[tuple[int, str], tuple[Kind, str, float]]]:
    """By month t and what usage charges name as their offer: the source, and what it is charged, USD."""
    for (kind, name, _, t), usd in charged_use(dataset, plan).items():
        if usd:
            charged = kind.charged_name(dataset, name) if isinstance(kind, OfferKind) else name
            yield (t, charged), (kind, name, usd)


def _by_segment(
    dataset: Dataset, plan: Plan, paid: dict[tuple[int, Kind | None, str], float]
) -> dict[tuple[int, str], float]:
    work = sums(_work(dataset, plan))
    of_source = sums(((t, *source), kwh) for ((t, *_), source), kwh in work.items())
    of_month = sums((t, kwh) for (t, *_), kwh in of_source.items())
    shared = sums((t, usd) for (t, kind, name), usd in paid.items() if kind is None or not of_source[t, kind, name])
    rates = {key: paid.get(key, 0.0) / kwh + shared[key[0]] / of_month[key[0]] for key, kwh in of_source.items() if kwh}
    spent = sums((pool, kwh * rates.get((pool[0], *source), 0.0)) for (pool, source), kwh in work.items())
    in_pool = sums((pool, kwh) for (pool, _), kwh in work.items())
    serves = TokensServed(dataset)
    asked = [
        (
            (row.month, row.block, row.capacity_region, row.hardware),
            row.segment,
            row.tokens_bn
            / serves.bn_per_hour(row.segment, row.hardware, row.month)
            * dataset.hardware_of[row.hardware].kw,
        )
        for row in plan.serving
        if row.segment in dataset.segment_of
    ]
    needed = sums((pool, kwh) for pool, _, kwh in asked)
    return sums(
        ((pool[0], segment), spent[pool] * kwh / max(needed[pool], in_pool[pool]))
        for pool, segment, kwh in asked
        if needed[pool]
    )


def _work(dataset: Dataset, plan: Plan) -> Iterator[tuple[tuple[Pool, Source], float]]:
    """KWh at work in a pool, by the source they come from."""
    region_of = regions_of_sources(dataset)
    for each in plan.source_use:
        pool = each.month, each.block, region_of[each.kind, each.name], each.hardware
        hours = (each.accelerators + each.overage) * block_hours(dataset, each.month, each.block)
        yield (pool, (each.kind, each.name)), hours * dataset.hardware_of[each.hardware].kw
    for bought_hour in plan.on_demand:
        pool = bought_hour.month, bought_hour.block, bought_hour.region, bought_hour.hardware
        seller = seller_name(bought_hour.provider, bought_hour.region, bought_hour.hardware)
        hours = bought_hour.accelerators * block_hours(dataset, bought_hour.month, bought_hour.block)
        yield (pool, (ON_DEMAND, seller)), hours * dataset.hardware_of[bought_hour.hardware].kw
