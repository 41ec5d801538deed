"""Rolling forward: the cheapest plan of the next round continues the cheapest plan of this one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from builders import solved, solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.themes import THEMES

from models.checks import check
from models.dataset import Dataset
from models.roll import roll_forward

RANDOM = st.randoms(use_true_random=True)


def settled_caps(data: Dataset) -> Dataset:
    """The problem without caps on obligations, which count ends of service that a later plan may choose otherwise."""
    return replace(data, caps=tuple(each for each in data.caps if each.measure != "obligation_usd"))


def _continues(data: Dataset, to: int) -> None:
    data = settled_caps(data)
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
@settings(max_examples=25, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM, share=st.floats(0.2, 0.9))
def test_the_next_round_costs_what_was_left_to_pay(theme: str, random: Random, share: float) -> None:
    """What is paid from month k on costs what the cheapest plan of the rolled problem costs, discounted by k months."""
    data = THEMES[theme](random)
    if data.settings.months > 1:
        _continues(data, max(1, min(data.settings.months - 1, round(share * data.settings.months))))
