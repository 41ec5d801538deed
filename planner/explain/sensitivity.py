"""Sensitivity: the plan solved again along the values of a factor, and where its decisions change.

Points are solved side by side, each from the plan at hand. A plan found at one value is then tried at the values
beside it, its decisions held: where it does better than what was found there, it stands in, so that the curve is one
of plans that exist. Between two neighbours that decide differently the place is narrowed down by halving.
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

ROUNDS = 4
"""Halvings of an interval in which decisions change: to a sixteenth of it."""
LEAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class PointResult:
    """The plan at one value; None with the reason where there is none. Money in USD of present value."""

    value: float
    plan: Plan | None
    cost_usd: float | None
    bound_usd: float | None
    status: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Decisions that change between two values; `sure` is no where either plan is as good within the gap."""

    low: float
    high: float
    words: tuple[str, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One factor: its points by value, and the steps between them."""

    variation: Variation
    points: tuple[PointResult, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Curves of all factors around a plan of that cost."""

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
    on_news: Callable[[int, int], None] = lambda done, asked: None,
) -> Sensitivity:
    """Solves along every variation; the workers' time is shared out over the points.

    Raises
    ------
    WrongUsage
        The workbook has nothing of a name.
    """
    searches = [_VariationSearch(dataset, plan, cost, each) for each in variations]
    asked = done = 0
    for round_number in range(ROUNDS + 1):
        wanted = [(search, value) for search in searches for value in search.wanted()]
        if not wanted or (round_number and workers.seconds_left is not None and workers.seconds_left < LEAST_SECONDS):
            break
        left, limit = workers.seconds_left, None
        if left is not None:  # the first round takes up to half of what is left, as do those that follow
            limit = max(LEAST_SECONDS, left * workers.count / len(wanted) / (2 if round_number < ROUNDS else 1))
        limited = replace(options, time_limit=limit, threads=1)
        asked += len(wanted)
        by_key = {f"{search.variation.label} {value:.12g}": (search, value) for search, value in wanted}
        questions = [SolveTask(key, search.at(value), limited, plan) for key, (search, value) in by_key.items()]
        for answer in workers.solve_all(questions):
            search, value = by_key[answer.key]
            search.learn(value, answer)
            done += 1
            on_news(done, asked)
        for search in searches:
            search.even_out()
    return Sensitivity(dataset.settings.plan_name, cost, tuple(each.curve(options.gap) for each in searches))


class _VariationSearch:
    """What is known along one variation."""

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
        """The problem at a value."""
        return with_factor(self.dataset, self.variation.quantity, self.variation.name, value)

    def wanted(self) -> list[float]:
        """Values to solve next: first those asked for, then the middles of intervals in which decisions change."""
        if self._first:
            self._first = False
            return [value for value in self.variation.values if value not in self.points]
        found = []
        width = (max(self.points) - min(self.points)) / 2**ROUNDS / max(1, len(self.variation.values) - 1)
        for low, high in self._changes():
            middle = (low.value + high.value) / 2.0
            if self.variation.quantity == "delivery_delay_months" or high.value - low.value <= width:
                continue
            found.append(round(middle, 12))
        return found

    def learn(self, value: float, answer: SolveResult) -> None:
        self.points[value] = PointResult(
            value, answer.plan, answer.objective_usd, answer.bound_usd, answer.status, answer.why
        )

    def even_out(self) -> None:
        """Lets each plan stand in at the values beside it where it costs less than what was found there."""
        known = sorted(self.points)
        for order in (known, known[::-1]):
            for here, beside in pairwise(order):
                plan, there = self.points[here].plan, self.points[beside]
                if plan is None or beside == self.base or _decided(there.plan) == _decided(plan):
                    continue
                moved, cost = self._redispatched(plan, beside)
                if moved is not None and (there.cost_usd is None or cost < there.cost_usd - 1e-9 * abs(cost)):
                    self.points[beside] = replace(there, plan=moved, cost_usd=cost, status="stopped")

    def _redispatched(self, plan: Plan, value: float) -> tuple[Plan | None, float]:
        """A plan's decisions at another value, everything else at its best; None where they admit no plan."""
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
            or (low.plan is not None and high.plan is not None and _decided(low.plan) != _decided(high.plan))
        ]

    def curve(self, gap: float) -> Curve:
        steps = []
        for low, high in self._changes():
            if low.plan is None or high.plan is None:
                words: tuple[str, ...] = ("no plan exists" if high.plan is None else "a plan exists",)
                steps.append(Step(low.value, high.value, words, "infeasible" in (low.status, high.status)))
                continue
            found = differences(low.plan, high.plan, self.dataset.label)
            told = tuple(each.words for each in found if each.change != "same")
            _, other = self._redispatched(high.plan, low.value)
            sure = not other or low.cost_usd is None or other - low.cost_usd > gap * abs(low.cost_usd)
            steps.append(Step(low.value, high.value, told, sure))
        return Curve(self.variation, tuple(self.points[value] for value in sorted(self.points)), tuple(steps))


def _decided(plan: Plan | None) -> object:
    """What a plan decides to sign, lease out and buy."""
    if plan is None:
        return None
    signed = sorted((s.kind, s.name, s.month, s.term_months, s.units, s.end) for s in plan.signings if not s.signed)
    return signed, sorted((each.name, each.month) for each in plan.options)
