"""What a million tokens cost, by the sources that serve them and by the segments they are served to.

The cash of computing, as `Profit and loss` has it without income, month by month. The part of a source that is leased
out has its part of what is paid for it, usage charges apart. The rest is of the segments and runs that its energy at
work serves; what is paid for no source (network, own sites, commitments) and for sources without work is shared as all
energy at work is, of the month or, in a month without work, of the horizon. A source costs what segments have of it, so
that sources and segments add up to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from planner.results.profit import COST
from planner.results.views import leased_out, regions_of_sources, sublet_sources

SOURCE, SEGMENT, RUN, LEASED_OUT = "source", "segment", "run", "leased_out"
OTHER = Kind("other")
"""What is paid for no source."""

Source = tuple[Kind, str]
Pool = tuple[int, str, str, str]
"""Month t, load block, region and hardware."""
Paid = Mapping[tuple[int, Source], float]
"""USD by month t and source."""


@dataclass(frozen=True, slots=True)
class UnitCost:
    """Cash of month t in USD and billions of tokens, by a kind of source, a segment, a run or what is leased out."""

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
    """By month: every kind of source that costs or serves anything, every segment, every run, what is leased out."""
    standing, by_use = _paid(dataset, plan)
    let = _leased_out(dataset, plan, standing)
    own = sums((*standing.items(), *by_use.items(), *((key, -usd) for key, usd in let.items())))
    shares = list(_shares(dataset, plan, own))
    of_kind = sums(((t, kind), usd) for t, kind, load, usd in shares if load in dataset.segment_of or not load)
    of_load = sums(((t, load), usd) for t, _, load, usd in shares)
    of_takers = sums((t, usd) for (t, _), usd in let.items())
    tokens = sums(((each.month, each.segment), each.tokens_bn) for each in plan.serving)
    found: list[UnitCost] = []
    for month in months:
        t, days = month.month, dataset.hours(month.month) / 24.0
        served = (*month.served_from.items(), (OTHER.name, 0.0))
        rows = [(SOURCE, name, of_kind[t, name], bn_per_day * days) for name, bn_per_day in served]
        for name in dataset.load_of:
            by = SEGMENT if name in dataset.segment_of else RUN
            rows.append((by, name, of_load[t, name], tokens[t, name]))
        rows.append((LEASED_OUT, LEASED_OUT, of_takers[t], 0.0))
        found += [UnitCost(t, *row) for row in rows if row[2] or row[3]]
    return found


def _paid(dataset: Dataset, plan: Plan) -> tuple[Paid, Paid]:
    """What is paid for each source: at work or idle, and as charges on its use."""
    kinds: dict[str, Kind] = {kind.category: kind for kind in bringing()}
    kinds |= {each.name: each for each in (FLEET, ON_DEMAND)}
    charges = groups(_charges(dataset, plan))
    standing: list[tuple[tuple[int, Source], float]] = []
    by_use: list[tuple[tuple[int, Source], float]] = []
    for each in plan.payments:
        if each.category not in COST or each.month not in dataset.horizon:
            continue
        of = charges.get((each.month, each.offer), []) if each.category == "usage" else []
        total = sum(usd for _, usd in of)
        by_use += [((each.month, source), each.cash_usd * usd / total) for source, usd in of]
        if not of:
            standing.append(((each.month, (kinds.get(each.category, OTHER), each.offer)), each.cash_usd))
    return sums(standing), sums(by_use)


def _charges(dataset: Dataset, plan: Plan) -> Iterator[tuple[tuple[int, str], tuple[Source, float]]]:
    """By month t and what usage charges name as their offer: the source, and what it is charged, USD."""
    for (kind, name, _, t), usd in charged_use(dataset, plan).items():
        if usd:
            charged = kind.charged_name(dataset, name) if isinstance(kind, OfferKind) else name
            yield (t, charged), ((kind, name), usd)


def _leased_out(dataset: Dataset, plan: Plan, paid: Paid) -> dict[tuple[int, Source], float]:
    """What of it is paid for power that is leased out; in each pool all that may be sublet is so alike."""
    may_be = sublet_sources(dataset)
    online = [(each.month, (each.kind, each.name), (each.region, each.hardware), each) for each in plan.online]
    held = sums(((t, pool), each.accelerators) for t, source, pool, each in online if source in may_be)
    share = {key: out / held[key] for key, out in leased_out(dataset, plan).items() if held[key]}
    mw = sums(((t, source), each.mw) for t, source, _, each in online)
    let = sums(
        ((t, source), each.mw * share.get((t, pool), 0.0)) for t, source, pool, each in online if source in may_be
    )
    return {key: paid.get(key, 0.0) * out / mw[key] for key, out in let.items() if out}


def _shares(dataset: Dataset, plan: Plan, paid: Paid) -> Iterator[tuple[int, str, str, float]]:
    """Month t, kind of source, who has the use of it, USD; nobody, "", where nothing works in the whole horizon."""
    asked = groups(_asked(dataset, plan))
    needed = {pool: sum(kwh for _, kwh in loads) for pool, loads in asked.items()}
    work = [(pool, source, kwh) for pool, source, kwh in _work(dataset, plan) if needed.get(pool)]
    of_source = sums(((pool[0], source), kwh) for pool, source, kwh in work)
    mix = sums(
        ((t, load), kwh * part / needed[pool])
        for pool, _, kwh in work
        for load, part in asked[pool]
        for t in (pool[0], None)
    )
    by_month = groups((t, (load, kwh)) for (t, load), kwh in mix.items())
    for pool, (kind, name), kwh in work:
        key = pool[0], (kind, name)
        for load, part in asked[pool]:
            yield pool[0], kind.name, load, paid.get(key, 0.0) * kwh / of_source[key] * part / needed[pool]
    for (t, source), usd in paid.items():
        if not of_source[t, source]:
            loads = by_month.get(t) or by_month.get(None) or [("", 1.0)]
            total = sum(kwh for _, kwh in loads)
            yield from ((t, source[0].name, load, usd * kwh / total) for load, kwh in loads)


def _asked(dataset: Dataset, plan: Plan) -> Iterator[tuple[Pool, tuple[str, float]]]:
    """The energy that each segment and run asks a pool for, kWh."""
    serves = TokensServed(dataset)
    for row in plan.serving:
        hours = row.tokens_bn / serves.bn_per_hour(row.segment, row.hardware, row.month)
        kwh = hours * dataset.hardware_of[row.hardware].kw
        yield (row.month, row.block, row.capacity_region, row.hardware), (row.segment, kwh)


def _work(dataset: Dataset, plan: Plan) -> Iterator[tuple[Pool, Source, float]]:
    """The energy at work in a pool, by the source it comes from, kWh."""
    region_of = regions_of_sources(dataset)
    for each in plan.source_use:
        pool = each.month, each.block, region_of[each.kind, each.name], each.hardware
        hours = (each.accelerators + each.overage) * block_hours(dataset, each.month, each.block)
        yield pool, (each.kind, each.name), hours * dataset.hardware_of[each.hardware].kw
    for bought_hour in plan.on_demand:
        pool = bought_hour.month, bought_hour.block, bought_hour.region, bought_hour.hardware
        seller = seller_name(bought_hour.provider, bought_hour.region, bought_hour.hardware)
        hours = bought_hour.accelerators * block_hours(dataset, bought_hour.month, bought_hour.block)
        yield pool, (ON_DEMAND, seller), hours * dataset.hardware_of[bought_hour.hardware].kw
