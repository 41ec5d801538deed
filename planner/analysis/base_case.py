"""The search for the base case: the cheapest plan that signs nothing new, which the plan is compared with."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from models.build import Model, build_model
from models.cancellation import cancelled_by
from models.core.vector import Vector
from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan, categories
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure, expected_cost
from models.variants.cost_parts import minimising, part_of_cost, part_of_expected_cost
from models.variants.offers import nothing_new
from models.warm_start import start_values
from planner.analysis.questions import BesideQuestion, openness_of
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.results.base_case import FORGONE, MONEY, NO_BASE_CASE, SHORTFALL, BaseCase, Costs, Parts, parts_of
from planner.solving.exactness import PRECISION
from planner.solving.problem import ArrayProblem, CompiledProblem, Outcome, SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.relaxation import relaxed_optimum
from planner.solving.search import solve
from planner.solving.time_limit import TimeLimit

SHARE_OF_SEARCH = 0.5
LEAST_SECONDS, MOST_SECONDS = 20.0, 300.0
"""One more search may take half the time that the plan took, within these."""
PART_SECONDS, PART_LEAST = 5.0, 0.5
"""Most time for each end of a part of the cost, and what it has where a limit has passed."""
CATEGORIES_OF: Mapping[str, Collection[str]] = {
    SHORTFALL: {SHORTFALL},
    FORGONE: {FORGONE},
    MONEY: {*categories()} - {SHORTFALL, FORGONE},
}
log = logging.getLogger("planner")

Watch = Callable[[str], ProgressLines]
PartOf = Callable[[Collection[str]], tuple[Vector, float]]
"""The cost of some categories by column, and a constant."""


def budget_of(plan_seconds: float) -> float:
    """Seconds for one more search beside a plan that took `plan_seconds`."""
    return min(max(SHARE_OF_SEARCH * plan_seconds, LEAST_SECONDS), MOST_SECONDS)


class BaseCaseQuestion(BesideQuestion):
    """The base case of a problem without scenarios; that of the plan itself where nothing is on offer.

    `found` is what is known of it; `outcome` and `costs` are of the search for the plan; `built` is its model, where
    that is there already.
    """

    def __init__(
        self,
        dataset: Dataset,
        plan_outcome: Outcome,
        plan_costs: Costs,
        options: SolveOptions,
        stop: Stop,
        watch: Watch,
        built: Model | None = None,
    ) -> None:
        self.options, self.stop, self.watch, self._built = options, stop, watch, built
        self.problem = nothing_new(dataset)
        self.plan: Plan | None = None
        self.found = NO_BASE_CASE
        if self.problem == dataset and plan_outcome.status == "optimal":
            cost = Estimate.optimum(plan_outcome.bound_usd, plan_outcome.objective_usd)
            self.found = BaseCase(cost, parts_of(plan_costs))

    @property
    def openness(self) -> float:
        """As `BesideQuestion`."""
        return 0.0 if self.found.none_exists else openness_of(self.found.cost, self.options.gap)

    @property
    def plans(self) -> Sequence[Plan]:
        """As `BesideQuestion`."""
        return () if self.plan is None else (self.plan,)

    def ask(self, seconds: float) -> None:
        """As `BesideQuestion`."""
        if not self.openness:
            return
        limit, before = TimeLimit(None if self.options.time_limit is None else seconds), self.found.cost
        try:
            with cancelled_by(limit.check):
                model = self._built or build_model(self.problem)
        except OutOfTime:
            if before == UNKNOWN:
                self.found = _not_built(seconds, limit)
            return
        outcome = _searched(
            model,
            replace(self.options, time_limit=min(seconds, max(0.1, limit.left()))),
            self.stop,
            self.watch,
            None if self.plan is None else start_values(model, self.plan),
        )
        if outcome.values is not None:
            found = model.plan(outcome.values)
            outcome = outcome.settled(found.objective_usd, self.options.gap)
            self.plan = found if self.plan is None or found.objective_usd < self.plan.objective_usd else self.plan
        costs = None if self.plan is None else self.plan.costs_usd()
        self.found = _base_case(
            model,
            outcome,
            before,
            costs,
            lambda of: part_of_cost(model, of),
            seconds,
            self.options.gap,
            self.stop,
            limit,
        )


def base_case_of_scenarios(
    dataset: Dataset, measure: Measure, seconds: float, options: SolveOptions, stop: Stop, watch: Watch
) -> tuple[BaseCase, Mapping[str, Plan]]:
    """The base case of a problem with scenarios, by the same measure of risk, and its plans where any were found.

    `seconds` are for its search and, where the options have a time limit, for building its model too.
    """
    limit, began = TimeLimit(None if options.time_limit is None else seconds), time.monotonic()
    try:
        with cancelled_by(limit.check):
            form = ExtensiveForm(nothing_new(dataset), measure)
    except OutOfTime:
        return _not_built(seconds, limit), {}
    if limit.left() < time.monotonic() - began:  # solving it and reading its plans back take as long as building
        return _not_built(seconds, limit), {}
    seconds = min(seconds, limit.left())
    probability = form.tree.probability
    outcome = _searched(form, replace(options, time_limit=seconds), stop, watch, None)
    plans = {} if outcome.values is None else form.plans(outcome.values)
    if plans:
        value = measure.value({name: plan.objective_usd for name, plan in plans.items()}, probability)
        outcome = outcome.settled(value, options.gap)
    if measure.kind != "expected" or measure.weight:  # what risk adds is neither money nor shortage
        return _base_case(form, outcome, Estimate.unknown(), None, None, seconds, options.gap, stop, limit), plans
    costs: Costs | None = None
    if plans:
        by_scenario = {name: plan.costs_usd() for name, plan in plans.items()}
        costs = {
            category: expected_cost({name: each[category] for name, each in by_scenario.items()}, probability)
            for category in categories()
        }

    def part(of: Collection[str]) -> tuple[Vector, float]:
        return part_of_expected_cost(form, probability, of)

    return _base_case(form, outcome, Estimate.unknown(), costs, part, seconds, options.gap, stop, limit), plans


def _not_built(seconds: float, limit: TimeLimit) -> BaseCase:
    why = f"its model was not built and solved within {seconds:.0f} s" if seconds >= 0.5 else "no time was left for it"
    return BaseCase(warning=f"The base case is not known: {why}.{_longer(limit)}")


def _longer(limit: TimeLimit) -> str:
    """How to get what a limit left open; nothing where there was none."""
    return "" if limit.seconds is None else " A longer --time-limit gives its search more."


def _searched(
    problem: CompiledProblem, options: SolveOptions, stop: Stop, watch: Watch, start: Vector | None
) -> Outcome:
    lines = watch("Base case")
    return solve(problem, options, on_progress=lines.update, should_stop=lambda: lines.stopped_by(stop), start=start)


def _base_case(
    problem: CompiledProblem,
    outcome: Outcome,
    before: Estimate,
    costs: Costs | None,
    part: PartOf | None,
    seconds: float,
    gap: float,
    stop: Stop,
    limit: TimeLimit,
) -> BaseCase:
    """What a search of a problem of `nothing_new` came to, with what was known before; its parts within a limit."""
    if outcome.status == "infeasible":
        log.info("No plan exists that signs nothing new, so there is no base case.")
        return BaseCase(none_exists=True)
    cost = before.and_also(Estimate.optimum(outcome.bound_usd, outcome.objective_usd))
    if cost.value(gap) is not None and outcome.values is not None:
        return BaseCase(cost, {} if costs is None else parts_of(costs))
    why = "because the run was asked to stop" if stop.requested else f"within {seconds:.0f} s"
    if cost.at_most is None:
        longer = "" if stop.requested else _longer(limit)
        warning = f"No plan that signs nothing new was found {why}: its cost is known from below at best.{longer}"
    else:
        warning = f"The base case was not proven within the gap {why}: it is given as a range."
    parts = {} if part is None or stop.requested else _ranges(problem, part, cost, limit)
    return BaseCase(cost, parts, warning=warning)


def _ranges(problem: CompiledProblem, part: PartOf, cost: Estimate, limit: TimeLimit) -> Parts:
    """The least and the most that each part can come to in a plan whose cost is within what is known, relaxed."""
    unit = problem.units.usd
    least = -math.inf if cost.at_least is None else cost.at_least / unit
    most = math.inf if cost.at_most is None else cost.at_most / unit
    slack = PRECISION * max((abs(each) for each in (least, most) if math.isfinite(each)), default=0.0)
    found: dict[str, Estimate] = {}
    for name, of in CATEGORIES_OF.items():
        by_column, constant = part(of)
        ends: list[float | None] = []
        for sign in (1.0, -1.0):
            arrays = minimising(problem.compiled, (sign * by_column, sign * constant), least - slack, most + slack)
            seconds = min(PART_SECONDS, max(PART_LEAST, limit.left()))
            best = relaxed_optimum(ArrayProblem(arrays, problem.units), time_limit=seconds)
            end = None if best is None else arrays.objective(best.values)
            ends.append(None if end is None else sign * (end - PRECISION * abs(end)) * unit + 0.0)
        if ends != [None, None]:
            found[name] = Estimate(ends[0], ends[1], "bound")
    return found
