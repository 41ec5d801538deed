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
    "lessor": (ROOT / "tests" / "benchmarks" / "examples" / "lessor.xlsx", ()),
    # a year of it, of which ten times the time proves nearly everything
    "lumen": (ROOT / "tests" / "data" / "lumen.xlsx", ("settings.months=12",)),
    "whole lumen": (ROOT / "tests" / "data" / "lumen.xlsx", ()),
    "frontier_lab": (ROOT / "tests" / "benchmarks" / "examples" / "frontier_lab.xlsx", ()),
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


def _told_by_explain(data: Dataset, plan: Plan, cost: Estimate, seconds: float) -> dict[str, Estimate]:
    """Everything that `explain` and `explain --vary` tell after so many CPU seconds each."""
    options = SolveOptions(gap=0.001, threads=1)
    explained = answer_questions(data, plan, cost, CpuClock(seconds), options)  # type: ignore[arg-type]
    varied = vary(data, plan, cost, [parse("demand=-20%..+40%/3")], CpuClock(seconds), options)  # type: ignore[arg-type]
    points = {f"demand x {each.value}": each.least_cost.times(1e-6) for each in varied.curves[0].points}
    return dict(told(explained)) | points


def _told_by_solve(data: Dataset, earlier: Plan, seconds: float) -> tuple[dict[str, Estimate], bool, bool]:
    """What `solve` tells of other plans than its own, whether it says that no alternative exists, and has one."""
    asked = PlanOptions(time_limit=seconds, threads=1, change_cost=1e5, alternatives=1, within=0.01)
    result = solve_dataset(data, asked, keep=earlier)
    if result.kept is None or result.alternatives_found is None:
        return {}, False, False  # no plan was found in the time, so that nothing is told
    kept = {"kept, minimised": result.kept.minimised, "free to depart": result.kept.free}
    none_exists = result.alternatives_found.none_exists is True
    return {"base case": result.base_case.cost} | kept, none_exists, bool(result.alternatives)


def _check_explain(data: Dataset, seconds: float) -> None:
    plan, cost = _plan(data)
    short, long = (_told_by_explain(data, plan, cost, each) for each in (seconds, 10.0 * seconds))
    assert _refuted(short, long) == {}
    assert len(short) >= 5


def _check_solve(data: Dataset, seconds: float) -> None:
    earlier, _ = _plan(replace(data, settings=replace(data.settings, discount_rate=0.3)))
    (short, none_exists, _), (long, _, found) = (
        _told_by_solve(data, earlier, each) for each in (seconds, 10.0 * seconds)
    )
    assert long
    assert _refuted(short, long) == {}
    assert not (none_exists and found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["starter", "lessor", "lumen"])
def test_ten_times_the_time_refutes_nothing_that_explain_tells(name: str) -> None:
    """Every range told after a few CPU seconds still allows for what is known after ten times as many."""
    _check_explain(_data(name), 1.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lessor", "lumen"])
def test_ten_times_the_time_refutes_nothing_that_solve_tells(name: str) -> None:
    """The same of the base case, of keeping to an earlier plan, and of alternatives that are said not to exist."""
    _check_solve(_data(name), 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seconds"), [("whole lumen", 6.0), ("frontier_lab", 60.0)])
def test_ten_times_the_time_refutes_nothing_at_length(name: str, seconds: float) -> None:
    """Nothing that explain or solve tells of large problems is refuted either; for people, not for every run."""
    _check_explain(_data(name), seconds)
    _check_solve(_data(name), seconds)
