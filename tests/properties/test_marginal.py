"""Marginal values against solving again: with the same decisions, a little more costs what its value says."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from builders import solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.themes import THEMES

from models.build import Model, build_model
from models.checks import check
from models.core.compiled import Compiled
from models.probes import POWER, TOKENS
from models.warm_start import start_values
from planner.solving.search import local_optimum

STEP = 1e-4


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=15, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=st.randoms(use_true_random=True))
def test_a_little_more_and_less_lie_on_both_sides_of_the_value(theme: str, random: Random) -> None:
    """The cost is convex in each probe, so its dual lies between what the last little cost and what the next costs."""
    data = THEMES[theme](random)
    if any(fault.severity == "error" for fault in check(data)):
        return
    plan = solved_or_none(data)
    if plan is None:
        return
    model = build_model(data, probes=True)
    decisions = start_values(model, plan)
    best = local_optimum(model, decisions)
    assert best is not None
    cost = float(model.compiled.cost @ best.values)
    decisions = np.where(model.compiled.integer, best.values, np.nan)
    probes = [i for i, each in enumerate(model.compiled.columns) if each.parent_component().name in (TOKENS, POWER)]
    for i in random.sample(probes, min(3, len(probes))):
        dual = best.column_duals[i]
        for step in (STEP, -STEP):
            lower, upper = model.compiled.lower.copy(), model.compiled.upper.copy()
            lower[i] = upper[i] = step
            moved = _at(model, replace(model.compiled, lower=lower, upper=upper), decisions)
            if moved is not None:
                assert moved >= cost + dual * step - 1e-8 * max(1.0, abs(cost))


def _at(model: Model, arrays: Compiled, decisions: npt.NDArray[np.float64]) -> float | None:
    """The least cost with these bounds; None where there is no plan."""
    before, model._compiled = model.compiled, arrays
    found = local_optimum(model, decisions)
    model._compiled = before
    return None if found is None else float(arrays.cost @ found.values)
