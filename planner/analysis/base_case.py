"""The base case: the cheapest plan that signs nothing new, which the plan is compared with."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from models.build import build_model
from models.dataset import Dataset
from models.variants.offers import nothing_new
from planner.solving.interrupt import Stop
from planner.solving.problem import CompiledProblem, Outcome, SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve

SHARE_OF_SEARCH = 0.5
LEAST_SECONDS, MOST_SECONDS = 20.0, 300.0
"""One more search may take half the time that the plan took, within these."""

log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class BaseCase:
    """Its net present cost in USD, proven within the gap asked for; None, with the reason, where there is none."""

    cost_usd: float | None
    warning: str = ""


def budget_of(plan_seconds: float, options: SolveOptions) -> float:
    """Seconds for one more search beside a plan that took `plan_seconds`."""
    budget = min(max(SHARE_OF_SEARCH * plan_seconds, LEAST_SECONDS), MOST_SECONDS)
    return budget if options.time_limit is None else min(budget, options.time_limit)


def base_case(
    dataset: Dataset, plan_outcome: Outcome, options: SolveOptions, stop: Stop, watch: Callable[[str], ProgressLines]
) -> BaseCase:
    """The base case of a problem without scenarios; that of the plan itself where nothing is on offer."""
    base = nothing_new(dataset)
    if base == dataset and plan_outcome.status == "optimal":
        return BaseCase(plan_outcome.objective_usd)
    return solve_base_case(build_model(base), plan_outcome.seconds, options, stop, watch)


def solve_base_case(
    problem: CompiledProblem,
    plan_seconds: float,
    options: SolveOptions,
    stop: Stop,
    watch: Callable[[str], ProgressLines],
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
        return BaseCase(None)
    if outcome.status != "optimal":
        why = "because the run was asked to stop" if stop.requested else f"within {budget:.0f} s"
        return BaseCase(None, f"The base case was not proven within the gap {why}, so it is not reported.")
    return BaseCase(outcome.objective_usd)
