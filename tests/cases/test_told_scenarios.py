"""What a solve with scenarios tells of searches that stopped, failed or were lucky: on sheets, in JSON, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import builders as b
import pytest
from searches import SEARCHES, Search, lucky
from stochastic import factor, scenario

from models.dataset import Dataset
from models.schema import Rule
from planner.reports.plan_report import report_of
from planner.reports.run_json import run_json
from planner.reports.run_result import RunResult
from planner.reports.terminal import summary_lines
from planner.run import stochastic as stochastic_run
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving import search as searching
from planner.solving.problem import Outcome, SolveOptions
from planner.solving.search import solve
from planner.stochastic import decomposition, subproblem_solver
from planner.stochastic import solve as joint
from planner.stochastic.wait_and_see import shared_options

SPREAD = (
    b.on_demand(9.0),
    scenario("plain", 0.5),
    scenario("boom", 0.5),
    factor("boom", "demand", 2.0),
)
WORTHS = ("value_of_perfect_information", "value_of_stochastic_solution")


def _problem() -> Dataset:
    """Demand as it is or doubled, known from February on."""
    rows = [scenario("plain", 0.5), scenario("boom", 0.5), factor("boom", "demand", 2.0)]
    leases = [b.lease(name, b.term(2, monthly=usd)) for name, usd in {"a": 1000.0, "b": 1001.0, "c": 1002.0}.items()]
    return b.dataset(b.demand(1.0, months=2), *leases, b.on_demand(9.0), *rows, months=2, first_stage_months=1)


def _solved(**asked: Any) -> tuple[RunResult, Any, str]:
    """The result, run.json and terminal of a solve."""
    result = solve_dataset(_problem(), PlanOptions(gap=0.0, **asked))
    return result, run_json(result), "\n".join(summary_lines(result))


def _risk(result: RunResult) -> dict[str, Any]:
    """The values of the sheet `Risk` by metric."""
    (table,) = (each for each in report_of(result).tables(result) if each.table.sheet == "Risk")
    return {row[0]: row[1] for row in table.rows}


def test_a_search_that_proves_all_tells_values() -> None:
    """Both worths, every cost if certain and every regret are numbers, and the dispatch is proven."""
    result, document, lines = _solved()
    assert document["status"] == "optimal"
    assert all(document[worth]["usd"] is not None for worth in WORTHS)
    assert all(each["certain_usd"] and each["regret_usd"] is not None for each in document["scenarios"])
    assert not [each for each in result.warnings if each.name == "dispatch-unproven"]
    assert "between" not in lines


@SEARCHES
def test_scenarios_that_are_not_solved_by_themselves(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """Nothing of regret or of either worth is a number: what plans bound is told as the end that it is."""
    proven = _solved()[1]
    monkeypatch.setattr(searching, "solve", search)
    result, document, lines = _solved()
    found = search is lucky
    risk = _risk(result)
    for worth in WORTHS:
        assert document[worth] is None or document[worth]["usd"] is None
    for each, true in zip(document["scenarios"], proven["scenarios"], strict=True):
        assert (each["certain_usd"], each["regret_usd"]) == (None, None)
        certain, regret = (
            document["estimates"][f"scenarios.{each['scenario']}.{key}_usd"] for key in ("certain", "regret")
        )
        assert certain["at_least"] is None
        assert certain["at_most"] == (pytest.approx(true["certain_usd"]) if found else None)
        assert regret["at_most"] is None
        assert regret["at_least"] == (pytest.approx(true["regret_usd"]) if found else None)
    told = (risk[f"value of {what}"] for what in ("perfect information", "the stochastic solution"))
    assert not [each for each in told if isinstance(each, float)]
    assert risk["worst regret"] == (None if found else "not known")
    assert document["estimates"]["value_of_perfect_information.usd"]["at_most"] is None
    evpi = next(line for line in lines.splitlines() if "EVPI" in line)
    assert "not known" in evpi or "at least" in evpi


@SEARCHES
def test_a_joint_search_that_proves_nothing(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """The plan is not called optimal; what the scenarios cost by themselves still bounds it, and regret with it."""
    monkeypatch.setattr(joint, "solve", search)
    _, document, lines = _solved()
    assert document["status"] == "stopped"
    assert "within the requested gap" not in lines
    assert document["bound_usd"] <= document["objective_usd"]
    vss = document["value_of_stochastic_solution"]
    assert vss["usd"] is None or vss["least_usd"] == vss["most_usd"]


@SEARCHES
def test_a_base_case_of_scenarios_that_is_not_proven(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """No saving is claimed in figures, on a tile or in a sentence."""
    from planner.analysis import base_case

    proven = _solved()[1]
    monkeypatch.setattr(base_case, "solve", search)
    _, document, lines = _solved()
    for key in ("base_case_usd", "saving_usd", "cash_saved_usd"):
        told = document["estimates"][key]
        assert document[key] is None
        assert told["at_least"] is None or told["at_least"] <= proven[key] * (1.0 + 1e-9)
        assert told["at_most"] is None or told["at_most"] >= proven[key] * (1.0 - 1e-9)
    assert "cash saved" not in lines or "at least" in lines or "at most" in lines


def test_a_base_case_that_beats_the_plan_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the search stops at a plan dearer than signing nothing, the plans that sign nothing stand."""
    best = b.dataset(b.lease("dear", b.term(2, monthly=9e6)), b.demand(1.0, months=2), *SPREAD, months=2)
    forced = replace(best, rules=(Rule(rule="one", kind="at_least", offers=("dear",), count=1),))
    least = solve_dataset(best, PlanOptions(gap=0.0))

    def stopped_too_early(dataset: Dataset, *asked: Any) -> Any:
        found = joint.solve_stochastic(forced, *asked)
        return replace(found, status="stopped", best=replace(found.best, bound_usd=least.objective_usd))

    monkeypatch.setattr(stochastic_run, "solve_stochastic", stopped_too_early)
    told = solve_dataset(best, PlanOptions(gap=0.0))
    assert (told.status, told.objective_usd) == ("optimal", pytest.approx(least.objective_usd))
    assert not any(each.figures.plan.signings for each in told.plan_set.scenarios)
    assert told.audit is not None
    assert told.audit.passed
    assert run_json(told)["saving_usd"] == 0.0


def test_dispatch_that_is_not_proven_is_told_whatever_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan whose dispatch no dual proves carries a warning, from the extensive form and from decomposition."""
    for module, engine in ((joint, "extensive"), (decomposition, "decomposition")):
        proven = _solved(engine=engine)[0]
        assert not [each for each in proven.warnings if each.name == "dispatch-unproven"], engine
        monkeypatch.setattr(module, "dispatch_proven", lambda outcome: False)
        if module is decomposition:
            monkeypatch.setattr(subproblem_solver, "dispatch_proven", lambda outcome: False)
        told = _solved(engine=engine)[0]
        assert [each for each in told.warnings if each.name == "dispatch-unproven"], engine


def test_bounds_of_scenarios_without_a_plan_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a scenario's search proves its cost and finds no plan, the joint plan is one of it: both ends are known."""

    def planless(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
        return replace(solve(problem, options, **more), status="no_plan", objective_usd=None, gap=None, values=None)

    proven = _solved()[1]
    monkeypatch.setattr(searching, "solve", planless)
    _, document, _ = _solved()
    for each, true in zip(document["scenarios"], proven["scenarios"], strict=True):
        certain = document["estimates"][f"scenarios.{each['scenario']}.certain_usd"]
        assert certain["at_least"] == pytest.approx(true["certain_usd"])
        assert certain["at_most"] == pytest.approx(true["cost_usd"])
    evpi = document["estimates"]["value_of_perfect_information.usd"]
    assert evpi["at_least"] == 0.0
    assert evpi["at_most"] == pytest.approx(proven["value_of_perfect_information"]["usd"])


def test_no_scenario_takes_the_time_of_the_others() -> None:
    """Of the time that is left a solve gets half as much again as its part; the last may take all of it."""
    share = shared_options(SolveOptions(time_limit=100.0), 1, 40.0)
    parts = [share(waiting).time_limit for waiting in (4, 2, 1)]
    assert parts == [pytest.approx(each, rel=0.01) for each in (15.0, 30.0, 40.0)]
    assert shared_options(SolveOptions(time_limit=100.0), 1, None)(4).time_limit == 100.0
