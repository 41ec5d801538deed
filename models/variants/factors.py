"""Sensitivity: variants of a problem in one quantity, over the whole horizon.

What each quantity means is what the sheet scenario_factors means by it, from the first month on, in the plain figures
and in every scenario beside its own factors. A price multiplies also what a run earns and what is promised to a
provider, under its name; cap multiplies; discount_rate and reserve_margin are set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from models.checks.context import check_context_of
from models.checks.policy import names_acted_on
from models.dataset import Dataset
from models.faults import closest
from models.realization import ALL
from models.schema import OF_OFFERS, QUANTITIES, ScenarioFactor
from models.supply.kind import OfferKind
from models.supply.registry import KINDS, offers_named, two_offers, uncertain
from models.variants.offers import at_price


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
    if quantity not in (*QUANTITIES, *_ACTIONS):
        raise ValueError(f"There is no quantity '{quantity}'. {closest(quantity, (*QUANTITIES, *_ACTIONS))}")
    known = names_of(dataset, quantity)
    if name != ALL and name not in known:
        raise ValueError(f"{quantity} of '{name}': no such name in the workbook. {closest(name, known)}")
    if quantity in _ACTIONS:
        return _ACTIONS[quantity](dataset, name, value)
    if quantity in OF_OFFERS:
        kinds: list[OfferKind] = KINDS if quantity == "price" else uncertain(quantity)
        found = offers_named(dataset, name, kinds)
        if len(found) > 1:
            raise ValueError(f"{quantity} of '{name}': the name of {two_offers(found)}. Rename one of the two.")
        if found and found[0].kind not in uncertain(quantity):
            return at_price(dataset, found[0], value)
    factor = ScenarioFactor(scenario="", quantity=quantity, name=name, value=value)
    return replace(dataset, scenario_factors=(*dataset.scenario_factors, factor))


def names_of(dataset: Dataset, quantity: str) -> tuple[str, ...]:
    """What the quantity can act on, by name."""
    if quantity == "cap":
        return tuple(each.cap for each in dataset.caps)
    found: Collection[str] = names_acted_on(check_context_of(dataset)).get(quantity, ())
    if quantity == "price":
        found = {*found, *(kind.name_of(row) for kind in KINDS for row in kind.rows(dataset))}
    return tuple(sorted(found))


def _cap(dataset: Dataset, name: str, value: float) -> Dataset:
    caps = (replace(each, value=each.value * value) if name in (ALL, each.cap) else each for each in dataset.caps)
    return replace(dataset, caps=tuple(caps))


def _setting(column: str) -> Callable[[Dataset, str, float], Dataset]:
    """A setting at the value."""

    def act(dataset: Dataset, _name: str, value: Any) -> Dataset:
        return replace(dataset, settings=replace(dataset.settings, **{column: value}))

    return act


_ACTIONS: dict[str, Callable[[Dataset, str, float], Dataset]] = {
    "cap": _cap,
    "discount_rate": _setting("discount_rate"),
    "reserve_margin": _setting("reserve_margin"),
}
