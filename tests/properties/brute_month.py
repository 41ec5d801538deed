"""One month of what is decided already: the work of its sources, tokens served and tokens short, as columns and rows.

Written from the workbook's contract alone, accelerator by accelerator source, with no thought of size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from properties.brute_bills import Source
from properties.brute_factors import times
from properties.brute_lp import Lp
from properties.brute_prices import (
    MTOK_PER_BN,
    load,
    loads,
    network_usd_per_bn,
    on_demand_offers,
    price,
    tokens_per_accelerator_hour,
)

from models.dataset import Dataset

Asked = tuple[tuple[tuple[str, str, str], float], ...]
"""Billions of tokens by segment, region and load block ("" for a deferrable segment's whole month)."""


@dataclass(frozen=True)
class Supply:
    """What a month has: sources, accelerators leased out by region and hardware, what runs under way ask for.

    `multiples`: on on-demand prices, by provider. `chips` wait for the `power` (MW) of their sites.
    """

    t: int
    sources: tuple[Source, ...]
    leased_out: tuple[tuple[tuple[str, str], float], ...]
    runs: Asked
    multiples: tuple[tuple[str, float], ...] = ()
    chips: tuple[Source, ...] = ()
    power: tuple[tuple[str, float], ...] = ()

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.t, self.sources, self.leased_out, self.runs, self.multiples, self.chips, self.power))

    @property
    def every(self) -> tuple[Source, ...]:
        """Sources, and chips that are sources as far as they are powered."""
        return (*self.sources, *self.chips)


@dataclass(frozen=True)
class Loss:
    """A month of a segment whose customers leave over shortfall: baseline, its revenue, what limits leave of that."""

    segment: str
    baseline: Asked
    revenue: float
    revenue_left: float


@dataclass(frozen=True)
class Need:
    """What a month asks for after limits, and what shortfall of the months before can have taken of it."""

    demand: Asked
    losses: tuple[Loss, ...] = ()

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.demand, self.losses))


Sites = tuple[tuple[str, tuple[str, str]], ...]
"""Site and region of each segment that runs at a single one."""


@dataclass(frozen=True)
class Month:
    """A month of the horizon with what is decided of it; `exact` bills what is owed and no more."""

    supply: Supply
    need: Need
    exact: bool = False

    @property
    def asked(self) -> Asked:
        """What segments and runs ask for."""
        return (*self.need.demand, *self.supply.runs)

    @property
    def asked_for(self) -> dict[tuple[str, str, str], float]:
        """The same, with what was asked for at first of segments that lose all of it."""
        return {key: 0.0 for loss in self.need.losses for key, _ in loss.baseline} | dict(self.asked)

    def site_choices(self, data: Dataset) -> list[Sites]:
        """Every choice of sites for what is asked of segments that run at a single one."""
        asked = {name for name, _, _ in self.asked_for}
        singles = [each.segment for each in loads(data) if each.single_site and each.segment in asked]
        sites = sorted({(source.site, source.region) for source in self.supply.every}) or [("", "")]
        return [tuple(zip(singles, chosen, strict=True)) for chosen in product(sites, repeat=len(singles))]

    def problem(self, data: Dataset, sites: Sites) -> Lp:
        """Its columns and rows; what is lost is free to choose."""
        lp = Lp()
        _work(lp, data, self, dict(sites), _lost(lp, data, self))
        return lp


def _lost(lp: Lp, data: Dataset, month: Month) -> dict[str, int]:
    """Columns of the share of baseline that is lost, by segment."""
    t, columns = month.supply.t, {}
    for loss in month.need.losses:
        upper = 0.0 if t == 0 else max(0.0, loss.revenue_left) if loss.revenue else np.inf
        tokens = sum(each for _, each in loss.baseline)
        facts: dict[str, Any] = {"segment": loss.segment, "lost_tokens": tokens, "lost_revenue": loss.revenue}
        columns[loss.segment] = lp.column(t, loss.revenue * data.discount(t), upper, lost=True, **facts)
    return columns


def _work(lp: Lp, data: Dataset, month: Month, site_of: Mapping[str, tuple[str, str]], lost: Mapping[str, int]) -> None:
    """Work of every source, served tokens, shortfall."""
    supply, t = month.supply, month.supply.t
    discount = data.discount(t)
    days = data.hours(t) / 24.0
    block_hours = {block.block: block.hours_per_day * days for block in data.blocks}
    leased_out = dict(supply.leased_out)
    margin = data.settings.reserve_margin
    pools: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    work: dict[tuple[int, str], int] = {}
    sources = supply.every
    powered = _power(lp, data, supply)
    builds = {row.build for row in data.own_sites}
    for block, hours in block_hours.items():
        on_top: dict[tuple[str, str], list[tuple[int, int, float]]] = defaultdict(list)
        for i, source in enumerate(sources):
            energy = source.site if source.site in builds else ""
            where: dict[str, Any] = {
                "provider": source.provider,
                "region": source.region,
                "site": source.site,
                "offer": energy if source.kind == "chips" else source.name,
            }
            usage = source.usage * hours * times(data, "usage_price", t, source.hardware)
            column = lp.column(t, usage * discount, source.online, cash=usage, **where)
            work[i, block] = column
            if i in powered:
                lp.row([(column, 1.0), (powered[i], -1.0)], high=0.0)
            pools[source.region, source.hardware, block].append((column, 1.0))
            if source.overage_share > 0:
                price = source.overage_rate * hours
                over = lp.column(t, price * discount, cash=price, bill=True, **where)
                most = source.overage_share * source.online
                power = lp.column(t, usage * discount, most, cash=usage, **where)
                lp.row([(over, 1.0), (power, -1.0)], low=0.0, high=0.0)
                pools[source.region, source.hardware, block].append((power, 1.0))
                full = lp.column(t, upper=1.0, whole=True)
                lp.row([(column, 1.0), (full, -source.online)], low=0.0)
                on_top[source.region, source.hardware].append((power, full, most))
        for provider, region, hardware, price, most in on_demand_offers(data, t):
            bill = price * dict(supply.multiples).get(provider, 1.0) * hours
            bought = lp.column(t, bill * discount, most, cash=bill, provider=provider, region=region)
            pools[region, hardware, block].append((bought, 1.0))
        for region, hardware in {(source.region, source.hardware) for source in sources}:
            pool = [i for i, s in enumerate(sources) if (s.region, s.hardware) == (region, hardware)]
            out = leased_out.get((region, hardware), 0.0)
            free = sum(sources[i].online for i in pool if i not in powered) - out
            used = [(work[i, block], 1.0) for i in pool]
            kept = [(powered[i], margin - 1.0) for i in pool if i in powered]
            lp.row([*used, *kept], high=free * (1.0 - margin))
            if on_top[region, hardware]:
                most_free = (sum(sources[i].online for i in pool) - out) * (1.0 - margin)
                full_pool = lp.column(t, upper=1.0, whole=True)
                room = free * (1.0 - margin)
                lp.row([*used, *kept, (full_pool, -most_free)], low=room - most_free)
                for power, full, most in on_top[region, hardware]:
                    lp.row([(power, 1.0), (full, -most), (full_pool, -most)], high=0.0)
            sublet = [i for i in pool if sources[i].sublet]
            lp.row([(work[i, block], 1.0) for i in sublet], high=sum(sources[i].online for i in sublet) - out)
    for i, source in enumerate(supply.sources):
        if source.kind == "contract" and source.take_or_pay < 1.0:
            _excess(lp, data, month, i, [(work[i, block], hours) for block, hours in block_hours.items()])
    _service(lp, data, month, site_of, lost, block_hours, pools, work, powered)
    for against in {row.against for row in data.resilience}:
        for member in members(data, against):
            _without(lp, data, month, lost, powered, against, member)


def members(data: Dataset, against: str) -> set[str]:
    """Whom the sheets of capacity name."""
    rows: list[tuple[Any, str]] = [(row, row.asset) for row in data.fleet]
    rows += [(row, row.lease) for row in data.leases if row.status != "excluded"]
    rows += [(row, row.contract) for row in data.contracts if row.status != "excluded"]
    rows += [(row, row.build) for row in data.own_sites if row.status != "excluded"]
    return {getattr(row, against) or name for row, name in rows}


def _without(
    lp: Lp,
    data: Dataset,
    month: Month,
    lost: Mapping[str, int],
    powered: Mapping[int, int],
    against: str,
    member: str,
) -> None:
    """What is left without one member serves what is protected, if need be with the margin and at any price."""
    supply, t = month.supply, month.supply.t
    days = data.hours(t) / 24.0
    rows = [row for row in data.resilience if row.against == against and _holds(data, row, t)]
    shares = {}
    for segment in data.segments:
        own = [row.protected_share for row in rows if row.segment == segment.segment]
        share = max(own or [row.protected_share for row in rows if row.segment == "*"], default=0.0)
        if share and not segment.single_site:
            shares[segment.segment] = share
    if not shares:
        return
    pools: dict[tuple[str, str], tuple[float, list[tuple[int, float]]]] = {}
    for i, source in enumerate(supply.every):
        fixed, terms = pools.get((source.region, source.hardware), (0.0, []))
        if getattr(source, against) != member:
            fixed, terms = (fixed, [*terms, (powered[i], 1.0)]) if i in powered else (fixed + source.online, terms)
        pools[source.region, source.hardware] = fixed, terms
    for (region, hardware), out in supply.leased_out:
        if (against, member) != ("region", region):
            fixed, terms = pools.get((region, hardware), (0.0, []))
            pools[region, hardware] = fixed - out, terms
            lp.row([(column, -1.0) for column, _ in terms], high=fixed - out)
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for provider, region, hardware, _, most in on_demand_offers(data, t):
        if member not in ({"provider": provider, "region": region}.get(against),):
            sold[region, hardware] += most
    busy: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    baseline = {key: tokens for loss in month.need.losses for key, tokens in loss.baseline}
    for (name, region, when), tokens in month.asked:
        if name not in shares:
            continue
        terms, segment = [], data.segment_of[name]
        if name in lost:
            terms.append((lost[name], shares[name] * baseline[name, region, when]))
        for pool_region, hardware in {*pools, *sold}:
            for block in data.blocks:
                pace = tokens_per_accelerator_hour(data, segment, hardware, t) * block.hours_per_day * days
                reached = network_usd_per_bn(data, pool_region, region) is not None
                if pace > 0.0 and reached and when in ("", block.block):
                    column = lp.column(t)
                    terms.append((column, pace))
                    busy[pool_region, hardware, block.block].append((column, 1.0))
        lp.row(terms, low=shares[name] * tokens)
    for (region, hardware, _), used in busy.items():
        fixed, terms = pools.get((region, hardware), (0.0, []))
        lp.row([*used, *((column, -1.0) for column, _ in terms)], high=fixed + sold[region, hardware])


def _holds(data: Dataset, row: Any, t: int) -> bool:
    first = 0 if row.from_month is None else data.t(row.from_month)
    return first <= t and (row.until_month is None or t <= data.t(row.until_month))


def _power(lp: Lp, data: Dataset, supply: Supply) -> dict[int, int]:
    """Columns of the chips powered, by source: no more draw power than there is, and caps on power count these."""
    if not supply.chips:
        return {}
    power = dict(supply.power)
    first = len(supply.sources)
    powered = {first + k: lp.column(supply.t, upper=chips.online) for k, chips in enumerate(supply.chips)}
    kw = {i: data.hardware_of[supply.every[i].hardware].kw for i in range(len(supply.every))}
    for site in {chips.site for chips in supply.chips}:
        here = [(column, kw[i]) for i, column in powered.items() if supply.every[i].site == site]
        lp.row(here, high=1000.0 * power.get(site, 0.0))
    for cap in data.caps:
        window = (0 if cap.from_month is None else data.t(cap.from_month)) <= supply.t
        window = window and (cap.until_month is None or supply.t <= data.t(cap.until_month))
        if not cap.measure.startswith("capacity") or not window:
            continue
        share = cap.value if cap.measure == "capacity_share" else 0.0
        fixed, terms = 0.0, []
        for i, source in enumerate(supply.every):
            of = {
                "total": None, "provider": source.provider, "vendor": data.hardware_of[source.hardware].vendor,
                "hardware": source.hardware, "region": source.region, "site": source.site, "offer": source.name,
            }  # fmt: skip
            weight = ((of[cap.scope] == cap.name) - share) * kw[i] / 1000.0
            if i in powered:
                terms.append((powered[i], weight))
            else:
                fixed += weight * source.online
        bound = (cap.value if cap.measure == "capacity_mw" else 0.0) - fixed
        lp.row(terms, **{"high" if cap.sense == "max" else "low": bound})
    return powered


def _excess(lp: Lp, data: Dataset, month: Month, i: int, used: list[tuple[int, float]]) -> None:
    """Hours used of a contract fill what is paid for in any case, then the tiers, the cheapest rate first."""
    t, source = month.supply.t, month.supply.sources[i]
    hours = data.hours(t)
    online = source.online * hours
    pieces = [lp.column(t, upper=source.take_or_pay * online)]
    sizes = [source.take_or_pay * online]
    for rate, share in sorted(source.tiers):
        size = share * (1.0 - source.take_or_pay) * online
        pieces.append(
            lp.column(
                t, rate * data.discount(t), size, cash=rate, bill=True, offer=source.name,
                provider=source.provider, region=source.region, site=source.site,
            )
        )  # fmt: skip
        sizes.append(size)
    lp.row([*used, *((piece, -1.0) for piece in pieces)], low=0.0, high=0.0)
    if month.exact:
        for piece, size, following, limit in zip(pieces[:-1], sizes[:-1], pieces[1:], sizes[1:], strict=True):
            full = lp.column(t, upper=1.0, whole=True)
            lp.row([(piece, 1.0), (full, -size)], low=0.0)
            lp.row([(following, 1.0), (full, -limit)], high=0.0)


def _service(
    lp: Lp,
    data: Dataset,
    month: Month,
    site_of: Mapping[str, tuple[str, str]],
    lost: Mapping[str, int],
    block_hours: Mapping[str, float],
    pools: dict[tuple[str, str, str], list[tuple[int, float]]],
    work: Mapping[tuple[int, str], int],
    powered: Mapping[int, int],
) -> None:
    """Tokens served take accelerators of a pool; tokens short cost what the segment says, where it allows any."""
    supply, t = month.supply, month.supply.t
    discount = data.discount(t)
    served: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    site_work: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    baseline = {key: tokens for loss in month.need.losses for key, tokens in loss.baseline}
    asked_for = month.asked_for
    for name, region, when in asked_for:
        segment = load(data, name)
        site, site_region = site_of.get(name, ("", ""))
        for (pool_region, hardware, block), pool in pools.items():
            pace = tokens_per_accelerator_hour(data, segment, hardware, t) * block_hours[block]
            across = network_usd_per_bn(data, pool_region, region)
            if pace <= 0.0 or across is None or when not in ("", block):
                continue
            if segment.single_site and (pool_region != site_region or not site):
                continue
            column = lp.column(t, across * discount, cash=across)
            served[name, region, when].append((column, 1.0))
            pool.append((column, -1.0 / pace))
            if segment.single_site:
                site_work[site, hardware, block].append((column, 1.0 / pace))
    for terms in pools.values():
        lp.row(terms, low=0.0, high=0.0)
    hosts = {site for site, _ in site_of.values()}
    for block in block_hours:
        for site in hosts:
            at_site = [i for i, source in enumerate(supply.every) if source.site == site]
            placed = []
            for hardware in {row.hardware for row in data.hardware}:
                here = [(work[i, block], -1.0) for i in at_site if supply.every[i].hardware == hardware]
                lp.row([*site_work[site, hardware, block], *here], high=0.0)
                placed += site_work[site, hardware, block]
            online = sum(supply.every[i].online for i in at_site if i not in powered)
            kept = data.settings.reserve_margin - 1.0
            more = [(powered[i], kept) for i in at_site if i in powered]
            lp.row([*placed, *more], high=-kept * online)
    short: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for (name, region, when), tokens in asked_for.items():
        segment = load(data, name)
        terms = list(served[name, region, when])
        if segment.shortfall_usd_per_mtok is not None:
            usd = price(data, segment, "shortfall_usd_per_mtok", t) * MTOK_PER_BN * discount
            column = lp.column(t, usd, short=True, segment=name)
            short[name].append((column, 1.0))
            terms.append((column, 1.0))
        if name in lost:
            terms.append((lost[name], baseline[name, region, when]))
        lp.row(terms, low=tokens, high=tokens)
    for name, terms in short.items():
        asked = sum(tokens for (each, _, _), tokens in month.asked if each == name)
        share = load(data, name).max_shortfall_share
        gone = lost.get(name)
        terms += [] if gone is None else [(gone, share * lp.columns[gone].lost_tokens)]
        lp.row(terms, high=share * asked)
