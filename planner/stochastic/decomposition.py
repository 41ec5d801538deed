"""The best plan for all scenarios by decomposition: the scenarios one by one, tied by what they share.

The L-shaped method bounds the least expected cost from below, by relaxations of the scenarios first and by whole
numbers of their own where that is not enough, and finds first-stage decisions. These, fixed in all scenarios, bound the
cost from above and are plans. Where that stalls before the bounds meet, progressive hedging goes on from the
multipliers of its relaxation, and at last the extensive form from the best plan found. Expected cost only:
worst cost, regret and CVaR tie the scenarios' costs, and stay with the extensive form.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from planner.errors import OutOfTime, WrongUsage
from planner.solving.held_rows import Attempt, hold_rows
from planner.solving.problem import Progress, SolveOptions
from planner.solving.search import dispatch_proven, solve
from planner.stochastic.decomposition_search import TIME_OVER, DecompositionSearch, DecompositionTask, SearchEnded
from planner.stochastic.lshaped_steps import begin_lshaped, run_lshaped
from planner.stochastic.method import cannot_decompose
from planner.stochastic.mpi import Ranks, ranks
from planner.stochastic.progressive_hedging import run_hedging
from planner.stochastic.search_result import JointResult, Status
from planner.stochastic.subproblems import JOINT_NONZEROS

if TYPE_CHECKING:
    from planner.stochastic.remote import RemoteScenarios


@dataclass(frozen=True, kw_only=True)
class DecomposedOutcome(JointResult):
    """How a decomposition ended; money in USD, gap relative, `iterations` of progressive hedging."""

    objective_usd: float | None
    gap: float | None
    seconds: float
    iterations: int


def decompose(
    dataset: Dataset,
    options: SolveOptions,
    *,
    start: Mapping[str, Plan] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    remote: RemoteScenarios | None = None,
) -> DecomposedOutcome:
    """Minimises expected cost over a dataset's scenarios.

    Under `mpiexec` the scenarios are spread over the ranks, of which this is 0; with `remote` over a cluster's workers.

    Parameters
    ----------
    start
        Plans by scenario to begin from. Of scenarios that share a decision the first that has a plan decides it.
    on_progress
        Told both bounds after each step.
    should_stop
        Asked often; once it says yes the search ends with the best plan so far.

    Raises
    ------
    ValueError
        The settings weigh CVaR, or a scenario has no probability.
    WrongUsage
        There are more ranks than scenarios, or ranks and a cluster.
    """
    if why := cannot_decompose(dataset, Measure.of(dataset)):
        raise ValueError(f"{why}; use the extensive form")
    world = ranks()
    if world.size > len(dataset.scenarios):
        raise WrongUsage(
            f"{world.size} ranks are more than the {len(dataset.scenarios)} scenarios; start mpiexec with fewer."
        )
    if world.size > 1 and remote is not None:
        raise WrongUsage("Scenarios go to the ranks of mpiexec or to the workers of --scheduler, not to both.")
    task = DecompositionTask(dataset, options, start or {})
    if world.size > 1:
        world.broadcast(task)
    return _run(task, world, on_progress, should_stop, remote)


def decompose_holding(
    dataset: Dataset,
    options: SolveOptions,
    *,
    start: Mapping[str, Plan] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    remote: RemoteScenarios | None = None,
) -> JointResult:
    """As `decompose`, with the losses of `resilience` held as plans break them."""

    def search(problem: Dataset, options: SolveOptions, begin: Mapping[str, Plan]) -> Attempt[DecomposedOutcome]:
        found = decompose(
            problem,
            options,
            start=begin,
            on_progress=on_progress,
            should_stop=should_stop,
            remote=None if remote is None else remote.anew(),
        )
        return Attempt(found, found.plans or {}, found.status, found.objective_usd, found.bound_usd, found.why)

    made = hold_rows(dataset, options, search, start or {})
    return replace(made.found, status=made.status, plans=made.plans or None, bound_usd=made.bound_usd, why=made.why)


def take_part(task: DecompositionTask) -> None:
    """The part of a rank other than 0."""
    _run(task, ranks(), None, None)


def _run(
    task: DecompositionTask,
    world: Ranks,
    on_progress: Callable[[Progress], None] | None,
    should_stop: Callable[[], bool] | None,
    remote: RemoteScenarios | None = None,
) -> DecomposedOutcome:
    began = time.monotonic()
    try:
        search = DecompositionSearch(task, world, on_progress, should_stop, remote)
    except OutOfTime as error:
        seconds = time.monotonic() - began
        return DecomposedOutcome(
            "no_plan", None, None, str(error), (), objective_usd=None, gap=None, seconds=seconds, iterations=0
        )
    try:
        lshaped = begin_lshaped(search, lambda: _find_first(search, task.start))
        if search.best is None:
            search.try_start(task.start)
        if lshaped is not None:
            run_lshaped(search, lshaped)
        why = run_hedging(search)
    except SearchEnded as ended:
        why = str(ended)
    if why == TIME_OVER:
        search.find_first_late()
    plans: Mapping[str, Plan] | None = None if search.best is None else search.candidates.plans(search.best)
    proven = search.best is not None and search.best.dispatch_proven
    if why != "infeasible" and not search.tracker.proven and not search.solver.finished:
        form = _extensive_form(search)
        try:
            if form is not None:
                plans, proven = _finish(search, form, plans, proven, why)
        except SearchEnded as ended:
            why = str(ended)
    return _outcome(search, plans, why, proven)


def _find_first(search: DecompositionSearch, start: Mapping[str, Plan]) -> None:
    """Plans soon: those given to begin from, else of any cost."""
    search.try_start(start)
    if search.best is None:
        search.find_first()


def _extensive_form(search: DecompositionSearch) -> ExtensiveForm | None:
    """On rank 0 the extensive form, where it is not too large."""
    if search.subproblems.nonzeros() > JOINT_NONZEROS or search.world.rank > 0:
        return None
    models = {name: subproblem.model for name, subproblem in search.subproblems.local.items()}
    return ExtensiveForm(search.dataset, Measure(), models)


def _finish(
    search: DecompositionSearch, form: ExtensiveForm, plans: Mapping[str, Plan] | None, proven: bool, why: str
) -> tuple[Mapping[str, Plan] | None, bool]:
    """Searches the extensive form from the best plan, for the rest of the time.

    `proven` is whether that plan's dispatch is; the same of the better plan comes back with it.
    """
    tracker = search.tracker
    tracker.log(f"hedging ended after {search.iterations} iterations ({why}): the extensive form goes on from there")
    outcome = solve(
        form,
        replace(search.options, time_limit=search.solver.seconds_left()),
        on_progress=tracker.update,
        should_stop=lambda: search.solver.finished,
        start=None if plans is None else form.start(plans),
    )
    if outcome.bound_usd is not None:
        tracker.raise_lower(outcome.bound_usd / tracker.usd)
    if outcome.objective_usd is not None and outcome.values is not None:
        objective = outcome.objective_usd / tracker.usd
        if objective < tracker.upper:
            tracker.upper, plans = objective, form.plans(outcome.values)
            proven = dispatch_proven(outcome)
    if outcome.status == "infeasible":
        raise SearchEnded("infeasible")
    tracker.report("extensive form")
    return plans, proven


def _outcome(
    search: DecompositionSearch, plans: Mapping[str, Plan] | None, why: str, proven: bool
) -> DecomposedOutcome:
    tracker, lower = search.tracker, search.tracker.lower_usd
    status: Status = "no_plan" if plans is None else "optimal" if tracker.proven else "stopped"
    if why == "infeasible":
        status, plans, lower = "infeasible", None, None
    return DecomposedOutcome(
        status,
        plans,
        lower,
        why,
        tuple(tracker.lines),
        proven,
        objective_usd=None if plans is None else tracker.upper_usd,
        gap=None if plans is None else tracker.gap,
        seconds=tracker.seconds,
        iterations=search.iterations,
        built_seconds=search.built_seconds,
        alone_usd={name: least * tracker.usd for name, least in search.alone.items()},
    )
