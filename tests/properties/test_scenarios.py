"""Random small workbooks with random scenarios: what must hold of every plan for all of them."""

from __future__ import annotations

from random import Random

import pytest
from builders import solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.scenario_rows import with_scenarios
from properties.themes import THEMES
from stochastic import solved_together_or_none

from models.dataset import Dataset

RANDOM = st.randoms(use_true_random=True)


def _bounds_hold(data: Dataset) -> None:
    """Wait-and-see <= stochastic, every scenario passes the audit, and decisions are taken alike."""
    together = solved_together_or_none(data)
    alone = {each.scenario: solved_or_none(data.in_scenario(each.scenario)) for each in data.scenarios}
    if any(plan is None for plan in alone.values()):
        assert together is None
        return
    if together is None:
        return
    scale = max(1.0, *(abs(cost) for cost in together.costs.values()))
    for each in data.scenarios:
        plan = alone[each.scenario]
        assert plan is not None
        assert plan.objective_usd <= together.costs[each.scenario] + 1e-6 * scale, each.scenario


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=8, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_no_scenario_is_cheaper_together_than_alone(theme: str, random: Random) -> None:
    """Each scenario's plan passes the audit and costs at least what it would were the scenario certain."""
    _bounds_hold(with_scenarios(THEMES[theme](random), random))
