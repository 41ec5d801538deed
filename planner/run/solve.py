"""From a dataset to a plan: the run without files, terminal and signals.

`solve_dataset` is what the command line and the Python API build on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.risk import Measure, kind_and_radius
from planner.errors import OutOfTime, WrongUsage
from planner.interrupt import Stop
from planner.reports.run_result import RunResult
from planner.run.context import SolveContext
from planner.run.options import PlanOptions
from planner.solving.progress import LiveText
from planner.solving.time_limit import TimeLimit

STRESS_SHARE = 0.4
"""Of a time limit, what a stress test at the end has at the least."""


def solve_dataset(
    dataset: Dataset,
    options: PlanOptions | None = None,
    *,
    start: Mapping[str, Plan] | None = None,
    keep: Plan | None = None,
    stop: Stop | None = None,
    live: LiveText | None = None,
    result: RunResult | None = None,
    began: float | None = None,
    before_building: Callable[[], None] = lambda: None,
) -> RunResult:
    """Looks for the plan of least net present cost; with scenarios, for the best plan of all of them.

    Prints nothing, takes over no signal and writes no file; messages go to the logger `planner`.

    Parameters
    ----------
    dataset
        The problem.
    options
        How to look for the plan; None for the defaults.
    start
        Earlier plans to begin from, by the names of the scenarios; without scenarios, the one under "".
    keep
        A plan to keep to, at `options.change_cost` for each unit departed; the search begins from it too. With
        scenarios the decisions that they have in common in the first stage.
    stop
        Asked again and again whether the search shall stop; the best plan found so far is kept then.
    live
        Shown a line of progress, again and again.
    result
        A result to fill in; a new one where it is None.
    began
        When the time limit began to count, by the monotonic clock; None for now.
    before_building
        Called once nothing more is refused, and before anything is built.

    Returns
    -------
    RunResult
        Status, plan, bound, audit and what was found out beside; money in USD of present value.

    Raises
    ------
    WrongUsage
        The options do not fit the problem.
    """
    result = result or RunResult()
    result.dataset = dataset
    result.gap_asked = (options or PlanOptions()).gap
    result.plan_name = dataset.settings.plan_name or result.plan_name
    check_options(options or PlanOptions())
    check_scenario_options(options or PlanOptions(), dataset, keeps=keep is not None)
    limit = TimeLimit((options or PlanOptions()).time_limit, time.monotonic() if began is None else began)
    context = SolveContext(dataset, options or PlanOptions(), result, stop or Stop(), live, limit, before_building)
    try:
        if dataset.scenarios:
            from planner.run.stochastic import solve_scenarios

            solve_scenarios(context, start, keep)
        else:
            from planner.run.deterministic import solve_plan

            _warn_of_unused(context)
            solve_plan(context, None if start is None else start.get(""), keep)
    except OutOfTime as late:  # while its model was built
        context.warn("no-plan", f"{late}.")
    result.interrupted = context.stop.requested
    return result


def _warn_of_unused(context: SolveContext) -> None:
    """Says of options that act on scenarios alone that they change nothing where there are none."""
    options = context.options
    given = [f"--risk {options.risk}"] * (options.risk != "expected")
    given += [f"--engine {options.engine}"] * (options.engine_asked is not None)
    if given:
        act, them = ("changes", "it") if len(given) == 1 else ("change", "them")
        context.warn(
            "scenario-option-unused",
            f"{' and '.join(given)} {act} nothing, because the workbook has no scenarios. Leave {them} out, or list "
            "what may come in the sheets scenarios and scenario_factors; planner scenarios draws them.",
        )


def before_stress(options: PlanOptions) -> PlanOptions:
    """The options of a solve that ends with a stress test: it leaves that a share of the time."""
    if not options.stress or options.time_limit is None:
        return options
    return replace(options, time_limit=options.time_limit * (1.0 - STRESS_SHARE))


def left_for_stress(options: PlanOptions, began: float) -> float | None:
    """Seconds that a stress test may take that begins now; None without a limit."""
    limit = TimeLimit(options.time_limit, began)
    return None if options.time_limit is None else limit.for_questions(options.time_limit)


def check_options(options: PlanOptions) -> None:
    """Refuses what no solve can do.

    Raises
    ------
    WrongUsage
        There is no such risk, or the plan is to be tried on cases without probabilities.
    """
    try:
        kind, _ = kind_and_radius(options.risk)
    except ValueError as error:
        raise WrongUsage(f"--risk {options.risk} is unknown. {error}") from None
    if kind == "budget" and options.stress:
        raise WrongUsage(
            "--stress draws by probability, and the cases of --risk budget:K have none. Leave it out; planner stress "
            "tries the plan on what its options say is uncertain."
        )


def check_scenario_options(options: PlanOptions, dataset: Dataset, *, keeps: bool) -> None:
    """Refuses what cannot be asked of the scenarios of a problem; `keeps`: departing from a plan is charged for.

    Raises
    ------
    WrongUsage
        The engine cannot be used, or there is nothing to budget.
    """
    if not dataset.scenarios:
        return
    from planner.stochastic.budget import BudgetCases
    from planner.stochastic.method import check_engine

    measure = Measure.of(dataset, options.risk)
    check_engine(options.engine_asked, dataset, measure, keeps=keeps)
    if measure.kind == "budget":
        BudgetCases(dataset, measure)
