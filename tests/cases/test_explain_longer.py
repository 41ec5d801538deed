"""What explain and --vary tell in little time is not refuted by what they find in ten times as much."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.build import build_model
from models.estimate import Estimate
from planner.explain.explanation import answer_questions
from planner.explain.ranges import parse
from planner.explain.sensitivity import vary
from planner.problem_reader import read
from planner.solving.problem import SolveOptions
from planner.solving.search import solve
from planner.solving.worker_pool import WorkerPool

INPUTS = Path(__file__).parents[2] / "inputs"


def _meet(one: Estimate, other: Estimate) -> bool:
    """Whether a figure can lie between the ends of both."""
    lows = [each.at_least for each in (one, other) if each.at_least is not None]
    highs = [each.at_most for each in (one, other) if each.at_most is not None]
    slack = 1e-6 * max([1.0, *(abs(each) for each in (*lows, *highs))])
    return not lows or not highs or max(lows) <= min(highs) + slack


@pytest.mark.slow
@pytest.mark.parametrize("name", ["starter", "lessor"])
def test_ten_times_the_time_refutes_nothing(name: str) -> None:
    """Every range told after a few seconds still allows for what is known after ten times as many."""
    data = read(INPUTS / f"{name}.xlsx").valid_dataset()
    model, options = build_model(data), SolveOptions(gap=0.001, time_limit=5.0, threads=1)
    outcome = solve(model, options)
    assert outcome.values is not None
    plan = model.plan(outcome.values)
    cost = Estimate.optimum(outcome.bound_usd, plan.objective_usd)
    told = []
    for seconds in (6.0, 60.0):
        with WorkerPool(2, seconds) as workers:
            explained = answer_questions(data, plan, cost, workers, options)
        with WorkerPool(2, seconds) as workers:
            varied = vary(data, plan, cost, [parse("demand=-20%..+40%/3")], workers, options)
        points = {("point", str(each.value)): each.least_cost for each in varied.curves[0].points}
        offers = {("offer", each.offer.words): each.difference for each in explained.offers}
        prices = {("price", each.offer.words): each.break_even for each in explained.offers}
        policy = {("policy", each.loosened.words): each.saving for each in explained.policy}
        told.append({("least", ""): explained.least_cost} | points | offers | prices | policy)
    short, long = told
    refuted = {key: (short[key], long[key]) for key in short.keys() & long.keys() if not _meet(short[key], long[key])}
    assert refuted == {}
    assert len(short) >= 5
