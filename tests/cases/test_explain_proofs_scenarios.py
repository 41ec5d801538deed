"""Nothing that is not proven, with scenarios: what explain and --vary tell of searches that stop, fail or are lucky."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cases.test_explain_proofs import Told, failed
from small_trees import EXACT, PRICES, Tree, not_so, planned, takes_somewhere

from models.estimate import Estimate
from models.stochastic.solution import StochasticSolution
from models.supply.registry import offers_on_the_table
from planner.explain.document import explanation_json
from planner.explain.explanation import Explanation, answer_questions
from planner.explain.ranges import parse
from planner.explain.sensitivity import vary
from planner.explain.words import explanation_lines
from planner.solving.worker_pool import SolveResult, SolveTask, solve_task
from planner.stochastic.joint_task import JointTask

Answer = Callable[[SolveTask], SolveResult]
SOLVED: dict[tuple[str, int, int], SolveResult] = {}
"""What is found by the names of tasks and what they hold: the same is asked of every sort of search."""


def proven(task: SolveTask) -> SolveResult:
    """Solved."""
    held = hash(task.start.signings) if task.start is not None and task.fixed_until else 0
    key = task.key, hash(task.dataset.settings), held
    if key not in SOLVED:
        SOLVED[key] = solve_task(replace(task, options=EXACT))
    return replace(SOLVED[key], key=task.key)


def without_a_plan(task: SolveTask) -> SolveResult:
    """Stopped with a bound alone, a tenth too low."""
    bound = proven(task).bound_usd
    return SolveResult(task.key, "no_plan", bound_usd=None if bound is None else 0.9 * bound, why="Time limit reached")


def without_a_bound(task: SolveTask) -> SolveResult:
    """Stopped with the best plan, of which nothing is proven."""
    found = proven(task)
    return replace(found, status="no_plan" if found.plans is None else "stopped", bound_usd=None, gap=None)


def at_its_start(task: SolveTask) -> SolveResult:
    """Stopped at the plans it began with, where it began with some, with a bound a tenth too low."""
    found = without_a_plan(task)
    if not isinstance(task, JointTask) or task.begin is None or task.left_open is not None:
        return found
    return replace(found, status="stopped", objective_usd=task.begin.objective_usd, together=task.begin)


def together_alone(task: SolveTask) -> SolveResult:
    """All scenarios together are solved, none by itself."""
    return proven(task) if isinstance(task, JointTask) else without_a_plan(task)


ANSWERS = (failed, without_a_plan, without_a_bound, at_its_start, together_alone, proven)
CASES = [
    *((answer, Tree(1), answer is at_its_start, answer in (without_a_bound, failed)) for answer in ANSWERS),
    *(
        pytest.param(answer, Tree(2, 0.5), poor, bounded, marks=pytest.mark.slow)
        for answer in ANSWERS
        for poor in (False, True)
        for bounded in (False, True)
    ),
]


@cache
def _plans(tree: Tree, poor: bool) -> StochasticSolution:
    """The best plans, or those that buy on demand alone."""
    data = tree.data
    for offer in offers_on_the_table(data) if poor else ():
        data = offer.kind.without(data, offer.name)
    return planned(data)


def _explained(answer: Answer, tree: Tree, poor: bool, bounded: bool) -> Explanation:
    plans = _plans(tree, poor)
    cost = Estimate.optimum(tree.least() if bounded else None, plans.objective_usd)
    return answer_questions(tree.data, plans, cost, Told(answer, most=120), EXACT)  # type: ignore[arg-type]


def _holds(told: Estimate | dict[str, Any], true: float) -> bool:
    low, high = (told["at_least"], told["at_most"]) if isinstance(told, dict) else (told.at_least, told.at_most)
    return (low is None or low <= true + 1e-6) and (high is None or high >= true - 1e-6)


@pytest.mark.parametrize(("answer", "tree", "poor", "bounded"), CASES)
def test_every_range_of_explain_holds_the_true_figure(answer: Answer, tree: Tree, poor: bool, bounded: bool) -> None:
    """Whatever becomes of the searches, no end of a worth or a break-even is beyond the truth, in all and in each."""
    found, best = _explained(answer, tree, poor, bounded), tree.least()
    assert _holds(found.least_cost, best)
    decided = tree.decided(_plans(tree, poor))
    for offer in found.offers:
        takes = takes_somewhere(offer.name)
        without, other = tree.least(not_so(takes)), tree.least(not_so(takes) if offer.taken else takes)
        assert _holds(offer.difference, other - best)
        for end, sign in ((offer.break_even.at_least, -1.0), (offer.break_even.at_most, 1.0)):
            if end is not None:
                at = tree.least(takes, PRICES | {offer.name: PRICES[offer.name] * max(0.0, end + sign * 1e-3)})
                assert sign * (at - without) >= -1e-6, (offer.name, end)
        for each in offer.by_scenario:
            allowed = not_so(takes) if offer.taken else takes
            changed = tree.held(decided, each.scenario, offer.name, allowed)
            as_is = tree.held(decided, each.scenario, None, _any)
            assert as_is is not None
            assert not (each.infeasible and changed is not None)
            if changed is not None:
                assert _holds(each.difference, changed - as_is), (offer.name, each)
            here = takes({node: decided[node] for node in ("all", tree.node(each.scenario))})
            alone = tree.held(decided, each.scenario, offer.name if here else None, not_so(takes) if here else _any)
            for end, sign in ((each.break_even.at_least, -1.0), (each.break_even.at_most, 1.0)):
                if end is not None and alone is not None:
                    price = PRICES | {offer.name: PRICES[offer.name] * max(0.0, end + sign * 1e-3)}
                    at_price = tree.held(
                        decided, each.scenario, None if here else offer.name, _any if here else takes, price
                    )
                    assert at_price is None or sign * (at_price - alone) >= -1e-6, (offer.name, each)
    saving = {each.loosened.loosened_to: each.saving for each in found.policy}
    assert _holds(saving[None], best - tree.least(cap=9.0))
    if answer is not proven:
        assert not found.complete
        assert explanation_json(found, tree.data)["complete"] is False


def _any(way: object) -> bool:
    return True


@pytest.mark.parametrize("answer", [failed, without_a_plan])
def test_a_value_is_told_only_where_it_is_proven(answer: Answer) -> None:
    """Without plans of the other problem nothing is told as worth an amount, in all scenarios or in one."""
    tree = Tree(1)
    found = _explained(answer, tree, poor=False, bounded=False)
    for line in explanation_lines(found, tree.data)[1:]:
        assert "Worth" not in line or "at least" in line
        assert "costs" not in line or "at most" in line or "at least" in line
        if "by scenario" in line:
            assert any(words in line for words in ("not known", "at least", "at most", "between"))
    for offer in explanation_json(found, tree.data)["offers"]:
        prices = [offer["break_even"], *(each["break_even"] for each in offer["by_scenario"])]
        assert [each["share_of_price"] for each in prices] == [None] * len(prices)


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_point_of_vary_holds_the_true_cost(answer: Answer) -> None:
    """Whatever becomes of the searches, what is minimised at a value is within what is told of it, and its change."""
    tree = Tree(1)
    plans, best = _plans(tree, False), tree.least()
    cost = Estimate.exactly(plans.objective_usd)
    found = vary(tree.data, plans, cost, [parse("price:deal=0.5,2")], Told(answer, most=40), EXACT)  # type: ignore[arg-type]
    [curve] = found.curves
    for point in curve.points:
        true = tree.least(price=PRICES | {"deal": point.value})
        assert _holds(point.least_cost, true)
        assert _holds(found.difference(point), true - best)
    if answer in (failed, without_a_plan, without_a_bound):
        assert not found.complete
        assert {step.sure for step in curve.steps} <= {None}
