"""Scaling: what the solver sees is near 1, and what comes back is in the problem's own units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import contract, dataset, demand, fleet, lease, lease_out, on_demand, segment, term
from hypothesis import given, settings
from hypothesis import strategies as st
from stochastic import scenario

from models.build import build_model
from models.core.compiled import Compiled
from models.stochastic.extensive_form import ExtensiveForm
from planner.solving.dispatch import local_optimum
from planner.solving.highs import HighsSolver
from planner.solving.problem import ArrayProblem, SolveOptions
from planner.solving.scaling import Scaling
from planner.solving.search import solve


def problem() -> ArrayProblem:
    rows = [segment(), demand(3, 5, 5), fleet(accelerators=1), on_demand(3.0), lease("two", term(2, 1.0)), contract()]
    model = build_model(dataset(rows, months=3))
    return ArrayProblem(model.compiled, model.units)


def in_other_units(arrays: Compiled, rows: np.ndarray, columns: np.ndarray, money: float) -> Compiled:
    """The same problem with rows, continuous columns and money counted otherwise."""
    columns = np.where(arrays.integer, 1.0, columns)
    matrix = arrays.matrix.copy()
    matrix.data = matrix.data * rows[matrix.indices] * np.repeat(columns, np.diff(matrix.indptr))
    return replace(
        arrays,
        matrix=matrix,
        cost=arrays.cost * columns * money,
        offset=arrays.offset * money,
        row_lower=arrays.row_lower * rows,
        row_upper=arrays.row_upper * rows,
        lower=arrays.lower / columns,
        upper=arrays.upper / columns,
    )


def test_factors_are_powers_of_two_and_integers_keep_their_unit() -> None:
    """Scaling changes no digit of a coefficient, and a whole number stays the same whole number."""
    arrays = problem().compiled
    scaling = Scaling.of(arrays)
    for factors in (scaling.row, scaling.column, np.array([scaling.cost])):
        assert np.all(np.log2(factors) == np.round(np.log2(factors)))
    assert np.all(scaling.column[arrays.integer] == 1.0)


def test_coefficients_come_near_one_from_any_units() -> None:
    """However rows and columns are counted, the solver sees coefficients within a few powers of ten of 1."""
    arrays = problem().compiled
    generator = np.random.default_rng(1)
    wild = in_other_units(
        arrays,
        10.0 ** generator.uniform(-9, 9, arrays.matrix.shape[0]),
        10.0 ** generator.uniform(-9, 9, arrays.matrix.shape[1]),
        1e-9,
    )
    seen = abs(Scaling.of(wild).apply(wild).matrix.data)
    assert seen.min() > 1e-4
    assert seen.max() < 1e4


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(-12, 9))
def test_the_optimum_is_the_same_in_any_units(seed: int, exponent: int) -> None:
    """Money x k costs x k to 1e-9, whatever rows and continuous columns are counted in beside."""
    plain = problem()
    arrays, generator = plain.compiled, np.random.default_rng(seed)
    rows = 2.0 ** generator.integers(-20, 20, arrays.matrix.shape[0])
    columns = 2.0 ** generator.integers(-20, 20, arrays.matrix.shape[1])
    money = 10.0**exponent
    expected = solve(plain, SolveOptions(gap=0.0))
    found = solve(replace(plain, compiled=in_other_units(arrays, rows, columns, money)), SolveOptions(gap=0.0))
    assert found.status == expected.status == "optimal"
    assert found.objective_usd == pytest.approx(expected.objective_usd * money, rel=1e-9)
    assert found.bound_usd == pytest.approx(found.objective_usd, rel=1e-6)


def test_duals_come_back_in_the_problem_s_units() -> None:
    """A row's dual is what a unit more of its right-hand side changes of the cost, whatever the solver's units."""
    rows = [segment(), demand(3, 5, 5), fleet(accelerators=1), on_demand(3.0)]
    model = build_model(dataset(rows, months=2))
    arrays = model.compiled
    best = local_optimum(model, np.full(len(arrays.columns), np.nan))
    assert best is not None
    served = [i for i, row in enumerate(arrays.rows) if row.name.startswith("demand_is_met")]
    step = 1e-3
    for row in served:
        lower, upper = arrays.row_lower.copy(), arrays.row_upper.copy()
        lower[row] += step
        upper[row] += step
        solver = HighsSolver(replace(arrays, row_lower=lower, row_upper=upper), SolveOptions(gap=0.0))
        solver.run()
        assert solver.values is not None
        change = arrays.objective(solver.values) - arrays.objective(best.values)
        assert best.row_duals[row] * step == pytest.approx(change, rel=1e-6, abs=1e-9)


def test_a_model_the_solver_refuses_is_told_with_its_largest_coefficient() -> None:
    """Numbers beyond what the solver takes end in a sentence that names the row and the column, not in "no plan"."""
    from planner.errors import ExitCode, ModelRefused

    arrays = problem().compiled
    matrix = arrays.matrix.copy()
    place = int(np.flatnonzero(arrays.integer[np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))])[0])
    matrix.data[place] = 1e200
    column = int(np.searchsorted(matrix.indptr, place, side="right")) - 1
    with pytest.raises(ModelRefused) as refused:
        HighsSolver(replace(arrays, matrix=matrix), SolveOptions())
    assert refused.value.exit_code == ExitCode.WRONG_INPUT
    assert arrays.columns[column].name in str(refused.value)
    bare = replace(arrays, matrix=matrix, columns=(None,) * len(arrays.columns), rows=(None,) * len(arrays.rows))
    with pytest.raises(ModelRefused, match=rf"1e\+200 of column {column} in row {matrix.indices[place]}\."):
        HighsSolver(bare, SolveOptions())


@pytest.mark.parametrize("factor", [1e-9, 1.0, 1e7])
def test_the_least_top_up_is_paid_in_any_money(factor: float) -> None:
    """A minimum spend far below the solver's tolerances in USD is paid all the same: the payments are the objective."""
    rate, least = 2.0 * factor, 40_000.0 * factor
    rows = [segment(), demand(3, 3, 3), fleet(accelerators=3), on_demand(3.0 * factor)]
    rows.append(contract(tiers=rate, min_spend_usd_per_year=least, signed=0))
    model = build_model(dataset(rows, months=3))
    found = solve(model, SolveOptions(gap=0.0))
    assert found.values is not None
    paid = sum(each.present_value_usd for each in model.plan(found.values).payments)
    assert paid == pytest.approx(found.objective_usd, rel=1e-9)
    assert paid >= 0.2 * least


def test_costs_that_cancel_leave_nothing_in_the_objective() -> None:
    """What rounding leaves of income counted and taken off again is no coefficient; it spoils the scaling."""
    rows = [segment(shortfall_usd_per_mtok=1.2), demand(2, 2, 2), fleet(accelerators=1)]
    rows.append([lease_out("taker", 0.8, 2, units_max=2), scenario("one", 0.5), scenario("other", 0.5)])
    form = ExtensiveForm(dataset(rows, months=3, risk_weight=0.3, risk_alpha=0.5))
    costs = [abs(each.cost) for each in form.scenarios]
    for coefficients in (*costs, abs(form.compiled.cost), abs(form.compiled.matrix.data)):
        assert coefficients[coefficients > 0.0].min() > 1e-9
