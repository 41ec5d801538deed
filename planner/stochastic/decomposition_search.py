"""What the steps of a decomposition share: the subproblems, the bounds, the best solution, and when to end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models.cancellation import cancelled_by
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
from planner.stochastic.first_stage_candidates import Candidates, ImplementableSolution
from planner.stochastic.mpi import Ranks
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems

if TYPE_CHECKING:
    from planner.stochastic.remote import RemoteScenarios

SUBPROBLEM_GAP_SHARE = 0.25
"""Of the gap asked for, what each solve of a subproblem may leave open."""
SUBPROBLEM_TIME_SHARE = 0.1
"""Of a time limit, the most that a scenario may take with its shared decisions fixed."""
SHORT_TIME_SHARE, SHORT_SECONDS = 0.03, 60.0
"""Of a time limit, the most that hedging may take to solve one scenario once; and the most without a limit."""
LEAST_SHORT_SECONDS = 20.0
"""Below so many seconds a scenario of a large problem may have no plan yet, and hedging could not begin."""
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
    """The state of a search; its methods are called on all ranks alike."""

    def __init__(
        self,
        task: DecompositionTask,
        world: Ranks,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
        remote: RemoteScenarios | None = None,
    ) -> None:
        self.dataset, self.options, self.world = task.dataset, task.options, world
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
        self.solver = SubproblemSolver(
            options=self.options,
            workers=1 if world.size > 1 else self.options.threads or default_workers(),
            deadline=None if limit is None else self.tracker.began + limit,
            time_limit=None if limit is None else max(1.0, SUBPROBLEM_TIME_SHARE * limit),
            short_time_limit=SHORT_SECONDS if limit is None else max(LEAST_SHORT_SECONDS, SHORT_TIME_SHARE * limit),
            should_stop=should_stop,
            remote=remote,
        )
        self.strengthening_seconds = STRENGTHENING_SECONDS if limit is None else STRENGTHENING_TIME_SHARE * limit
        began = time.monotonic()
        with cancelled_by(self._check_alone):
            self.subproblems = Subproblems(self.tree, world)
        self.built_seconds = time.monotonic() - began
        left = less_reading_back(limit, self.built_seconds)
        self.solver.deadline = None if left is None else self.tracker.began + left - self.subproblems.rebuild_seconds
        self.candidates = Candidates(self.subproblems, self.solver)
        self.best: ImplementableSolution | None = None
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

    def try_decisions(self, decisions: Mapping[DecisionKey, float], quick: bool = False) -> None:
        """Completes and evaluates decisions; a better solution than all before is kept."""
        completed = self.candidates.complete(decisions)
        self._keep_better(None if completed is None else self.candidates.evaluate(completed, quick))

    def refine_best(self) -> None:
        """Looks for a better plan of each scenario with the decisions of the best."""
        if self.best is not None:
            self._keep_better(self.candidates.refine(self.best))

    def _keep_better(self, solution: ImplementableSolution | None) -> None:
        if solution is not None and solution.objective < self.tracker.upper:
            self.best, self.tracker.upper = solution, solution.objective
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
            raise SearchEnded("stopped" if self.world.any(self.solver.stopped) else "time limit")

    def try_start(self, start: Mapping[str, Plan]) -> None:
        """Tries the decisions of plans by scenario; without shared decisions every scenario by itself.

        Of scenarios that share a decision the first that has a plan decides it.
        """
        own = {
            name: subproblem.decisions(start_values(subproblem.model, start[name]))
            for name, subproblem in self.subproblems.local.items()
            if name in start
        }
        merged = self.world.merge(own)
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
