"""Random small workbooks with random scenarios, solved by decomposition."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from decomposed import decomposed
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.scenario_rows import with_scenarios
from properties.themes import THEMES
from stochastic import solved_together_or_none

from planner.solving.problem import SolveOptions
from planner.stochastic import decomposition

RANDOM = st.randoms(use_true_random=True)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=3, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_bounds_are_on_both_sides_of_the_extensive_form(theme: str, random: Random) -> None:
    """Bound <= least expected cost <= cost of the plan, all within the gap; every plan audited and decided alike."""
    data = with_scenarios(THEMES[theme](random), random)
    decomposed(replace(data, settings=replace(data.settings, risk_weight=0.0)), gap=1e-4)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=3, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_bounds_hold_without_the_extensive_form(theme: str, random: Random) -> None:
    """Where the extensive form is too large to be built: bound <= least expected cost <= cost of the plan, if any."""
    data = with_scenarios(THEMES[theme](random), random)
    data = replace(data, settings=replace(data.settings, risk_weight=0.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decomposition, "JOINT_NONZEROS", 0)
        found = decomposition.decompose(data, SolveOptions(gap=1e-4, threads=1))
    optimum = solved_together_or_none(data)
    if optimum is None:
        assert found.plans is None
        return
    scale = max(1.0, *(abs(cost) for cost in optimum.costs.values()))
    assert found.bound_usd is not None
    assert found.bound_usd <= optimum.objective_usd + 1e-6 * scale
    assert found.objective_usd is None or found.objective_usd >= optimum.objective_usd - 1e-6 * scale
