r"""Quantities that are drawn one like the other, by name, and how: the table `DRAWN`.

With $z$ standard normal and $\sigma$ what is asked for: a walk is a geometric random walk of monthly volatility
$\sigma$ (`walks`); a spread is one multiplier for all months, $\exp(\sigma z - \sigma^2 / 2)$, of mean 1 and standard
deviation $\sqrt{e^{\sigma^2} - 1}$; a shift is $\sigma z$, added in all months.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from models.dataset import Dataset
from models.supply.registry import offers

Names = Callable[[Dataset], Iterable[str]]


@dataclass(frozen=True)
class Drawn:
    """A quantity of scenario_factors that is drawn by name.

    `option` is what asks for it, `of` whose it is in words, `words` what a value of it is; `names` are those that are
    meant where none is named, `also` others that can be.
    """

    option: str
    quantity: str
    process: Literal["walk", "spread", "shift"]
    of: str
    words: str
    names: Names
    also: Names = lambda dataset: ()


def _segments(dataset: Dataset) -> Iterable[str]:
    return dataset.segment_of


def _earning(dataset: Dataset) -> Iterable[str]:
    priced = {each.segment for each in dataset.prices if each.revenue_usd_per_mtok}
    return (each.segment for each in dataset.segments if each.revenue_usd_per_mtok or each.segment in priced)


def _may_fall_short(dataset: Dataset) -> Iterable[str]:
    return (each.segment for each in dataset.segments if each.shortfall_usd_per_mtok is not None)


def _metered(dataset: Dataset) -> Iterable[str]:
    leases = {each.lease for each in dataset.lease_terms if each.usage_usd_per_accelerator_hour}
    sites = {each.site or each.build for each in dataset.own_sites if each.energy_usd_per_mwh}
    return dict.fromkeys(
        (
            *(each.hardware for each in dataset.fleet if each.usage_usd_per_accelerator_hour),
            *(each.hardware for each in dataset.lease_hardware if each.lease in leases),
            *(each.hardware for each in dataset.contracts if each.usage_usd_per_accelerator_hour),
            *(each.hardware for each in dataset.chip_orders if each.site in sites),
        )
    )


def _hardware(dataset: Dataset) -> Iterable[str]:
    return dataset.hardware_of


def _capped(dataset: Dataset) -> Iterable[str]:
    return dict.fromkeys(each.hardware for each in dataset.on_demand if each.max_accelerators is not None)


def _elastic(dataset: Dataset) -> Iterable[str]:
    follow = {each.segment for each in dataset.limits if each.demand_multiplier is None}
    return (each.segment for each in dataset.segments if each.price_elasticity is not None and each.segment in follow)


def _churning(dataset: Dataset) -> Iterable[str]:
    limited = {each.segment for each in dataset.limits if each.churn_per_month}
    short = set(_may_fall_short(dataset))
    return (
        each.segment
        for each in dataset.segments
        if each.segment in limited or (each.churn_per_shortfall and each.segment in short)
    )


def _rivalled(dataset: Dataset) -> Iterable[str]:
    return (each.segment for each in dataset.segments if each.share_won_per_generosity)


def _workloads(dataset: Dataset) -> Iterable[str]:
    return dict.fromkeys(each.workload for each in dataset.throughput)


def _offers(dataset: Dataset) -> Iterable[str]:
    return (kind.name_of(row) for kind, row in offers(dataset) if kind.uncertain and kind.status(row) == "offer")


def _assets(dataset: Dataset) -> Iterable[str]:
    return (each.asset for each in dataset.fleet)


def _places(dataset: Dataset) -> Iterable[str]:
    return (name for row in dataset.fleet for name in (row.provider, row.site or row.asset, row.region))


DRAWN = (
    Drawn("revenue_volatility", "revenue", "walk", "a segment with a revenue", "revenue a token", _earning),
    Drawn("usage_price_volatility", "usage_price", "walk", "hardware with a charge for use", "price of use", _metered),
    Drawn("offer_price_volatility", "price", "walk", "an offer not yet signed", "price", _offers),
    Drawn(
        "on_demand_cap_spread",
        "on_demand_cap",
        "spread",
        "hardware with max_accelerators on demand",
        "on-demand cap",
        _capped,
    ),
    Drawn("throughput_spread", "throughput", "spread", "a workload or hardware", "throughput", _workloads, _hardware),
    Drawn("fleet_spread", "fleet_share", "spread", "an asset, its provider, site or region", "fleet", _assets, _places),
    Drawn(
        "shortfall_cost_spread",
        "shortfall_cost",
        "spread",
        "a segment that may fall short",
        "cost of shortfall",
        _may_fall_short,
    ),
    Drawn(
        "elasticity_spread",
        "elasticity",
        "spread",
        "a segment with a price_elasticity and limits that follow it",
        "elasticity",
        _elastic,
    ),
    Drawn("churn_spread", "churn", "spread", "a segment whose limits or shortfall cost customers", "churn", _churning),
    Drawn(
        "rival_spread",
        "rival_generosity",
        "shift",
        "a segment with share_won_per_generosity",
        "added generosity of rivals",
        _rivalled,
    ),
)
