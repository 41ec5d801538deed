"""What must hold of any decomposition: it agrees with the extensive form, and its plans are plans."""

from __future__ import annotations

from stochastic import solved_together_or_none

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
