"""The parts of the search of large problems, each by itself."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from builders import contract, dataset, demand, lease, on_demand, segment, term

import planner.solving.pipeline.lazy_caps
import planner.solving.pipeline.tightening
from models.build import build_model
from models.core.compiled import Compiled
from models.core.model import Model
from models.schema import Cap
from models.supply.signing_columns import signing_columns
from planner.solving.exactness import dual_bound
from planner.solving.pipeline.branching import Bounds, ContractTree, Halves
from planner.solving.pipeline.contract_relaxation import ContractRelaxation, with_blocks_rows
from planner.solving.pipeline.dive import Held, contracts_held
from planner.solving.pipeline.improvement import Neighbourhoods, held_at
from planner.solving.pipeline.lazy_caps import LazyCaps
from planner.solving.pipeline.side_by_side import Asked, side_by_side
from planner.solving.pipeline.standing import Standing
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


@pytest.mark.parametrize("first", [0.0, 1.0, 2.0, 1000.0])
@pytest.mark.parametrize("tier_mode", ["all_units", "incremental"])
def test_blocks_ruled_out_cost_more_than_the_best_plan(
    tier_mode: str, first: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one block more than tightening leaves, no plan is as cheap as the one known; with as many the optimum is.

    Whatever number of blocks is asked about first.
    """
    monkeypatch.setattr(planner.solving.pipeline.tightening, "FURTHER", first)
    model = problem(tier_mode)
    best = solve(model, SolveOptions(gap=0.0))
    assert best.objective_usd is not None
    assert best.values is not None
    arrays = model.compiled
    known = best.values, arrays.objective(best.values)
    most = most_blocks(
        arrays, signing_columns(arrays), model.units, None, *known, 1, lambda _: None, lambda: False, lambda: False
    )
    ((_, count),) = most.items()
    assert 3 <= count < 40
    dearer = solve(ArrayProblem(with_blocks(arrays, count + 1), model.units), SolveOptions(gap=0.0))
    assert dearer.objective_usd is not None
    assert dearer.objective_usd > best.objective_usd
    narrowed = solve(ArrayProblem(bounded(arrays, most), model.units), SolveOptions(gap=0.0))
    assert narrowed.objective_usd == pytest.approx(best.objective_usd)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 1.5])
@pytest.mark.parametrize("tier_mode", ["all_units", "incremental"])
def test_a_cost_supposed_raises_the_bound_to_no_more_than_the_least(tier_mode: str, share: float) -> None:
    """Tightened by a cost that may be below the least, the relaxation proves a bound, at most that cost and the least.

    What is ruled out costs more than was supposed.
    """
    model = problem(tier_mode)
    arrays, offers = model.compiled, signing_columns(model.compiled)
    best, relaxed = solve(model, SolveOptions(gap=0.0)), relaxed_optimum(ArrayProblem(arrays, model.units))
    assert best.values is not None
    assert relaxed is not None
    least, below = arrays.objective(best.values), arrays.objective(relaxed.values)
    supposed, told = below + share * (least - below), list[float]()
    most = most_blocks(
        arrays, offers, model.units, None, best.values, supposed, 1, told.append, lambda: False, lambda: False
    )
    bound = min(max(told), supposed)
    assert below < bound if share < 1.0 else below <= bound
    assert bound <= least * (1.0 + 1e-9)
    for count in most.values():
        more = with_blocks(arrays, count + 1)
        dearer = solve(ArrayProblem(more, model.units), SolveOptions(gap=0.0))
        assert dearer.values is not None
        assert more.objective(dearer.values) > supposed


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
    relaxed = relaxed_optimum(model)
    assert relaxed is not None
    offers = signing_columns(model.compiled)
    one, other = (Neighbourhoods(model.compiled, offers, relaxed.values, 7) for _ in range(2))
    for _ in range(10):
        held = one.next(best.values).held
        assert (held == other.next(best.values).held).all()
        arrays = held_at(model.compiled, best.values, held)
        assert (arrays.lower <= best.values + 1e-6).all()
        assert (best.values <= arrays.upper + 1e-6).all()


def test_what_a_plan_and_the_relaxation_differ_in_is_freed() -> None:
    """Of whole-number decisions those alone are held in which the relaxation's optimum is the same."""
    model = problem()
    best, relaxed = solve(model, SolveOptions(gap=0.0)), relaxed_optimum(model)
    assert best.values is not None
    assert relaxed is not None
    near = Neighbourhoods(model.compiled, signing_columns(model.compiled), relaxed.values, 7).differing(best.values)
    alike = np.isclose(best.values, relaxed.values, rtol=0.0, atol=1e-6)
    assert (near.held == model.compiled.integer & alike).all()
    assert near.held.any()
    assert (model.compiled.integer & ~near.held).any()


def test_contracts_of_the_plan_are_exchanged_for_those_of_the_relaxation() -> None:
    """Two contracts of the plan are freed, and two that the relaxation alone signs; all other signings are held."""
    model = problem("all_units", *(contract(f"other {i}", tiers={1: 1.0 + 0.1 * i}, max_blocks=5) for i in range(7)))
    offers = signing_columns(model.compiled)
    contracts = [each.totals for each in offers if each.is_contract]
    best, relaxed = (np.zeros(len(model.compiled.columns)) for _ in range(2))
    for i, totals in enumerate(contracts):
        best[totals], relaxed[totals] = float(i < 4), 0.5 * float(i % 2)
    neighbourhoods = Neighbourhoods(model.compiled, offers, relaxed, 7)
    tried = set()
    for _ in range(20):
        held = neighbourhoods.exchanging(best).held
        freed = [i for i, totals in enumerate(contracts) if not held[totals].any()]
        assert all(held[totals].all() for i, totals in enumerate(contracts) if i not in freed)
        assert (len([i for i in freed if i < 4]), [i for i in freed if i >= 4]) == (2, [5, 7])
        tried.add(tuple(freed))
    assert len(tried) > 1


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("tier_mode", ["all_units", "incremental"])
def test_branching_over_contracts_proves_the_optimum(tier_mode: str, threads: int) -> None:
    """Nodes are dropped by their bounds, the rest are searched whole: what is left is the optimum, and its proof."""
    others = [contract(f"other {i}", tiers={1: 0.9 + 0.05 * i, 3: 0.7}, max_blocks=5) for i in range(3)]
    model = problem(tier_mode, *others)
    arrays = model.compiled
    best = solve(model, SolveOptions(gap=0.0))
    standing = Standing(arrays, SolveOptions(gap=0.0), model.units.usd, 0.0, None, None)
    searched: list[Compiled] = []

    def search(part: Compiled, _should_stop: object) -> float:
        searched.append(part)
        found = solve(ArrayProblem(part, model.units), SolveOptions(gap=0.0))
        if found.values is None:
            return math.inf
        standing.offer(found.values)
        return part.objective(found.values)

    tree = ContractTree(
        arrays, signing_columns(arrays), model.units, None, standing, lambda *_: None, lambda *_: None, search
    )
    tree.run(threads, lambda: False, lambda: False)
    assert best.objective_usd is not None
    assert searched
    assert standing.cost * model.units.usd == pytest.approx(best.objective_usd, rel=1e-9)
    assert standing.bound == pytest.approx(standing.cost, rel=1e-9)


def test_branching_goes_by_what_it_brought_before() -> None:
    """Of two contracts equally far from whole the one is branched on whose branches raised bounds by more."""
    model = problem("all_units", contract("other", tiers=TIERS, max_blocks=40))
    arrays = model.compiled
    offers = [each for each in signing_columns(arrays) if each.is_contract]
    standing = Standing(arrays, SolveOptions(gap=0.0), model.units.usd, 0.0, None, None)
    tree = ContractTree(arrays, offers, model.units, None, standing, lambda *_: None, lambda *_: None, lambda *_: 0.0)
    values = np.zeros(len(arrays.columns))
    for each in offers:
        values[each.totals], values[each.blocks[0]] = 0.5, 4.0

    def position() -> int:
        halves = tree._halves(values, {})
        assert halves is not None
        return halves.position

    first, other = position(), 1 - position()
    for each, gain in ((first, 1.0), (other, 9.0)):
        tree._learn(Halves(Bounds(), Bounds(), each, 2.0), [gain, gain])
    assert position() == other
    for _ in range(5):
        tree._learn(Halves(Bounds(), Bounds(), other, 2.0), [0.0, 5.0])
    assert position() == first


def test_a_relaxation_ends_once_it_costs_more_than_it_was_to() -> None:
    """Its duals prove that it does, no more than the optimum, which is found again where nothing ends it."""
    offers = [contract(tiers=TIERS, max_blocks=40), lease("one", term(12, 1.1)), on_demand(3.0)]
    model = build_model(dataset([segment(), demand(3, months=48), *offers], months=48))
    arrays, relaxation = model.compiled, LinearRelaxation(model)
    best = relaxation.optimum()
    assert best is not None
    cost, basis = arrays.objective(best.values), relaxation.basis()
    upper = arrays.upper.copy()
    for each in signing_columns(arrays):
        upper[each.totals] = 0.0
    alone = relaxation.optimum(arrays.lower, upper)
    assert alone is not None
    dearer, most = arrays.objective(alone.values), 1.01 * cost
    assert dearer > 2.0 * cost
    relaxation.begin_at(basis)
    ended = relaxation.optimum(arrays.lower, upper, most=most)
    assert ended is not None
    assert relaxation.ended_above
    assert most <= dual_bound(replace(arrays, upper=upper), ended.values, ended.row_duals) <= dearer * (1.0 + 1e-9)
    again = relaxation.optimum(arrays.lower, arrays.upper)
    assert again is not None
    assert not relaxation.ended_above
    assert arrays.objective(again.values) == pytest.approx(cost)


def test_a_basis_serves_a_problem_with_more_rows() -> None:
    """Rows behind those of the problem that a basis is of are in it as they are, and the optimum is the same."""
    model = problem()
    arrays, relaxation = model.compiled, LinearRelaxation(model)
    best = relaxation.optimum()
    assert best is not None
    contracts = [each for each in signing_columns(arrays) if each.is_contract]
    more = ContractRelaxation(with_blocks_rows(arrays, contracts), 1, model.units, relaxation.basis())
    found = more.optimum(arrays.lower, arrays.upper, {}, lambda: False)
    assert found is not None
    assert arrays.objective(found.values) == pytest.approx(arrays.objective(best.values))
    twelve = more.optimum(arrays.lower, arrays.upper, {0: (12.0, math.inf)}, lambda: False, begin=relaxation.basis())
    assert twelve is not None
    assert twelve.values[contracts[0].blocks].sum() >= 12.0 - 1e-6


def test_a_fault_in_one_thread_ends_the_others() -> None:
    """What is raised in any of them is raised where the work was begun, and the others are asked to end."""
    begun, pause = threading.Barrier(2), threading.Event()

    def work(should_stop: Asked) -> None:
        begun.wait(5.0)
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("planted")
        while not should_stop():
            pause.wait(0.001)

    with pytest.raises(ValueError, match="planted"):
        side_by_side(work, 2, lambda: False, lambda: False)


def test_whoever_waits_for_the_others_asks_on() -> None:
    """A stop that only the first thread hears of ends the others, though its own part of the work is done."""
    asked: list[bool] = []

    def here() -> bool:
        asked.append(True)
        return len(asked) > 1

    def work(should_stop: Asked) -> None:
        if threading.current_thread() is not threading.main_thread():
            while not should_stop():
                threading.Event().wait(0.001)

    side_by_side(work, 2, here, lambda: len(asked) > 1)
    assert len(asked) > 1


def test_an_idle_thread_of_the_tree_ends_with_a_fault_in_another() -> None:
    """While one searches the only node left, the other waits for nodes; what is raised there ends both."""
    model = problem()
    arrays = model.compiled
    standing = Standing(arrays, SolveOptions(gap=0.0), model.units.usd, 0.0, None, None)

    def search(_part: Compiled, _should_stop: object) -> float:
        raise KeyboardInterrupt

    tree = ContractTree(
        arrays, signing_columns(arrays), model.units, None, standing, lambda *_: None, lambda *_: None, search
    )
    with pytest.raises(KeyboardInterrupt):
        tree.run(2, lambda: False, lambda: False)


def test_what_a_tolerance_leaves_outside_its_bounds_is_not_branched_on() -> None:
    """Blocks that exceed a bound by the solver's tolerance are whole there, so that branching comes to an end."""
    model = problem()
    arrays = model.compiled
    offers = [each for each in signing_columns(arrays) if each.is_contract]
    standing = Standing(arrays, SolveOptions(gap=0.0), model.units.usd, 0.0, None, None)
    tree = ContractTree(arrays, offers, model.units, None, standing, lambda *_: None, lambda *_: None, lambda *_: 0.0)
    values = np.zeros(len(arrays.columns))
    values[offers[0].totals], values[offers[0].blocks[0]] = 1.0, 3.001
    assert tree._halves(values, {}) is not None
    assert tree._halves(values, {0: (-math.inf, 3.0)}) is None


def test_caps_that_two_threads_put_in_at_once_are_both_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays with the caps of one are not replaced by arrays that were begun before those of the other were in."""
    caps = [Cap(cap=f"cap {i}", measure="cash_usd", scope="total", sense="max", value=2000.0) for i in (1, 2)]
    lazy = LazyCaps(problem("all_units", *caps).compiled)
    breaks = [np.array([f"cap {i}" in row.index() for row in lazy._whole.rows]) for i in (1, 2)]
    with_rows, first_is_in = planner.solving.pipeline.lazy_caps._with_rows, threading.Event()

    def slow_for_one(arrays: Compiled, kept: npt.NDArray[np.bool_]) -> Compiled:
        if threading.current_thread() is not threading.main_thread():
            first_is_in.set()
            time.sleep(0.1)
        return with_rows(arrays, kept)

    monkeypatch.setattr(planner.solving.pipeline.lazy_caps, "rows_broken", lambda _, values: breaks[int(values[0])])
    monkeypatch.setattr(planner.solving.pipeline.lazy_caps, "_with_rows", slow_for_one)
    other = threading.Thread(target=lazy.put_in, args=(np.array([0.0]),))
    other.start()
    first_is_in.wait(5.0)
    lazy.put_in(np.array([1.0]))
    other.join()
    rows = [row for row in lazy.arrays.rows if row.parent_component().name == "cap_is_kept"]
    assert {row.index()[0] for row in rows} == {"cap 1", "cap 2"}


def test_a_best_cost_of_nothing_leaves_room_for_tolerances_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where income makes up for what is paid, their sum says nothing of tolerances; what is added up does."""
    model = problem()
    best = solve(model, SolveOptions(gap=0.0))
    assert best.values is not None
    arrays, offers = model.compiled, signing_columns(model.compiled)
    balanced = replace(arrays, offset=arrays.offset - arrays.objective(best.values))
    asked = offers, model.units, None, best.values, 0.0, 1, lambda _: None, lambda: False, lambda: False
    assert most_blocks(balanced, *asked)
    monkeypatch.setattr(planner.solving.pipeline.tightening, "SLACK", 10.0)
    assert not most_blocks(balanced, *asked)
