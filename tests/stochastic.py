"""Short ways to write scenarios, and to solve a small problem with them in its extensive form."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from builders import JAN, dataset, solved

from models.audit import audit
from models.audit.nonanticipativity import check_nonanticipativity
from models.dataset import Dataset
from models.plan import Plan
from models.schema import Scenario, ScenarioFactor
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure, expected_cost
from planner.solving.problem import SolveOptions
from planner.solving.search import solve


def scenario(name: str, probability: float, follows: str | None = None, branches_at: int | None = None) -> Scenario:
    """A scenario; `branches_at` is a month t."""
    month = None if branches_at is None else JAN + branches_at
    return Scenario(scenario=name, probability=probability, follows=follows, branches_at=month)


def factor(scenario: str, quantity: str, value: float = 0.0, name: str = "*", t: int | None = None) -> ScenarioFactor:
    """A factor that holds from month t on."""
    month = None if t is None else JAN + t
    return ScenarioFactor(scenario=scenario, quantity=quantity, name=name, from_month=month, value=value)


@dataclass(frozen=True)
class Solved:
    """The best plans of all scenarios: what is minimised, and each scenario's plan and cost."""

    objective_usd: float
    plans: dict[str, Plan]
    costs: dict[str, float]
    expected_usd: float


def solved_together(data: Dataset, measure: Measure | None = None) -> Solved:
    """The proven best of the extensive form; every scenario audited, and that decisions are taken alike.

    Raises:
        AssertionError: there is no plan, or the audit rejects it, or the costs do not add up.
    """
    found = solved_together_or_none(data, measure)
    assert found is not None, "infeasible"
    return found


def solved_together_or_none(data: Dataset, measure: Measure | None = None) -> Solved | None:
    """As `solved_together`, but None when the solver proves that no plan exists."""
    measure = measure or Measure.of(data)
    form = ExtensiveForm(data, measure)
    outcome = solve(form, SolveOptions(gap=0.0, threads=1))
    if outcome.status == "infeasible":
        return None
    assert outcome.status == "optimal", f"{outcome.status}: {outcome.why}"
    assert outcome.values is not None
    assert outcome.objective_usd is not None
    plans, costs = form.plans(outcome.values), form.costs(outcome.values)
    for name, plan in plans.items():
        report = audit(data.in_scenario(name), plan)
        assert report.passed, [(name, each.rule, each.where, each.found, each.limit) for each in report.failed]
        scale = max(1.0, sum(abs(each.present_value_usd) for each in plan.payments))
        # where the tail alone counts, a scenario outside it may be charged more than its plan costs
        above = 1e-6 * scale if measure.weight < 1.0 else math.inf
        assert -1e-6 * scale <= costs[name] - plan.objective_usd <= above, (name, plan.objective_usd, costs[name])
    alike = check_nonanticipativity(data, plans)
    assert alike.passed, alike.failures
    probability = form.tree.probability
    value = measure.value(costs, probability)
    scale = max(1.0, *(abs(cost) for cost in costs.values()))
    assert abs(value - outcome.objective_usd) <= 1e-6 * scale, (value, outcome.objective_usd)
    return Solved(outcome.objective_usd, plans, costs, expected_cost(costs, probability))


def certain(data: Dataset, name: str) -> Dataset:
    """A workbook without scenarios that says what one scenario says of demand, as plain figures."""
    from models.demand.baseline import baseline_demand
    from models.schema import Demand

    rows = tuple(
        Demand(segment=segment, region=region, month=data.month(t), tokens_bn_per_day=tokens)
        for (segment, region), path in baseline_demand(data.in_scenario(name)).items()
        for t, tokens in enumerate(path)
    )
    return replace(data, demand=rows, scenarios=(), scenario_factors=())


def solved_in(*rows: object, **settings: Any) -> Plan:
    """The cheapest plan of a workbook whose one scenario, `s`, is certain; its factors are among the rows."""
    return solved(dataset(rows, scenario("s", 1.0), **settings).in_scenario("s"))


def demands(**bn_per_day: tuple[float, ...]) -> list[Any]:
    """Each scenario's demand by month, of a plain demand of 1 in every month."""
    return [factor(name, "demand", value, t=t) for name, path in bn_per_day.items() for t, value in enumerate(path)]


def units(found: Solved) -> dict[str, int]:
    """ModelUnits signed of offers in each scenario."""
    return {name: sum(each.units for each in plan.signings if not each.signed) for name, plan in found.plans.items()}


def ends(found: Solved) -> dict[str, int]:
    """The last month of service in each scenario, of its one signing."""
    return {name: plan.signings[0].end for name, plan in found.plans.items()}
