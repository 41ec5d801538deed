"""The search for the best plan under uncertainty.

First the scenarios one by one: what each costs if certain bounds the whole from below and says what knowing more
is worth; the plan for their expected values, its first decisions held, bounds it from above and is where the joint
search begins. Then all scenarios together: in the extensive form, or by decomposition.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from models.build import build_model
from models.core.model import Size
from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from models.stochastic.tree import ScenarioTree, is_two_stage
from planner.errors import WrongUsage
from planner.formatting import money
from planner.solving.interrupt import Stop
from planner.solving.problem import SolveOptions, hold
from planner.solving.progress import ProgressLines
from planner.solving.search import solve
from planner.solving.worker_pool import SolveResult, solve_many
from planner.stochastic.decomposition import decompose
from planner.stochastic.method import Engine, cannot_decompose, choose_engine
from planner.stochastic.wait_and_see import (
    WaitAndSee,
    evaluate_fixed_first_stage,
    solve_expected_value_problem,
    solve_wait_and_see,
)

APART_SHARE, MEAN_SHARE = 0.4, 0.15
"""Of a time limit, what the scenarios one by one may take, and the plan for the expected values."""

LEAST_SECONDS = 10.0
"""With less time left the scenarios are not solved one by one after a decomposition."""

log = logging.getLogger("planner")

Watch = Callable[[str], ProgressLines]


@dataclass(frozen=True)
class SearchResult:
    """How a search ended; `best` where there is a plan, else `why` in words.

    `infeasible`: the scenarios that have no plan even by themselves.
    """

    status: Literal["optimal", "stopped", "infeasible", "no_plan"]
    best: StochasticSolution | None
    size: Size
    why: str
    log: tuple[str, ...] = ()
    infeasible: tuple[str, ...] = ()


def solve_stochastic(
    dataset: Dataset,
    measure: Measure,
    options: SolveOptions,
    stop: Stop,
    watch: Watch,
    start: Mapping[str, Plan] | None = None,
    engine: Engine | None = None,
) -> SearchResult:
    """The best plan for all scenarios of a dataset by a measure; regret needs every scenario solved alone first.

    `start`: earlier plans by scenario that the joint search begins from. `engine`: None for the one that pays.

    Raises
    ------
    WrongUsage
        The engine asked for cannot minimise the measure.
    """
    return _Search(dataset, measure, options, stop, watch, start, engine).go()


def _none_apart(size: Size, apart: WaitAndSee) -> SearchResult:
    why = f"No plan exists even if it were certain: {', '.join(apart.infeasible)}"
    return SearchResult("infeasible", None, size, why, infeasible=apart.infeasible)


class _Search:
    def __init__(
        self,
        dataset: Dataset,
        measure: Measure,
        options: SolveOptions,
        stop: Stop,
        watch: Watch,
        start: Mapping[str, Plan] | None,
        engine: Engine | None,
    ) -> None:
        self.dataset, self.measure, self.options = dataset, measure, options
        self.stop, self.watch, self.start = stop, watch, start
        self.tree, self.engine = ScenarioTree(dataset), engine
        self.alone = replace(options, threads=1)
        self.began = time.monotonic()
        self.currency = dataset.settings.currency

    def left(self, share: float = 1.0) -> float | None:
        """Seconds left; with a share, at most that share of the whole limit."""
        limit = self.options.time_limit
        if limit is None:
            return None
        return max(0.1, min(share * limit, limit - (time.monotonic() - self.began)))

    def go(self) -> SearchResult:
        first = build_model(self.dataset.in_scenario(self.tree.names[0])).size
        engine = self.engine or choose_engine(self.dataset, first.nonzeros * len(self.tree.names), self.measure)
        if engine == "decomposition":
            if why := cannot_decompose(self.dataset, self.measure):
                raise WrongUsage(f"--engine decomposition: {why}. Leave it out.")
            return self._in_parts(first)
        return self._as_one(first.nonzeros)

    def _as_one(self, nonzeros: int) -> SearchResult:
        """First the scenarios one by one, then all in the extensive form."""
        form = ExtensiveForm(self.dataset)
        size = _size(form)
        with solve_many(nonzeros, self.left(APART_SHARE), self.stop) as ask:
            log.info("Solving each of %d scenarios as if it were certain", len(self.tree.names))
            mean = solve_expected_value_problem(self.dataset, self.alone, ask, self._said)
            apart = solve_wait_and_see(self.dataset, self.alone, ask, self._said)
        if apart.infeasible:
            return _none_apart(size, apart)
        if self.measure.kind == "regret":
            missing = [name for name in self.tree.names if name not in apart.certain]
            if missing:
                why = (
                    f"the least cost of {', '.join(missing)} was not found in the time, and regret is measured from it"
                )
                return SearchResult("no_plan", None, size, why)
            least = {name: apart.certain[name].cost_usd for name in self.tree.names}
            self.measure = replace(self.measure, least_usd=least)
            form = ExtensiveForm(self.dataset, self.measure)
        elif self.measure != Measure.of(self.dataset):
            form = ExtensiveForm(self.dataset, self.measure)
        return self._together(form, size, apart, self._mean(form, mean, nonzeros))

    def _in_parts(self, first: Size) -> SearchResult:
        """The plan for the expected values, then all scenarios by decomposition; each by itself in the time left."""
        count = len(self.tree.names)
        size = Size(first.rows * count, first.columns * count, first.integers * count, first.nonzeros * count)
        with solve_many(first.nonzeros, self.left(MEAN_SHARE), self.stop) as ask:
            mean = self._mean(
                None, solve_expected_value_problem(self.dataset, self.alone, ask, self._said), first.nonzeros
            )
        lines = self.watch("Plan for all scenarios")
        outcome = decompose(
            self.dataset,
            replace(self.options, time_limit=self.left()),
            start=self.start,  # the plan for the expected values is known, and would be worked out once more
            on_progress=lines.news,
            should_stop=lambda: lines.stopped_by(self.stop),
        )
        plans = None if outcome.plans is None else dict(outcome.plans)
        apart = WaitAndSee({})
        if not self.stop.requested and (self.left() or math.inf) > LEAST_SECONDS:
            log.info("Solving each of %d scenarios as if it were certain", count)
            with solve_many(first.nonzeros, self.left(), self.stop) as ask:
                apart = solve_wait_and_see(self.dataset, self.alone, ask, self._said)
        if apart.infeasible:
            return _none_apart(size, apart)
        if outcome.status == "infeasible":
            return SearchResult("infeasible", None, size, "No plan serves all scenarios alike", outcome.log)
        why = f"Decomposition: {outcome.why}"
        return self._found(size, plans, outcome.bound_usd, apart, mean, why, outcome.log)

    def _said(self, answer: SolveResult) -> None:
        if answer.objective_usd is None:
            log.info("  %s: %s", answer.key.strip(), answer.why or answer.status)
        else:
            log.info("  %s: %s, %.0f s", answer.key.strip(), money(answer.objective_usd, self.currency), answer.seconds)

    def _mean(self, form: ExtensiveForm | None, plan: Plan | None, nonzeros: int) -> _Mean:
        """What the plan for the expected values comes to when its first decisions are held.

        Without the extensive form it is not worked out for scenarios that part more than once.
        """
        if plan is None:
            return _Mean()
        plans = dict.fromkeys(self.tree.names, plan)
        until = self.dataset.settings.first_stage_months
        budget = self.left(MEAN_SHARE)
        if self.stop.requested:
            return _Mean()
        if is_two_stage(self.tree):
            with solve_many(nonzeros, budget, self.stop) as ask:
                found = evaluate_fixed_first_stage(self.dataset, plans, self.alone, ask, until)
            if not found.plans:
                return _Mean(math.inf if found.infeasible else None)
            return self._valued(found.plans, self._value(found.bounds))
        if form is None:
            return _Mean()
        held = form.decided(form.start(plans), lambda t, _node: t < until)
        outcome = solve(
            hold(form, held), replace(self.options, time_limit=budget), should_stop=lambda: self.stop.requested
        )
        if outcome.status == "infeasible":
            return _Mean(math.inf)
        if outcome.values is None:
            return _Mean()
        return self._valued(form.plans(outcome.values), outcome.bound_usd or -math.inf)

    def _valued(self, plans: Mapping[str, Plan], bound: float) -> _Mean:
        return _Mean(self._value({name: plan.objective_usd for name, plan in plans.items()}), bound, plans)

    def _value(self, costs: Mapping[str, float]) -> float:
        return self.measure.value(costs, self.tree.probability)

    def _together(self, form: ExtensiveForm, size: Size, apart: WaitAndSee, mean: _Mean) -> SearchResult:
        lines = self.watch("Plan for all scenarios")
        begin = self.start or mean.plans or {name: each.plan for name, each in apart.certain.items()}
        outcome = solve(
            form,
            replace(self.options, time_limit=self.left()),
            on_progress=lines.news,
            should_stop=lambda: lines.stopped_by(self.stop),
            start=form.start(begin) if begin else None,
        )
        if outcome.start:
            log.info("The starting plan was %s.", outcome.start)
        if outcome.status == "infeasible":
            return SearchResult("infeasible", None, size, "No plan serves all scenarios alike", outcome.log)
        plans = None if outcome.values is None else form.plans(outcome.values)
        if plans is not None and self._overlooks:
            plans = self._refined(plans, size)
        return self._found(size, plans, outcome.bound_usd, apart, mean, outcome.why, outcome.log)

    def _found(
        self,
        size: Size,
        plans: dict[str, Plan] | None,
        bound_usd: float | None,
        apart: WaitAndSee,
        mean: _Mean,
        why: str,
        lines: tuple[str, ...],
    ) -> SearchResult:
        """The best plan of the joint search or the one for the expected values, and the best bound."""
        value = math.inf if plans is None else self._value({name: each.objective_usd for name, each in plans.items()})
        if mean.plans is not None and mean.usd is not None and mean.usd < value:
            plans, value = dict(mean.plans), mean.usd
        if plans is None:
            return SearchResult("no_plan", None, size, why, lines)
        best = StochasticSolution(
            measure=self.measure,
            scenarios=tuple(
                ScenarioPlan(name, self.tree.probability[name], plans[name], apart.certain.get(name))
                for name in self.tree.names
            ),
            objective_usd=value,
            bound_usd=min(value, self._bound(bound_usd, apart)),
            eev_usd=mean.usd,
            eev_bound_usd=mean.bound_usd,
        )
        proven = best.gap <= self.options.gap + 1e-9
        return SearchResult("optimal" if proven else "stopped", best, size, why, lines)

    @property
    def _overlooks(self) -> bool:
        """Whether the measure may not look at what some scenario costs."""
        return self.measure.kind != "expected" or self.measure.weight == 1.0 or not all(self.tree.probability.values())

    def _refined(self, plans: Mapping[str, Plan], size: Size) -> dict[str, Plan]:
        """Scenarios that the measure does not look at, at their best too; no scenario gets dearer."""
        with solve_many(size.nonzeros // len(self.tree.names), self.left(), self.stop) as ask:
            better = evaluate_fixed_first_stage(self.dataset, plans, replace(self.options, threads=1), ask)
        if not better.plans:
            return dict(plans)
        return {
            name: min(plans[name], better.plans[name], key=lambda plan: plan.objective_usd) for name in self.tree.names
        }

    def _bound(self, bound_usd: float | None, apart: WaitAndSee) -> float:
        """The better of what the joint search proved and what the scenarios cost at least if certain."""
        joint = -math.inf if bound_usd is None else bound_usd
        if len(apart.certain) < len(self.tree.names):
            return joint
        return max(joint, self._value({name: each.bound_usd for name, each in apart.certain.items()}))


@dataclass(frozen=True)
class _Mean:
    """The plan for the expected values under all scenarios: its worth, infinite where it admits none."""

    usd: float | None = None
    bound_usd: float | None = None
    plans: Mapping[str, Plan] | None = None


def _size(form: ExtensiveForm) -> Size:
    arrays = form.compiled
    rows, columns = arrays.matrix.shape
    return Size(rows, columns, int(arrays.integer.sum()), int(arrays.matrix.nnz))
