"""The wait-and-see solution: each scenario solved by itself, as if it were known beforehand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.solution import WaitAndSeePlan
from models.stochastic.tree import ScenarioTree
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask
from planner.solving.worker_pool import SMALL, SolveMany, default_workers


@dataclass(frozen=True)
class WaitAndSee:
    """The plans of scenarios solved by themselves; `infeasible` are those proven to have none.

    `bounds`: what each costs at least, USD, where that is proven, a plan or not.
    """

    plans: Mapping[str, WaitAndSeePlan]
    infeasible: tuple[str, ...] = ()
    bounds: Mapping[str, float] = field(default_factory=dict)

    def improved_by(self, plans: Mapping[str, Plan]) -> WaitAndSee:
        """The same with the plans made for all scenarios, which are plans of each by itself, where they are better.

        A scenario of which nothing was found stays without.
        """
        best = dict(self.plans)
        for name in {*self.plans, *self.bounds}:
            alone = WaitAndSeePlan(math.inf, self.bounds.get(name, -math.inf), plans[name])
            best[name] = best.get(name, alone).or_better(plans[name])
        return replace(self, plans=best)

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of the scenarios of which no plan was found."""
        return [name for name in names if name not in self.plans]

    def and_also(self, again: WaitAndSee) -> WaitAndSee:
        """The same with what a later search of scenarios that were missing found."""
        infeasible = tuple(dict.fromkeys((*self.infeasible, *again.infeasible)))
        higher = {name: max(bound, self.bounds.get(name, -math.inf)) for name, bound in again.bounds.items()}
        return WaitAndSee({**self.plans, **again.plans}, infeasible, {**self.bounds, **higher})


def shared_options(options: SolveOptions, nonzeros: int, seconds: float | None) -> Callable[[int], SolveOptions]:
    """Options of a solve when so many of that size are still to begin in the time for all: none takes it all.

    Each may take half as long again as its part of what is left, so that it pays to give the easy ones first.
    """
    if seconds is None:
        return lambda waiting: options
    end, workers = time.monotonic() + seconds, 1 if nonzeros < SMALL else default_workers()

    def share(waiting: int) -> SolveOptions:
        left = max(0.1, end - time.monotonic())
        return replace(options, time_limit=min(left, 1.5 * left * workers / max(1, waiting)))

    return share


def solve_wait_and_see(
    dataset: Dataset,
    share: Callable[[int], SolveOptions],
    solve_all: SolveMany,
    on_result: Callable[[SolveResult], None],
    names: Sequence[str] = (),
) -> WaitAndSee:
    """Solves each scenario by itself; those that are not solved in the time are left out.

    `share`: the options of a solve by how many are still to begin. `names`: the scenarios to solve; none for all.
    """
    names = names or ScenarioTree(dataset).names
    results: dict[str, SolveResult] = {}
    tasks = (SolveTask(name, dataset.in_scenario(name), share(len(names) - i)) for i, name in enumerate(names))
    for result in solve_all(tasks):
        results[result.key] = result
        on_result(result)
    bounds = {name: bound for name in names if (bound := results[name].bound_usd) is not None}
    plans = {
        name: WaitAndSeePlan(cost, bounds.get(name, -math.inf), plan)
        for name in names
        if (plan := results[name].plan) is not None and (cost := results[name].objective_usd) is not None
    }
    return WaitAndSee(plans, tuple(name for name in names if results[name].status == "infeasible"), bounds)
