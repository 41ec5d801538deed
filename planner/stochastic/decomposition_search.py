"""What the steps of a decomposition share: the subproblems, the bounds, the best solution, and when to end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models.cancellation import cancelled_by
from models.core.vector import Vector
from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.extensive_form import DecisionKey
from models.stochastic.tree import ScenarioTree
from models.supply.scaling import model_units
from models.warm_start import start_values
from planner.errors import OutOfTime
from planner.solving.problem import Progress, SolveOptions
from planner.solving.time_limit import less_reading_back
from planner.solving.worker_pool import default_workers
from planner.stochastic.bounds import BoundTracker, StallDetector
from planner.stochastic.first_stage_candidates import Candidates, ImplementableSolution, signings_rounded
from planner.stochastic.mpi import Ranks
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems

if TYPE_CHECKING:
    from models.core.model import Model
    from planner.stochastic.remote import RemoteScenarios

SUBPROBLEM_GAP_SHARE = 0.25
"""Of the gap asked for, what each solve of a subproblem may leave open."""
SUBPROBLEM_TIME_SHARE = 0.1
"""Of a time limit, the most that a scenario may take with its shared decisions fixed."""
SHORT_TIME_SHARE, SHORT_SECONDS = 0.03, 60.0
"""Of a time limit, the most that hedging may take to solve one scenario once; and the most without a limit."""
LEAST_SHORT_SECONDS = 20.0
"""Below so many seconds a scenario of a large problem may have no plan yet, and hedging could not begin."""
TIME_OVER = "time limit"
"""Why a search ended whose time is over."""
FIRST_THRESHOLDS = (0.5, 0.2)
"""For a first plan signings are rounded up from this share of a unit on; the next where the last leaves no plan."""
STRENGTHENING_TIME_SHARE, STRENGTHENING_SECONDS = 0.25, 600.0
"""Of a time limit, what strengthening cuts may take at a time; and the most without a limit."""


@dataclass(frozen=True)
class DecompositionTask:
    """What all ranks take part in; `start` are plans by scenario to begin from."""

    dataset: Dataset
    options: SolveOptions
    start: Mapping[str, Plan]


class SearchEnded(Exception):
    """Raised on all ranks alike to end the search; its text says why."""


class DecompositionSearch:
    """The state of a search; its methods are called on all ranks alike.

    Attributes
    ----------
    best
        The best plans found for all scenarios.
    wanted
        The decisions, be they fractions, that are the best as far as is known.
    hurried
        Whether the time is so short that plans of any cost come first.
    alone
        What scenarios cost at least by themselves, where that is known, in model units of money.
    """

    def __init__(
        self,
        task: DecompositionTask,
        world: Ranks,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
        remote: RemoteScenarios | None = None,
        models: Mapping[str, Model] | None = None,
    ) -> None:
        self.dataset, self.options, self.world = task.dataset, replace(task.options, without_plan=0.0), world
        self.tracker = BoundTracker(
            model_units(self.dataset).usd,
            self.options.gap,
            self.dataset.settings.currency,
            world.rank == 0,
            on_progress,
        )
        self.stall = StallDetector(self.tracker)
        self.tree = ScenarioTree(self.dataset)
        limit = self.options.time_limit
        self._deadline: float | None = None
        self._last_deadline: float | None = None
        self.solver = SubproblemSolver(
            options=self.options,
            workers=1 if world.size > 1 else self.options.threads or default_workers(),
            deadline=None if limit is None else self.tracker.began + limit + task.options.without_plan,
            time_limit=None if limit is None else max(1.0, SUBPROBLEM_TIME_SHARE * limit),
            short_time_limit=SHORT_SECONDS if limit is None else max(LEAST_SHORT_SECONDS, SHORT_TIME_SHARE * limit),
            should_stop=should_stop,
            remote=remote,
        )
        self.strengthening_seconds = STRENGTHENING_SECONDS if limit is None else STRENGTHENING_TIME_SHARE * limit
        with cancelled_by(self._check_alone):
            self.subproblems = Subproblems(self.tree, world, models, self.solver.workers)
        self.built_seconds = self.subproblems.built_seconds
        left = less_reading_back(task.options, self.built_seconds)
        if left.time_limit is not None:
            self._deadline = self.tracker.began + left.time_limit
            self._last_deadline = self._deadline + left.without_plan
        self.solver.deadline = self._last_deadline
        self.candidates = Candidates(self.subproblems, self.solver)
        self.best: ImplementableSolution | None = None
        self.wanted: Mapping[DecisionKey, float] = {}
        self.hurried = False
        self.alone: Mapping[str, float] = {}
        self.iterations = 0

    def _check_alone(self) -> None:
        """Raises where a subproblem to be built would come too late; several ranks go on, so that none waits."""
        if self.world.size == 1 and self.solver.finished:
            raise OutOfTime("The time limit passed, or the run was stopped, before a search could begin")

    @property
    def shares_decisions(self) -> bool:
        """Whether any two scenarios have a decision in common."""
        return bool(self.subproblems.bounds)

    def raise_lower_bound(self, lower: float) -> None:
        """Takes a lower bound of a solver, within tolerances no higher than the cost of the best plan."""
        self.tracker.raise_lower(min(lower, self.tracker.upper))

    def tighten_gap(self) -> None:
        """Sets the gap of the subproblems, in model units of money once the size of the cost is known."""
        scale = self.tracker.scale
        if math.isfinite(scale):
            absolute_gap = SUBPROBLEM_GAP_SHARE * self.options.gap * scale
            self.solver.options = replace(self.options, gap=0.0, absolute_gap=absolute_gap)
        else:
            self.solver.options = replace(self.options, gap=SUBPROBLEM_GAP_SHARE * self.options.gap)

    def note_relaxed(self, decisions: Mapping[DecisionKey, float], bound: float, seconds: float, times: float) -> None:
        """Takes what the scenarios' relaxations, which took so long, decide on average, and their expected cost.

        Plans come first where less than so many `times` as long is left.
        """
        self.wanted = decisions
        self.raise_lower_bound(bound)
        slowest = max(self.world.allgather(seconds))
        enough = times * slowest
        self.hurried = self.world.any(self._deadline is not None and self._deadline < time.monotonic() + enough)
        if not self.hurried:
            self.solver.deadline = self._deadline

    def find_first(self) -> None:
        """Plans soon, whatever they cost: signings as wanted, rounded; all else by the first plan of each scenario."""
        tried: list[Mapping[DecisionKey, float]] = []
        for threshold in (*FIRST_THRESHOLDS, None):
            rounded = {} if threshold is None else signings_rounded(self.wanted, threshold, self.subproblems.bounds)
            if rounded in tried or self.best is not None or self.world.any(self.solver.finished):
                continue
            tried.append(rounded)
            self._keep_better(self.candidates.first_plans(rounded))
        self.tracker.report("first plans")

    def find_first_late(self) -> None:
        """The same where the time is over: what was left for questions about a plan is of no use without one."""
        if self.best is None and not self.world.any(self.solver.stopped):
            self.solver.deadline = self._last_deadline
            self.find_first()

    def try_decisions(self, decisions: Mapping[DecisionKey, float], quick: bool = False) -> None:
        """Completes and evaluates decisions; a better solution than all before is kept."""
        completed = self.candidates.complete(decisions)
        if completed is None:
            return
        known = self.candidates.first_plans(completed) if self.hurried else None
        self._keep_better(known)
        if known is None or not (self.tracker.proven or self.world.any(self.solver.finished)):
            self._keep_better(self.candidates.evaluate(completed, quick, known))

    def refine_best(self) -> None:
        """Looks for a better plan of each scenario with the decisions of the best."""
        if self.best is not None:
            self._keep_better(self.candidates.refine(self.best))

    def _keep_better(self, solution: ImplementableSolution | None) -> None:
        if solution is not None and solution.objective < self.tracker.upper:
            self.best, self.tracker.upper = solution, solution.objective
            self.solver.deadline = self._deadline
            self.tighten_gap()

    def check(self) -> None:
        """Ends the search when the bounds meet within the gap, time is over or a stop was asked for.

        Raises
        ------
        SearchEnded
        """
        if self.tracker.proven:
            raise SearchEnded("bounds meet")
        if self.world.any(self.solver.finished):
            raise SearchEnded("stopped" if self.world.any(self.solver.stopped) else TIME_OVER)

    def try_start(self, start: Mapping[str, Plan]) -> None:
        """Tries the decisions of plans by scenario; without shared decisions every scenario by itself.

        Of scenarios that share a decision the first that has a plan decides it.
        """
        local = self.subproblems.local
        begin = self.subproblems.of_models(_start_values, {name: start[name] for name in local if name in start})
        merged = self.world.merge({name: local[name].decisions(values) for name, values in begin.items()})
        decisions: dict[DecisionKey, float] = {}
        for name in self.tree.names:
            decisions = merged.get(name, {}) | decisions
        decisions = {key: float(np.clip(value, *self.subproblems.bounds[key])) for key, value in decisions.items()}
        if not decisions and self.shares_decisions:
            return
        self.try_decisions(decisions)
        if not self.shares_decisions and self.world.any(bool(self.solver.infeasible)):
            raise SearchEnded("infeasible")
        self.tracker.report("plans given" if decisions else "scenarios without shared decisions")
        self.check()


def _start_values(_tree: ScenarioTree, _name: str, model: Model, plan: Plan) -> Vector:
    return start_values(model, plan)
