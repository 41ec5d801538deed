"""Sensitivity: variants of a problem in one quantity, over the whole horizon.

What each quantity means is what the sheet scenario_factors means by it: demand, throughput, on_demand_price,
on_demand_cap, price, delivered_share and cap multiply; demand_growth and delivery_delay_months add; discount_rate
and reserve_margin are set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import pairwise
from typing import Any

from models.columns import Row
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.faults import closest
from models.kinds import OfferKey
from models.realization import ALL
from models.schema import OF_OFFERS, Demand
from models.supply.kind import OfferKind
from models.supply.registry import KINDS, offers_named, two_offers, uncertain
from models.variants.offers import at_price

_Action = Callable[[Dataset, str, float], Dataset]


def with_factor(dataset: Dataset, quantity: str, name: str, value: float) -> Dataset:
    """The problem with a quantity changed.

    Parameters
    ----------
    dataset
        The problem.
    quantity
        One of those of `scenario_factors`, `cap`, `discount_rate` or `reserve_margin`.
    name
        What it acts on; `*` for everything.
    value
        The factor, or what is added, as in `scenario_factors`.

    Raises
    ------
    ValueError
        The workbook has nothing of that name or two offers of it, or the quantity is unknown.
    """
    if quantity not in _ACTIONS:
        raise ValueError(f"There is no quantity '{quantity}'. {closest(quantity, _ACTIONS)}")
    known = names_of(dataset, quantity)
    if name != ALL and name not in known:
        raise ValueError(f"{quantity} of '{name}': no such name in the workbook. {closest(name, known)}")
    if quantity in OF_OFFERS and len(found := offers_named(dataset, name, _kinds(quantity))) > 1:
        raise ValueError(f"{quantity} of '{name}': the name of {two_offers(found)}. Rename one of the two.")
    return _ACTIONS[quantity](dataset, name, value)


def names_of(dataset: Dataset, quantity: str) -> tuple[str, ...]:
    """What the quantity can act on, by name."""
    segments = [each.segment for each in dataset.segments]
    hardware = [each.hardware for each in dataset.hardware]
    found: dict[str, Collection[str]] = {
        "demand": segments,
        "demand_growth": segments,
        "throughput": [*dict.fromkeys(each.workload for each in dataset.throughput), *hardware],
        "on_demand_price": hardware,
        "on_demand_cap": hardware,
        "cap": [each.cap for each in dataset.caps],
    }
    if quantity in OF_OFFERS:
        return tuple(dict.fromkeys(offer.name for offer in _offers(dataset, quantity)))
    return tuple(found.get(quantity, ()))


def _kinds(quantity: str) -> list[OfferKind]:
    """The kinds of offers that a quantity can act on: on prices all."""
    return KINDS if quantity == "price" else uncertain(quantity)


def _offers(dataset: Dataset, quantity: str, name: str = ALL) -> list[OfferKey]:
    """The offers that a quantity of a name acts on."""
    found = (kind.key(row) for kind in _kinds(quantity) for row in kind.rows(dataset))
    return [offer for offer in found if name in (ALL, offer.name)]


def _demand_growth(dataset: Dataset, name: str, value: float) -> Dataset:
    """Every month's growth over the month before is larger by `value`, from month 0 on."""
    kept = [each for each in dataset.demand if name not in (ALL, each.segment)]
    for (segment, region), path in baseline_demand(dataset).items():
        if name not in (ALL, segment):
            continue
        grown = [path[0]]
        for before, after in pairwise(path):
            grown.append(max(0.0, grown[-1] * (after / before + value)) if before else after)
        for t, tokens in enumerate(grown):
            month = dataset.month(t)
            kept.append(Demand(segment=segment, region=region, month=month, tokens_bn_per_day=tokens))
    return replace(dataset, demand=tuple(kept))


def _price(dataset: Dataset, name: str, value: float) -> Dataset:
    for offer in _offers(dataset, "price", name):
        dataset = at_price(dataset, offer, value)
    return dataset


def _delivered_share(dataset: Dataset, name: str, value: float) -> Dataset:
    for kind in uncertain("delivered_share"):
        dataset = kind.delivered(dataset, None if name == ALL else name, value)
    return dataset


def _delay(dataset: Dataset, name: str, value: float) -> Dataset:
    """Longer lead times, for what is already in service none."""
    for kind in uncertain():
        dataset = kind.delayed(dataset, None if name == ALL else name, round(value))
    return dataset


def _multiplied(sheet: str, column: str, *names: str) -> _Action:
    """A column of the rows that a name in one of their columns picks, times the value; blank cells stay."""

    def act(dataset: Dataset, name: str, value: float) -> Dataset:
        def changed(row: Row) -> Row:
            figure = getattr(row, column)
            picked = figure is not None and name in (ALL, *(getattr(row, each) for each in names))
            return replace(row, **{column: figure * value}) if picked else row

        return dataset.with_rows(**{sheet: map(changed, dataset.rows(sheet))})

    return act


def _setting(column: str) -> _Action:
    """A setting at the value."""

    def act(dataset: Dataset, _name: str, value: Any) -> Dataset:
        return replace(dataset, settings=replace(dataset.settings, **{column: value}))

    return act


_ACTIONS: dict[str, _Action] = {
    "demand": _multiplied("demand", "tokens_bn_per_day", "segment"),
    "demand_growth": _demand_growth,
    "throughput": _multiplied("throughput", "tokens_per_second", "workload", "hardware"),
    "on_demand_price": _multiplied("on_demand", "usd_per_accelerator_hour", "hardware"),
    "on_demand_cap": _multiplied("on_demand", "max_accelerators", "hardware"),
    "price": _price,
    "delivered_share": _delivered_share,
    "delivery_delay_months": _delay,
    "cap": _multiplied("caps", "value", "cap"),
    "discount_rate": _setting("discount_rate"),
    "reserve_margin": _setting("reserve_margin"),
}
