"""The parts of the search of large problems, each by itself."""

from __future__ import annotations

import numpy as np
import pytest
from builders import contract, dataset, demand, lease, on_demand, segment, term

from models.build import build_model
from models.core.compiled import Compiled
from models.core.model import Model
from models.schema import Cap
from models.supply.signing_columns import signing_columns
from planner.solving.pipeline.dive import Held, contracts_held
from planner.solving.pipeline.improvement import Neighbourhoods, held_at
from planner.solving.pipeline.lazy_caps import LazyCaps
from planner.solving.pipeline.tightening import bounded, most_blocks
from planner.solving.problem import ArrayProblem, SolveOptions
from planner.solving.relaxation import LinearRelaxation, relaxed_optimum
from planner.solving.search import solve

TIERS = {1: 1.0, 10: 0.6}


def problem(tier_mode: str = "all_units", *rows: object) -> Model:
    """Demand of three accelerators, a contract of up to forty, a lease and hours at market price."""
    offers = [contract(tiers=TIERS, max_blocks=40, tier_mode=tier_mode), lease("one", term(2, 1.1)), on_demand(3.0)]
    return build_model(dataset([segment(), demand(3, months=3), *offers, *rows], months=3))


def with_blocks(arrays: Compiled, least: int) -> Compiled:
    """The problem with at least so many blocks of the contract signed."""
    from scipy.sparse import csr_array

    (columns,) = (each.blocks for each in signing_columns(arrays) if each.is_contract)
    row = csr_array((np.ones(len(columns)), (np.zeros(len(columns), int), columns)), shape=(1, len(arrays.columns)))
    return arrays.extended([], [], row, csr_array((1, 0)), np.array([float(least)]))


@pytest.mark.parametrize("tier_mode", ["all_units", "incremental"])
def test_blocks_ruled_out_cost_more_than_the_best_plan(tier_mode: str) -> None:
    """With one block more than tightening leaves, no plan is as cheap as the one known; with as many the optimum is."""
    model = problem(tier_mode)
    best = solve(model, SolveOptions(gap=0.0))
    assert best.objective_usd is not None
    assert best.values is not None
    arrays = model.compiled
    most = most_blocks(arrays, signing_columns(arrays), model.units, best.values, lambda: False)
    ((_, count),) = most.items()
    assert 3 <= count < 40
    dearer = solve(ArrayProblem(with_blocks(arrays, count + 1), model.units), SolveOptions(gap=0.0))
    assert dearer.objective_usd is not None
    assert dearer.objective_usd > best.objective_usd
    narrowed = solve(ArrayProblem(bounded(arrays, most), model.units), SolveOptions(gap=0.0))
    assert narrowed.objective_usd == pytest.approx(best.objective_usd)


@pytest.mark.parametrize("tier_mode", ["all_units", "incremental"])
def test_tightening_raises_the_relaxation(tier_mode: str) -> None:
    """The relaxation buys a share of the last tier no more once the tier is out of reach."""
    model = problem(tier_mode)
    arrays = model.compiled
    most = {each: 5 for each in signing_columns(arrays) if each.is_contract}
    before, after = (relaxed_optimum(ArrayProblem(each, model.units)) for each in (arrays, bounded(arrays, most)))
    assert before is not None
    assert after is not None
    assert arrays.objective(after.values) > arrays.objective(before.values) * 1.01


def test_a_dive_leaves_contracts_whole() -> None:
    """After it every running total of a contract is 0 or 1 in the months apart from the one it is signed in."""
    model = problem()
    arrays, offers = model.compiled, signing_columns(model.compiled)
    relaxation = LinearRelaxation(model)
    root = relaxation.optimum()
    assert root is not None
    start = Held(arrays.lower, arrays.upper, root.values, arrays.objective(root.values))
    held = contracts_held(relaxation.optimum, arrays.objective, offers, start)
    last = held.values[next(each for each in offers if each.is_contract).totals[-1]]
    assert 0.0 < root.values[next(each for each in offers if each.is_contract).totals[-1]] < 1.0
    assert last in (pytest.approx(0.0), pytest.approx(1.0))
    assert held.cost >= start.cost


def test_caps_are_left_out_until_a_plan_breaks_them() -> None:
    """The rows of a cap are put in once values break it, and those of a cap that they keep are not."""
    caps = [
        Cap(cap="loose", measure="cash_usd", scope="total", sense="max", value=1e9),
        Cap(cap="tight", measure="cash_usd", scope="total", sense="max", value=2000.0),
    ]
    model = problem("all_units", *caps)
    lazy = LazyCaps(model.compiled)
    assert len(lazy.arrays.rows) == len(model.compiled.rows) - 6
    found = solve(ArrayProblem(lazy.arrays, model.units), SolveOptions(gap=0.0))
    assert found.values is not None
    assert lazy.put_in(found.values)
    assert {row.index()[0] for row in lazy.arrays.rows if row.parent_component().name == "cap_is_kept"} == {"tight"}
    assert not lazy.put_in(found.values)


def test_what_is_held_of_a_plan_repeats_with_the_seed() -> None:
    """The same seed holds the same parts of a plan in turn, and the plan keeps the bounds that hold them."""
    model = problem()
    best = solve(model, SolveOptions(gap=0.0))
    assert best.values is not None
    one, other = (Neighbourhoods(model.compiled, signing_columns(model.compiled), 7) for _ in range(2))
    for _ in range(8):
        held = one.next().held
        assert (held == other.next().held).all()
        arrays = held_at(model.compiled, best.values, held)
        assert (arrays.lower <= best.values + 1e-6).all()
        assert (best.values <= arrays.upper + 1e-6).all()
