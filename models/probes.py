r"""Probes: quantities fixed at 0 whose reduced cost is the marginal value of one more of them.

`one_more_bn_per_day[s,t]`: demand after limits of segment s in month t, spread over regions and load blocks
as its baseline demand is, and earning what its tokens do. `one_more_mw[r,h,t]`: power of hardware h online in
region r that costs nothing, belongs to no one a cap speaks of, is not leased out and is no site. With the integer
decisions of a plan held, what a unit of a probe changes of the objective is its reduced cost: the derivative of the
least cost, every row it flows through counted. Models are built without probes unless asked for.
"""

from __future__ import annotations

from models.core.ledgers import Pool, Source
from models.core.linear import Linear
from models.core.model import Model
from models.demand.baseline import baseline_demand, block_shares
from models.grouping import groups
from models.kinds import PROBE
from models.supply.registry import bought

TOKENS, POWER = "one_more_bn_per_day", "one_more_mw"


def probed_pools(model: Model) -> list[Pool]:
    """Every region with capacity in it or on offer, with every hardware that runs something."""
    dataset = model.dataset
    regions = dict.fromkeys(
        [
            *(each.region for each in dataset.fleet),
            *(kind.region(dataset, row) for kind in bought() for row in kind.rows(dataset)),
            *(each.region for each in dataset.on_demand),
            *(each.capacity_region for each in dataset.network),
        ]
    )
    runs = {each.hardware for each in dataset.throughput if each.tokens_per_second > 0.0}
    hardware = [each for each in dataset.hardware if each.hardware in runs and each.availability > 0.0]
    return [(region, each.hardware) for region in regions for each in hardware]


def add_capacity_probes(model: Model) -> None:
    """A source of power in every pool and month, fixed at 0 MW."""
    if not model.probes:
        return
    dataset = model.dataset
    index = [(*pool, t) for pool in probed_pools(model) for t in dataset.horizon]
    for (region, hardware, t), extra in model.add_variables(POWER, index, upper=0.0).items():
        source = Source(PROBE, "", 0, "", region, "", hardware, 0.0, False)
        model.capacity.bring_online(source, t, Linear.of(extra, 1000.0 / dataset.hardware_of[hardware].kw))


def add_demand_probes(model: Model) -> None:
    """Tokens on top of the demand of every segment and month, fixed at 0."""
    if not model.probes:
        return
    dataset, unit = model.dataset, model.units.tokens_bn
    per_day = groups(
        ((segment, t), (region, path[t]))
        for (segment, region), path in baseline_demand(dataset).items()
        for t in dataset.horizon
        if path[t]
    )
    for (segment, t), extra in model.add_variables(TOKENS, per_day, upper=0.0).items():
        total, shares = sum(amount for _, amount in per_day[segment, t]), block_shares(dataset, segment)
        model.more_tokens[segment, t] = Linear.of(extra, dataset.hours(t) / 24.0)
        for region, amount in per_day[segment, t]:
            for block in dataset.blocks:
                share = amount / total * shares[block.block] * dataset.hours(t) / 24.0
                demanded = model.demand[segment, region, t, block.block]
                model.demand[segment, region, t, block.block] = demanded.times(1.0).add(extra, share / unit)
