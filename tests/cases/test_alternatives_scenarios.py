"""Near-optimal alternatives of plans for scenarios, against all decisions of a small tree tried one by one."""

from __future__ import annotations

from itertools import product

import pytest
from small_trees import EXACT, MOST, Signed, Tree, planned

from models.policy.stability import PlanStability
from models.stochastic.fixed_decisions import kept_decisions
from models.stochastic.solution import StochasticSolution
from planner.analysis.alternatives import AlternativesQuestion
from planner.analysis.questions import Incumbent
from planner.interrupt import Stop
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving.progress import ProgressLines


def _signed_first(tree: Tree) -> dict[tuple[int, ...], float]:
    """By what can be signed in January the least of what is minimised, of all that the cap allows."""

    def least(units: Signed) -> float:
        return tree.least(lambda way: way["all"] == units)

    ways = [dict(zip(MOST, units, strict=True)) for units in product(*(range(n + 1) for n in MOST.values()))]
    return {tuple(way.values()): least(way) for way in ways if sum(way.values()) <= tree.cap}


def _apart_mw(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """A kW a unit, from January to the end."""
    return sum(abs(a - c) for a, c in zip(one, other, strict=True)) / 1000.0


@pytest.mark.parametrize(
    ("tree", "within"), [(Tree(1, cap=9.0), 0.2), (Tree(2, 0.5, cap=9.0), 0.35), (Tree(2, cap=1.5), 0.001)]
)
def test_alternatives_are_all_that_sign_otherwise_now_within_the_cost(tree: Tree, within: float) -> None:
    """The first is the furthest, each costs the least for what it signs now, and none is left out or told twice."""
    plans, data = planned(tree.data), tree.data
    question = AlternativesQuestion(
        data, Incumbent(data, plans, None), 9, within, EXACT, Stop(), lambda what: ProgressLines(what, "USD")
    )
    question.ask(100.0)
    found, costs = question.told(), _signed_first(tree)

    def signed(own: StochasticSolution) -> tuple[int, ...]:
        return tuple(tree.decided(own)["all"].values())

    best = signed(plans)
    near = {units for units, usd in costs.items() if units != best and usd <= (1.0 + within) * min(costs.values())}
    others = [signed(each.plan_set.solution) for each in found.plans]
    assert sorted(others) == sorted(near)
    assert found.none_exists == (not near)
    assert "signs the same in the first stage" in found.words
    for units, each in zip(others, found.plans, strict=True):
        assert each.cost_usd == pytest.approx(costs[units])
        assert each.audit.passed
    if near:
        assert found.plans[0].distance_mw == pytest.approx(max(_apart_mw(best, each) for each in near))


@pytest.mark.parametrize(("risk", "within"), [("expected", 0.3), ("worst", 0.5)])
def test_alternatives_beside_a_plan_to_keep(risk: str, within: float) -> None:
    """With a price on departing the plan stays the best of cost and charge, and alternatives are those to it."""
    tree = Tree(1, cap=9.0)
    data = tree.data
    kept = kept_decisions(data, planned(data).plans)
    options = PlanOptions(gap=0.0, threads=1, change_cost=1.0, alternatives=1, within=within, risk=risk)
    result = solve_dataset(data, options, keep=kept)
    assert result.status == "optimal"
    assert result.kept is not None
    assert result.kept.charge_usd == 1.0 * sum(PlanStability(kept, 1.0, 1).departures(data, kept).values()) == 0.0
    [other] = result.alternatives
    assert other.distance_mw > 0.0
    assert other.extra_share(result.plan_set.solution.objective_usd) <= within + 1e-9
