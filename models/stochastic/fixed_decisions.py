"""A plan's decisions held in a future that it was not made for: the problem in that future, and what can be held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from models.dataset import Dataset
from models.grouping import counts
from models.plan import Plan, Signing
from models.schema import Scenario, ScenarioFactor
from models.supply.kind import OfferKind

SAMPLED = " fresh"
"""The name of the sampled scenario; no scenario of a workbook begins with a blank."""

SigningKey = tuple[OfferKind, str, int, int]
"""Kind, offer, month and term of a signing."""


def dataset_in_sample(dataset: Dataset, factors: Iterable[ScenarioFactor]) -> Dataset:
    """The problem in the scenario of these factors.

    The plain figures and the workbook's scenarios stay beside it, because a signing is on offer in the months that
    any of them tells apart: what a plan for them signs can be signed here in the same month.
    """
    sampled = tuple(replace(factor, scenario=SAMPLED) for factor in factors)
    return replace(
        _with_scenarios(dataset, Scenario(scenario=SAMPLED, probability=1.0)),
        scenario_factors=dataset.scenario_factors + sampled,
        scenario=SAMPLED,
    )


def dataset_in_scenario(dataset: Dataset, scenario: str) -> Dataset:
    """The problem in one of the workbook's scenarios; "" is that of the plain figures."""
    return replace(_with_scenarios(dataset), scenario=scenario)


def _with_scenarios(dataset: Dataset, *more: Scenario) -> Dataset:
    return replace(dataset, scenarios=(Scenario(scenario="", probability=0.0), *dataset.scenarios, *more))


def decisions_of(plan: Plan) -> Plan:
    """The plan's decisions alone: what is signed, bought and admitted, not how it is used."""
    return Plan(signings=plan.signings, options=plan.options, limits=plan.limits)


def common_decisions(plans: Iterable[Plan], until: int) -> Plan:
    """What plans for scenarios decide alike before month t = `until`: what any of them signs or buys by then.

    Where a supplier has left in a scenario its signing is missing there; it is committed all the same. Rows of status
    signed are those of the first plan.
    """
    plans = tuple(plans)
    signings: dict[SigningKey, tuple[Signing, ...]] = {}
    for plan in plans:
        for key, units in _units_signed(plan, until).items():
            if units > sum(signing.units for signing in signings.get(key, ())):
                signings[key] = tuple(row for row in plan.chosen if _key(row) == key)
    signed_before = tuple(row for row in plans[0].signings if row.signed)
    options = dict.fromkeys(option for plan in plans for option in plan.options if option.month < until)
    return Plan(
        signings=signed_before + tuple(signing for rows in signings.values() for signing in rows),
        options=tuple(options),
        limits=tuple(limit for limit in plans[0].limits if limit.month < until),
    )


def kept_decisions(dataset: Dataset, plans: Mapping[str, Plan]) -> Plan:
    """What of an earlier plan there is to keep to: with scenarios what their plans have in common in the first stage.

    Without scenarios it is the one plan, under "".
    """
    if not dataset.scenarios:
        return plans[""]
    return common_decisions(plans.values(), dataset.settings.first_stage_months)


def unavailable(committed: Plan, implemented: Plan, until: int) -> tuple[str, ...]:
    """Offers and options committed before month t = `until` that were not to be had, each once, in order."""
    wanted, signed = _units_signed(committed, until), _units_signed(implemented, until)
    offers = (key[1] for key, units in wanted.items() if signed[key] < units)
    missing = (each for each in committed.options if each.month < until and each not in implemented.options)
    return tuple(dict.fromkeys([*offers, *(each.name for each in missing)]))


def _units_signed(plan: Plan, until: int) -> Counter[SigningKey]:
    """Units signed before month t = `until`."""
    return counts((_key(each), each.units) for each in plan.chosen if each.month < until)


def _key(signing: Signing) -> SigningKey:
    return signing.kind, signing.name, signing.month, signing.term_months
