"""Sensitivity analysis: the problem solved again at several values of a factor, and where its decisions change.

Points are solved in parallel, each with the plan as a warm start, the time shared by what is still open. The decisions
of a plan found at one value are evaluated at the neighbouring values, and replace what was found there if they cost
less. Once the points are known, the place between two neighbours where decisions change is found by bisection.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.dataset import Dataset
from models.estimate import Estimate
from models.realization import ALL
from models.stochastic.plan_problem import Plans, by_scenario
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.variants.factors import with_factor
from planner.analysis.scenario_comparison import plan_changes
from planner.explain.better_plan import BetterPlan, better_plan
from planner.explain.kept_problems import KeptProblems
from planner.explain.ranges import Variation
from planner.explain.searches import LeastCost, Search
from planner.explain.shared_time import SharedTime
from planner.solving.dispatch import local_optimum
from planner.solving.held_rows import breaks_losses
from planner.solving.problem import SolveOptions, fixed_problem
from planner.solving.search import solve
from planner.solving.solve_task import SolveResult
from planner.solving.worker_pool import WorkerPool

BISECTIONS = 4
"""Bisections of an interval in which decisions change: down to a sixteenth of it."""
FIXED_SECONDS = 20.0
"""Most time for the cost of given decisions at another value."""


@dataclass(frozen=True, slots=True)
class PointResult:
    """What is known at one value.

    Parameters
    ----------
    value
        The value of the factor.
    plan
        The cheapest plan known, None where none is.
    least_cost
        What is known of the least cost, USD of present value.
    status
        `the plan`: the value of the workbook; `optimal`: proven within the gap asked for; `stopped`: a plan, not
        proven; `infeasible`: proven to have none; `no_plan`: none was found.
    why
        How the search ended.
    """

    value: float
    plan: Plans | None
    least_cost: Estimate
    status: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Decisions that differ between two values.

    `sure`: True where the decisions of each are proven not to be as good as the others' at the other value, within the
    gap; False where they are as good; None where that is not known, as where the least cost at either is not known
    within the gap.
    """

    low: float
    high: float
    words: tuple[str, ...]
    sure: bool | None


@dataclass(frozen=True, slots=True)
class Curve:
    """One factor: its points by value, and the changes of decisions between them."""

    variation: Variation
    points: tuple[PointResult, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The curves of all factors around a plan.

    `base` is what is known of the least cost there, USD; `better` a plan found on the way that costs less than the one
    given, None where there is none. With scenarios `measure` is what of their costs is minimised.
    """

    plan_name: str
    base: Estimate
    better: BetterPlan | None
    gap: float
    curves: tuple[Curve, ...]
    measure: Measure | None = None

    @property
    def complete(self) -> bool:
        """Whether every point is known within the gap asked for."""
        points = [point for curve in self.curves for point in curve.points]
        return all(each.status == "infeasible" or each.least_cost.value(self.gap) is not None for each in points)

    def difference(self, point: PointResult) -> Estimate:
        """What the least cost at a point is above that of the workbook."""
        if point.status == "the plan":
            return Estimate.exactly(0.0)
        return point.least_cost.minus(self.base)


def vary(
    dataset: Dataset,
    plan: Plans,
    cost: Estimate,
    variations: Sequence[Variation],
    workers: WorkerPool,
    options: SolveOptions,
    on_progress: Callable[[int, int], None] = lambda done, submitted: None,
    until: float = math.inf,
) -> Sensitivity:
    """Solve along every variation, the time of the workers shared by what is still open.

    Parameters
    ----------
    dataset : Dataset
        The problem.
    plan, cost
        Its plan, with scenarios the plans of all of them, and what is known of the least cost, USD.
    variations : sequence of Variation
        The factors and their values, as checked.
    workers : WorkerPool
        Where the problems are solved.
    options : SolveOptions
        Of each solve.
    on_progress : callable
        Called with the numbers of solves done and submitted.
    until : float
        The time (`time.monotonic`) after which decisions are not compared between neighbours any more.
    """
    measure = plan.measure if isinstance(plan, StochasticSolution) else None
    base = Search(
        "the problem as it is", dataset, plan, bound_usd=cost.at_least, asked_gap=options.gap, measure=measure
    )
    problems = KeptProblems(measure)
    sweeps = [_FactorSweep(dataset, base, each, until, problems) for each in variations]
    questions = [_Point(base, sweeps), *(_Point(search, [sweep]) for sweep in sweeps for search in sweep.first())]
    SharedTime(questions, workers, options, on_progress).run()
    for sweep in sweeps:
        sweep.spread(base)
    for _ in range(BISECTIONS):
        if not all(each.is_known for each in questions):
            break  # where decisions change is looked for once the points are known
        questions = [_Point(search, [sweep]) for sweep in sweeps for search in sweep.midpoints()]
        SharedTime(questions, workers, options, on_progress).run()
    curves = tuple(each.curve() for each in sweeps)
    better = better_plan(plan, base)
    return Sensitivity(dataset.settings.plan_name, base.least_cost, better, options.gap, curves, measure)


class _Point(LeastCost):
    """The least cost at one value of some factors; what is found there is tried at the neighbouring values."""

    def __init__(self, search: Search, sweeps: Sequence[_FactorSweep]) -> None:
        super().__init__(search, [search])
        self.sweeps = sweeps

    @property
    def is_known(self) -> bool:
        """Whether the least cost is known within the gap asked for, or that no plan exists."""
        return self.search.infeasible or self.search.least_cost.value(self.search.asked_gap) is not None

    def learn(self, search: Search, result: SolveResult) -> None:
        """As `Question`."""
        before = search.plan
        super().learn(search, result)
        if search.plan is not before:
            for sweep in self.sweeps:
                sweep.spread(search)


class _FactorSweep:
    """One factor: what is known at each of its values."""

    def __init__(
        self, dataset: Dataset, base: Search, variation: Variation, until: float, problems: KeptProblems
    ) -> None:
        self.dataset, self.base, self.variation, self.until = dataset, base, variation, until
        self.problems = problems
        unchanged = variation.base
        if unchanged is None:
            unchanged = float(getattr(dataset.settings, variation.quantity))
        self.points: dict[float, Search] = {unchanged: base}

    def first(self) -> list[Search]:
        """Searches at the values given."""
        return [self._search(value) for value in self.variation.values if value not in self.points]

    def midpoints(self) -> list[Search]:
        """Searches in the middle between neighbours whose decisions differ."""
        if self.variation.quantity == "delivery_delay_months":
            return []
        width = (max(self.points) - min(self.points)) / 2**BISECTIONS / max(1, len(self.variation.values) - 1)
        changes = [(low, high) for low, high in self._changes() if high - low > width]
        return [self._search(round((low + high) / 2.0, 12)) for low, high in changes]

    def _search(self, value: float) -> Search:
        """A new search at a value; a bound of a looser problem holds in it, and its own in tighter ones."""
        problem = with_factor(self.dataset, self.variation.quantity, self.variation.name, value)
        name = f"{self.variation.label} {self.variation.shown(value)}"
        search = self.base.variant(name, problem, start=self.base.plan)
        self.points[value] = search
        looser = self._looser_values()
        for tight, loose in pairwise(looser):
            if value in (tight, loose) and self.points[loose] not in self.points[tight].relaxations:
                tighter = self.points[tight]
                tighter.relaxations = (*tighter.relaxations, self.points[loose])
        return search

    def _looser_values(self) -> list[float]:
        """The values, each allowing all plans of those before it at the same cost; empty where that is not known."""
        quantity, name = self.variation.quantity, self.variation.name
        ordered = sorted(self.points)
        if quantity == "on_demand_cap":
            return ordered
        caps = [each for each in self.dataset.caps if quantity == "cap" and name in (ALL, each.cap)]
        senses = {each.sense for each in caps}
        if len(senses) != 1 or any(each.value < 0.0 for each in caps):
            return []
        return ordered if senses == {"max"} else ordered[::-1]

    def spread(self, search: Search) -> None:
        """Tries the decisions of a plan at the neighbouring values, and on from each where they cost less."""
        value = next(value for value, each in self.points.items() if each is search)
        ordered = sorted(self.points)
        place = ordered.index(value)
        for beside in (reversed(ordered[:place]), ordered[place + 1 :]):
            plan = search.plan
            for other in beside:
                there = self.points[other]
                if plan is None or self._is_over or _decisions(there.plan) == _decisions(plan):
                    break
                moved, before = self._with_fixed_decisions(plan, there.dataset), there.plan
                if moved is not None:
                    there.consider(moved)
                if there.plan is before:
                    break
                plan = there.plan

    @property
    def _is_over(self) -> bool:
        return time.monotonic() > self.until

    def _with_fixed_decisions(self, plan: Plans, dataset: Dataset) -> Plans | None:
        """The best plan with these decisions in another problem; None where none exists."""
        problem = self.problems.of(dataset)
        best = local_optimum(problem, problem.start_of(by_scenario(plan)), time_limit=FIXED_SECONDS)
        return None if best is None else problem.plans_of(best.values)

    def _changes(self) -> list[tuple[float, float]]:
        """Neighbouring values whose plans decide differently, or of which one has none."""
        return [
            (low, high)
            for low, high in pairwise(sorted(self.points))
            if _decisions(self.points[low].plan) != _decisions(self.points[high].plan)
        ]

    def curve(self) -> Curve:
        """What was found out."""
        points = tuple(self._result(value) for value in sorted(self.points))
        return Curve(self.variation, points, tuple(self._step(low, high) for low, high in self._changes()))

    def _result(self, value: float) -> PointResult:
        search = self.points[value]
        if search is self.base:
            status = "the plan"
        elif search.plan is None:
            status = "infeasible" if search.infeasible else "no_plan"
        else:
            status = "stopped" if search.least_cost.value(search.asked_gap) is None else "optimal"
        return PointResult(value, search.plan, search.least_cost, status, search.why)

    def _step(self, low: float, high: float) -> Step:
        here, there = self.points[low], self.points[high]
        if here.plan is None or there.plan is None:
            missing, side = (there, "no plan {}") if there.plan is None else (here, "a plan {}")
            verb = "exists" if missing.infeasible else "was found"
            return Step(low, high, (side.format(verb),), True if missing.infeasible else None)
        found = plan_changes(self.dataset, here.plan, there.plan)
        words = tuple(each.words for each in found if each.change != "same")
        return Step(low, high, words, self._is_sure(here, there))

    def _is_sure(self, here: Search, there: Search) -> bool | None:
        """Whether each one's decisions are proven to be worse at the other value, by more than the gap."""
        if any(each.least_cost.value(each.asked_gap) is None for each in (here, there)):
            return None
        found = [self._is_worse(one.plan, other) for one, other in ((here, there), (there, here))]
        return False if False in found else None if None in found else True

    def _is_worse(self, plan: Plans | None, there: Search) -> bool | None:
        """Whether a plan's decisions cost more than the least there, by more than the gap, or admit no plan there."""
        if plan is None or there.cost_usd is None or self._is_over:
            return None
        problem = self.problems.of(there.dataset)
        decisions = np.where(problem.compiled.integer, problem.start_of(by_scenario(plan)), np.nan)
        held = solve(fixed_problem(problem, decisions), SolveOptions(there.asked_gap, FIXED_SECONDS, threads=1))
        if held.values is not None and breaks_losses(there.dataset, by_scenario(problem.plans_of(held.values))):
            return None
        most = there.cost_usd + there.asked_gap * abs(there.cost_usd)
        if held.status == "infeasible" or (held.bound_usd is not None and held.bound_usd > most):
            return True
        return False if held.objective_usd is not None and held.objective_usd <= most else None


def _decisions(plans: Plans | None) -> object:
    """Return what a plan signs, leases out and buys, in each scenario."""
    if plans is None:
        return None
    return {
        name: (
            sorted((s.kind, s.name, s.month, s.term_months, s.units, s.end) for s in plan.chosen),
            sorted((each.name, each.month) for each in plan.options),
        )
        for name, plan in by_scenario(plans).items()
    }
