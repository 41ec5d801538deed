"""The search for the base case: the cheapest plan that signs nothing new, which the plan is compared with."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from models.build import build_model
from models.core.vector import Vector
from models.dataset import Dataset
from models.estimate import Estimate
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure, expected_cost
from models.variants.offers import nothing_new
from planner.interrupt import Stop
from planner.results.base_case import BaseCase, Costs
from planner.solving.problem import CompiledProblem, Outcome, SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve

SHARE_OF_SEARCH = 0.5
LEAST_SECONDS, MOST_SECONDS = 20.0, 300.0
"""One more search may take half the time that the plan took, within these."""
log = logging.getLogger("planner")

Watch = Callable[[str], ProgressLines]


def budget_of(plan_seconds: float, options: SolveOptions) -> float:
    """Seconds for one more search beside a plan that took `plan_seconds`."""
    budget = min(max(SHARE_OF_SEARCH * plan_seconds, LEAST_SECONDS), MOST_SECONDS)
    return budget if options.time_limit is None else min(budget, options.time_limit)


def base_case(
    dataset: Dataset, plan_outcome: Outcome, plan_costs: Costs, options: SolveOptions, stop: Stop, watch: Watch
) -> BaseCase:
    """The base case of a problem without scenarios; that of the plan itself where nothing is on offer."""
    base = nothing_new(dataset)
    if base == dataset and plan_outcome.status == "optimal":
        return BaseCase(Estimate.optimum(plan_outcome.bound_usd, plan_outcome.objective_usd), plan_costs)
    model = build_model(base)
    return _solve(model, lambda values: model.plan(values).costs_usd(), plan_outcome.seconds, options, stop, watch)


def base_case_of_scenarios(
    dataset: Dataset, measure: Measure, plan_seconds: float, options: SolveOptions, stop: Stop, watch: Watch
) -> BaseCase:
    """The base case of a problem with scenarios, by the same measure of risk."""
    form = ExtensiveForm(nothing_new(dataset), measure)
    probability = form.tree.probability
    neutral = measure.kind == "expected" and not measure.weight

    def costs(values: Vector) -> Costs:
        by_scenario = {name: plan.costs_usd() for name, plan in form.plans(values).items()}
        categories = next(iter(by_scenario.values()))
        return {
            category: expected_cost({name: each[category] for name, each in by_scenario.items()}, probability)
            for category in categories
        }

    # what risk adds is neither money nor shortage
    return _solve(form, costs if neutral else None, plan_seconds, options, stop, watch)


def _solve(
    problem: CompiledProblem,
    costs: Callable[[Vector], Costs] | None,
    plan_seconds: float,
    options: SolveOptions,
    stop: Stop,
    watch: Watch,
) -> BaseCase:
    """Solves a problem of `nothing_new`, in proportion to the seconds that the plan took."""
    budget, lines = budget_of(plan_seconds, options), watch("Base case")
    outcome = solve(
        problem,
        replace(options, time_limit=budget),
        on_progress=lines.update,
        should_stop=lambda: lines.stopped_by(stop),
    )
    if outcome.status == "infeasible":
        log.info("No plan exists that signs nothing new, so there is no base case.")
        return BaseCase(none_exists=True)
    cost = Estimate.optimum(outcome.bound_usd, outcome.objective_usd)
    if outcome.status != "optimal" or outcome.values is None:
        why = "because the run was asked to stop" if stop.requested else f"within {budget:.0f} s"
        return BaseCase(cost, warning=f"The base case was not proven within the gap {why}: it is given as a range.")
    return BaseCase(cost, None if costs is None else costs(outcome.values))
