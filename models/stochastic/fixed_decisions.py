"""A course of things that no plan was made for: the problem as it has it, with the decisions a plan may hold there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from models.dataset import Dataset
from models.plan import Plan, Signing
from models.schema import Scenario, ScenarioFactor

SAMPLED = " fresh"
"""The name of the course; no scenario's name begins with a blank."""


def dataset_in_sample(dataset: Dataset, factors: Iterable[ScenarioFactor]) -> Dataset:
    """The problem in which things take the course of these factors.

    The plain figures and the workbook's scenarios stay beside it, because a signing is on offer in the months that
    any of them tells apart: what a plan for them signs can be signed here in the same month.
    """
    own = tuple(replace(each, scenario=SAMPLED) for each in factors)
    return replace(
        _beside(dataset, Scenario(scenario=SAMPLED, probability=1.0)),
        scenario_factors=dataset.scenario_factors + own,
        scenario=SAMPLED,
    )


def dataset_in_scenario(dataset: Dataset, scenario: str) -> Dataset:
    """The problem in which things take the course of one of the workbook's scenarios; "": that of the plain figures."""
    return replace(_beside(dataset), scenario=scenario)


def _beside(dataset: Dataset, *more: Scenario) -> Dataset:
    return replace(dataset, scenarios=(Scenario(scenario="", probability=0.0), *dataset.scenarios, *more))


def decisions_of(plan: Plan) -> Plan:
    """The plan's decisions alone: what is signed, bought and let in, not how it is used."""
    return Plan(signings=plan.signings, options=plan.options, limits=plan.limits)


def common_decisions(plans: Iterable[Plan], until: int) -> Plan:
    """What plans for scenarios decide alike before month t = `until`: what any of them signs or buys by then.

    Where a supplier is gone in a scenario its signing is missing there; it is committed all the same. Rows of status
    signed are those of the first plan.
    """
    plans = tuple(plans)
    signings: dict[tuple[str, str, int, int], tuple[Signing, ...]] = {}
    for plan in plans:
        for key, units in _signed(plan, until).items():
            if units > sum(each.units for each in signings.get(key, ())):
                signings[key] = tuple(each for each in plan.signings if not each.signed and _key(each) == key)
    already = tuple(each for each in plans[0].signings if each.signed)
    options = dict.fromkeys(each for plan in plans for each in plan.options if each.month < until)
    return Plan(
        signings=already + tuple(each for rows in signings.values() for each in rows),
        options=tuple(options),
        limits=tuple(each for each in plans[0].limits if each.month < until),
    )


def unavailable(committed: Plan, taken: Plan, until: int) -> tuple[str, ...]:
    """Offers and options committed before month t = `until` that could not be taken, each once, in order."""
    found: dict[str, None] = {}
    wanted, had = _signed(committed, until), _signed(taken, until)
    for key, units in wanted.items():
        if had.get(key, 0) < units:
            found[key[1]] = None
    bought = {(each.name, each.month) for each in taken.options}
    for each in committed.options:
        if each.month < until and (each.name, each.month) not in bought:
            found[each.name] = None
    return tuple(found)


def _signed(plan: Plan, until: int) -> dict[tuple[str, str, int, int], int]:
    """Units signed before a month, by kind, offer, month and term."""
    units: dict[tuple[str, str, int, int], int] = {}
    for each in plan.signings:
        if not each.signed and each.month < until:
            units[_key(each)] = units.get(_key(each), 0) + each.units
    return units


def _key(each: Signing) -> tuple[str, str, int, int]:
    return each.kind, each.name, each.month, each.term_months
