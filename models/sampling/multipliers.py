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


def _hardware(dataset: Dataset) -> Iterable[str]:
    return dataset.hardware_of


def _rented(dataset: Dataset) -> Iterable[str]:
    return dict.fromkeys(each.hardware for each in dataset.on_demand)


def _workloads(dataset: Dataset) -> Iterable[str]:
    return dict.fromkeys(each.workload for each in dataset.throughput)


def _offers(dataset: Dataset) -> Iterable[str]:
    return (kind.name_of(row) for kind, row in offers(dataset) if kind.uncertain and kind.status(row) == "offer")


def _assets(dataset: Dataset) -> Iterable[str]:
    return (each.asset for each in dataset.fleet)


def _places(dataset: Dataset) -> Iterable[str]:
    return (name for row in dataset.fleet for name in (row.provider, row.site or row.asset, row.region))


DRAWN = (
    Drawn("revenue_volatility", "revenue", "walk", "a segment", "revenue a token", _segments),
    Drawn("usage_price_volatility", "usage_price", "walk", "hardware", "price of use", _hardware),
    Drawn("offer_price_volatility", "price", "walk", "an offer not yet signed", "price", _offers),
    Drawn("on_demand_cap_spread", "on_demand_cap", "spread", "hardware on demand", "on-demand cap", _rented),
    Drawn("throughput_spread", "throughput", "spread", "a workload or hardware", "throughput", _workloads, _hardware),
    Drawn("fleet_spread", "fleet_share", "spread", "an asset, its provider, site or region", "fleet", _assets, _places),
    Drawn("shortfall_cost_spread", "shortfall_cost", "spread", "a segment", "cost of shortfall", _segments),
    Drawn("elasticity_spread", "elasticity", "spread", "a segment", "elasticity", _segments),
    Drawn("churn_spread", "churn", "spread", "a segment", "churn", _segments),
    Drawn("rival_spread", "rival_generosity", "shift", "a segment", "added generosity of rivals", _segments),
)
