"""What a solve with scenarios tells of searches that stopped, failed or were lucky: on sheets, in JSON, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import builders as b
import pytest
from searches import SEARCHES, Search, lucky, search_with
from stochastic import factor, scenario

from models.dataset import Dataset
from models.schema import Rule
from models.stochastic.extensive_form import ExtensiveForm
from planner.analysis import alternatives, plan_stability
from planner.analysis.plan_comparison import compare
from planner.reports.comparison_text import comparison_json
from planner.reports.plan_report import report_of, write_plan
from planner.reports.run_json import run_json
from planner.reports.run_result import RunResult
from planner.reports.terminal import summary_lines
from planner.run import stochastic as stochastic_run
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving import held_rows
from planner.solving.problem import Outcome, SolveOptions
from planner.solving.search import solve
from planner.stochastic import decomposition, subproblem_solver
from planner.stochastic import solve as joint
from planner.stochastic.wait_and_see import shared_options
from planner.stress.commitment import commitment_of
from planner.stress.samples import draw_from_scenarios
from planner.stress.stress_test import stress_test
from planner.stress.tables import stress_json

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
    search_with(monkeypatch, held_rows, search)
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


def _of_all(problem: Any, search: Search) -> Search:
    """The search where all scenarios are free; with decisions held they are solved."""
    return search if isinstance(problem, ExtensiveForm) else solve


@SEARCHES
def test_a_joint_search_that_proves_nothing(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """The plan is not called optimal; what the scenarios cost by themselves still bounds it, and regret with it."""
    search_with(monkeypatch, joint, lambda problem, *a, **k: _of_all(problem, search)(problem, *a, **k))
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
    search_with(monkeypatch, held_rows, planless)
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


@SEARCHES
def test_alternatives_that_are_not_found_are_not_said_not_to_exist(
    monkeypatch: pytest.MonkeyPatch, search: Search
) -> None:
    """Leases b and c in place of a are within 1 %: where a search proves nothing it is not said that no more exist."""
    proven = _solved(alternatives=5, within=0.01)[1]
    search_with(monkeypatch, alternatives, search)
    _, document, lines = _solved(alternatives=5, within=0.01)
    searched = document["alternatives_searched"]
    assert proven["alternatives_searched"]["none_exists"] is False
    assert searched["none_exists"] is (False if document.get("alternatives") else None)
    assert "not known" in searched["words"]
    assert "(proven)" not in lines
    assert bool(document.get("alternatives")) is (search is lucky)
    for each in document.get("alternatives", []):
        assert each["cost_usd"] >= proven["objective_usd"] * (1 - 1e-9)


@SEARCHES
def test_a_search_free_to_depart_that_proves_nothing_bounds_nothing(
    monkeypatch: pytest.MonkeyPatch, search: Search
) -> None:
    """With a plan of lease c to keep to, departing would save at least what was found, at most by the bounds."""
    earlier = b.solved(replace(_problem(), leases=_problem().leases[2:], scenarios=(), scenario_factors=()))
    least = _solved()[1]["objective_usd"]
    search_with(monkeypatch, plan_stability, search)
    result = solve_dataset(_problem(), PlanOptions(gap=0.0, change_cost=1e6), keep=earlier)
    document = run_json(result)
    told, true = document["estimates"]["kept.saving_usd"], document["objective_usd"] - least
    assert document["bound_usd"] <= least * (1 + 1e-9)  # what the scenarios cost by themselves
    assert document["kept"]["saving_usd"] is None or search is lucky
    assert told["at_most"] >= true * (1 - 1e-9)
    assert told["at_least"] == pytest.approx(true if search is lucky else 0.0)
    assert document["kept"]["minimised_bound_usd"] <= document["kept"]["minimised_usd"]


@SEARCHES
def test_a_plan_to_keep_to_that_is_not_proven(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """Where the joint search proves nothing no bound of cost and charge together is told, and nothing is optimal."""
    earlier = b.solved(replace(_problem(), leases=_problem().leases[2:], scenarios=(), scenario_factors=()))
    search_with(monkeypatch, joint, search)
    result = solve_dataset(_problem(), PlanOptions(gap=0.0, change_cost=1e6), keep=earlier)
    assert result.status != "optimal"
    document = run_json(result)
    if result.has_plan:
        bound, most = document["kept"]["minimised_bound_usd"], document["kept"]["minimised_usd"]
        assert bound is None or bound < most
        assert document["kept"]["saving_usd"] is None or document["kept"]["saving_usd"] >= 0.0


@SEARCHES
def test_a_stress_test_tells_a_cost_only_where_every_sample_is_proven(
    monkeypatch: pytest.MonkeyPatch, search: Search
) -> None:
    """What a plan for scenarios commits to, tried by searches without proof, is told by its upper end or not."""
    data = _problem()
    plans = {each.name: each.figures.plan for each in _solved()[0].plan_set.scenarios}
    samples = draw_from_scenarios(data, 3, 1)
    committed = commitment_of(plans, data, 1, all_of_it=False)
    proven = stress_json(stress_test(data, committed, samples, gap=0.0))
    search_with(monkeypatch, held_rows, search)
    report = stress_test(data, committed, samples, gap=0.0)
    told = stress_json(report)
    assert proven["cost_usd"]["expected"]["value"] is not None
    assert report.tone != "good"
    if search is not lucky:
        assert told["cost_usd"] is None
        return
    expected = told["cost_usd"]["expected"]
    assert (expected["value"], expected["low"]) == (None, None)
    assert expected["high"] >= proven["cost_usd"]["expected"]["value"] * (1 - 1e-9)


def test_plans_of_which_one_is_not_proven_are_compared_by_what_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two plans of other prices, of which one search proves nothing: the difference of least costs has one end."""
    dearer = replace(
        _problem(), lease_terms=tuple(replace(each, usd_per_unit_month=1500.0) for each in _problem().lease_terms)
    )
    first = solve_dataset(_problem(), PlanOptions(gap=0.0))
    write_plan(tmp_path / "proven.xlsx", first)
    best = solve_dataset(dearer, PlanOptions(gap=0.0))
    search_with(monkeypatch, joint, lucky)
    search_with(monkeypatch, held_rows, lucky)
    found = solve_dataset(dearer, PlanOptions(gap=0.0))
    assert found.status == "stopped"
    write_plan(tmp_path / "lucky.xlsx", found)
    [other] = comparison_json(compare([tmp_path / "proven.xlsx", tmp_path / "lucky.xlsx"]))["against_first"]
    true = best.objective_usd - first.objective_usd
    told = other["least_cost_difference_usd"]
    assert told["at_least"] is None or told["at_least"] <= true + 1e-6
    assert told["at_most"] is None or told["at_most"] >= true - 1e-6
    assert (told["at_least"], told["at_most"]) != (pytest.approx(true), pytest.approx(true))


@SEARCHES
def test_cases_tried_by_searches_that_prove_nothing(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """With a budget of delays and exits no plan is called the best whose other cases were not tried with success."""
    rows = [
        scenario("late", 1.0),
        factor("late", "delivery_delay_months", 1.0, "a"),
        factor("late", "supplier_exit", 0.0, "b", 1),
    ]
    data = replace(_problem(), scenarios=(), scenario_factors=())
    data = b.dataset(
        data.leases,
        data.lease_terms,
        data.lease_hardware,
        data.demand,
        data.on_demand,
        rows,
        months=2,
        first_stage_months=1,
    )
    proven = solve_dataset(data, PlanOptions(gap=0.0, risk="budget:1"))
    assert proven.status == "optimal"
    search_with(monkeypatch, held_rows, search)
    told = solve_dataset(data, PlanOptions(gap=0.0, risk="budget:1"))
    worst = max(each.cost_usd for each in proven.plan_set.scenarios)
    if search is lucky:
        assert max(each.cost_usd for each in told.plan_set.scenarios) >= worst * (1 - 1e-4)
    else:
        assert told.status == "stopped"
        assert told.base_case.cost.at_most is None or told.base_case.cost.at_most >= worst * (1 - 1e-4)
