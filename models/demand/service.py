r"""Service: which accelerators work for whom; demand after limits is served or falls short.

Variables, in model units: `work[s,r,h,t,b]` accelerators of hardware h in region r at work for segment
s; `site_work[s,site,r,h,t,b]` the same for a single-site segment, at one site; `flow[s,r,g,t,b]` tokens
from region r to demand group g; `shortfall[s,g,t,b]` tokens not served. Demand regions that the network
treats alike form a group, and a region that reaches one group needs no flow: dispatch stays small.
A deferrable segment balances over the month (b = "") instead of in each block.
demand_is_met: \sum inflow + shortfall = demand after limits. What holds a segment to one site is in
`models.demand.single_site`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from models.core.ledgers import Payer
from models.core.linear import Linear, Var
from models.core.model import Model
from models.dataset import Dataset, block_hours
from models.demand.network import Routes
from models.demand.prices import SegmentPrices
from models.demand.sites import candidate_sites
from models.demand.throughput import TokensServed
from models.grouping import groups
from models.kinds import OTHER
from models.schema import Segment

ANY_BLOCK = ""
"""The block of a balance over the whole month."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where work is done: a region and hardware, and the site for single-site segments ("" for the others)."""

    site: str
    region: str
    hardware: str


@dataclass(slots=True)
class Service:
    """A segment in a month: work by place and block, tokens per unit of work, flows and shortfall by group.

    `groups` are tuples of demand regions; flows and shortfalls are keyed by the block they balance in.
    """

    segment: Segment
    t: int
    groups: tuple[tuple[str, ...], ...]
    work: dict[tuple[Place, str], Var] = field(default_factory=dict)
    tokens: dict[tuple[Place, str], float] = field(default_factory=dict)
    flow: dict[tuple[str, tuple[str, ...], str], Linear] = field(default_factory=dict)
    shortfall: dict[tuple[tuple[str, ...], str], Var] = field(default_factory=dict)

    @property
    def deferrable(self) -> bool:
        """Whether the segment can be served at any time within the month."""
        return self.segment.timing == "deferrable"

    def served_from(self, region: str, block: str) -> Linear:
        """Tokens served by a region in a block, or in the month for ANY_BLOCK."""
        return Linear().add_all(
            (variable, self.tokens[place, at])
            for (place, at), variable in self.work.items()
            if place.region == region and block in (ANY_BLOCK, at)
        )


def add_service(model: Model) -> None:
    """Adds work, flows and shortfall of every segment and month with demand."""
    dataset = model.dataset
    served, routes = TokensServed(dataset), Routes(dataset)
    places = _places(model, served)
    services = []
    asked = {**model.demand, **model.run_demand}
    for segment in dataset.loads:
        regions = [region for name, region in _demand_places(model) if name == segment.segment]
        for t in dataset.horizon:
            wanted = [r for r in regions if any((segment.segment, r, t, b.block) in asked for b in dataset.blocks)]
            if wanted:
                at = places.get((segment.segment, t), [])
                service = Service(segment, t, _groups(routes, at, wanted))
                reaching = [
                    each for each in at if any(_usd(routes, each.region, g) is not None for g in service.groups)
                ]
                for place in reaching:
                    per_hour = served.bn_per_hour(segment.segment, place.hardware, t) / model.units.tokens_bn
                    for block in dataset.blocks if per_hour else ():
                        hours = block_hours(dataset, t, block.block)
                        service.tokens[place, block.block] = per_hour * hours * model.units.accelerators
                services.append(service)
    _add_work(model, services)
    _add_flows(model, services, routes)
    _add_balances(model, services)
    model.services = services


def demand_of(model: Model, service: Service, regions: tuple[str, ...], block: str) -> Linear:
    """Tokens asked for, after limits, by some regions, in a block or (ANY_BLOCK) in the month; model units."""
    blocks = [each.block for each in model.dataset.blocks if block in (ANY_BLOCK, each.block)]
    keys = ((service.segment.segment, region, service.t, each) for region in regions for each in blocks)
    asked = model.run_demand if service.segment.segment not in model.dataset.segment_of else model.demand
    return Linear().plus_all((asked[key], 1.0) for key in keys if key in asked)


def balances_in(service: Service, dataset: Dataset) -> list[str]:
    """The blocks a segment's demand is met in: each by itself, or the month as one."""
    return [ANY_BLOCK] if service.deferrable else [each.block for each in dataset.blocks]


def _demand_places(model: Model) -> list[tuple[str, str]]:
    dataset = model.dataset
    places = dict.fromkeys((row.segment, row.region) for row in dataset.demand)
    return [*places, *((row.run, row.region) for row in dataset.runs)]


def _places(model: Model, served: TokensServed) -> dict[tuple[str, int], list[Place]]:
    """Where each segment can run in each month: pools with capacity, or sites for single-site segments."""
    found: dict[tuple[str, int], list[Place]] = {}
    for segment in model.dataset.loads:
        hardware = set(served.hardware(segment.segment))
        if segment.single_site:
            candidates = [(Place(site, *pool), t) for site, pool, t in candidate_sites(model, hardware)]
        else:
            candidates = [(Place("", *pool), t) for pool, t in sorted(model.capacity.reachable)]
        found |= groups(((segment.segment, t), place) for place, t in candidates if place.hardware in hardware)
    return found


def _usd(routes: Routes, region: str, group: tuple[str, ...]) -> float | None:
    return routes.usd_per_mtok(region, group[0])


def _groups(routes: Routes, places: list[Place], wanted: list[str]) -> tuple[tuple[str, ...], ...]:
    """Demand regions grouped by what every capacity region charges for serving them."""
    sources = sorted({place.region for place in places})
    alike = groups((tuple(routes.usd_per_mtok(source, region) for source in sources), region) for region in wanted)
    return tuple(tuple(regions) for regions in alike.values())


def _add_work(model: Model, services: list[Service]) -> None:
    pooled = {
        (each.segment.segment, at[0].region, at[0].hardware, each.t, at[1]): (each, at)
        for each in services
        for at in each.tokens
        if not at[0].site
    }
    at_sites = {
        (each.segment.segment, at[0].site, at[0].region, at[0].hardware, each.t, at[1]): (each, at)
        for each in services
        for at in each.tokens
        if at[0].site
    }
    work, site_work = model.add_variables("work", pooled), model.add_variables("site_work", at_sites)
    for variables, index in ((work, pooled), (site_work, at_sites)):
        for key, variable in variables.items():
            service, at = index[key]
            service.work[at] = variable
            (place, block), t = at, service.t
            pool = place.region, place.hardware
            model.capacity.work.setdefault((pool, t, block), Linear()).add(variable)
            if place.site:
                at_sites_of_pool = model.capacity.site_work[pool, t, block]
                at_sites_of_pool.setdefault(place.site, Linear()).add(variable)
    for total in model.capacity.work.values():
        total.keep()


def _add_flows(model: Model, services: list[Service], routes: Routes) -> None:
    """Flows where a region reaches several groups; elsewhere what it serves is the flow. Network cost on both."""
    unit, dataset = model.units.tokens_bn, model.dataset
    index, direct = {}, []
    for service in services:
        for region in dict.fromkeys(place.region for place, _ in service.tokens):
            reached = [group for group in service.groups if _usd(routes, region, group) is not None]
            for block in balances_in(service, dataset):
                if len(reached) == 1:
                    direct.append((service, region, reached[0], block))
                else:
                    for group in reached:
                        key = service.segment.segment, region, *group, service.t, block
                        index[key] = service, region, group, block
    flows = model.add_variables("flow", index)
    split: dict[tuple[int, str, str], Linear] = defaultdict(Linear)
    for key, (service, region, group, block) in index.items():
        service.flow[region, group, block] = Linear.of(flows[key])
        split[id(service), region, block].plus(service.flow[region, group, block])
    for service, region, group, block in direct:
        service.flow[region, group, block] = service.served_from(region, block)
    for service in services:
        payer = Payer(OTHER, service.segment.segment)
        for (region, group, _), flow in service.flow.items():
            usd = _usd(routes, region, group) or 0.0
            model.costs.pay("network", payer, service.t, flow.times(usd * 1000.0 * unit))
        for region, block in dict.fromkeys((region, block) for region, _, block in service.flow):
            if (id(service), region, block) in split:
                body = split[id(service), region, block].times(1.0).plus(service.served_from(region, block), -1.0)
                model.add_constraint(
                    "flow_is_served", (service.segment.segment, region, service.t, block), body, equals=0.0
                )


def _add_balances(model: Model, services: list[Service]) -> None:
    dataset, unit, prices = model.dataset, model.units.tokens_bn, SegmentPrices(model.dataset)
    index = {
        (each.segment.segment, *group, each.t, block): (each, group, block)
        for each in services
        if each.segment.shortfall_usd_per_mtok is not None and each.segment.max_shortfall_share > 0.0
        for group in each.groups
        for block in balances_in(each, dataset)
    }
    for key, variable in model.add_variables("shortfall", index).items():
        service, group, block = index[key]
        service.shortfall[group, block] = variable
        usd = prices.shortfall_usd_per_bn(service.segment.segment, service.t) * unit
        payer = Payer(OTHER, service.segment.segment)
        model.costs.pay("shortfall", payer, service.t, Linear.of(variable, usd), cash=0.0)
        model.shortfall.setdefault((service.segment.segment, service.t), Linear()).add(variable)
    for service in services:
        name, t = service.segment.segment, service.t
        for group in service.groups:
            for block in balances_in(service, dataset):
                body = demand_of(model, service, group, block).times(-1.0)
                flows = service.flow.items()
                body.plus_all((flow, 1.0) for (_, to, at), flow in flows if (to, at) == (group, block))
                if (group, block) in service.shortfall:
                    body.add(service.shortfall[group, block])
                model.add_constraint("demand_is_met", (name, *group, t, block), body, equals=0.0)
        if service.shortfall and service.segment.max_shortfall_share < 1.0:
            demand = (demand_of(model, service, group, ANY_BLOCK) for group in service.groups)
            most = service.segment.max_shortfall_share
            body = model.shortfall[name, t].times(1.0).plus_all((each, -most) for each in demand)
            model.add_constraint("shortfall_within_share", (name, t), body, at_most=0.0)
