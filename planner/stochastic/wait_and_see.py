"""The wait-and-see solution: each scenario solved by itself, as if it were known beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.solution import WaitAndSeePlan
from models.stochastic.tree import ScenarioTree
from planner.solving.problem import SolveOptions
from planner.solving.worker_pool import SolveMany, SolveResult, SolveTask


@dataclass(frozen=True)
class WaitAndSee:
    """The plans of scenarios solved by themselves; `infeasible` are those proven to have none."""

    plans: Mapping[str, WaitAndSeePlan]
    infeasible: tuple[str, ...] = ()

    def improved_by(self, plans: Mapping[str, Plan]) -> WaitAndSee:
        """The same with the plans made for all scenarios, which are plans of each by itself, where they cost less."""
        best = dict(self.plans)
        for name, alone in self.plans.items():
            cost = plans[name].objective_usd
            if cost < alone.cost_usd:
                best[name] = WaitAndSeePlan(cost, min(alone.bound_usd, cost), plans[name])
        return WaitAndSee(best, self.infeasible)


def solve_wait_and_see(
    dataset: Dataset, options: SolveOptions, solve_all: SolveMany, on_result: Callable[[SolveResult], None]
) -> WaitAndSee:
    """Solves each scenario by itself; those that are not solved in the time are left out."""
    names = ScenarioTree(dataset).names
    results: dict[str, SolveResult] = {}
    for result in solve_all(SolveTask(name, dataset.in_scenario(name), options) for name in names):
        results[result.key] = result
        on_result(result)
    plans = {}
    for name in names:
        result = results[name]
        if result.plan is not None and result.objective_usd is not None:
            bound = -math.inf if result.bound_usd is None else result.bound_usd
            plans[name] = WaitAndSeePlan(result.objective_usd, bound, result.plan)
    return WaitAndSee(plans, tuple(name for name in names if results[name].status == "infeasible"))
