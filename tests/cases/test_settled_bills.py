"""Bills settled when a plan is read: the least that terms ask for is told, and a search looks what it breaks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from builders import JAN, contract, costs, dataset, demand, lease, segment, solved_or_none, term
from properties.themes import commitments
from rolling_runs import roll_through

from models.audit import audit
from models.build import build_model
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan
from models.schema import Cap, Resilience, Scenario, SpendCommitment
from models.supply.contract_schedule import ContractSchedule
from models.supply.take_or_pay import may_prepay_top_up
from planner.analysis import base_case
from planner.run import deterministic
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving import held_rows
from planner.solving.exactness import cost_of
from planner.solving.problem import ArrayProblem, Outcome, SolveOptions
from planner.solving.search import solve
from planner.solving.solve_task import SolveTask, solve_task
from planner.stochastic.joint_task import JointTask

EXACT = SolveOptions(gap=0.0, threads=1)
SEEDS = (*range(20, 30), *range(80, 90), *range(155, 165))
TWINS = [Scenario(scenario=each, probability=0.5) for each in ("dull", "bright")]
ASKED_OF_NONE = Resilience(against="site", segment="*", protected_share=0.0)


def _budget(usd: float) -> Cap:
    return Cap(cap="budget", measure="cash_usd", scope="total", sense="max", value=usd)


def _block() -> Dataset:
    """A signed block, half of it taken or paid, that does all the work of two months."""
    block = contract(signed=0, term_months=2, take_or_pay_share=0.5, overage_share=0.5, overage_price_multiple=1.25)
    return dataset(demand(1, 1), block, months=2)


def _careless(bound: float | None, minimised: list[float]) -> Callable[..., Outcome]:
    """A search that ends with as much overage and billed use as there may be, and notes what it minimised."""

    def search(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
        arrays = problem.compiled
        families = np.array([each.parent_component().name for each in arrays.columns])
        cost = np.where(np.isin(families, ("overage", "billed_use")), -1.0, arrays.cost)
        values = solve(ArrayProblem(replace(arrays, cost=cost), problem.units), options).values
        assert values is not None
        minimised.append(cost_of(arrays, values) * problem.units.usd)
        return Outcome("stopped", minimised[-1], bound, None, values, 1.0, "Time limit reached", ())

    return search


@pytest.mark.parametrize(
    ("bound", "status"), [(None, "stopped"), (1400.0, "stopped"), (1416.0, "optimal"), (1420.0, "rejected")]
)
def test_a_plan_that_a_search_left_too_dear_is_told_as_it_is_billed(
    monkeypatch: pytest.MonkeyPatch, bound: float | None, status: str
) -> None:
    """A search ends with half of a block idle, overage at 1.25 USD for it, and more billed than was used.

    Of the block at 1 USD half is taken or paid; all of it does the work of one: 744 in January and 672 in February.
    That is less than what was minimised, and stands, unless it is less than what is said to be proven.
    """

    minimised: list[float] = []
    monkeypatch.setattr(deterministic, "solve", _careless(bound, minimised))
    result = solve_dataset(_block(), PlanOptions(gap=0.0))
    assert minimised == [pytest.approx((0.5 + 0.5 + 0.5 * 1.25) * 1416)]
    assert result.status == status
    assert costs(result.plan_set.only.plan) == pytest.approx({"contract": 1416})
    if status != "rejected":
        assert result.objective_usd == pytest.approx(1416)
        assert result.gap == (None if bound is None else pytest.approx((1416 - bound) / 1416, abs=1e-9))


@pytest.mark.parametrize("keep_change_cost", [None, 1.0])
def test_a_backtest_tells_such_plans_as_they_are_billed(
    monkeypatch: pytest.MonkeyPatch, keep_change_cost: float | None
) -> None:
    """The plan of January, what came of it and foresight cost 1416, the plan of February 672; all pass their audit."""
    minimised: list[float] = []
    monkeypatch.setattr(held_rows, "solve", _careless(None, minimised))
    found = roll_through(_block(), _block(), keep_change_cost=keep_change_cost)
    assert len(minimised) == 4
    assert [each.objective_usd for each in found.steps] == [pytest.approx(1416), pytest.approx(672)]
    assert found.hindsight is not None
    for each in (found.hindsight.rolling, found.hindsight.foresight):
        assert each is not None
        assert each.objective_usd == pytest.approx(1416)


def test_a_base_case_is_told_as_it_is_billed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of it as careless leaves 1416 too, what the plan costs: nothing is saved."""
    minimised: list[float] = []
    monkeypatch.setattr(base_case, "solve", _careless(1416.0, minimised))
    lot = lease("lease", term(1, 9.0))
    result = solve_dataset(dataset(*_block().contracts, *_block().contract_tiers, demand(1, 1), lot, months=2))
    assert minimised
    assert result.base_case.cost == Estimate(pytest.approx(1416), pytest.approx(1416))


@pytest.mark.parametrize(("bound", "status"), [(1400.0, "stopped"), (1416.0, "optimal")])
@pytest.mark.parametrize("scenarios", [False, True])
def test_a_search_for_another_question_tells_such_plans_as_they_are_billed(
    monkeypatch: pytest.MonkeyPatch, scenarios: bool, bound: float, status: str
) -> None:
    """A worker's task, of one future and of two alike, ends with what its plan costs, and whether that is proven."""
    monkeypatch.setattr(held_rows, "solve", _careless(bound, []))
    options = SolveOptions(gap=1e-3)
    if scenarios:
        found = solve_task(JointTask("task", _block().with_rows(scenarios=TWINS), options))
    else:
        found = solve_task(SolveTask("task", _block(), options))
    assert (found.status, found.objective_usd) == (status, pytest.approx(1416)), found.why
    assert found.gap == pytest.approx((1416 - bound) / 1416, abs=1e-9)


def test_the_base_case_of_scenarios_is_told_as_it_is_billed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two scenarios alike a careless search of it leaves 1416 too."""
    minimised: list[float] = []
    monkeypatch.setattr(base_case, "solve", _careless(1416.0, minimised))
    problem = dataset(
        *_block().contracts, *_block().contract_tiers, demand(1, 1), lease("lease", term(1, 9.0)), months=2
    )
    problem = problem.with_rows(scenarios=TWINS)
    result = solve_dataset(problem)
    assert minimised
    assert result.base_case.cost == Estimate(pytest.approx(1416), pytest.approx(1416))


def test_with_a_plan_to_keep_to_cost_and_charge_are_of_the_plan_as_it_is_billed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is departed in; 1416 is proven, and what was minimised was above that."""
    minimised: list[float] = []
    monkeypatch.setattr(deterministic, "solve", _careless(1416.0, minimised))
    result = solve_dataset(_block(), PlanOptions(gap=0.0, change_cost=5.0), keep=Plan())
    assert minimised[0] > 1416.1
    assert result.kept is not None
    assert (result.status, result.kept.charge_usd) == ("optimal", 0.0)
    assert result.kept.minimised == Estimate(1416.0, pytest.approx(1416))


@pytest.mark.parametrize("keep", [None, Plan()])
def test_where_nothing_can_be_signed_the_base_case_costs_what_the_plan_does(
    monkeypatch: pytest.MonkeyPatch, keep: Plan | None
) -> None:
    """Of a plan within the gap that was minimised at more than it is billed: nothing is saved."""
    careless = _careless(1415.5, [])
    monkeypatch.setattr(deterministic, "solve", lambda *a, **k: replace(careless(*a, **k), status="optimal"))
    result = solve_dataset(_block(), PlanOptions(change_cost=None if keep is None else 5.0), keep=keep)
    assert (result.status, result.objective_usd) == ("optimal", pytest.approx(1416))
    assert result.base_case.cost == Estimate(1415.5, result.objective_usd)


def test_a_top_up_that_is_too_dear_is_settled_before_interest_is_worked_out() -> None:
    """100 USD promised, drawn on a credit line at a tenth a month, and nothing spent; the solver's values top up 300.

    100 is drawn in January, and 10 paid for it in February.
    """
    promise = SpendCommitment(commitment="promise", provider="hyper", usd=100.0, from_month=JAN, until_month=JAN)
    account = {"opening_cash_usd": 0.0, "credit_line_usd": 1e4, "credit_interest": 1.1**12 - 1.0}
    data = dataset(promise, months=1, **account)
    model = build_model(data)
    values = solve(model, EXACT).values
    assert values is not None
    families = [each.parent_component().name for each in model.compiled.columns]
    values[families.index("spend_top_up")] *= 3.0
    plan = model.plan(values)
    assert costs(plan) == pytest.approx({"commitment": 100.0, "interest": 10.0})
    assert audit(data, plan).passed


def test_no_overage_of_what_is_not_signed_is_left_by_the_tolerances_of_a_solver() -> None:
    """A billionth of an accelerator of overage, of a contract that the plan does not sign, is none."""
    offer = contract(tiers=9.0, overage_share=0.5)
    data = dataset(demand(1), segment(shortfall_usd_per_mtok=0.01), offer, months=1)
    model = build_model(data)
    values = solve(model, EXACT).values
    assert values is not None
    [column] = [i for i, each in enumerate(model.compiled.columns) if each.parent_component().name == "overage"]
    values[column] += 1e-9
    plan = model.plan(values)
    assert (plan.signings, plan.source_use) == ((), ())
    assert audit(data, plan).passed


def test_bills_are_held_by_rows_once_a_plan_without_them_breaks_a_cap(caplog: pytest.LogCaptureFixture) -> None:
    """A higher bill in January would spare a top-up beyond the budget of February: the second search holds it.

    As in the clause tests of caps on cash, where all rows are held from the beginning: signed for February alone.
    """
    flexible = contract(term_months=2, tiers=1.5, take_or_pay_share=0.5, min_spend_usd_per_year=12000)
    rows = [segment(shortfall_usd_per_mtok=0.3), demand(3, 2), flexible, _budget(1000.0), ASKED_OF_NONE]
    with caplog.at_level(logging.INFO, logger="planner"):
        found = solve_task(SolveTask("task", dataset(rows, months=2, reserve_margin=0.12), EXACT, None))
    assert found.plan is not None
    assert costs(found.plan) == pytest.approx({"contract": 1000, "shortfall": 37308})
    assert "breaks a cap on cash" in caplog.text


def _tight(random: Random) -> Dataset:
    """Contracts with minimum spend and a budget by month, and resilience that asks for nothing."""
    data = commitments(random)
    minimum = random.choice((9000.0, 18000.0, 30000.0))
    contracts = [replace(each, min_spend_usd_per_year=minimum) for each in data.contracts]
    caps = [*data.caps, _budget(random.choice((500.0, 900.0)))]
    problem = data.with_rows(contracts=contracts, caps=caps, resilience=[ASKED_OF_NONE])
    return problem.with_rows(spend_commitments=())


def test_a_search_finds_what_bills_held_from_the_beginning_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    """On random contracts with minimum spend under budgets; in some of them the rows have to be added."""
    added: list[bool] = []

    def noted(*given: Any) -> bool:
        added.append(breaks(*given))
        return added[-1]

    breaks = held_rows.breaks_by_bills
    monkeypatch.setattr(held_rows, "breaks_by_bills", noted)
    for data in (_tight(Random(seed)) for seed in SEEDS):
        if not any(may_prepay_top_up(data, each) for each in data.contracts):
            continue
        best, found = solved_or_none(data), solve_task(SolveTask("task", data, EXACT, None))
        if best is None:
            assert found.status == "infeasible"
            continue
        assert found.plan is not None
        assert (found.status, found.objective_usd) == ("optimal", pytest.approx(best.objective_usd))
        assert found.plan.objective_usd == pytest.approx(best.objective_usd)
        assert audit(data, found.plan).passed
    assert any(added)


def test_years_that_are_topped_up_in_no_plan_need_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows for all contract years lead to the same optimum as those for the years whose minimum spend can be missed."""
    needed: list[int] = []
    some = ContractSchedule.years_topped_up
    for seed in range(60):
        data = commitments(Random(seed))
        minimum = Random(seed).choice((300.0, 900.0, 3000.0, 9000.0))
        contracts = [replace(each, min_spend_usd_per_year=minimum) for each in data.contracts]
        data = data.with_rows(contracts=contracts, caps=[*data.caps, _budget(700.0)], spend_commitments=())
        monkeypatch.setattr(ContractSchedule, "years_topped_up", some)
        best, few = solved_or_none(data), build_model(data).size.rows
        monkeypatch.setattr(ContractSchedule, "years_topped_up", ContractSchedule.contract_years)
        every, many = solved_or_none(data), build_model(data).size.rows
        assert (best is None) == (every is None), seed
        if best is not None and every is not None:
            assert best.objective_usd == pytest.approx(every.objective_usd), seed
        needed.append(few < many)
    assert 10 < sum(needed) < 55
