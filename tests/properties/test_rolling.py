"""Rolling through a horizon in which all comes as forecast: planning anew each month costs nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from builders import solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.themes import THEMES
from rolling_runs import roll_through

from models.checks import check
from models.dataset import Dataset

RANDOM = st.randoms(use_true_random=True)


def _without_what_looks_back(data: Dataset) -> Dataset:
    """The problem without clauses that add up across months and that a step cannot look back on."""
    return replace(
        data,
        caps=tuple(each for each in data.caps if each.per == "month" or each.measure == "cash_usd"),
        contracts=tuple(replace(each, min_spend_usd_per_year=0.0) for each in data.contracts),
    )


def _costs_nothing(data: Dataset) -> None:
    data = _without_what_looks_back(data)
    if any(fault.severity == "error" for fault in check(data)):
        return
    plan = solved_or_none(data)
    if plan is None:
        return
    rolled = roll_through(data, data)
    scale = max(1.0, sum(abs(each.present_value_usd) for each in plan.payments))
    assert rolled.hindsight is not None
    assert all(step.status == "optimal" and not step.short for step in rolled.steps), rolled.steps
    assert not rolled.hindsight.lost
    assert rolled.hindsight.rolling is not None, rolled.hindsight.broken
    assert abs(rolled.hindsight.rolling.objective_usd - plan.objective_usd) <= 1e-6 * scale


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=8, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_what_comes_as_forecast_costs_no_more_when_planned_anew(theme: str, random: Random) -> None:
    """With actuals as forecast the decisions made month by month cost what the plan made at first costs."""
    _costs_nothing(THEMES[theme](random))
