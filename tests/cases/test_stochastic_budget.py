"""At most K delays and exits at once: the worst case found by generating cases, against every set of them tried."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from builders import dataset, demand, lease, on_demand, term
from commandline import Run, decision
from sheets import workbook
from stochastic import factor, scenario, solved_together_or_none

from models.dataset import Dataset
from models.stochastic.contingencies import PLANNED, cases, contingencies, in_cases
from models.stochastic.risk import Measure, kind_and_radius
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset


def problem(random: Random) -> Dataset:
    """Two months of demand, leases of three providers at prices drawn, any of which may be late or gone."""
    offers = [
        lease(name, term(2, random.choice([0.8, 1.0, 1.2, 1.5])), provider=name, units_max=random.choice([1, 2]))
        for name in "ABC"
    ]
    events = [
        factor("one", "delivery_delay_months", 1.0, "A"),
        factor("one", "supplier_exit", name="B", t=1),
        factor("two", "delivery_delay_months", 2.0, "C"),
        factor("two", "delivery_delay_months", 1.0, "B"),
    ]
    chances = [scenario("one", 0.5), scenario("two", 0.5)]
    return dataset(
        offers, demand(2.0, months=3), on_demand(random.choice([2.0, 3.0])), chances, events,
        months=3, first_stage_months=1,
    )  # fmt: skip


SLOW = [pytest.param(seed, most, marks=pytest.mark.slow) for seed in range(1, 6) for most in range(5)]


@pytest.mark.parametrize(("seed", "most"), [(0, 1), *SLOW])
def test_the_worst_case_is_that_of_every_set_tried(seed: int, most: int) -> None:
    """The plan's worst cost is that of one problem with every set of at most K of the four as a scenario.

    Sets are listed here on their own: of a delay and an exit of one offer both, of an offer's delay just one.
    """
    data = problem(Random(seed))
    listed = contingencies(data)
    assert {(each.quantity, each.name) for each in listed} == {
        ("delivery_delay_months", "A"), ("supplier_exit", "B"), ("delivery_delay_months", "C"),
        ("delivery_delay_months", "B"),
    }  # fmt: skip
    every = [case for count in range(most + 1) for case in combinations(listed, count)]
    whole = solved_together_or_none(in_cases(data, every), Measure.of(data, "worst"))
    assert whole is not None
    result = solve_dataset(data, PlanOptions(gap=0.0, risk=f"budget:{most}"))
    assert result.status == "optimal"
    assert result.cases_tried == len(every)
    worst = max(each.cost_usd for each in result.plan_set.scenarios)
    assert worst == pytest.approx(max(whole.costs.values()), rel=1e-4)  # ties are broken by the mean of the cases
    assert len(result.plan_set.scenarios) <= len(every)


def test_a_budget_of_nothing_is_the_plan_on_plain_figures() -> None:
    """With K = 0 nothing goes wrong: the cost is that of the workbook without scenarios."""
    data = problem(Random(0))
    plain = solve_dataset(dataset(data.leases, data.lease_terms, data.lease_hardware, data.demand, data.on_demand,
                                  months=3), PlanOptions(gap=0.0))  # fmt: skip
    found = solve_dataset(data, PlanOptions(gap=0.0, risk="budget:0"))
    assert found.plan_set.scenarios[0].name == PLANNED
    assert found.plan_set.scenarios[0].cost_usd == pytest.approx(plain.objective_usd)


def test_one_delay_has_one_length_in_a_case() -> None:
    """Two scenarios that have an offer late by other months list two contingencies, of which a case has one."""
    data = dataset(
        lease("A", term(1, 1.0)), demand(1.0),
        [scenario("one", 0.5), scenario("two", 0.5)],
        [factor("one", "delivery_delay_months", 1.0, "A"), factor("two", "delivery_delay_months", 2.0, "A")],
    )  # fmt: skip
    assert [len(case) for case in cases(contingencies(data), 2)] == [0, 1, 1]


@pytest.mark.parametrize("text", ["budget", "budget:-1", "budget:1.5", "budget:x"])
def test_a_budget_is_a_whole_number(text: str) -> None:
    """Anything else is refused with what to write."""
    with pytest.raises(ValueError, match="budget:2"):
        kind_and_radius(text)


LATE = {
    "scenarios": [{"scenario": "one", "probability": 1}],
    "scenario_factors": [
        {"scenario": "one", "quantity": "supplier_exit", "name": "L", "from_month": "2026-04"},
        {"scenario": "one", "quantity": "delivery_delay_months", "name": "L", "value": 2},
    ],
}


def test_the_plan_is_one_of_the_workbook_of_its_cases(tmp_path: Path, here: Run) -> None:
    """`solve` leaves the cases it found as scenarios of a workbook beside the plan, and the audit passes for it."""
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 3}
    path = workbook(tmp_path / "w.xlsx", decision(settings=settings, **LATE))
    said = here("solve", path, "--risk", "budget:2", "-o", "p.xlsx")
    assert said.code == 0, said.err
    report = json.loads((tmp_path / "p.run.json").read_text())
    assert report["cases_tried"] == 4
    assert Path(report["cases_path"]).name == "p.cases.xlsx"
    assert here("audit", "p.xlsx", "p.cases.xlsx").code == 0
    again = here("solve", "p.cases.xlsx", "--risk", "worst", "-o", "q.xlsx", "--json").json
    assert again["objective_usd"] == pytest.approx(report["objective_usd"], rel=2e-3)


def test_without_delays_and_exits_there_is_no_budget(tmp_path: Path, here: Run) -> None:
    """Scenarios of demand alone list nothing that could go wrong; what to add is said."""
    futures = {
        "scenarios": [{"scenario": "one", "probability": 1}],
        "scenario_factors": [{"scenario": "one", "quantity": "demand", "name": "*", "value": 2}],
    }
    said = here("solve", workbook(tmp_path / "w.xlsx", decision(**futures)), "--risk", "budget:1")
    assert said.code == 2
    assert "supplier_exit" in said.err


def test_cases_without_probabilities_are_not_sampled(tmp_path: Path, here: Run) -> None:
    """A stress test at the end would draw by probabilities that nobody gave: it is refused before any search."""
    said = here("solve", workbook(tmp_path / "w.xlsx", decision(**LATE)), "--risk", "budget:1", "--stress", 5)
    assert said.code == 2
    assert "planner stress" in said.err
