"""The best solution of a search over all scenarios: its plans by the measure, and the best bound known of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.audit import audit_scenario_set
from models.core.compiled import Size
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan
from models.policy.stability import PlanStability
from models.stochastic.risk import Measure
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from models.stochastic.tree import ScenarioTree
from planner.solving.exactness import PRECISION
from planner.stochastic.expected_value import ExpectedValueSolution
from planner.stochastic.search_result import JointResult, SearchResult, Status
from planner.stochastic.wait_and_see import WaitAndSee


@dataclass(frozen=True)
class Valuation:
    """What plans of all scenarios come to: by a measure, and with the charge for departing from a plan to keep to."""

    tree: ScenarioTree
    measure: Measure
    keep: PlanStability | None

    def of_costs(self, costs: Mapping[str, float]) -> float:
        """The measure of costs by scenario."""
        return self.measure.value(costs, self.tree.probability)

    def of_plans(self, plans: Mapping[str, Plan]) -> float:
        """The measure of what plans cost, in USD."""
        return self.of_costs({name: plan.objective_usd for name, plan in plans.items()})

    def minimised(self, plans: Mapping[str, Plan], bound_usd: float | None) -> Estimate:
        """Cost and charge of the plans together, and the least they can be; unknown without a plan to keep to."""
        if self.keep is None:
            return UNKNOWN
        dataset = self.tree.dataset
        charged = {
            name: plan.objective_usd + self.keep.charge_usd(dataset.in_scenario(name), plan)
            for name, plan in plans.items()
        }
        return Estimate.optimum(bound_usd, self.of_costs(charged))

    def lower_bound(self, joint_usd: float | None, separate: WaitAndSee) -> float:
        """The higher of what the joint search proved and what the scenarios cost at least by themselves."""
        bound = -math.inf if joint_usd is None else joint_usd
        return bound if len(separate.bounds) < len(self.tree.names) else max(bound, self.of_costs(separate.bounds))


def _or_given(valuation: Valuation, joint: JointResult, given: Mapping[str, Plan]) -> JointResult:
    """What a search came to, with the plans given to begin from where it has none as good.

    They have to be plans of this very problem: complete, with costs and rules that its audit recomputes.
    """
    measure = valuation.measure
    plans = {name: given[name] for name in valuation.tree.names if name in given and given[name].payments}
    if len(plans) < len(valuation.tree.names) or (measure.kind == "regret" and not measure.least_usd):
        return joint
    if joint.plans is not None and valuation.of_plans(joint.plans) <= valuation.of_plans(plans):
        return joint
    if not audit_scenario_set(valuation.tree.dataset, plans).passed:
        return joint
    status: Status = "stopped" if joint.status == "no_plan" else joint.status
    return replace(joint, status=status, plans=plans, dispatch_proven=False)


def best_solution(
    valuation: Valuation,
    gap: float,
    size: Size | None,
    joint: JointResult,
    separate: WaitAndSee,
    expected: ExpectedValueSolution,
    given: Mapping[str, Plan] | None = None,
) -> SearchResult:
    """The best plan of the joint search, the one for the expected values or the one begun from, and the best bound.

    Parameters
    ----------
    gap
        The relative gap at which a plan counts as the best.
    size
        Of the extensive form; None where it is not known.
    given
        The plans to begin from, by scenario.
    """
    if joint.status == "infeasible":
        return SearchResult("infeasible", None, size, "No plan serves all scenarios alike", joint.log)
    joint = _or_given(valuation, joint, given or {})
    plans, proven_dispatch = joint.plans, joint.dispatch_proven
    objective = math.inf if plans is None else valuation.of_plans(plans)
    if expected.plans is not None and valuation.of_plans(expected.plans) < objective:
        plans, objective = expected.plans, valuation.of_plans(expected.plans)
        proven_dispatch = expected.dispatch_proven
    if plans is None:
        return SearchResult("no_plan", None, size, joint.why, joint.log)
    tree, kept = valuation.tree, valuation.keep is not None
    if valuation.measure.kind != "regret":  # which is measured from what was found before the joint search
        separate = separate.improved_by(plans)
    minimised = valuation.minimised(plans, joint.bound_usd)
    joint_bound = None if kept else joint.bound_usd  # a charge is in it that nobody pays
    best = StochasticSolution(
        measure=valuation.measure,
        scenarios=tuple(
            ScenarioPlan(name, tree.probability[name], plans[name], separate.plans.get(name)) for name in tree.names
        ),
        objective_usd=objective,
        bound_usd=min(objective, valuation.lower_bound(joint_bound, separate)),
        eev_usd=expected.eev_usd,
        eev_bound_usd=expected.bound_usd,
    )
    # a search that the solver closed is open by its tolerances only
    noise = PRECISION if joint.status == "optimal" else 1e-9
    left = minimised.gap if kept else best.gap
    proven = left is not None and left <= max(gap * (1.0 + 1e-9), noise)
    status: Status = "optimal" if proven else "stopped"
    return SearchResult(
        status,
        best,
        size,
        joint.why,
        joint.log,
        contradiction=joint.contradiction,
        disputed=joint.disputed,
        dispatch_proven=proven_dispatch,
        minimised=minimised,
    )


def infeasible_by_themselves(size: Size, separate: WaitAndSee) -> SearchResult:
    """What is told where scenarios have no plan even by themselves."""
    why = f"No plan exists even if it were certain: {', '.join(separate.infeasible)}"
    return SearchResult("infeasible", None, size, why, infeasible=separate.infeasible)
