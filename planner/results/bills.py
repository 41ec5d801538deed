"""Bills: what each signing and everything else that is used is billed, line by line, to be recomputed by hand."""

from __future__ import annotations

from collections.abc import Iterator

from models.dataset import Dataset, block_hours
from models.grouping import sums
from models.kinds import OfferKey
from models.plan import Plan
from models.supply.bill_rows import BillRow
from models.supply.commitment_kind import COMMITMENT
from models.supply.commitment_periods import on_demand_multiple
from models.supply.fleet import accelerators_online
from models.supply.kind import OfferKind
from models.supply.on_demand import price_paths, seller_name
from models.supply.usage import charged_hours

ON_DEMAND, USAGE, RUNNING = "on demand", "usage charge", "running cost"
"""The tiers of lines without a signing."""


def bills(dataset: Dataset, plan: Plan) -> list[BillRow]:
    """Every line of every bill inside the horizon, by month."""
    hours = [
        (OfferKey(each.kind, each.name), each, block_hours(dataset, each.month, each.block)) for each in plan.source_use
    ]
    used = sums(((offer, each.month), each.accelerators * length) for offer, each, length in hours)
    over = sums(((offer, each.month), each.overage * length) for offer, each, length in hours)
    found: list[BillRow] = [*_on_demand(dataset, plan), *_usage(dataset, plan), *_fleet(dataset)]
    for each in plan.signings:
        own = ({t: count for (offer, t), count in counts.items() if offer == each.offer} for counts in (used, over))
        found += each.kind.bill_rows(dataset, each, *own)
    inside = [each for each in found if each.month in dataset.horizon and (each.amount or each.prepaid)]
    return sorted(
        inside, key=lambda each: (each.month, each.offer, each.signed_month is not None, each.signed_month or 0)
    )


def _by_the_hour(dataset: Dataset, t: int, offer: str, hours: float, rate: float, tier: str) -> BillRow:
    """A line of accelerators paid by the hour; its units are those at work on average."""
    return BillRow(t, offer, None, hours / dataset.hours(t), hours, rate, tier, 0.0, 1.0, hours * rate)


def _on_demand(dataset: Dataset, plan: Plan) -> Iterator[BillRow]:
    prices = price_paths(dataset)
    in_force = COMMITMENT.taken(dataset, plan)
    bought = sums(
        (
            (each.provider, each.region, each.hardware, each.month),
            each.accelerators * block_hours(dataset, each.month, each.block),
        )
        for each in plan.on_demand
    )
    for (*seller, t), hours in bought.items():
        provider, region, hardware = seller
        rate = prices[provider, region, hardware][t].usd_per_accelerator_hour
        rate *= on_demand_multiple(dataset, in_force, provider, t)
        yield _by_the_hour(dataset, t, seller_name(provider, region, hardware), hours, rate, ON_DEMAND)


def _usage(dataset: Dataset, plan: Plan) -> Iterator[BillRow]:
    charged = sums(((used, rate), hours) for used, hours, rate in charged_hours(dataset, plan) if rate)
    for ((kind, name, _, t), rate), hours in charged.items():
        offer = kind.charged_name(dataset, name) if isinstance(kind, OfferKind) else name
        yield _by_the_hour(dataset, t, offer, hours, rate, USAGE)


def _fleet(dataset: Dataset) -> Iterator[BillRow]:
    for asset in dataset.fleet:
        for t, accelerators in accelerators_online(dataset, asset).items():
            hours = accelerators * dataset.hours(t)
            yield _by_the_hour(dataset, t, asset.asset, hours, asset.usd_per_accelerator_hour, RUNNING)
