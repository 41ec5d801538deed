r"""On-demand: hours at market price, paid by the hour used.

Variables, per seller s (provider, region, hardware), month t and load block b:
`on_demand[s,t,b]` in model units of accelerators, at most max_accelerators.
Cost of a month: usd_per_accelerator_hour(t) x accelerators x hours of the block, times the on_demand_multiple of spend
commitments signed with the provider; that of those on offer is in `models.supply.commitments`.
"""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter

from models.core.ledgers import Payer
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset, block_hours
from models.grouping import groups
from models.kinds import ON_DEMAND
from models.plan import OnDemandUse, Plan
from models.schema import OnDemand
from models.supply.commitment_periods import on_demand_multiple, signed_commitments

Seller = tuple[str, str, str]
"""Provider, region and hardware."""


def seller_name(provider: str, region: str, hardware: str) -> str:
    """What payments to a seller name as their offer; of one provider several may be named alike."""
    return f"{provider} {region} {hardware}"


def dated_rows(dataset: Dataset) -> dict[Seller, list[tuple[int, OnDemand]]]:
    """The rows of each seller, each with the month t from which it holds, in their order."""
    dated = ((0 if row.from_month is None else dataset.t(row.from_month), row) for row in dataset.on_demand)
    rows = groups(((row.provider, row.region, row.hardware), (start, row)) for start, row in dated)
    return {seller: sorted(each, key=itemgetter(0)) for seller, each in rows.items()}


def price_paths(dataset: Dataset) -> dict[Seller, dict[int, OnDemand]]:
    """What each seller offers in each month of the horizon; a row holds until the seller's next.

    In a scenario prices and caps are x its factors, and a provider that has left sells nothing.
    """
    paths: dict[Seller, dict[int, OnDemand]] = {}
    for seller, dated in dated_rows(dataset).items():
        exit_month = dataset.realization.exit(seller[0])
        paths[seller] = {
            t: _realized(dataset, [row for start, row in dated if start <= t][-1], t)
            for t in dataset.horizon
            if dated[0][0] <= t and (exit_month is None or t < exit_month)
        }
    return paths


def _realized(dataset: Dataset, row: OnDemand, t: int) -> OnDemand:
    """A row as the scenario has it in month t."""
    price = dataset.realization.on_demand_price(row.hardware, t)
    cap = dataset.realization.on_demand_cap(row.hardware, t)
    if price == 1.0 and cap == 1.0:
        return row
    most = None if row.max_accelerators is None else row.max_accelerators * cap
    if cap == 0.0:
        most = 0.0
    return replace(row, usd_per_accelerator_hour=row.usd_per_accelerator_hour * price, max_accelerators=most)


def add_on_demand(model: Model) -> None:
    """Adds what each seller offers to the pools, and its bill to the costs."""
    dataset, unit = model.dataset, model.units.accelerators
    rows = {
        (*seller, t, block.block): row
        for seller, path in price_paths(dataset).items()
        for t, row in path.items()
        for block in dataset.blocks
        if row.max_accelerators != 0
    }

    def most(key: tuple[str, str, str, int, str]) -> float | None:
        cap = rows[key].max_accelerators
        return None if cap is None else cap / unit

    bought = model.add_variables("on_demand", rows, upper=most)
    signed = signed_commitments(dataset)
    for (provider, region, hardware, t, block), variable in bought.items():
        row = rows[provider, region, hardware, t, block]
        pool = region, hardware
        model.capacity.on_demand[pool, t, block].append(variable)
        model.capacity.reachable.add((pool, t))
        payer = Payer(ON_DEMAND, seller_name(provider, region, hardware), provider, region)
        multiple = on_demand_multiple(dataset, signed, provider, t)
        usd = row.usd_per_accelerator_hour * multiple * block_hours(dataset, t, block) * unit
        model.costs.pay("on_demand", payer, t, Linear.of(variable, usd))

    def read() -> Plan:
        return Plan(
            on_demand=tuple(
                OnDemandUse(t, block, provider, region, hardware, variable.value * unit)
                for (provider, region, hardware, t, block), variable in bought.items()
                if variable.value
            )
        )

    model.readers.append(read)
