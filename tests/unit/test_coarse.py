"""The coarse problem: smaller, no dearer than the larger one, and as dear once cuts are in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.generated import generated
from scipy.sparse import csc_array, random_array

from models.build import build_model
from models.core.compiled import Compiled, Named
from models.core.merging import merge
from models.core.model import Model
from models.core.vector import Vector
from planner.solving.exactness import PRECISION, violation
from planner.solving.pipeline.coarse import CLOSE, CoarseProblem
from planner.solving.pipeline.improvement import held_at
from planner.solving.problem import ArrayProblem, SolveOptions, fixed_problem
from planner.solving.relaxation import relaxed_optimum
from planner.solving.search import solve


def _random_program(seed: int) -> Compiled:
    """A covering program whose columns come in pairs alike: rows of a pair of columns have the same coefficients."""
    draw = np.random.default_rng(seed)
    half = random_array((6, 8), density=0.5, rng=draw, data_sampler=lambda size: draw.integers(1, 5, size=size) * 1.0)
    matrix = csc_array(np.block([[half.toarray(), np.zeros((6, 8))], [np.zeros((6, 8)), half.toarray()]]))
    rows, columns = matrix.shape
    return Compiled(
        cost=draw.uniform(1.0, 2.0, columns),
        offset=3.0,
        matrix=matrix,
        row_lower=draw.uniform(0.0, 3.0, rows) * (np.diff(matrix.tocsr().indptr) > 0),
        row_upper=np.full(rows, np.inf),
        lower=np.zeros(columns),
        upper=np.full(columns, 9.0),
        integer=np.zeros(columns, dtype=bool),
        columns=tuple(Named("column", i) for i in range(columns)),
        rows=tuple(Named("row", i) for i in range(rows)),
    )


def _least(arrays: Compiled, model: Model) -> float:
    found = relaxed_optimum(ArrayProblem(arrays, model.units))
    assert found is not None
    return arrays.objective(found.values)


@pytest.fixture(scope="module")
def model() -> Model:
    """Ten segments of five kinds in six regions."""
    return build_model(generated(8, 10, 3, segments=10, regions=6))


@pytest.mark.parametrize("seed", range(5))
def test_merged_programs_cost_no_more(model: Model, seed: int) -> None:
    """Rows added up and columns made one give a lower bound, which is the optimum where all that is merged is alike."""
    arrays = _random_program(seed)
    groups = np.arange(12) % 6
    merged = merge(arrays, groups, np.zeros(16, dtype=bool))
    assert len(merged.arrays.columns) < 16
    assert _least(merged.arrays, model) <= _least(arrays, model) + 1e-9
    twice = replace(arrays, cost=np.tile(arrays.cost[:8], 2), row_lower=np.tile(arrays.row_lower[:6], 2))
    alike = merge(twice, groups, np.zeros(16, dtype=bool))
    assert _least(alike.arrays, model) == pytest.approx(_least(twice, model))


def test_columns_apart_are_not_merged() -> None:
    """Columns that are to stay by themselves do, in their order, whatever their coefficients."""
    arrays = _random_program(1)
    apart = np.arange(16) % 2 == 0
    merged = merge(arrays, np.arange(12) % 6, apart)
    assert len(set(merged.column_of[apart].tolist())) == 8
    assert (np.diff(merged.column_of[apart]) > 0).all()
    assert np.isin(merged.column_of[~apart], merged.column_of[apart], invert=True).all()


def _relaxed(coarse: CoarseProblem, model: Model) -> tuple[float, Vector]:
    while True:
        found = relaxed_optimum(ArrayProblem(coarse.arrays, model.units))
        assert found is not None
        lower = coarse.arrays.objective(found.values)
        if not coarse.put_in(found.values):
            return lower, found.values


def test_the_coarse_relaxation_comes_to_that_of_the_whole(model: Model) -> None:
    """With cuts the relaxation of a fraction of the columns is within a thousandth of that of all, never above it."""
    coarse = CoarseProblem(model.compiled, model.units, 1, lambda: False)
    assert len(coarse.arrays.columns) * 4 < len(model.compiled.columns)
    whole = _least(model.compiled, model)
    assert _least(coarse.arrays, model) < (1.0 - 10.0 * CLOSE) * whole
    lower, _ = _relaxed(coarse, model)
    assert (1.0 - CLOSE) * whole <= lower <= whole * (1.0 + 1e-7)


def test_plans_are_completed_at_their_true_cost(model: Model) -> None:
    """A plan of the coarse problem becomes one of the whole that keeps all rows, at the least cost of its decisions."""
    coarse = CoarseProblem(model.compiled, model.units, 2, lambda: False)
    _relaxed(coarse, model)
    found = solve(ArrayProblem(coarse.arrays, model.units), SolveOptions(gap=0.02, threads=1, time_limit=30.0))
    assert found.values is not None
    completed, whole = coarse.completed(found.values), coarse.of_whole(found.values)
    assert completed is not None
    assert whole is not None
    assert violation(model.compiled, whole) <= PRECISION
    cost = model.compiled.objective(whole)
    assert coarse.arrays.objective(completed) == pytest.approx(cost, rel=1e-6)
    assert coarse.arrays.objective(found.values) <= cost * (1.0 + 1e-7)
    held = relaxed_optimum(fixed_problem(model, np.where(model.compiled.integer, whole, np.nan)))
    assert held is not None
    assert model.compiled.objective(held.values) == pytest.approx(cost, rel=1e-6)


def test_once_completed_decisions_cost_in_the_coarse_problem_what_they_cost(model: Model) -> None:
    """Cuts of a plan that is tried are put in: with its decisions held the coarse problem costs no less than it."""
    coarse = CoarseProblem(model.compiled, model.units, 1, lambda: False)
    found = solve(ArrayProblem(coarse.arrays, model.units), SolveOptions(gap=0.02, threads=1, time_limit=30.0))
    assert found.values is not None
    held = np.arange(len(found.values)) < len(coarse.whole.held)

    def least() -> float:
        return _least(held_at(coarse.arrays, found.values, held), model)

    before, completed = least(), coarse.completed(found.values)
    assert completed is not None
    assert least() == before
    coarse.put_in_known()
    assert before < 0.999 * least()
    assert least() == pytest.approx(coarse.arrays.objective(completed), rel=1e-6)


def test_no_cut_is_above_what_a_plan_costs(model: Model) -> None:
    """Cuts made at some decisions hold at others: no plan of the whole costs less than the coarse problem says."""
    coarse = CoarseProblem(model.compiled, model.units, 1, lambda: False)
    _, relaxed = _relaxed(coarse, model)
    coarse.completed(np.round(relaxed))
    coarse.narrow(lambda arrays: arrays)
    arrays, draw = model.compiled, np.random.default_rng(5)
    held = coarse.whole.held
    for _ in range(5):
        cost = arrays.cost * draw.uniform(0.5, 1.5, len(arrays.cost))  # other plans are the best at other prices
        other = relaxed_optimum(ArrayProblem(replace(arrays, cost=cost), model.units))
        assert other is not None
        at = coarse.arrays.within(coarse.arrays.lower.copy(), coarse.arrays.upper.copy(), coarse.arrays.integer)
        at.lower[: len(held)] = at.upper[: len(held)] = other.values[held]
        assert _least(at, model) <= arrays.objective(other.values) * (1.0 + 1e-7)
