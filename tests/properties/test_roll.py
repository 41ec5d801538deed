"""Rolling forward: the cheapest plan of the next round continues the cheapest plan of this one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from builders import solved, solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.scenario_rows import with_scenarios
from properties.themes import THEMES
from stochastic import solved_together, solved_together_or_none

from models.checks import check
from models.dataset import Dataset
from models.demand.churn_figures import lost_by_month
from models.plan import Plan
from models.roll import roll_forward
from models.roll.scenarios import roll_scenarios
from models.stochastic.tree import ScenarioTree

RANDOM = st.randoms(use_true_random=True)


def settled_caps(data: Dataset) -> Dataset:
    """The problem without caps on obligations, which count ends of service that a later plan may choose otherwise."""
    return replace(data, caps=tuple(each for each in data.caps if each.measure != "obligation_usd"))


def _with_whole_lives(data: Dataset) -> Dataset:
    """The problem with own plant counted in full, for of what is paid of it the share inside the horizon moves on."""
    if not data.own_sites and not data.chip_orders:
        return data
    return replace(data, settings=replace(data.settings, end_of_horizon="full"))


def _continues(data: Dataset, to: int) -> None:
    data = _with_whole_lives(settled_caps(data))
    if any(fault.severity == "error" for fault in check(data)):
        return
    plan = solved_or_none(data)
    if plan is None:
        return
    rest = roll_forward(data, plan, to, months=data.settings.months - to).dataset
    faults = [fault for fault in check(rest) if fault.severity == "error"]
    assert not faults, faults
    before = sum(each.present_value_usd for each in plan.payments if each.month < to)
    after = sum(each.present_value_usd for each in plan.payments if each.month >= to)
    cost = solved(rest).objective_usd * data.discount(to)
    scale = max(1.0, sum(abs(each.present_value_usd) for each in plan.payments))
    assert abs(cost - after) <= 1e-6 * scale, (before, after, cost, plan.signings, plan.limits)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=12, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM, share=st.floats(0.2, 0.9))
def test_the_next_round_costs_what_was_left_to_pay(theme: str, random: Random, share: float) -> None:
    """What is paid from month k on costs what the cheapest plan of the rolled problem costs, discounted by k months."""
    data = THEMES[theme](random)
    if data.settings.months > 1:
        _continues(data, max(1, min(data.settings.months - 1, round(share * data.settings.months))))


def _past(data: Dataset, plan: Plan, to: int) -> object:
    """What happened that counts later: signings customers lost and, where it counts, what was paid."""
    signings = frozenset(each for each in plan.signings if each.month < to or each.signed)
    counts = data.spend_commitments or data.settings.opening_cash_usd is not None
    counts = counts or any(each.min_spend_usd_per_year for each in data.contracts)
    lost = [round(lost_by_month(data, plan, each)[to], 9) for each in data.segments]
    return signings, lost, {each for each in plan.payments if each.month < to} if counts else ()


def _branch_continues(data: Dataset, to: int, followed: int) -> None:
    data = replace(settled_caps(data), caps=tuple(each for each in data.caps if each.per == "month"))
    data = replace(data, settings=replace(data.settings, risk_weight=0.0))
    data = replace(data, own_sites=(), chip_orders=())  # the test above rolls them
    if any(fault.severity == "error" for fault in check(data)):
        return
    found = solved_together_or_none(data)
    if found is None:
        return
    tree = ScenarioTree(data)
    name = tree.names[followed % len(tree.names)]
    left = tree.alike(name, to)
    pasts = [_past(data.in_scenario(other), found.plans[other], to) for other in left]
    if any(past != pasts[0] for past in pasts):
        return  # what happened differs, and only one of them did
    rolled = roll_scenarios(data, found.plans, name, left, to, months=data.settings.months - to)
    if any("has grown by other shares" in note for note in rolled.notes):
        return
    rest = rolled.dataset
    faults = [fault for fault in check(rest) if fault.severity == "error"]
    assert not faults, faults
    total = sum(tree.probability[other] for other in left)
    scale = max(1.0, *(sum(abs(each.present_value_usd) for each in plan.payments) for plan in found.plans.values()))
    after = sum(
        tree.probability[other] / total * each.present_value_usd
        for other in left
        for each in found.plans[other].payments
        if each.month >= to
    )
    cost = solved_together(rest).expected_usd * data.discount(to)
    assert abs(cost - after) <= 1e-6 * scale, (name, left, after, cost, found.plans, rest.scenario_factors)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=6, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM, share=st.floats(0.2, 0.9), followed=st.integers(0, 2))
def test_a_branch_costs_what_was_left_to_pay(theme: str, random: Random, share: float, followed: int) -> None:
    """What the scenarios left are expected to pay from month k on is the expected cost of the re-rooted problem."""
    data = with_scenarios(THEMES[theme](random), random)
    if data.settings.months > 1:
        _branch_continues(data, max(1, min(data.settings.months - 1, round(share * data.settings.months))), followed)
