"""Progressive hedging: bounds below the optimum in every iteration, and scenarios drawn together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from cases.test_stochastic_textbooks import lands
from decomposed import columns_differ, three_stages
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csc_array
from stochastic import solved_together

from models.core.compiled import Compiled
from models.dataset import Dataset
from models.stochastic.proximal import with_proximal_term
from models.stochastic.tree import ScenarioTree
from models.supply.scaling import model_units
from planner.solving.problem import ArrayProblem, SolveOptions
from planner.stochastic.lshaped import LShaped
from planner.stochastic.mpi import ranks
from planner.stochastic.progressive_hedging import ProgressiveHedging
from planner.stochastic.subproblem_solver import Solution, SubproblemSolver
from planner.stochastic.subproblems import Subproblems


def hedging(data: Dataset, multipliers: bool) -> ProgressiveHedging:
    """Progressive hedging of a dataset's subproblems, from the multipliers of the relaxation or from 0."""
    subproblems = Subproblems(ScenarioTree(data), ranks())
    solver = SubproblemSolver(SolveOptions(gap=0.0), 1, deadline=None, time_limit=None, short_time_limit=None)
    lshaped = LShaped(subproblems.master(), subproblems, solver)
    subproblems.price(lshaped.relax(lshaped.relax_apart(), 1e-9, lambda _: None) if multipliers else {})

    def solve_all(problems: Mapping[str, Compiled], _: bool) -> dict[str, Solution]:
        units = model_units(data)
        found = solver.solve({name: ArrayProblem(problem, units) for name, problem in problems.items()})
        return {name: solution for name, solution in found.items() if solution is not None}

    return ProgressiveHedging(subproblems, solve_all)


@pytest.mark.parametrize("multipliers", [False, True])
@pytest.mark.parametrize("of", [lands, pytest.param(three_stages, marks=pytest.mark.slow), columns_differ])
def test_hedging_bounds_the_expected_cost_in_every_iteration(of: object, multipliers: bool) -> None:
    """No multipliers of any iteration give a lower bound above the optimum, and from 0 they rise where they can."""
    assert callable(of)
    data = of()
    optimum = solved_together(data).objective_usd
    method = hedging(data, multipliers)
    bounds = [method.begin()]
    for _ in range(6):
        method.iterate()
        bounds.append(method.lower_bound())
    usd = model_units(data).usd
    assert all(bound * usd <= optimum * (1.0 + 1e-7) + 1e-6 for bound in bounds)
    assert multipliers or max(bounds[1:]) > bounds[0] or bounds[0] * usd == pytest.approx(optimum)


def test_hedging_draws_scenarios_together() -> None:
    """Scenarios apart at first decide alike, or nearly so, after some iterations; averages weigh by probability."""
    method = hedging(lands(), multipliers=False)
    method.begin()

    def spread() -> float:
        average = method.average()
        return sum(abs(value - average[key]) for own in method.decisions().values() for key, value in own.items())

    first = spread()
    chance = ScenarioTree(lands()).probability
    for key, value in method.average().items():
        weighted = [(chance[name], own[key]) for name, own in method.decisions().items() if key in own]
        assert value == pytest.approx(sum(p * x for p, x in weighted) / sum(p for p, _ in weighted))
    for _ in range(10):
        method.iterate()
    assert first > 0.0
    assert spread() < 0.5 * first


@given(low=st.integers(-3, 3), width=st.integers(0, 40), average=st.floats(-5.0, 45.0), weight=st.floats(0.1, 9.0))
def test_the_proximal_term_is_never_above_the_square(low: int, width: int, average: float, weight: float) -> None:
    """At whole numbers it is weight/2 times the squared distance next to the average and less nowhere but far away."""
    problem = Compiled(
        cost=np.zeros(1), offset=0.0, matrix=csc_array((0, 1)), row_lower=np.zeros(0), row_upper=np.zeros(0),
        lower=np.array([float(low)]), upper=np.array([float(low + width)]), integer=np.ones(1, dtype=bool),
        columns=(None,), rows=(),
    )  # fmt: skip
    augmented = with_proximal_term(problem, np.array([0]), np.array([average]), np.array([weight]))
    for x in range(low, low + width + 1):
        values = np.full(len(augmented.cost), float(x))
        values[1:] = max(0.0, *(augmented.row_lower - augmented.matrix[:, [0]].toarray()[:, 0] * x), 0.0)
        exact = 0.5 * weight * (x - average) ** 2
        assert augmented.objective(values) <= exact + 1e-7 * (1.0 + exact)
        if abs(x - average) <= 1.0 or width <= 2:
            assert augmented.objective(values) == pytest.approx(exact, rel=1e-7, abs=1e-7)
