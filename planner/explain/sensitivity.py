"""Sensitivity analysis: the problem solved again at several values of a factor, and where its decisions change.

Points are solved in parallel, each with the plan as a warm start. The decisions of a plan found at one value are then
evaluated at the neighbouring values, and replace what was found there if they cost less. Between two neighbours with
different decisions the place of the change is found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from models.build import build_model
from models.dataset import Dataset
from models.plan import Plan
from models.variants.factors import with_factor
from models.variants.plan_changes import differences
from models.warm_start import start_values
from planner.errors import WrongUsage
from planner.explain.breakeven import Range
from planner.explain.ranges import Variation
from planner.solving.problem import SolveOptions
from planner.solving.search import local_optimum
from planner.solving.worker_pool import SolveResult, SolveTask, WorkerPool

BISECTIONS = 4
"""Bisections of an interval in which decisions change: down to a sixteenth of it."""
LEAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class PointResult:
    """The plan at one value, or None and the reason; money in USD of present value."""

    value: float
    plan: Plan | None
    cost_usd: float | None
    bound_usd: float | None
    status: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Decisions that change between two values; not `sure` where both plans are equally good within the gap."""

    low: float
    high: float
    words: tuple[str, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One factor: its points by value, and the changes of decisions between them."""

    variation: Variation
    points: tuple[PointResult, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The curves of all factors around a plan of cost `base`, USD."""

    plan_name: str
    base: Range
    curves: tuple[Curve, ...]


def vary(
    dataset: Dataset,
    plan: Plan,
    cost: Range,
    variations: Sequence[Variation],
    workers: WorkerPool,
    options: SolveOptions,
    on_progress: Callable[[int, int], None] = lambda done, submitted: None,
) -> Sensitivity:
    """Solve along every variation, with the time of the workers shared among the points.

    Parameters
    ----------
    dataset : Dataset
        The problem.
    plan, cost
        Its plan, and the range of its cost, USD.
    variations : sequence of Variation
        The factors and their values.
    workers : WorkerPool
        Where the problems are solved.
    options : SolveOptions
        Of each solve.
    on_progress : callable
        Called with the numbers of solves done and submitted.

    Raises
    ------
    WrongUsage
        The workbook has nothing of a name that is given.
    """
    sweeps = [_FactorSweep(dataset, plan, cost, each) for each in variations]
    submitted = done = 0
    for round_number in range(BISECTIONS + 1):
        points = [(sweep, value) for sweep in sweeps for value in sweep.next_values()]
        if not points or (round_number and workers.seconds_left is not None and workers.seconds_left < LEAST_SECONDS):
            break
        left, limit = workers.seconds_left, None
        if left is not None:  # each round but the last takes up to half of what is left
            limit = max(LEAST_SECONDS, left * workers.count / len(points) / (2 if round_number < BISECTIONS else 1))
        limited = replace(options, time_limit=limit, threads=1)
        submitted += len(points)
        by_key = {f"{sweep.variation.label} {value:.12g}": (sweep, value) for sweep, value in points}
        tasks = [SolveTask(key, sweep.at(value), limited, plan) for key, (sweep, value) in by_key.items()]
        for result in workers.solve_all(tasks):
            sweep, value = by_key[result.key]
            sweep.add(value, result)
            done += 1
            on_progress(done, submitted)
        for sweep in sweeps:
            sweep.spread_plans()
    return Sensitivity(dataset.settings.plan_name, cost, tuple(each.curve(options.gap) for each in sweeps))


class _FactorSweep:
    """The points found along one variation."""

    def __init__(self, dataset: Dataset, plan: Plan, cost: Range, variation: Variation) -> None:
        self.dataset, self.variation = dataset, variation
        self.points: dict[float, PointResult] = {}
        try:
            for value in variation.values:
                with_factor(dataset, variation.quantity, variation.name, value)
        except ValueError as error:
            raise WrongUsage(f"--vary {variation.label}: {error}") from None
        base = variation.base
        if base is None:
            base = float(getattr(dataset.settings, variation.quantity))
        self.base = base
        self.points[base] = PointResult(base, plan, cost.high, cost.low, "the plan")
        self._first = True

    def at(self, value: float) -> Dataset:
        """Return the problem at a value."""
        return with_factor(self.dataset, self.variation.quantity, self.variation.name, value)

    def next_values(self) -> list[float]:
        """Return the values to solve next: first those given, then midpoints where decisions change."""
        if self._first:
            self._first = False
            return [value for value in self.variation.values if value not in self.points]
        found = []
        width = (max(self.points) - min(self.points)) / 2**BISECTIONS / max(1, len(self.variation.values) - 1)
        for low, high in self._changes():
            middle = (low.value + high.value) / 2.0
            if self.variation.quantity == "delivery_delay_months" or high.value - low.value <= width:
                continue
            found.append(round(middle, 12))
        return found

    def add(self, value: float, result: SolveResult) -> None:
        self.points[value] = PointResult(
            value, result.plan, result.objective_usd, result.bound_usd, result.status, result.why
        )

    def spread_plans(self) -> None:
        """Replace the plan at a value by the decisions of a neighbour's where these cost less."""
        known = sorted(self.points)
        for order in (known, known[::-1]):
            for here, beside in pairwise(order):
                plan, there = self.points[here].plan, self.points[beside]
                if plan is None or beside == self.base or _decisions(there.plan) == _decisions(plan):
                    continue
                moved, cost = self._with_fixed_decisions(plan, beside)
                if moved is not None and (there.cost_usd is None or cost < there.cost_usd - 1e-9 * abs(cost)):
                    self.points[beside] = replace(there, plan=moved, cost_usd=cost, status="stopped")

    def _with_fixed_decisions(self, plan: Plan, value: float) -> tuple[Plan | None, float]:
        """Return the best plan with these decisions at another value, and its cost, USD; None where none exists."""
        model = build_model(self.at(value))
        best = local_optimum(model, start_values(model, plan), time_limit=20.0)
        if best is None:
            return None, 0.0
        moved = model.plan(best.values)
        return moved, moved.objective_usd

    def _changes(self) -> list[tuple[PointResult, PointResult]]:
        ordered = [self.points[value] for value in sorted(self.points)]
        return [
            (low, high)
            for low, high in pairwise(ordered)
            if (low.plan is None) != (high.plan is None)
            or (low.plan is not None and high.plan is not None and _decisions(low.plan) != _decisions(high.plan))
        ]

    def curve(self, gap: float) -> Curve:
        steps = []
        for low, high in self._changes():
            if low.plan is None or high.plan is None:
                words: tuple[str, ...] = ("no plan exists" if high.plan is None else "a plan exists",)
                steps.append(Step(low.value, high.value, words, "infeasible" in (low.status, high.status)))
                continue
            found = differences(low.plan, high.plan, self.dataset.label)
            words = tuple(each.words for each in found if each.change != "same")
            _, other = self._with_fixed_decisions(high.plan, low.value)
            sure = not other or low.cost_usd is None or other - low.cost_usd > gap * abs(low.cost_usd)
            steps.append(Step(low.value, high.value, words, sure))
        return Curve(self.variation, tuple(self.points[value] for value in sorted(self.points)), tuple(steps))


def _decisions(plan: Plan | None) -> object:
    """Return what a plan signs, leases out and buys."""
    if plan is None:
        return None
    signed = sorted((s.kind, s.name, s.month, s.term_months, s.units, s.end) for s in plan.signings if not s.signed)
    return signed, sorted((each.name, each.month) for each in plan.options)
