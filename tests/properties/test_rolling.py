"""Rolling through a horizon in which all comes as forecast: planning anew each month costs nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from builders import solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.test_roll import settled_caps
from properties.themes import THEMES
from rolling_runs import roll_through

from models.checks import check
from models.dataset import Dataset

RANDOM = st.randoms(use_true_random=True)


def _costs_nothing(data: Dataset) -> None:
    data = settled_caps(data)
    if any(fault.severity == "error" for fault in check(data)):
        return
    plan = solved_or_none(data)
    if plan is None:
        return
    rolled = roll_through(data, data)
    scale = max(1.0, sum(abs(each.present_value_usd) for each in plan.payments))
    assert rolled.hindsight is not None
    assert all(step.status == "optimal" and not step.short for step in rolled.steps), rolled.steps
    assert not rolled.hindsight.dropped
    assert rolled.hindsight.rolling is not None, rolled.hindsight.violated
    assert abs(rolled.hindsight.rolling.objective_usd - plan.objective_usd) <= 1e-6 * scale


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=5, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_what_comes_as_forecast_costs_no_more_when_planned_anew(theme: str, random: Random) -> None:
    """With actuals as forecast the decisions made month by month cost what the plan made at first costs."""
    _costs_nothing(THEMES[theme](random))


def _as_it_went(data: Dataset, random: Random) -> Dataset:
    """The same problem with other demand, prices and deliveries."""

    def late(row: Any) -> Any:
        if row.status == "signed" or random.random() < 0.5:
            return row
        share = row.delivered_share * random.choice((0.5, 1.0))
        return replace(row, lead_months=row.lead_months + random.choice((0, 1)), delivered_share=share)

    return replace(
        data,
        demand=tuple(
            replace(each, tokens_bn_per_day=each.tokens_bn_per_day * random.choice((0.5, 1.0, 2.0)))
            for each in data.demand
        ),
        on_demand=tuple(
            replace(each, usd_per_accelerator_hour=each.usd_per_accelerator_hour * random.choice((0.5, 1.0, 2.0)))
            for each in data.on_demand
        ),
        leases=tuple(map(late, data.leases)),
        contracts=tuple(map(late, data.contracts)),
    )


def _never_beats_foresight(data: Dataset, random: Random) -> None:
    data = settled_caps(data)
    actuals = _as_it_went(data, random)
    if any(fault.severity == "error" for each in (data, actuals) for fault in check(each)):
        return
    options = {"every": random.choice((1, 1, 2)), "update": random.choice(("none", "level"))}
    rolled = roll_through(data, actuals, **options)
    if rolled.hindsight is None:
        return
    best = solved_or_none(actuals)
    found = rolled.hindsight.rolling
    assert found is not None or rolled.hindsight.violated
    assert (rolled.hindsight.foresight is None) == (best is None)
    if found is None:
        return
    assert best is not None
    scale = max(1.0, sum(abs(each.present_value_usd) for each in best.payments))
    assert found.objective_usd >= best.objective_usd - 1e-6 * scale
    assert rolled.hindsight.foresight is not None
    myopia, apart = rolled.hindsight.myopia, found.objective_usd - rolled.hindsight.foresight.objective_usd
    assert myopia.at_least is not None
    assert myopia.at_most is not None
    assert 0.0 <= myopia.at_least <= apart + 1e-6 * scale
    assert apart <= myopia.at_most + 1e-6 * scale


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=5, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_what_comes_otherwise_never_costs_less_than_foresight(theme: str, random: Random) -> None:
    """Whatever demand, prices and deliveries do, the decisions are those of a plan, dearer than the cheapest one."""
    _never_beats_foresight(THEMES[theme](random), random)
