"""Whether the accelerators at work are there: pools, sources, sites, lease-outs, overage, on-demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from models.audit.ledger import block_hours, on_demand_row
from models.audit.report import Findings
from models.audit.scenario_factors import FactorPaths
from models.audit.schedules import AuditedSource
from models.audit.service import SMALLEST, Rates
from models.audit.supply import Supply, source_key
from models.dataset import Dataset
from models.grouping import groups, sums
from models.plan import Plan

Pool = tuple[str, str]
"""Region and hardware."""


class Work:
    """Accelerators at work and needed, added up from a plan's rows, by month and load block."""

    def __init__(self, dataset: Dataset, plan: Plan, supply: Supply, rates: Rates, findings: Findings) -> None:
        names = [each.block for each in dataset.blocks]
        hours = {(t, name): block_hours(dataset, t, name) for t in dataset.horizon for name in names}
        self.needed: dict[tuple[int, str, Pool], float] = defaultdict(float)
        self.needed_at_site: dict[tuple[int, str, str, str], float] = defaultdict(float)
        self.at_work: dict[tuple[int, str, Pool], float] = defaultdict(float)
        self.committed: dict[tuple[int, str, Pool], float] = defaultdict(float)
        self.sublet: dict[tuple[int, str, Pool], float] = defaultdict(float)
        self.at_site: dict[tuple[int, str, str, str], float] = defaultdict(float)
        self.overage: dict[tuple[int, str, Pool], list[tuple[str, float, float]]] = defaultdict(list)
        """Contract, overage, and what the contract has idle."""
        for row in plan.serving:
            speed = rates.bn_per_hour(row.segment, row.hardware, row.month)
            if speed > 0:
                accelerators = row.tokens_bn / speed / hours[row.month, row.block]
                self.needed[row.month, row.block, (row.capacity_region, row.hardware)] += accelerators
                if dataset.load_of[row.segment].single_site:
                    self.needed_at_site[row.month, row.block, row.site, row.hardware] += accelerators
        for use in plan.source_use:
            source = supply.sources.get(source_key(use.kind.name, use.name, use.term_months, use.hardware))
            where = f"{dataset.label(use.month)} {use.kind} {use.name} {use.hardware}, {use.block}"
            if source is None:
                findings.true("sources_within_online", f"{where}: not signed", use.accelerators + use.overage == 0)
                continue
            online = source.at(use.month)
            scale = max(online, SMALLEST * supply.total(use.month))
            findings.at_most("sources_within_online", where, use.accelerators, online, scale)
            findings.at_most("overage_within_share", where, use.overage, source.overage_share * online, scale)
            key = use.month, use.block, (source.region, source.hardware)
            if use.overage:
                self.overage[key].append((use.name, use.overage, online - use.accelerators))
            self.committed[key] += use.accelerators
            self.at_work[key] += use.accelerators + use.overage
            if source.sublet:
                self.sublet[key] += use.accelerators
            self.at_site[use.month, use.block, source.site, source.hardware] += use.accelerators
        for bought in plan.on_demand:
            self.at_work[bought.month, bought.block, (bought.region, bought.hardware)] += bought.accelerators
        # what a place with next to nothing in it is measured against
        self.least = {t: SMALLEST * supply.total(t) for t in dataset.horizon}
        for (t, _, _), accelerators in self.at_work.items():
            self.least[t] += SMALLEST * abs(accelerators)


def check_capacity(dataset: Dataset, plan: Plan, supply: Supply, rates: Rates, findings: Findings) -> None:
    """Every rule on accelerators; reports place by place."""
    work = Work(dataset, plan, supply, rates, findings)
    online = _by_pool(supply.sources.values())
    sublet = _by_pool(source for source in supply.sources.values() if source.sublet)
    leased_out = _leased_out(dataset, supply)

    pools = {pool for _, pool in [*online, *leased_out]} | {pool for _, _, pool in [*work.needed, *work.at_work]}
    margin = dataset.settings.reserve_margin
    for t in dataset.horizon:
        least = work.least[t]
        for pool in sorted(pools):
            online_now, out, lendable = online[t, pool], leased_out[t, pool], sublet[t, pool]
            scale = max(online_now, least)
            for block in dataset.blocks:
                key = t, block.block, pool
                place = f"{dataset.label(t)} {pool[0]} {pool[1]}, {block.block}"
                needed = work.needed[key]
                findings.equal("work_is_done", place, work.at_work[key], needed, max(needed, online_now, least))
                findings.at_most(
                    "pools_keep_margin", place, work.committed[key], (online_now - out) * (1 - margin), scale
                )
                idle = (online_now - out) * (1 - margin) - work.committed[key]
                for name, overage, left in work.overage[key]:
                    before_use = min(overage, left, idle)
                    findings.at_most("overage_comes_last", f"{place}, {name}", before_use, 0.0, scale)
                findings.at_most("lease_outs_within_sublet", place, work.sublet[key] + out, lendable, scale)
    _check_on_demand(dataset, plan, work, findings)
    _check_sites(dataset, plan, supply, work, findings)


def _leased_out(dataset: Dataset, supply: Supply) -> dict[tuple[int, Pool], float]:
    return sums(
        ((t, (schedule.offer.region, hardware)), accelerators)
        for schedule in supply.schedules
        for t in dataset.horizon
        for hardware, accelerators in schedule.leased_out(t).items()
    )


def _by_pool(sources: Iterable[AuditedSource]) -> dict[tuple[int, Pool], float]:
    return sums(((t, (each.region, each.hardware)), held) for each in sources for t, held in each.online.items())


def _check_on_demand(dataset: Dataset, plan: Plan, work: Work, findings: Findings) -> None:
    used = sums(
        ((row.month, row.block, row.provider, row.region, row.hardware), row.accelerators) for row in plan.on_demand
    )
    for (t, block, provider, region, hardware), accelerators in used.items():
        where = f"{dataset.label(t)} {provider} {region} {hardware}, {block}"
        offered = on_demand_row(dataset, provider, region, hardware, t)
        sold = 0.0 if offered is None else offered.max_accelerators
        share = FactorPaths(dataset).product("on_demand_cap", t, hardware)
        sold = 0.0 if share == 0 else sold
        if sold is not None:
            sold *= share
            scale = max(sold, work.least[t])
            findings.at_most("on_demand_within_cap", where, accelerators, sold, scale)


def _check_sites(dataset: Dataset, plan: Plan, supply: Supply, work: Work, findings: Findings) -> None:
    """Single-site segments: one site a month, whose own capacity does the work and keeps its margin from it."""
    by_site = groups((source.site, source) for source in supply.sources.values())
    sites: dict[tuple[int, str], set[str]] = defaultdict(set)
    for row in plan.serving:
        segment = dataset.load_of[row.segment]
        where = f"{dataset.label(row.month)} {row.segment} at {row.site or 'no site'}"
        findings.true("one_site_per_segment", where, segment.single_site == bool(row.site))
        if segment.single_site and row.site:
            home = any(each.region == row.capacity_region for each in by_site[row.site])
            findings.true("single_site_work_at_site", f"{where}, in {row.capacity_region}", home)
            sites[row.month, row.segment].add(row.site)
    for (t, name), chosen in sites.items():
        where = f"{dataset.label(t)} {name}: {', '.join(sorted(chosen))}"
        findings.at_most("one_site_per_segment", where, len(chosen), 1, 1.0)
    for (t, block, site, hardware), needed in work.needed_at_site.items():
        where = f"{dataset.label(t)} {site} {hardware}, {block}"
        scale = max(sum(each.at(t) for each in by_site[site]), work.least[t])
        findings.at_most("single_site_work_at_site", where, needed, work.at_site[t, block, site, hardware], scale)
    for t, site in sorted({(t, site) for (t, _), chosen in sites.items() for site in chosen}):
        online_now = sum(each.at(t) for each in by_site[site])
        limit = online_now * (1 - dataset.settings.reserve_margin)
        for load in dataset.blocks:
            names = {each.hardware for each in by_site[site]}
            busy = sum(work.needed_at_site.get((t, load.block, site, hardware), 0.0) for hardware in names)
            scale = max(online_now, work.least[t])
            findings.at_most("sites_keep_margin", f"{dataset.label(t)} {site}, {load.block}", busy, limit, scale)
