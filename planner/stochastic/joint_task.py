"""All scenarios of a problem as one task of a worker, by the engine that pays."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from models.build import build_model
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.stochastic.tree import ScenarioTree
from planner.solving.search import dispatch_proven, solve
from planner.solving.time_limit import TimeLimit
from planner.solving.worker_pool import SolveResult, SolveTask
from planner.stochastic.decomposition import decompose
from planner.stochastic.method import JointResult, cannot_decompose, choose_engine


@dataclass(frozen=True, slots=True)
class JointTask(SolveTask):
    """A problem to solve for all its scenarios; `begin` are the plans to begin from but for the offer `left_open`."""

    measure: Measure = field(default_factory=Measure)
    begin: StochasticSolution | None = None

    def search(self, should_stop: Callable[[], bool] | None = None) -> SolveResult:
        """As `SolveTask`."""
        began = time.monotonic()
        found = self._decomposed(began, should_stop) if self._is_large else self._extensive(began, should_stop)
        together, cost, gap = None, None, None
        if found.plans is not None:
            probability = ScenarioTree(self.dataset).probability
            bound = -math.inf if found.bound_usd is None else found.bound_usd
            together = StochasticSolution.of_plans(self.measure, probability, found.plans, bound)
            together = together.in_order_of(self.dataset)
            cost, gap = together.objective_usd, None if found.bound_usd is None else together.gap
        return SolveResult(
            self.key,
            found.status,
            cost,
            found.bound_usd,
            gap,
            why=found.why,
            dispatch_proven=found.dispatch_proven,
            together=together,
        )

    @property
    def _is_large(self) -> bool:
        """Whether decomposition pays."""
        if cannot_decompose(self.dataset, self.measure):
            return False
        names = [each.scenario for each in self.dataset.scenarios]
        nonzeros = len(names) * build_model(self.dataset.in_scenario(names[0])).size.nonzeros
        return choose_engine(self.dataset, nonzeros, self.measure) == "decomposition"

    def _decomposed(self, began: float, should_stop: Callable[[], bool] | None) -> JointResult:
        start = None if self.begin is None else self.begin.plans
        return decompose(self.dataset.in_order, self.options_left(began), start=start, should_stop=should_stop)

    def _extensive(self, began: float, should_stop: Callable[[], bool] | None) -> JointResult:
        check = TimeLimit(self.options.time_limit, began).check
        form = ExtensiveForm(self.dataset.in_order, self.measure, before_each=check)
        start = None if self.begin is None else form.start(self.begin.plans, self.left_open)
        outcome = solve(form, self.options_left(began), should_stop=should_stop, start=start)
        plans = None if outcome.values is None else form.plans(outcome.values)
        proven = dispatch_proven(outcome)
        return JointResult(outcome.status, plans, outcome.bound_usd, outcome.why, outcome.log, proven)
