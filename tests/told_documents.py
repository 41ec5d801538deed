"""What every command tells of small problems, as its JSON: the documents that the page of figures speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import builders as b
from searches import three_leases
from stochastic import factor, scenario

from models.dataset import Dataset
from models.estimate import Estimate
from models.schema import Cap
from models.stochastic.solution import StochasticSolution
from planner.analysis.infeasibility import explain_infeasible
from planner.analysis.marginal_values import marginal_values, marginal_values_by_scenario
from planner.analysis.plan_comparison import compare
from planner.backtest.hindsight import hindsight
from planner.backtest.request import BacktestRequest, Inputs
from planner.backtest.simulation import steps
from planner.backtest.summary import BacktestResult
from planner.backtest.summary import document as backtest_json
from planner.explain.document import explanation_json
from planner.explain.explanation import answer_questions
from planner.explain.ranges import parse
from planner.explain.sensitivity import vary
from planner.explain.sensitivity_tables import variations_json
from planner.interrupt import Stop
from planner.reports.comparison_text import comparison_json
from planner.reports.infeasibility import repairs_json
from planner.reports.plan_report import write_plan
from planner.reports.run_json import run_json
from planner.reports.run_result import RunResult
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.solve_task import SolveResult, SolveTask, solve_task
from planner.stress.samples import draw_from_scenarios
from planner.stress.simulation import Commitment
from planner.stress.stress_test import stress_test
from planner.stress.tables import stress_json

EXACT = SolveOptions(gap=0.0, threads=1)


class InThisProcess:
    """Workers that solve at once."""

    count, stopping, seconds_left = 1, False, 100.0

    def submit(self, task: SolveTask) -> Future[SolveResult]:
        future: Future[SolveResult] = Future()
        future.set_result(solve_task(task))
        return future


def with_scenarios() -> Dataset:
    """Demand as it is or doubled, known from February on."""
    rows = [scenario("plain", 0.5), scenario("boom", 0.5), factor("boom", "demand", 2.0)]
    leases = [b.lease(name, b.term(2, monthly=usd)) for name, usd in {"a": 1000.0, "b": 1001.0, "c": 1002.0}.items()]
    return b.dataset(b.demand(1.0, months=2), *leases, b.on_demand(9.0), *rows, months=2, first_stage_months=1)


def capped(value: float, **more: Any) -> Dataset:
    """One accelerator is needed from a lease or, where there is one, dearly on demand; a cap on power is in the way."""
    cap = Cap(cap="small", measure="capacity_mw", scope="total", sense="max", value=value)
    rows = [b.demand(1.0), b.lease("a", b.term(1, hourly=1.0)), cap, *more.values()]
    return b.dataset(*rows, months=1)


@cache
def solves() -> tuple[RunResult, ...]:
    """Plans with alternatives, with a plan to keep, and for scenarios."""
    asked = PlanOptions(gap=0.0)
    return (
        solve_dataset(three_leases(), replace(asked, alternatives=2)),
        solve_dataset(three_leases(), replace(asked, change_cost=5.0), keep=b.solved(three_leases())),
        solve_dataset(with_scenarios(), asked),
    )


def planned_together() -> StochasticSolution:
    """The plans of all scenarios of the last of them."""
    return solves()[-1].plan_set.solution


def plan_documents(folder: Path) -> Iterator[Any]:
    return map(run_json, solves())


def explain_documents(folder: Path) -> Iterator[Any]:
    data = capped(0.0005, market=b.on_demand(2.0))
    plan = b.solved(data)
    found = answer_questions(data, plan, Estimate.exactly(plan.objective_usd), InThisProcess(), EXACT)  # type: ignore[arg-type]
    yield explanation_json(replace(found, marginal=marginal_values(data, plan, 10.0)), data)
    uncertain, together = with_scenarios(), planned_together()
    cost = Estimate.exactly(together.objective_usd)
    found = answer_questions(uncertain, together, cost, InThisProcess(), EXACT)  # type: ignore[arg-type]
    marginal, by_scenario = marginal_values_by_scenario(uncertain, together, 10.0)
    yield explanation_json(replace(found, marginal=marginal, marginal_by_scenario=by_scenario), uncertain)


def vary_documents(folder: Path) -> Iterator[Any]:
    data = three_leases()
    plan = b.solved(data)
    cost = Estimate.exactly(plan.objective_usd)
    found = vary(data, plan, cost, [parse("demand=0.5,1.5")], InThisProcess(), EXACT)  # type: ignore[arg-type]
    yield variations_json(found, data)
    uncertain, together = with_scenarios(), planned_together()
    cost = Estimate.exactly(together.objective_usd)
    found = vary(uncertain, together, cost, [parse("demand=1")], InThisProcess(), EXACT)  # type: ignore[arg-type]
    yield variations_json(found, uncertain)


def repair_documents(folder: Path) -> Iterator[Any]:
    data = capped(0.0005)
    yield repairs_json(explain_infeasible(data, seconds=10.0), data)


def compare_documents(folder: Path) -> Iterator[Any]:
    for name, data in {"plain": three_leases(), "scenarios": with_scenarios()}.items():
        write_plan(folder / f"{name}.xlsx", solve_dataset(data, PlanOptions(gap=0.0)))
    yield comparison_json(compare([folder / "plain.xlsx", folder / "scenarios.xlsx"]))


def stress_documents(folder: Path) -> Iterator[Any]:
    data = with_scenarios()
    plan = b.solved(data.in_scenario("plain"))
    yield stress_json(stress_test(data, Commitment(plan, 1, plan.objective_usd), draw_from_scenarios(data, 4, 1)))


def backtest_documents(folder: Path) -> Iterator[Any]:
    data = three_leases()
    request = BacktestRequest(Path("f.xlsx"), Path("a.xlsx"), gap=0.0)
    inputs, stop = Inputs(data, data, 0, ("", ""), ""), Stop()

    def watch(what: str) -> ProgressLines:
        return ProgressLines(what, "USD")

    done = list(steps(request, inputs, None, stop, watch))
    found = hindsight(data, done[-1].plan, 0, request.solver, stop, watch)
    yield backtest_json(BacktestResult(request, inputs, done, found, []))


DOCUMENTS: dict[str, Callable[[Path], Iterator[Any]]] = {
    "A plan": plan_documents,
    "Why this plan": explain_documents,
    "Along ranges": vary_documents,
    "Where no plan exists": repair_documents,
    "Plans side by side": compare_documents,
    "A stress test": stress_documents,
    "A backtest": backtest_documents,
}
"""By section of the page."""


def paths(document: Any, before: str = "") -> Iterator[str]:
    """Every dotted path of a document; places in lists are left out."""
    if isinstance(document, dict):
        for key, value in document.items():
            path = f"{before}.{key}" if before else key
            yield path
            yield from paths(value, path)
    if isinstance(document, list):
        for each in document:
            yield from paths(each, before)
