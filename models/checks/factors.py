"""Factors of scenarios that can change nothing, or that leave a month's demand next to nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from models.checks.context import CheckContext, fault_in
from models.checks.demand import UNTOLD, TooLittle, next_to_nothing
from models.dataset import Dataset
from models.demand.baseline import segment_demand
from models.faults import Fault
from models.realization import ALL, Realization
from models.schema import ScenarioFactor
from models.supply.kind import OfferKind
from models.supply.registry import KINDS

Offer = tuple[OfferKind, Any]
NEUTRAL = {"price": 1.0, "delivery_delay_months": 0.0}
"""Quantities that act on signings, and the value that changes nothing; such a row may end one before it."""
OF_DEMAND = {"demand": 1.0, "demand_growth": 0.0}
"""Quantities that act on demand, and the value that changes nothing."""


def factors_without_effect(context: CheckContext) -> Iterator[Fault]:
    """Warns of factors that begin after the horizon, and of prices and delays that no signing meets."""
    dataset, rows = context.dataset, context.dataset.scenario_factors
    for factor in rows:
        begins = _begins(dataset, factor)
        if begins >= len(dataset.horizon):
            if not _reaches_beyond(dataset, factor.quantity):
                found, expected = dataset.label(begins), f"a month up to {dataset.label(len(dataset.horizon) - 1)}"
                fix = "It has no effect inside the horizon; correct the month, or delete the row."
                yield fault_in(factor, "from_month", found, expected, fix, "factor-beyond-horizon")
        elif is_idle(dataset, factor):
            yield _idle(factor)


def demand_of_next_to_nothing(context: CheckContext) -> Iterator[Fault]:
    """Factors of demand leave a month nothing, or enough for the solver to tell it from nothing."""
    dataset = context.dataset
    for scenario, factors in dataset.factors.items():
        acting = [row for (quantity, _), rows in factors.items() if quantity in OF_DEMAND for row in rows]
        told: set[int] = set()
        for little in next_to_nothing(dataset.in_scenario(scenario)) if acting else ():
            behind = max(acting, key=lambda row: _demand_without(dataset, row, little.t))
            if id(behind) not in told:
                told.add(id(behind))
                yield _too_little(behind, little)


def _demand_without(dataset: Dataset, factor: ScenarioFactor, t: int) -> float:
    """Billions of tokens a day in month t of a factor's scenario, of all segments, if the factor changed nothing."""
    neutral = replace(factor, value=OF_DEMAND[factor.quantity])
    rows = tuple(neutral if row is factor else row for row in dataset.scenario_factors)
    there = replace(dataset, scenario_factors=rows).in_scenario(factor.scenario)
    return math.fsum(tokens for (_, month), tokens in segment_demand(there).items() if month == t)


def _too_little(factor: ScenarioFactor, little: TooLittle) -> Fault:
    found = f"{factor.value:g}, which in '{factor.scenario}' leaves {little.words}"
    fix = f"{UNTOLD}: correct the value{'; 0 leaves none' if factor.quantity == 'demand' else ''}."
    return fault_in(factor, "value", found, f"a demand of none, or {little.enough}", fix)


def is_idle(dataset: Dataset, factor: ScenarioFactor) -> bool:
    """Whether it is a price or a delay that no signing meets before the next row, though there are signings."""
    if factor.quantity not in NEUTRAL or factor.value == NEUTRAL[factor.quantity]:
        return False
    begins, ends = _in_force(dataset, factor)
    realization = Realization([(begins, factor), (ends, replace(factor, value=NEUTRAL[factor.quantity]))])
    signed = [(each, m) for each in _acted_on(dataset, factor) for m in _signings(dataset, each)]
    return bool(signed) and not any(_changes(dataset, realization, factor.quantity, each, m) for each, m in signed)


def _in_force(dataset: Dataset, factor: ScenarioFactor) -> tuple[int, int]:
    """The month t it holds from, and that of the next row of its scenario, quantity and name."""
    begins = _begins(dataset, factor)
    others = (_begins(dataset, each) for each in dataset.factors[factor.scenario][factor.quantity, factor.name])
    return begins, min((t for t in others if t > begins), default=max(begins, len(dataset.horizon)) + 1)


def _begins(dataset: Dataset, factor: ScenarioFactor) -> int:
    return 0 if factor.from_month is None else dataset.t(factor.from_month)


def _reaches_beyond(dataset: Dataset, quantity: str) -> bool:
    """Whether what happens beyond the horizon may count: termination fees look there, as do caps and `full`."""
    counts = dataset.settings.end_of_horizon != "prorate" or any(
        each.measure == "obligation_usd" for each in dataset.caps
    )
    return quantity == "delivered_share" or (counts and quantity in ("supplier_exit", "delivery_delay_months"))


def _acted_on(dataset: Dataset, factor: ScenarioFactor) -> Iterator[Offer]:
    for kind in KINDS:
        for row in kind.rows(dataset) if kind.uncertain else ():
            if factor.name in (ALL, kind.name_of(row)):
                yield kind, row


def _signings(dataset: Dataset, offer: Offer) -> list[int]:
    """Months in which it is or can be signed; none for what is excluded."""
    kind, row = offer
    signed = kind.signed_before(dataset, row)
    if signed is not None:
        return [signed]
    return list(kind.signing_window(dataset, row)) if kind.status(row) == "offer" else []


def _changes(dataset: Dataset, realization: Realization, quantity: str, offer: Offer, signed: int) -> bool:
    kind, row = offer
    if quantity == "price":
        return realization.price(kind.name_of(row), signed) != 1.0
    return kind.start(dataset, row, signed, realization) != kind.start(dataset, row, signed)


def _idle(factor: ScenarioFactor) -> Fault:
    whose = "any offer" if factor.name == ALL else f"'{factor.name}'"
    if factor.quantity == "price":
        found = f"{factor.value:g}, while nothing can be signed"
        expected = f"a month in which {whose} is or can be signed"
        return fault_in(
            factor, "from_month", found, expected, "It has no effect; correct the month.", "factor-without-effect"
        )
    found = f"{factor.value:g}, a delay that postpones no service"
    expected = f"a delay that postpones service of {whose}: signed, or due, in or after from_month"
    fix = "It has no effect; correct from_month, or delete the row."
    return fault_in(factor, "value", found, expected, fix, "factor-without-effect")
