"""Demand that nothing on offer can ever serve: no capacity within reach in some month, and no shortfall allowed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from models.checks.context import CheckContext, fault_in, quoted
from models.checks.names import names_of_sources
from models.checks.possible_capacity import PossibleCapacity, possible_capacity
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.demand.limit_effects import product
from models.demand.limit_paths import combinations
from models.demand.network import Routes
from models.demand.runs import start_months
from models.faults import Fault
from models.grouping import groups
from models.schema import Demand, Run, Segment


def demand_beyond_reach(context: CheckContext) -> Iterator[Fault]:
    """Every segment that must be served can be, in every month and region, by something.

    With scenarios in each of them, with what limits and factors make of demand there; the plain figures are then no
    case that has to have a plan.
    """
    plain = context.dataset
    reported: set[tuple[str, str]] = set()
    for scenario in [each.scenario for each in plain.scenarios] or [""]:
        dataset = plain.in_scenario(scenario)
        for row, region, months, supply in _missed(dataset):
            if (row.segment, region) in reported:
                continue
            reported.add((row.segment, region))
            more = f" and {len(months) - 1} more months" if len(months) > 1 else ""
            where = f", in scenario '{scenario}'" if scenario else ""
            found = f"demand in {dataset.label(months[0])}{more} that nothing can serve{where}"
            segment = supply.segment
            sources = f"a single site of {names_of_sources()}" if segment.single_site else "capacity"
            expected = f"{sources} in reach that runs '{segment.workload}', or a shortfall allowed"
            yield fault_in(row, "month", found, expected, supply.remedy(region, months[0]))


def single_sites_out_of_reach(context: CheckContext) -> Iterator[Fault]:
    """Every single-site segment that may fall short has a site that can run it in some month, in some scenario.

    One that may not is `demand_beyond_reach`.
    """
    plain = context.dataset
    datasets = [plain.in_scenario(each.scenario) for each in plain.scenarios] or [plain]
    for segment in plain.segments:
        if segment.single_site and not any(_can_run_somewhere(each, segment) for each in datasets):
            found = "yes, and no site can ever run it"
            expected = f"a site of {names_of_sources()} in reach that runs '{segment.workload}'"
            fix = "Add capacity rented whole (a take_or_pay_share below 1 makes no site), or let it run at several."
            yield fault_in(segment, "single_site", found, expected, fix, "single-site-without-site")


def _can_run_somewhere(dataset: Dataset, segment: Segment) -> bool:
    """Whether a site can serve some of the segment in some month; also where there is nothing to serve."""
    supply = _Supply(dataset, segment, possible_capacity(dataset), Routes(dataset))
    wanted = {
        region: {t for t in dataset.horizon if demand[t] > 0}
        for (name, region), demand in baseline_demand(dataset).items()
        if name == segment.segment
    }
    return not any(wanted.values()) or any(months & supply.reached(region) for region, months in wanted.items())


def runs_out_of_reach(context: CheckContext) -> Iterator[Fault]:
    """Warns of runs that nothing can do in any months they may start in, in any scenario."""
    plain = context.dataset
    datasets = [plain.in_scenario(each.scenario) for each in plain.scenarios] or [plain]
    for run in plain.runs:
        if run.tokens_bn_per_day and start_months(plain, run) and not any(_can_be_done(each, run) for each in datasets):
            sources = f"a single site of {names_of_sources()}" if run.single_site else "capacity"
            found = f"work in '{run.region}' that nothing can do in any month it may start in"
            expected = f"{sources} in reach that runs '{run.workload}' for {run.months} months on end"
            fix = "Add capacity, a rate in throughput or a pair in network, or widen the window."
            yield fault_in(run, "region", found, expected, fix, "run-without-capacity")


def _can_be_done(dataset: Dataset, run: Run) -> bool:
    """Whether something can be at work on a run in each of its months, for one of its starts."""
    reached = _Supply(dataset, run, possible_capacity(dataset), Routes(dataset)).reached(run.region)
    return any(reached.issuperset(range(m, m + run.months)) for m in start_months(dataset, run))


def _missed(dataset: Dataset) -> Iterator[tuple[Demand, str, list[int], _SegmentSupply]]:
    """Demand out of reach: the row it comes from, its region and months, and what there is to serve its segment."""
    open_pools, routes = possible_capacity(dataset), Routes(dataset)
    wanted = groups((segment, (region, demand)) for (segment, region), demand in baseline_demand(dataset).items())
    rows = groups(((row.segment, row.region), row) for row in dataset.demand)
    for each in dataset.segments:
        if each.shortfall_usd_per_mtok is not None and each.max_shortfall_share >= 1.0:
            continue
        supply = _SegmentSupply(dataset, each, open_pools, routes)
        for region, months in supply.missed(dict(wanted[each.segment])).items():
            given = [row for row in rows[each.segment, region] if dataset.t(row.month) <= months[0]]
            yield max(given, key=lambda row: row.month), region, months, supply


class _Supply:
    """What can serve one segment, or do one run, by pool, and from there by region wanted."""

    def __init__(self, dataset: Dataset, served: Segment | Run, open_pools: PossibleCapacity, routes: Routes) -> None:
        self.dataset, self.routes = dataset, routes
        self.runs_on = [
            row.hardware
            for row in dataset.throughput
            if row.workload == served.workload
            and row.tokens_per_second > 0
            and dataset.hardware_of[row.hardware].availability > 0
        ]
        pools = open_pools.one_site if served.single_site else open_pools.any_work
        runs = [(region, t) for (region, name), months in pools.items() if name in self.runs_on for t in months]
        self.months_in = {region: set(months) for region, months in groups(runs).items()}

    def reached(self, region: str) -> set[int]:
        """Months in which something can serve the region."""
        reaching = (each for each in self.months_in if self.routes.usd_per_mtok(each, region) is not None)
        return set().union(*(self.months_in[each] for each in reaching))


class _SegmentSupply(_Supply):
    """What of a segment's demand is out of its reach, and what would mend that."""

    def __init__(self, dataset: Dataset, segment: Segment, open_pools: PossibleCapacity, routes: Routes) -> None:
        super().__init__(dataset, segment, open_pools, routes)
        self.segment = segment

    def missed(self, wanted: dict[str, tuple[float, ...]]) -> dict[str, list[int]]:
        """Months, by region, in which demand must be served and cannot be."""
        reached = {region: self.reached(region) for region in wanted}
        found: dict[str, list[int]] = defaultdict(list)
        for t in self.dataset.horizon:
            out = [region for region, demand in wanted.items() if demand[t] > 0 and t not in reached[region]]
            if out and not self._may_fall_short(wanted, out, t) and t not in self._may_vanish:
                for region in out:
                    found[region].append(t)
        return found

    def _may_fall_short(self, wanted: dict[str, tuple[float, ...]], out: list[str], t: int) -> bool:
        if self.segment.shortfall_usd_per_mtok is None:
            return False
        total = sum(demand[t] for demand in wanted.values())
        return sum(wanted[region][t] for region in out) <= self.segment.max_shortfall_share * total * (1 + 1e-9)

    @cached_property
    def _may_vanish(self) -> frozenset[int]:
        """Months in which a limit, or what fell short before, can leave no demand at all."""
        if self.segment.churn_per_shortfall:
            return frozenset(self.dataset.horizon[1:])
        peaks = {"peak_demand" if block.peak else "demand" for block in self.dataset.blocks}
        found = combinations(self.dataset, self.segment.segment)
        left = ((max(product(together, peak) for peak in peaks), lost) for together, lost in found)
        return frozenset(t for share, lost in left for t, gone in lost.items() if share - gone <= 1e-9)

    def remedy(self, region: str, t: int) -> str:
        """What would let the region be served in month t."""
        shortfall = f"or give '{self.segment.segment}' a shortfall_usd_per_mtok"
        if not self.runs_on:
            return f"Give '{self.segment.workload}' a rate above 0 on some hardware in throughput, {shortfall}."
        elsewhere = sorted(each for each, months in self.months_in.items() if t in months)
        if elsewhere:
            places = quoted(elsewhere)
            return f"Allow {places} to serve '{region}' in network, add capacity in '{region}', {shortfall}."
        later = [month for month in self.reached(region) if month > t]
        if later:
            first = self.dataset.label(min(later))
            return f"The first capacity within reach starts in {first}: start it earlier, add on_demand, {shortfall}."
        return f"Add capacity of {quoted(self.runs_on)} for '{region}', or a rate for the hardware there, {shortfall}."
