"""Plans that are short of the best, as a search leaves them that is stopped, are billed and audited like any other."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from properties.themes import THEMES

from models.audit import audit
from models.build import build_model
from planner.solving.exactness import cost_of
from planner.solving.problem import ArrayProblem, SolveOptions
from planner.solving.search import solve

SEEDS = range(4, 16)


@pytest.mark.parametrize("theme", THEMES)
def test_a_plan_of_any_costs_passes_the_audit_and_costs_no_more_than_was_minimised(theme: str) -> None:
    """Plans that minimise costs drawn at random, some below 0, keep every rule at their true cost."""
    tried = 0
    for seed in SEEDS:
        data = THEMES[theme](Random(seed))
        model = build_model(data.in_scenario(data.scenarios[0].scenario) if data.scenarios else data)
        arrays, draw = model.compiled, np.random.default_rng(seed)
        factor = draw.choice([0.0, 0.3, 1.0, 3.0], size=len(arrays.cost))
        rewarded = (draw.random(len(arrays.cost)) < 0.3) & (arrays.upper < 1e6)
        drawn = replace(arrays, cost=np.where(rewarded, -factor, factor) * arrays.cost)
        values = solve(ArrayProblem(drawn, model.units), SolveOptions(gap=0.0, threads=1)).values
        if values is None:
            continue
        minimised_usd, plan = cost_of(arrays, values) * model.units.usd, model.plan(values)
        size = sum(abs(each.present_value_usd) for each in plan.payments)
        assert audit(model.dataset, plan).passed, seed
        assert plan.objective_usd <= minimised_usd + 1e-6 * max(1.0, size), seed
        tried += 1
    assert tried >= 3
