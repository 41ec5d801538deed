"""The base case under uncertainty: the best plan for all scenarios that signs nothing new."""

from __future__ import annotations

import logging
from dataclasses import replace

from models.dataset import Dataset
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from planner.analysis.base_case import BaseCase, budget_of, nothing_new
from planner.solving.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.search import solve
from planner.stochastic.solve import Watch

log = logging.getLogger("planner")


def base_case_for_scenarios(
    dataset: Dataset, measure: Measure, seconds: float, options: SolveOptions, stop: Stop, watch: Watch
) -> BaseCase:
    """Solves the base case in its extensive form.

    Parameters
    ----------
    seconds
        What the plan took; the base case may take a share of it.
    """
    budget = budget_of(seconds, options)
    lines = watch("Base case")
    outcome = solve(
        ExtensiveForm(nothing_new(dataset), measure),
        replace(options, time_limit=budget),
        on_progress=lines.update,
        should_stop=lambda: lines.stopped_by(stop),
    )
    if outcome.status == "infeasible":
        log.info("Without signing something new there is no plan for all scenarios, so there is no base case.")
        return BaseCase(None)
    if outcome.status != "optimal":
        why = "because the run was asked to stop" if stop.requested else f"in {budget:.0f} s"
        return BaseCase(None, f"The base case was not proven within the gap {why}, so it is not reported.")
    return BaseCase(outcome.objective_usd)
