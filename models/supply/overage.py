r"""Overage: use of a contract above what it has online, billed at a multiple of the rate.

`overage[c,t,b,j]` <= overage_share x H_j, accelerators of rate j at work in block b on top of those online.
It begins where nothing of the contract is left: all that it has online is at work, or its pool is down to its
reserve margin. Least cost sees to that where an hour of overage costs as much as one of what is online or more.
Where it costs less, or a bill that is too high is worth something, it takes two columns of 0 or 1,
`contract_is_full[c,t,b]` and, with a reserve margin, `pool_is_full[pool,t,b]`:
\sum_j overage[c,t,b,j] <= overage_share x most online x (contract_is_full + pool_is_full).
"""

from __future__ import annotations

from collections.abc import Iterable

from models.core.ledgers import Pool
from models.core.linear import Linear, Var
from models.core.model import Model
from models.dataset import Dataset, block_hours
from models.demand.sites import upper_bound
from models.schema import Contract, ContractTier
from models.supply.contract_schedule import ContractSchedule
from models.supply.take_or_pay import Metered, months_billed_exactly


def is_held_back(dataset: Dataset, contract: Contract, schedules: Iterable[ContractSchedule]) -> bool:
    """Whether it takes rows in any month to hold a contract's overage back until nothing else of it is left."""
    if not contract.overage_share:
        return False
    return is_cheaper(dataset, contract) or bool(months_billed_exactly(dataset, contract, schedules))


def is_cheaper(dataset: Dataset, contract: Contract) -> bool:
    """Whether an hour of overage costs less than some hour of what is online that is billed as it is used."""
    if contract.take_or_pay_share == 1.0:
        return False
    if contract.tier_mode == "all_units":
        return contract.overage_price_multiple < 1.0
    tiers = sorted(
        (tier for tier in dataset.contract_tiers if tier.contract == contract.contract),
        key=lambda tier: tier.from_blocks,
    )
    kw = dataset.hardware_of[contract.hardware].kw
    for hours in {dataset.hours(t) for t in dataset.horizon}:
        rates = [_usd_per_accelerator_hour(tier, kw, hours) for tier in tiers]
        if contract.overage_price_multiple * rates[0] < max(rates):
            return True
    return False


def _usd_per_accelerator_hour(tier: ContractTier, kw: float, hours: float) -> float:
    """A tier's rate in a month of so many hours: one tier may be priced by the hour and the next by power."""
    if tier.usd_per_kw_month is not None:
        return tier.usd_per_kw_month * kw / hours
    return tier.usd_per_accelerator_hour or 0.0


def add_overage(model: Model, metered: list[Metered]) -> None:
    """Variables for use above what is online, before the pools are balanced."""
    most = {
        (each.contract.contract, each.t, block.block, j): each.contract.overage_share * online
        for each in metered
        for j, online in enumerate([rate_class.most() for rate_class in each.overage_classes])
        for block in model.dataset.blocks
    }
    overage = model.add_variables("overage", most, upper=most.__getitem__)
    limits: list[tuple[Var, Linear]] = []
    for each in metered:
        shares = [rate_class.online.times(-each.contract.overage_share) for rate_class in each.overage_classes]
        for block in model.dataset.blocks:
            total, hours = Linear(), block_hours(model.dataset, each.t, block.block) * model.units.accelerators
            for j, (rate_class, share) in enumerate(zip(each.overage_classes, shares, strict=True)):
                key = (each.contract.contract, each.t, block.block, j)
                rate_class.overage[block.block] = overage[key]
                total.add(overage[key])
                limits.append((overage[key], share.keep()))
                model.add_constraint("overage_within_share", key, Linear.of(overage[key]).plus(share), at_most=0.0)
                usd = each.contract.overage_price_multiple * rate_class.rate * hours
                model.costs.pay("contract", each.payer, each.t, Linear.of(overage[key], usd))
            if not total.is_zero:
                model.capacity.overage[each.source.pool, each.t, block.block][each.source] = total

    def settle() -> None:
        """Leaves out what a solver's tolerance lets pass: blocks that it takes a billionth of are not signed."""
        for variable, less_than in limits:
            if variable.value > -less_than.value():
                variable.set_value(max(0.0, -less_than.value()), skip_validation=True)

    model.settlers.append(settle)


def hold_overage_back(model: Model, metered: list[Metered]) -> None:
    """Rows by which overage comes after all else, where least cost alone would not see to it; once pools balance."""
    capacity, unit, margin = model.capacity, model.units.accelerators, model.dataset.settings.reserve_margin
    pool_is_full: dict[tuple[Pool, int, str], Var] = {}
    contracts = {each.contract.contract: each.contract for each in metered}
    cheaper = {name: is_cheaper(model.dataset, contract) for name, contract in contracts.items()}
    for each in metered:
        contract, source = each.contract, each.source
        if not each.overage_classes or not (each.is_exact or cheaper[contract.contract]):
            continue
        online = capacity.online[source, each.t].times(1.0 / unit)
        most = min(upper_bound(online), each.most_online / unit)
        for block in (block.block for block in model.dataset.blocks):
            key, place = (contract.contract, each.t, block), (source.pool, each.t, block)
            idle = online.times(1.0).plus(capacity.metered_use[source, each.t, block], -1.0)
            full = model.add_binary("contract_is_full", key)
            begins = [full]
            model.add_constraint("full_contract_has_none_idle", key, idle.add(full, most), at_most=most)
            if margin:
                if place not in pool_is_full:
                    pool_is_full[place] = variable = model.add_binary("pool_is_full", (*source.pool, each.t, block))
                    room = capacity.idle[place]
                    limit = upper_bound(room)
                    body = room.times(1.0).add(variable, limit)
                    model.add_constraint("full_pool_has_none_idle", (*source.pool, each.t, block), body, at_most=limit)
                begins.append(pool_is_full[place])
            on_top = capacity.overage[place][source].times(1.0)
            on_top.add_all((variable, -contract.overage_share * most) for variable in begins)
            model.add_constraint("overage_comes_last", key, on_top, at_most=0.0)
