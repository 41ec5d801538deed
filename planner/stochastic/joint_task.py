"""All scenarios of a problem as one task of a worker, by the engine that pays."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from models.build import build_model
from models.core.model import Model
from models.core.vector import Vector
from models.plan import Plan
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.stochastic.tree import ScenarioTree
from planner.solving.held_rows import solve_holding
from planner.solving.search import dispatch_proven
from planner.solving.solve_task import SolveResult, SolveTask
from planner.stochastic.decomposition import decompose_holding
from planner.stochastic.method import cannot_decompose, choose_engine
from planner.stochastic.search_result import JointResult


@dataclass(frozen=True, slots=True)
class JointTask(SolveTask):
    """A problem to solve for all its scenarios; `begin` are the plans to begin from but for the offer `left_open`."""

    measure: Measure = field(default_factory=Measure)
    begin: StochasticSolution | None = None

    def search(self, should_stop: Callable[[], bool] | None = None, model: Model | None = None) -> SolveResult:
        """As `SolveTask`; a model of all scenarios is none that it takes."""
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
        one = replace(self.dataset.in_scenario(names[0]), losses=frozenset())  # few are held
        nonzeros = len(names) * build_model(one).size.nonzeros
        return choose_engine(self.dataset, nonzeros, self.measure) == "decomposition"

    def _decomposed(self, began: float, should_stop: Callable[[], bool] | None) -> JointResult:
        start = None if self.begin is None else self.begin.plans
        options = replace(self.options_left(began), target_usd=None, cutoff_usd=None)  # of all scenarios, not of each
        return decompose_holding(self.dataset.in_order, options, start=start, should_stop=should_stop)

    def _extensive(self, began: float, should_stop: Callable[[], bool] | None) -> JointResult:
        ordered = self.dataset.in_order

        def start(form: ExtensiveForm, plans: Mapping[str, Plan]) -> Vector | None:
            first = self.begin is not None and plans is known
            return form.start(plans, self.left_open if first else None) if plans else None

        known = {} if self.begin is None else self.begin.plans
        form, outcome = solve_holding(
            ordered,
            lambda problem: ExtensiveForm(problem, self.measure),
            ExtensiveForm.plans,
            self.options_left(began),
            known=known,
            start=start,
            should_stop=should_stop,
        )
        plans = None if outcome.values is None else form.plans(outcome.values)
        if plans is not None:
            costs = {name: plan.objective_usd for name, plan in plans.items()}
            outcome = outcome.settled(self.measure.value(costs, form.tree.probability), self.options.gap)
        proven = dispatch_proven(outcome)
        return JointResult(outcome.status, plans, outcome.bound_usd, outcome.why, outcome.log, proven)
