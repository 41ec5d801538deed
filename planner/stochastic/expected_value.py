"""The expected value problem (EV) and what its first-stage decisions come to under all scenarios (EEV)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.tree import ScenarioTree, first_unshared_month
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask
from planner.solving.worker_pool import SolveMany


@dataclass(frozen=True)
class ExpectedValueSolution:
    """The plan for the expected values with its first-stage decisions fixed in every scenario.

    Attributes
    ----------
    eev_usd
        What it comes to by the measure: infinite where a scenario has no plan with them, None where unknown.
    bound_usd
        What these decisions come to at least.
    plans
        By scenario.
    dispatch_proven
        Whether it is proven that no other dispatch for their decisions costs less.
    """

    eev_usd: float | None = None
    bound_usd: float | None = None
    plans: Mapping[str, Plan] | None = None
    dispatch_proven: bool = False


@dataclass(frozen=True)
class FixedFirstStage:
    """Every scenario at its best with decisions fixed.

    Attributes
    ----------
    plans
        By scenario; empty where one has no plan or none was found in the time.
    bounds
        By scenario a lower bound on its cost in USD with the decisions fixed.
    infeasible
        The scenarios proven to have no plan.
    dispatch_proven
        Whether it is proven that no other dispatch for the plans' decisions costs less.
    """

    plans: Mapping[str, Plan]
    bounds: Mapping[str, float]
    infeasible: tuple[str, ...] = ()
    dispatch_proven: bool = False


def solve_expected_value_problem(
    dataset: Dataset, options: SolveOptions, solve_all: SolveMany, on_result: Callable[[SolveResult], None]
) -> SolveResult:
    """The plan for the expected values of the scenarios, and whether it is proven within the gap."""
    (result,) = solve_all([SolveTask("the expected values", dataset.expected_value(), options)])
    on_result(result)
    return result


def evaluate_fixed_first_stage(
    dataset: Dataset, plans: Mapping[str, Plan], options: SolveOptions, solve_all: SolveMany, until: int | None = None
) -> FixedFirstStage:
    """Each scenario at its best with what its plan decides before it is told apart from all others fixed.

    With `until` what is decided before that month t is fixed, and nothing else.
    """
    tree = ScenarioTree(dataset)
    tasks = []
    for name in tree.names:
        fixed_until = first_unshared_month(tree, name) if until is None else until
        tasks.append(SolveTask(name, dataset.in_scenario(name), options, plans[name], fixed_until))
    results = {result.key: result for result in solve_all(tasks)}
    found = {name: plan for name in tree.names if (plan := results[name].plan) is not None}
    if len(found) < len(tree.names):
        return FixedFirstStage({}, {}, tuple(name for name in tree.names if results[name].status == "infeasible"))
    bounds = {name: -math.inf if (bound := results[name].bound_usd) is None else bound for name in tree.names}
    return FixedFirstStage(found, bounds, dispatch_proven=all(each.dispatch_proven for each in results.values()))
