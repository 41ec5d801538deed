"""The bridge of a run: from the plan that it began from or keeps to, to the one that it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from models.estimate import Estimate
from models.faults import FaultyWorkbook
from models.stochastic.risk import Measure
from planner.analysis.bridge import LEAST_SECONDS, SECONDS, bridge
from planner.analysis.plan_comparison import ComparedPlan
from planner.interrupt import Stop
from planner.reports.run_result import RunResult
from planner.results.scenario_set import measure_words
from planner.run.options import PlanOptions
from planner.solving.progress import LiveText, ProgressLines
from planner.solving.time_limit import TimeLimit


def note_bridge(
    result: RunResult,
    before: Callable[[], ComparedPlan],
    options: PlanOptions,
    stop: Stop,
    live: LiveText | None,
    began: float,
) -> None:
    """Takes the bridge into a result with a plan; `before` reads the old plan with its problem.

    Nothing is told where the old plan has no inputs of its own, or the run is to stop.
    """
    dataset = result.dataset
    if dataset is None or not result.has_plan or stop.requested:
        return
    try:
        old = before()
    except FaultyWorkbook:
        return
    new = Estimate.optimum(result.bound_usd, result.objective_usd)
    minimised = measure_words(result.plan_set.solution.measure if dataset.scenarios else Measure())
    seconds = TimeLimit(options.time_limit, began).for_last(LEAST_SECONDS, SECONDS)
    with result.timed("solve"):
        result.bridge = bridge(
            old,
            dataset,
            new,
            minimised,
            replace(options.solver(), time_limit=seconds),
            stop,
            lambda what: ProgressLines(what, result.currency, live),
        )
