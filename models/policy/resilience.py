r"""Resilience: what must be served when the largest site, provider or region is lost, whichever that is.

For each kind of loss, each member of it and each month in which something is protected against it, what is left serves
the protected share of demand after limits. `kept_work[a,m,s,r,h,g,t,b]` is work of what is left in region r on hardware
h for segment s and demand regions g, in model units of accelerators:
\sum tokens x kept_work >= protected_share x demand; \sum kept_work <= (online - leased out) of what is left + what its
on-demand sells. The reserve margin may be used, overage not; a lost region's lease-outs are lost with it. No cost.
Rows stand only where they can bind: not for members of which nothing can be online in the month, where others have
something; not for demand that hours without a cap can always serve. `Dataset.losses` names those to be held, where not
all have to be: a search adds what its plan breaks (`planner.solving.held_rows`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from models.core.ledgers import Pool, Source
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset, block_hours
from models.demand.network import Routes
from models.demand.service import ANY_BLOCK
from models.demand.throughput import TokensServed
from models.grouping import groups
from models.kinds import PROBE
from models.supply.on_demand import price_paths
from models.supply.registry import bought

Loss = tuple[str, str, int]
"""What is lost: `site`, `provider` or `region`, which one, and the month t."""


def protected_shares(dataset: Dataset, against: str, t: int) -> dict[str, float]:
    """The share of each segment's demand that is protected in month t against a loss of one kind."""
    rows = [row for row in dataset.resilience if row.against == against]
    in_force = [row for row in rows if t in dataset.window(row.from_month, row.until_month)]
    for_all = max((row.protected_share for row in in_force if row.segment == "*"), default=0.0)
    own: dict[str, float] = {}
    for row in in_force:
        own[row.segment] = max(row.protected_share, own.get(row.segment, 0.0))
    split = (segment.segment for segment in dataset.segments if not segment.single_site)
    return {name: share for name in split if (share := own.get(name, for_all))}


def members(dataset: Dataset, against: str) -> list[str]:
    """Every site, provider or region that fleet, leases, contracts or own sites name, what is excluded apart."""
    found = {getattr(row, against) or row.asset for row in dataset.fleet}
    for kind in bought():
        for row in kind.rows(dataset) if kind.hosts else ():
            if kind.status(row) != "excluded":
                found.add(kind.site(row) if against == "site" else getattr(row, against))
    return sorted(found)


def add_resilience(model: Model) -> None:
    """Adds what is left to serve of protected demand, for each loss that is to be held."""
    if not model.dataset.resilience:
        return
    facts = _Facts(model)
    losses = list(_losses(model, facts))
    demands = [each for loss in losses for each in _Left(facts, loss).demands()]
    keys = {(*each.key, *place): (each, place) for each in demands for place in each.places}
    work = model.add_variables("kept_work", keys)
    used: dict[tuple[Loss, Pool, str], Linear] = defaultdict(Linear)
    for each in demands:
        body = each.tokens.times(-1.0)
        for (region, hardware, block), per_unit in each.places.items():
            variable = work[(*each.key, region, hardware, block)]
            body.add(variable, per_unit)
            used[each.left.loss, (region, hardware), block].add(variable)
        model.add_constraint("protected_is_served", each.key, body, at_least=0.0)
    lefts = {each.left.loss: each.left for each in demands}
    for (loss, pool, block), total in used.items():
        limit = lefts[loss].capacity(pool, block)
        if limit is not None:
            body = total.times(1.0).plus(limit, -1.0)
            model.add_constraint("kept_work_within_what_is_left", (*loss, *pool, block), body, at_most=0.0)
    for loss in losses:
        left = lefts.get(loss) or _Left(facts, loss)
        for pool in sorted({pool for pool, t in model.capacity.leased_out if t == loss[2]}):
            leased = left.leased_out(pool)
            if not leased.is_zero:
                body = leased.times(1.0).plus(left.online(pool), -1.0)
                model.add_constraint("leased_out_of_what_is_left", (*loss, *pool), body, at_most=0.0)


def _losses(model: Model, facts: _Facts) -> Iterator[Loss]:
    """The losses to be held: those named, else of members with nothing online only where no member has anything.

    Named may be one of a member that can have nothing: in a plan without anything online all leave the same.
    """
    dataset = model.dataset
    for against in dict.fromkeys(row.against for row in dataset.resilience):
        names = members(dataset, against)
        for t in dataset.horizon:
            if not protected_shares(dataset, against, t):
                continue
            there = {
                getattr(each, against) for (_, month), found in facts.sources.items() if month == t for each in found
            }
            sellers = {seller[against == "region"] for seller, path in facts.prices.items() if t in path}
            holding = [name for name in names if name in there or (against != "site" and name in sellers)]
            for name in holding or names[:1] if dataset.losses is None else names:
                if dataset.losses is None or (against, name, t) in dataset.losses:
                    yield against, name, t


class _Facts:
    """What is looked up for every loss: sources by pool and month, on-demand prices, services, routes and rates."""

    def __init__(self, model: Model) -> None:
        self.model = model
        found = model.capacity.sources().items()
        self.sources = {key: [each for each in sources if each.kind != PROBE] for key, sources in found}
        self.prices = price_paths(model.dataset)
        self.services = groups((each.t, each) for each in model.services)
        self.pools = groups((t, pool) for pool, t in sorted(model.capacity.reachable))
        self.served, self.routes = TokensServed(model.dataset), Routes(model.dataset)


class _Left:
    """What is left when one is lost in a month: accelerators by pool in model units, and the demand it has to serve."""

    def __init__(self, facts: _Facts, loss: Loss) -> None:
        self.facts, self.model, self.loss = facts, facts.model, loss
        self.against, self.member, self.t = loss

    def is_lost(self, source: Source) -> bool:
        """Whether a source is lost."""
        return bool(getattr(source, self.against) == self.member)

    def online(self, pool: Pool) -> Linear:
        """Accelerators online of what is left."""
        unit = self.model.units.accelerators
        kept = (each for each in self.facts.sources.get((pool, self.t), []) if not self.is_lost(each))
        return Linear().plus_all((self.model.capacity.online[each, self.t], 1.0 / unit) for each in kept)

    def leased_out(self, pool: Pool) -> Linear:
        """Accelerators leased out, which what is left of their pool must carry."""
        if self.against == "region" and pool[0] == self.member:
            return Linear()
        unit = self.model.units.accelerators
        return self.model.capacity.leased_out.get((pool, self.t), Linear()).times(1.0 / unit)

    def on_demand(self, pool: Pool) -> float | None:
        """Accelerators that can be bought by the hour; None for as many as are wanted."""
        total = 0.0
        for (provider, region, hardware), path in self.facts.prices.items():
            lost = (self.against, self.member) in (("provider", provider), ("region", region))
            if (region, hardware) == pool and self.t in path and not lost:
                most = path[self.t].max_accelerators
                if most is None:
                    return None
                total += most / self.model.units.accelerators
        return total

    def capacity(self, pool: Pool, block: str) -> Linear | None:
        """Accelerators of a pool that can be at work in a load block; None for as many as are wanted."""
        more = self.on_demand(pool)
        if more is None:
            return None
        return self.online(pool).plus(self.leased_out(pool), -1.0).add_constant(more)

    def demands(self) -> Iterator[_Protected]:
        """Protected demand that is not served in any case."""
        model, dataset = self.model, self.model.dataset
        served, routes, pools = self.facts.served, self.facts.routes, self.facts.pools.get(self.t, [])
        shares = protected_shares(dataset, self.against, self.t)
        for service in self.facts.services.get(self.t, []):
            name = service.segment.segment
            share = shares.get(name)
            if not share:
                continue
            for group in service.groups:
                reach = [
                    pool for pool in pools
                    if pool[1] in served.hardware(name) and routes.usd_per_mtok(pool[0], group[0]) is not None
                    and served.bn_per_hour(name, pool[1], self.t) > 0.0
                ]  # fmt: skip
                if any(self.on_demand(pool) is None for pool in reach):
                    continue
                for balance in [ANY_BLOCK] if service.deferrable else [each.block for each in dataset.blocks]:
                    blocks = [each.block for each in dataset.blocks if balance in (ANY_BLOCK, each.block)]
                    asked = Linear().plus_all(
                        (model.demand[name, region, self.t, block], share)
                        for region in group
                        for block in blocks
                        if (name, region, self.t, block) in model.demand
                    )
                    if asked.is_zero:
                        continue
                    units = model.units
                    places = {
                        (*pool, block): served.bn_per_hour(name, pool[1], self.t)
                        * block_hours(dataset, self.t, block) * units.accelerators / units.tokens_bn
                        for pool in reach for block in blocks
                    }  # fmt: skip
                    yield _Protected(self, (*self.loss, name, *group, balance), asked, places)


@dataclass(frozen=True, slots=True)
class _Protected:
    """Tokens to be served in a block or month, and what a unit of work of each pool and block serves of them."""

    left: _Left
    key: tuple[str | int, ...]
    tokens: Linear
    places: dict[tuple[str, str, str], float]
