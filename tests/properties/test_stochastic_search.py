"""What knowing more is worth, on random small workbooks with random scenarios."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.scenario_rows import with_scenarios
from properties.themes import THEMES
from stochastic import solved_together_or_none

from models.dataset import Dataset
from models.stochastic.risk import Measure, expected_cost
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.stochastic.search_result import SearchResult
from planner.stochastic.solve import solve_stochastic

RANDOM = st.randoms(use_true_random=True)


def searched(data: Dataset, measure: Measure | None = None) -> SearchResult:
    options = SolveOptions(gap=0.0, threads=1)
    return solve_stochastic(data, measure or Measure.of(data), options, Stop(), lambda what: ProgressLines(what, "USD"))


def _ordered(data: Dataset) -> None:
    """Wait-and-see <= stochastic <= the plan for the expected values."""
    found, together = searched(data), solved_together_or_none(data)
    if together is None:
        assert found.status == "infeasible"
        return
    best = found.best
    assert best is not None
    scale = max(1.0, *(abs(cost) for cost in best.costs.values()))
    assert best.objective_usd == pytest.approx(together.objective_usd, abs=1e-6 * scale)
    assert best.bound_usd == pytest.approx(best.objective_usd, abs=1e-6 * scale)
    alone = expected_cost(
        {each.name: each.wait_and_see.cost_usd for each in best.scenarios if each.wait_and_see}, best.probability
    )
    assert alone <= best.objective_usd + 1e-6 * scale
    information = best.evpi()
    assert information is not None
    assert 0.0 <= information.least_usd <= information.usd + 1e-6 * scale <= information.most_usd + 2e-6 * scale
    if best.eev_usd is not None:
        assert best.objective_usd <= best.eev_usd + 1e-6 * scale
        worth = best.vss()
        assert worth is not None
        assert 0.0 <= worth.least_usd <= worth.most_usd + 1e-6 * scale


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=3, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_worths_are_not_negative(theme: str, random: Random) -> None:
    """EVPI >= 0, VSS >= 0, and wait-and-see <= stochastic <= expected-value plan."""
    _ordered(with_scenarios(THEMES[theme](random), random))
