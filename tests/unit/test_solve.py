"""The solver's hand: first plans, limits, stops, and what is said of them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks.generated import generated
from builders import contract, dataset, demand, fleet, lease, on_demand, segment, term

import planner.solving.search
from models.build import build_model
from models.core.model import Model
from planner.solving.dispatch import local_optimum, polish
from planner.solving.exactness import added_up, cost_of, duality_gap
from planner.solving.highs import HighsSolver
from planner.solving.highs_reports import COMPLETING
from planner.solving.problem import LocalOptimum, Outcome, Progress, SolveOptions, fixed_at
from planner.solving.search import solve


@pytest.fixture(scope="module")
def large() -> Model:
    return build_model(generated(24, 20))


@pytest.fixture(scope="module")
def early() -> tuple[Model, Outcome, LocalOptimum]:
    """A problem, a plan of it found early, and the best one of that plan's decisions."""
    model = build_model(generated(12, 10))
    outcome = solve(model, SolveOptions(gap=0.5, threads=1))
    assert outcome.values is not None
    best = local_optimum(model, outcome.values)
    assert best is not None
    return model, outcome, best


def keeps_every_row(model: Model, values: np.ndarray) -> bool:
    arrays = model.compiled
    rows = arrays.matrix @ values
    scale = 1e-6 * (1.0 + abs(rows))
    inside = np.all(values >= arrays.lower - 1e-6) and np.all(values <= arrays.upper + 1e-6)
    return bool(inside and np.all(rows >= arrays.row_lower - scale) and np.all(rows <= arrays.row_upper + scale))


def test_a_large_search_stopped_early_has_its_first_plan(large: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped as soon as a large problem has a plan, it keeps every row and is not called optimal."""
    monkeypatch.setattr(planner.solving.search, "LARGE", 1)
    told: list[Progress] = []
    outcome = solve(
        large,
        SolveOptions(gap=0.0),
        on_progress=told.append,
        should_stop=lambda: told[-1].incumbent_usd is not None,
    )
    assert outcome.status == "stopped"
    assert outcome.values is not None
    assert keeps_every_row(large, outcome.values)
    assert {"relax", "dive"} <= set(outcome.parts)


def test_the_time_limit_holds_with_the_first_plan_in_it(large: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for a first plan takes its time out of the limit."""
    monkeypatch.setattr(planner.solving.search, "LARGE", 1)
    outcome = solve(large, SolveOptions(gap=0.0, time_limit=1.0))
    assert outcome.status in ("stopped", "no_plan")
    assert outcome.seconds < 1.0 + 4.0


def test_polishing_makes_decisions_whole_and_costs_no_more() -> None:
    """Integers a hair off whole become whole, and the rest is the cheapest for them."""
    rows = [segment(), demand(3, 3), fleet(accelerators=1), on_demand(3.0), lease("two", term(2, 1.0)), contract()]
    model = build_model(dataset(rows, months=2))
    best = solve(model, SolveOptions(gap=0.0))
    assert best.values is not None
    noisy = best.values + np.where(model.compiled.integer, 1e-7, 0.0)
    values, _ = polish(model.compiled, noisy)
    assert np.all(values[model.compiled.integer] == np.round(values[model.compiled.integer]))
    assert model.compiled.objective(values) * model.units.usd == pytest.approx(best.objective_usd)


def test_the_dispatch_of_an_early_plan_is_the_best_for_its_decisions(
    early: tuple[Model, Outcome, LocalOptimum],
) -> None:
    """However soon a search ends, its plan costs what the program with its decisions held does, and duals prove it."""
    model, outcome, best = early
    assert outcome.objective_usd is not None
    assert outcome.dispatch_gap is not None
    assert outcome.dispatch_gap <= 1e-6
    assert outcome.objective_usd == pytest.approx(model.compiled.objective(best.values) * model.units.usd, rel=1e-7)


def test_dispatch_that_is_not_the_best_has_a_duality_gap(early: tuple[Model, Outcome, LocalOptimum]) -> None:
    """A hundredth more bought on demand than is needed shows in the gap, by what it costs."""
    model, _, best = early
    arrays = fixed_at(model.compiled, np.where(model.compiled.integer, best.values, np.nan))
    assert duality_gap(arrays, best.values, best.row_duals) <= 1e-6
    spoiled = best.values.copy()
    bought = max(range(len(spoiled)), key=lambda i: arrays.cost[i] * spoiled[i] * (not model.compiled.integer[i]))
    spoiled[bought] *= 1.01
    more = 0.01 * arrays.cost[bought] * best.values[bought] / added_up(arrays, spoiled)
    assert duality_gap(arrays, spoiled, best.row_duals) >= 0.5 * more > 1e-6


def test_a_plan_of_rounding_alone_costs_nothing() -> None:
    """Where all amounts are rounding the cost is exactly 0; an amount that is small, but no rounding, is told."""
    arrays = build_model(dataset([segment(), demand(1), on_demand(1.0)], months=1)).compiled
    for amount in (4e-15, -4e-15):
        assert cost_of(arrays, np.full(len(arrays.cost), amount * 1e-2)) == 0.0
    assert cost_of(arrays, np.full(len(arrays.cost), 1e-9)) > 0.0


def test_what_completes_a_start_proves_nothing_of_the_problem() -> None:
    """While HiGHS looks for the rest of a start given in part, the bound it reports is that of another problem."""
    solver = HighsSolver(build_model(dataset(demand(1.0), on_demand(3.0), months=1)).compiled, SolveOptions(), 1.0)

    def logged(line: str) -> None:
        for told in solver._highs.cbLogging.callbacks:
            told(SimpleNamespace(message=line))

    def reported(bound: float) -> None:
        seen = SimpleNamespace(mip_dual_bound=bound, mip_primal_bound=9.0, mip_gap=0.5)
        for told in solver._highs.cbMipLogging.callbacks:
            told(SimpleNamespace(data_out=seen))

    logged(f"{COMPLETING} for user-supplied values of 189 / 418 discrete variables")
    reported(8.0)
    assert solver.progress is None
    assert solver.bound == -np.inf
    logged("Solving report")
    reported(5.0)
    assert solver.bound == pytest.approx(5.0 / solver.scaling.cost)
