"""The bridge between two plans: what of the change in cost is due to the inputs, what to the decisions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from builders import JAN, contract, dataset, demand, lease, on_demand, solved, term
from commandline import Run, decision
from sheets import workbook

from models.dataset import Dataset
from models.estimate import Estimate
from models.schema import Scenario, ScenarioFactor
from planner.analysis.bridge import Bridge, bridge
from planner.analysis.plan_comparison import ComparedPlan
from planner.interrupt import Stop
from planner.results.scenario_set import ScenarioSetResult
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines


def offers(lease_usd: float, contract_usd: float = 2.0, **lease_columns: object) -> Dataset:
    """A month of a billion tokens a day, 744 hours, from a lease, a contract or on demand at 9 USD."""
    leased = lease("lease", term(1, lease_usd), **lease_columns)
    return dataset(leased, contract(tiers=contract_usd, term_months=1), demand(1), on_demand(9.0), months=1)


def between(before: Dataset, after: Dataset) -> Bridge:
    """From the cheapest plan of one problem to that of the other, both proven."""
    plan = solved(before)
    old = ComparedPlan("old", Path("old.xlsx"), ScenarioSetResult.of_plan(before, plan), plan.objective_usd)
    new = Estimate.exactly(solved(after).objective_usd)
    return bridge(old, after, new, old.minimised, SolveOptions(0.0), Stop(), lambda what: ProgressLines(what, "USD"))


def test_a_dearer_lease_is_the_inputs_and_leaving_it_the_decisions() -> None:
    """The lease rises from 1 to 3 USD: 1488 more; the contract at 2 instead saves 744."""
    found = between(offers(1.0), offers(3.0))
    assert [row[:3] for row in found.rows] == [
        ("old plan", pytest.approx(744), 0.0),
        ("inputs", pytest.approx(1488), pytest.approx(0.0)),
        ("decisions", pytest.approx(-744), None),
        ("new plan", pytest.approx(1488), 0.0),
    ]


def test_the_same_inputs_change_nothing() -> None:
    """Between plans of one problem all of the difference is of decisions."""
    found = between(offers(1.0), offers(1.0))
    assert (found.inputs_usd, found.decisions_usd) == (0.0, 0.0)


def test_decisions_for_one_forecast_are_held_in_every_scenario() -> None:
    """A lease of one accelerator; with probability a half two billion a day come, 744 hours on demand at 9 USD."""
    before, rows = offers(1.0), [Scenario(scenario=name, probability=0.5) for name in ("as planned", "twice")]
    double = ScenarioFactor(scenario="twice", quantity="demand", name="*", value=2.0)
    after = replace(before, scenarios=tuple(rows), scenario_factors=(double,))
    plan = solved(before)
    old = ComparedPlan("old", Path("old.xlsx"), ScenarioSetResult.of_plan(before, plan), plan.objective_usd)
    options, new = SolveOptions(0.0), Estimate.exactly(2000.0)
    found = bridge(old, after, new, old.minimised, options, Stop(), lambda what: ProgressLines(what, "USD"))
    assert found.inputs_usd == pytest.approx(9 * 744 / 2)
    assert found.decisions_usd == pytest.approx(2000 - 744 - 9 * 744 / 2)


def test_what_rounding_leaves_is_nothing() -> None:
    """Held decisions that cost 1e-5 USD less of 7e7, and a bound as far above the cost."""
    cost = 73_319_831.5
    found = Bridge(Estimate(cost + 1e-5, cost), Estimate(cost - 1e-5, cost - 1e-5), Estimate(cost - 1e5, cost - 1e4))
    assert [row[1:3] for row in found.rows] == [
        (cost, 0.0),
        (0.0, 0.0),
        (pytest.approx(-1e4), None),
        (cost - 1e4, pytest.approx(9e4)),
    ]
    (words,) = found.words("USD")
    assert words == "inputs 0 USD, decisions -10,000 USD; the gaps leave open 90,000 USD of the new plan"


def test_decisions_that_are_not_on_offer_any_more_leave_the_bridge_blank_with_the_reason() -> None:
    """A lease that is excluded cannot be held; a horizon that begins later is of another date."""
    found = between(offers(1.0), offers(1.0, status="excluded"))
    assert (found.inputs_usd, found.decisions_usd) == (None, None)
    assert "not on offer" in found.why
    later = dataset(demand(1, first=JAN + 1), on_demand(9.0), months=1, first_month=JAN + 1)
    assert "begins in 2026-01" in between(offers(1.0), later).why


def test_a_plan_that_begins_from_another_has_the_sheet(here: Run, tmp_path: Path) -> None:
    """`solve --start` tells the bridge in a sheet and on the first page, and `compare` on its own."""
    old = workbook(tmp_path / "old.xlsx", decision())
    dearer = [{"lease": "L", "term_months": 12, "usd_per_accelerator_hour": 6}]
    new = workbook(tmp_path / "new.xlsx", decision(lease_terms=dearer))
    assert here("solve", old, "-o", "old plan.xlsx").code == 0
    assert here("solve", new, "-o", "new plan.xlsx", "--start", "old plan.xlsx").code == 0
    rows = list(openpyxl.load_workbook(tmp_path / "new plan.xlsx")["Bridge"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == ["old plan", "inputs", "decisions", "new plan"]
    assert rows[0][1] + rows[1][1] + rows[2][1] == pytest.approx(rows[3][1])
    assert rows[1][1] > 0 > rows[2][1]
    said = here("compare", "old plan.xlsx", "new plan.xlsx", "-o", "both.xlsx", "--json")
    [other] = said.json["against_first"]
    assert [each["usd"] for each in other["bridge"]] == pytest.approx([row[1] for row in rows])
