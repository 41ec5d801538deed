"""What a plan leaves beyond the last month, by hand: owed, worth, and its cost by each end of the horizon."""

from __future__ import annotations

import math

import pytest
from builders import contract, dataset, demand, hardware, lease, on_demand, solved, term, throughput
from stochastic import solved_together

from models.schema import Residual, Scenario
from models.stochastic.risk import Measure
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from planner.results.horizon_end import horizon_end
from planner.results.scenario_set import ScenarioSetResult

WORTH = Residual(hardware="H100", usd_per_accelerator_hour=0.5)
KEPT = [lease("lease", term(3, 1.0, upfront_usd_per_unit=300)), demand(1), on_demand(9.0)]


@pytest.mark.parametrize("convention", ["prorate", "residual", "full"])
def test_the_cost_of_a_plan_is_told_by_each_end_of_the_horizon(convention: str) -> None:
    """January to March at 1 USD, horizon January: owed 672 + 744, half of it worth; upfront 300, a third inside."""
    data = dataset(KEPT, WORTH, months=1, end_of_horizon=convention)
    plan = solved(data)
    end = horizon_end(data, plan)
    assert (end.owed_usd, end.worth_usd) == pytest.approx((1416, 708))
    assert end.cost_usd == pytest.approx({"prorate": 844, "residual": 844 + 708, "full": 744 + 300 + 1416})
    assert plan.objective_usd == pytest.approx(end.cost_usd[convention])


def test_a_right_to_cancel_is_used_as_each_convention_makes_cheapest() -> None:
    """A lease that may stop after January for nothing is kept with prorate, and its cost with full is January's."""
    data = dataset(lease("lease", term(3, 1.0, cancel_after_months=0)), demand(1), on_demand(9.0), months=1)
    end = horizon_end(data, solved(data))
    assert (end.owed_usd, end.worth_usd) == (pytest.approx(1416), None)
    assert end.cost_usd == pytest.approx({"prorate": 744, "full": 744})


def test_without_a_row_for_what_is_kept_there_is_no_residual_cost() -> None:
    """The worth of an H100 says nothing of a contract for TPUs, whose minimum beyond January is 672 x 0.5."""
    other = [hardware(), hardware("TPU"), throughput(), throughput(hardware="TPU")]
    blocks = contract(tiers=1.0, term_months=2, hardware="TPU", take_or_pay_share=0.5)
    data = dataset(other, blocks, demand(1), on_demand(9.0), WORTH, months=1)
    end = horizon_end(data, solved(data))
    assert (end.owed_usd, end.worth_usd) == (pytest.approx(336), 0.0)
    assert set(end.cost_usd) == {"prorate", "full"}


def test_over_scenarios_the_figures_are_expected_values() -> None:
    """Two scenarios that are alike leave what one leaves."""
    scenarios = [Scenario(scenario=name, probability=0.5) for name in ("one", "other")]
    data = dataset(KEPT, WORTH, scenarios, months=1, end_of_horizon="residual")
    found = solved_together(data)
    plans = tuple(ScenarioPlan(name, 0.5, plan) for name, plan in found.plans.items())
    solution = StochasticSolution(Measure.of(data), plans, found.objective_usd, -math.inf)
    end = ScenarioSetResult.of(data, solution).horizon_end
    assert (end.owed_usd, end.worth_usd, end.cost_usd["residual"]) == pytest.approx((1416, 708, 844 + 708))
