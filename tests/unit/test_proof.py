"""The proof of a search in parts, which begins before there is a plan."""

from __future__ import annotations

import math

import pytest
from builders import contract, dataset, demand, lease, on_demand, segment, term

from models.build import build_model
from models.core.model import Model
from models.core.vector import Vector
from models.schema import Cap
from planner.solving.pipeline.lazy_caps import LazyCaps
from planner.solving.pipeline.proof import _Proof, prove, prove_beside
from planner.solving.pipeline.side_by_side import Asked
from planner.solving.pipeline.standing import PROVEN, Standing
from planner.solving.problem import ArrayProblem, CompiledProblem, SolveOptions
from planner.solving.search import solve


def problem(*rows: object) -> Model:
    """Demand of three accelerators, a contract, a lease and hours at market price."""
    offers = [contract(tiers={1: 1.0, 10: 0.6}, max_blocks=40), lease("one", term(2, 1.1)), on_demand(3.0)]
    return build_model(dataset([segment(), demand(3, months=3), *offers, *rows], months=3))


def standing_of(model: Model) -> Standing:
    """Where a search stands that has not begun."""
    return Standing(model.compiled, SolveOptions(gap=0.0), model.units.usd, 0.0, None, None)


def optimum(model: CompiledProblem) -> tuple[Vector, float]:
    """The best values, and what they cost in model units."""
    found = solve(model, SolveOptions(gap=0.0))
    assert found.values is not None
    return found.values, model.compiled.objective(found.values)


def test_a_proof_begun_without_a_plan_proves_one_found_beside_it() -> None:
    """The plan that the search beside it finds is the optimum, and the bound is what it costs."""
    model = problem()
    best, cost = optimum(model)
    standing = standing_of(model)

    def plans(_should_stop: Asked) -> bool:
        return standing.offer(best)

    words = prove_beside(LazyCaps(model.compiled), standing, 1, plans, lambda _should_stop: None)
    assert words == PROVEN
    assert standing.cost == pytest.approx(cost, rel=1e-9)
    assert standing.bound == pytest.approx(cost, rel=1e-9)


def test_a_proof_is_left_where_plans_want_it_otherwise() -> None:
    """Where the search for plans says so there are no words of a proof, and nothing is improved beside it."""
    model = problem()
    improved: list[Asked] = []
    assert prove_beside(LazyCaps(model.compiled), standing_of(model), 1, lambda _: False, improved.append) is None
    assert not improved


def test_no_bound_is_taken_from_a_proof_that_there_is_no_plan() -> None:
    """HiGHS's word that there is no plan leaves the bound as it was, so that no plan is called proven by it."""
    model = problem()
    nothing = model.compiled.within(model.compiled.lower, model.compiled.lower, model.compiled.integer)
    standing = standing_of(model)
    assert prove(LazyCaps(nothing), standing, 1) == "Infeasible"
    assert standing.bound == -math.inf


@pytest.mark.parametrize("known", [True, False])
def test_what_breaks_a_cap_matters_where_it_is_cheaper_than_the_best_plan(known: bool) -> None:
    """Values that break a cap left out end a proof where they cost less than the best plan, not while there is none."""
    tight = Cap(cap="tight", measure="capacity_mw", scope="total", sense="max", value=0.0022)
    model = problem(tight)
    best, cost = optimum(model)
    caps = LazyCaps(model.compiled)
    breaking, least = optimum(ArrayProblem(caps.arrays, model.units))
    assert least < cost
    standing = standing_of(model)
    if known:
        assert standing.offer(best)
    proof = _Proof(caps, standing, 1, "choose", lambda: False)
    assert proof._look_at(breaking, ended=False) is known
    assert proof.put_in is known
    standing.values, standing.cost = breaking, least
    later = _Proof(LazyCaps(model.compiled), standing, 1, "choose", lambda: False)
    assert later._look_at(breaking, ended=False)
    assert not later.put_in
