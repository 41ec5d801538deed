"""What is told after little time is not refuted by what ten times as much finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.explain import CpuClock, told

from models.build import build_model
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan
from planner.explain.explanation import answer_questions
from planner.explain.ranges import parse
from planner.explain.sensitivity import vary
from planner.problem_reader import read
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving.problem import SolveOptions
from planner.solving.search import solve

ROOT = Path(__file__).parents[2]
WORKBOOKS = {
    "starter": (ROOT / "inputs" / "starter.xlsx", ()),
    "lessor": (ROOT / "inputs" / "lessor.xlsx", ()),
    # a year of it, of which ten times the time proves nearly everything
    "lumen": (ROOT / "tests" / "data" / "lumen.xlsx", ("settings.months=12",)),
}


def _data(name: str) -> Dataset:
    path, overrides = WORKBOOKS[name]
    return read(path, overrides).valid_dataset()


def _plan(data: Dataset) -> tuple[Plan, Estimate]:
    """A plan within 5 %, and what is known of the least cost."""
    model = build_model(data)
    outcome = solve(model, SolveOptions(gap=0.05, time_limit=60.0, threads=1))
    assert outcome.values is not None
    plan = model.plan(outcome.values)
    return plan, Estimate.optimum(outcome.bound_usd, plan.objective_usd)


def _meet(one: Estimate, other: Estimate) -> bool:
    """Whether a figure can lie between the ends of both."""
    lows = [each.at_least for each in (one, other) if each.at_least is not None]
    highs = [each.at_most for each in (one, other) if each.at_most is not None]
    slack = 1e-6 * max([1.0, *(abs(each) for each in (*lows, *highs))])
    return not lows or not highs or max(lows) <= min(highs) + slack


def _refuted(short: dict[str, Estimate], long: dict[str, Estimate]) -> dict[str, tuple[Estimate, Estimate]]:
    return {key: (short[key], long[key]) for key in short.keys() & long.keys() if not _meet(short[key], long[key])}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORKBOOKS)
def test_ten_times_the_time_refutes_nothing_that_explain_tells(name: str) -> None:
    """Every range told after a few CPU seconds still allows for what is known after ten times as many."""
    data, options = _data(name), SolveOptions(gap=0.001, threads=1)
    plan, cost = _plan(data)
    found = []
    for seconds in (1.5, 15.0):
        explained = answer_questions(data, plan, cost, CpuClock(seconds), options)  # type: ignore[arg-type]
        varied = vary(data, plan, cost, [parse("demand=-20%..+40%/3")], CpuClock(seconds), options)  # type: ignore[arg-type]
        points = {f"demand x {each.value}": each.least_cost for each in varied.curves[0].points}
        found.append(dict(told(explained)) | points)
    short, long = found
    assert _refuted(short, long) == {}
    assert len(short) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lessor", "lumen"])
def test_ten_times_the_time_refutes_nothing_that_solve_tells(name: str) -> None:
    """The same of the base case, of keeping to an earlier plan, and of alternatives that are said not to exist."""
    data = _data(name)
    earlier, _ = _plan(replace(data, settings=replace(data.settings, discount_rate=0.3)))
    ranges, none_exists, alternatives = [], [], []
    for seconds in (1.0, 10.0):
        asked = PlanOptions(time_limit=seconds, threads=1, change_cost=1e5, alternatives=1, within=0.01)
        result = solve_dataset(data, asked, keep=earlier)
        if result.kept is None or result.alternatives_found is None:
            continue  # no plan was found in the time, so that nothing is told
        kept = {"kept, minimised": result.kept.minimised, "free to depart": result.kept.free}
        ranges.append({"base case": result.base_case.cost} | kept)
        none_exists.append(result.alternatives_found.none_exists)
        alternatives.append(result.alternatives)
    assert ranges
    assert _refuted(ranges[0], ranges[-1]) == {}
    assert not (none_exists[0] and alternatives[-1])
