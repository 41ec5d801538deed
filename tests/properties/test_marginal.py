"""Marginal values against solving again: with the same decisions, a little more costs what its value says."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from builders import solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.themes import THEMES

import planner.solving.independent_parts
from models.build import build_model
from models.checks import check
from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.probes import POWER, TOKENS
from models.warm_start import start_values
from planner.solving.dispatch import local_optimum
from planner.solving.one_sided import one_sided_derivatives
from planner.solving.problem import ArrayProblem, SolveOptions, fixed_at
from planner.solving.search import solve


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=8, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=st.randoms(use_true_random=True))
def test_a_little_more_changes_the_cost_by_its_value(theme: str, random: Random) -> None:
    """Added, 1 % of a probe's base saves at most what its slope says, and a small part of it at least 99 % of that."""
    data = THEMES[theme](random)
    if any(fault.severity == "error" for fault in check(data)):
        return
    plan = solved_or_none(data)
    if plan is None:
        return
    model = build_model(data, probes=True)
    best = local_optimum(model, start_values(model, plan))
    assert best is not None
    arrays = fixed_at(model.compiled, np.where(model.compiled.integer, best.values, np.nan))
    probes = [i for i, each in enumerate(arrays.columns) if each.parent_component().name in (TOKENS, POWER)]
    chosen = random.sample(probes, min(4, len(probes)))
    # a probe's unit is of the size of what it adds to: accelerators are of about 1 kW, demands of some billions
    bases = {i: 1e-3 if arrays.columns[i].parent_component().name == POWER else 1.0 for i in chosen}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner.solving.independent_parts, "LEAST_COLUMNS", random.choice((1, 10, 100)))
        patch.setattr(planner.solving.independent_parts, "FEW", 0)
        found = one_sided_derivatives(arrays, bases, lambda values: {}, 60.0)
    assert found is not None
    cost = arrays.objective(found.values)
    noise = 1e-8 * max(1.0, abs(cost))
    for i in chosen:
        slopes = found.columns[i]
        for slope, sign in ((slopes.right, 1.0), (slopes.left, -1.0)):
            if slope is None:
                continue
            steps = [share * sign * bases[i] for share in (1e-2, 1e-3, 1e-4, 1e-5)]
            changes = {step: each - cost for step in steps if (each := _at(arrays, i, step)) is not None}
            assert all(change >= slope * step - 1e-6 * abs(slope * step) - noise for step, change in changes.items())
            assert any(change <= slope * step + 0.01 * abs(slope * step) + noise for step, change in changes.items())


def _at(arrays: Compiled, column: int, step: float) -> float | None:
    """The least cost with a column held at the step; None where there is no plan."""
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[column] = upper[column] = step
    moved = replace(arrays, lower=lower, upper=upper)
    found = solve(ArrayProblem(moved, ModelUnits(1.0, 1.0, 1.0)), SolveOptions(gap=0.0, second_look=False))
    return None if found.values is None else moved.objective(found.values)
