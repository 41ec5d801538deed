"""Small problems with scenarios, and what must hold of their decomposition: it agrees with the extensive form."""

from __future__ import annotations

from builders import JAN, dataset, demand, lease, on_demand, term
from stochastic import factor, scenario, solved_together_or_none

from models.audit import audit
from models.audit.nonanticipativity import check_nonanticipativity
from models.dataset import Dataset
from models.stochastic.risk import expected_cost
from models.stochastic.tree import ScenarioTree
from planner.solving.problem import SolveOptions
from planner.stochastic.decomposition import DecomposedOutcome, decompose


def decomposed(data: Dataset, gap: float = 1e-6) -> DecomposedOutcome:
    """Solved both ways: the same cost within the gap, bounds on both sides of it, audited, and decided alike.

    Raises:
        AssertionError: one of these does not hold.
    """
    together = solved_together_or_none(data)
    found = decompose(data, SolveOptions(gap=gap, threads=1))
    if together is None:
        assert found.status == "infeasible", (found.status, found.why)
        assert found.plans is None
        return found
    assert found.status == "optimal", (found.status, found.why, found.log)
    assert found.plans is not None
    assert found.objective_usd is not None
    assert found.bound_usd is not None
    scale = max(1.0, *(sum(abs(each.present_value_usd) for each in plan.payments) for plan in found.plans.values()))
    assert found.bound_usd <= together.objective_usd + 1e-6 * scale
    assert together.objective_usd <= found.objective_usd + 1e-6 * scale
    assert found.objective_usd - found.bound_usd <= gap * abs(found.objective_usd) + 1e-6 * scale
    for name, plan in found.plans.items():
        report = audit(data.in_scenario(name), plan)
        assert report.passed, [(name, each.rule, each.where, each.found, each.limit) for each in report.failed]
    alike = check_nonanticipativity(data, found.plans)
    assert alike.passed, alike.failures
    costs = {name: plan.objective_usd for name, plan in found.plans.items()}
    assert abs(expected_cost(costs, ScenarioTree(data).probability) - found.objective_usd) <= 1e-6 * scale
    return found


def three_stages() -> Dataset:
    """Four ways demand may go: known half in February, wholly in April; leases of three months against on demand."""
    return dataset(
        lease("long", term(6, 1.0), units_max=4, holds=2.0),
        lease("short", term(3, 1.3), units_max=4, holds=2.0),
        demand(2, 2, 4, 4, 5, 5),
        on_demand(2.2, max_accelerators=9),
        [
            scenario("low", 0.2),
            scenario("fall", 0.3, "low", 3),
            scenario("high", 0.25),
            scenario("boom", 0.25, "high", 3),
        ],
        [factor("low", "demand", 0.7, t=1), factor("fall", "demand", 0.7, t=1), factor("fall", "demand", 0.3, t=3)],
        [factor("high", "demand", 1.3, t=1), factor("boom", "demand", 1.3, t=1), factor("boom", "demand", 1.9, t=3)],
        months=6,
        first_stage_months=1,
    )


def columns_differ() -> Dataset:
    """A supplier leaves in one scenario and delivers late in another, so that they have other decisions to take."""
    return dataset(
        lease("neo", term(3, 1.0, renewals_max=1, renewal_months=1), units_max=3),
        lease("late", term(4, 0.9), provider="slow", units_max=3),
        demand(1, 2, 3, 3, 3),
        on_demand(2.0),
        [scenario("plain", 0.4), scenario("exit", 0.3), scenario("delay", 0.3)],
        factor("exit", "supplier_exit", name="neo", t=1),
        factor("delay", "delivery_delay_months", 2, name="late"),
        months=5,
        first_stage_months=2,
    )


def one_doubles(units_max: int) -> Dataset:
    """Demand of one unit, of two in one scenario, to be signed for before they part."""
    return dataset(
        demand(1, months=2),
        lease("deal", term(2, 1.0), sign_until=JAN, units_max=units_max),
        [scenario("plain", 0.5), scenario("more", 0.5), factor("more", "demand", 2.0)],
        months=2,
        first_stage_months=1,
    )
