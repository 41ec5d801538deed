"""The subproblems solved side by side: in this process, as HiGHS works outside Python's lock, or on a cluster."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from models.core.vector import Vector
from planner.solving.problem import ArrayProblem, Outcome, SolveOptions
from planner.solving.relaxation import LinearRelaxation, relaxed_optimum
from planner.solving.search import dispatch_proven, solve
from planner.solving.time_limit import TimeLimit
from planner.stochastic.recourse import plan_by_limits, proven_bound

if TYPE_CHECKING:
    from planner.stochastic.remote import RemoteRelaxation, RemoteScenarios

Q = TypeVar("Q")
T = TypeVar("T")

_POLL_SECONDS = 0.1
FIRST_GAP = 0.2
"""How far the parts of a scenario are searched where its first plan is enough."""
PARTS_FROM = 200
"""Whole-number columns from which a scenario is searched in parts: a plan first, then no more proof than need be."""


class Solution(NamedTuple):
    """The best values found, their objective, and a lower bound on the objective, in model units of money.

    `dispatch_proven`: whether it is proven that no other dispatch for the decisions costs less.
    """

    values: Vector
    objective: float
    bound: float
    dispatch_proven: bool


@dataclass
class SubproblemSolver:
    """Solves up to `workers` problems at a time, each on one thread.

    Parameters
    ----------
    options
        For each problem.
    workers
        Threads of this process.
    deadline
        In seconds of the monotonic clock, or None.
    time_limit, short_time_limit
        Seconds that one problem may take at most, and where a quick answer is asked for; None for no limit.
    should_stop
        Asked in the thread that waits. Once it says yes, what is under way ends with what it has and nothing more
        begins.
    remote
        The cluster whose workers solve them; None: this process.

    Attributes
    ----------
    infeasible
        The problems that the last `solve` proved to have no solution.
    rough
        Those of which the last `solve` took the first plan, whatever it costs.
    """

    options: SolveOptions
    workers: int
    deadline: float | None
    time_limit: float | None
    short_time_limit: float | None
    should_stop: Callable[[], bool] | None = None
    remote: RemoteScenarios | None = None
    stopped: bool = False
    infeasible: set[str] = field(default_factory=set)
    rough: set[str] = field(default_factory=set)

    @property
    def finished(self) -> bool:
        """Whether time is over or a stop was asked for."""
        if not self.stopped and self.should_stop is not None and self.should_stop():
            self.stopped = True
        return self.stopped or (self.deadline is not None and time.monotonic() >= self.deadline)

    @property
    def width(self) -> int:
        """How many problems are solved at a time."""
        return self.workers if self.remote is None else self.remote.workers

    def relaxation(self, name: str, problem: ArrayProblem) -> LinearRelaxation | RemoteRelaxation:
        """The relaxation of a scenario, kept where it is solved."""
        return LinearRelaxation(problem) if self.remote is None else self.remote.relaxation(name, problem)

    def _call(self, function: Callable[..., Any], *arguments: Any, stopping: Callable[[], bool]) -> Any:
        """What a function returns, on a worker of the cluster where there is one; None where none answers."""
        if self.remote is None:
            return function(*arguments, stopping)
        return self.remote.call(function, *arguments, stopping=stopping)

    def seconds_left(self, limit: float | None = None) -> float | None:
        """Seconds until the deadline, and no more than a limit; None where there is neither."""
        left = None if self.deadline is None else max(0.1, self.deadline - time.monotonic())
        return min((seconds for seconds in (left, limit) if seconds is not None), default=None)

    def solve(
        self,
        problems: Mapping[str, ArrayProblem],
        *,
        starts: Mapping[str, Vector] | None = None,
        limits: Mapping[str, npt.NDArray[np.bool_]] | None = None,
        gap_factor: float = 1.0,
        quick: bool = False,
        first: bool = False,
        all_needed: bool = True,
        in_time: bool = False,
    ) -> dict[str, Solution | None]:
        """Solves problems; once one has no solution the others, of no use without it, are given up.

        Parameters
        ----------
        starts
            Values to begin from, by problem.
        limits
            By problem, the columns to search first where it is large; such a plan is taken without a proof.
        gap_factor
            So many times the gap of the options is left open.
        quick
            Whether the shorter limit of time holds.
        first
            Whether the first plan found of each is enough, whatever it costs.
        all_needed
            Whether solutions are of no use once one is missing.
        in_time
            Whether the first plan found is enough of some where the time is too short for all.
        """
        failed, options, waiting = False, self.options, len(problems)
        took: list[float] = []
        self.infeasible, self.rough = set(), set(problems) if first else set()
        absolute_gap = None if options.absolute_gap is None else gap_factor * options.absolute_gap
        options = replace(
            options, gap=gap_factor * options.gap, absolute_gap=absolute_gap, threads=1, parts_from=PARTS_FROM
        )
        rough = replace(options, gap=max(options.gap, FIRST_GAP), absolute_gap=None, target_usd=sys.float_info.max)
        rough = replace(rough, second_look=False)
        if gap_factor > 1.0:  # decisions are wanted, and nothing is proven by them
            options = replace(options, second_look=False)
        limit = self.short_time_limit if quick else self.time_limit

        def task(name: str) -> Outcome | None:
            nonlocal failed, waiting
            if self.stopped or failed or (not all_needed and self.finished):
                return None
            problem, began, left = problems[name], time.monotonic(), self.seconds_left()
            short = in_time and left is not None and took and left * self.width < waiting * sum(took) / len(took)
            waiting -= 1
            outcome: Outcome | None = None
            if first or short:
                self.rough.add(name)
                outcome = self._call(_solve, problem, replace(rough, time_limit=left), None, stopping=give_up)
            elif limits is not None and limits[name].any() and problem.compiled.integer.sum() >= PARTS_FROM:
                until = replace(options, time_limit=self.seconds_left())
                outcome = self._call(_plan_by_limits, problem, limits[name], until, limit, stopping=give_up)
            if outcome is None:
                timed = replace(options, time_limit=self.seconds_left(limit))
                outcome = self._call(_solve, problem, timed, (starts or {}).get(name), stopping=give_up)
            if name not in self.rough:
                took.append(time.monotonic() - began)
            failed = failed or (all_needed and (outcome is None or outcome.values is None))
            return outcome

        def give_up() -> bool:
            return self.stopped or failed

        solutions: dict[str, Solution | None] = {}
        for name, outcome in self.run_parallel(task, {name: name for name in problems}).items():
            solutions[name] = None
            if outcome is not None and outcome.status == "infeasible":
                self.infeasible.add(name)
            if outcome is not None and outcome.values is not None and outcome.objective_usd is not None:
                usd = problems[name].units.usd
                bound = -math.inf if outcome.bound_usd is None else outcome.bound_usd / usd
                solutions[name] = Solution(outcome.values, outcome.objective_usd / usd, bound, dispatch_proven(outcome))
        return solutions

    def relaxation_costs(self, problems: Mapping[str, ArrayProblem]) -> dict[str, float | None]:
        """The optimum of each relaxation in model units of money, None where there is none."""

        def task(problem: ArrayProblem) -> float | None:
            if self.stopped:
                return None
            found = self._call(relaxed_optimum, problem, self.seconds_left(), stopping=lambda: self.stopped)
            return None if found is None else problem.compiled.objective(found.values)

        return self.run_parallel(task, problems)

    def lower_bounds(
        self, problems: Mapping[str, ArrayProblem], aims: Mapping[str, Sequence[float]], seconds: float | None
    ) -> dict[str, float]:
        """A lower bound on each in model units of money, -inf where none was found; in `seconds` for all at most.

        Of the `aims` of a problem the first that is proven is enough. One may take half as long again as its share of
        what is left, so that it pays to give the easy ones first.
        """
        end = None if seconds is None else time.monotonic() + seconds
        waiting = len(problems)

        def task(name: str) -> float:
            nonlocal waiting
            limit = None
            if end is not None:
                left = max(0.1, end - time.monotonic())
                limit = min(left, 1.5 * left * self.width / waiting)
            waiting -= 1
            if self.stopped:
                return -math.inf
            options = replace(self.options, threads=1, time_limit=self.seconds_left(limit))
            bound = self._call(proven_bound, problems[name], options, aims[name], stopping=lambda: self.stopped)
            return -math.inf if bound is None else float(bound)

        return self.run_parallel(task, {name: name for name in problems})

    def run_parallel(self, task: Callable[[Q], T], arguments: Mapping[str, Q]) -> dict[str, T]:
        """The result of a task for each argument, as many at a time as there are workers."""
        with ThreadPoolExecutor(self.width, thread_name_prefix="subproblems") as pool:
            futures = {pool.submit(task, argument): name for name, argument in arguments.items()}
            waiting = set(futures)
            while waiting:
                _, waiting = wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                _ = self.finished  # asks whether to stop
            return {name: future.result() for future, name in futures.items()}


def _solve(
    problem: ArrayProblem, options: SolveOptions, start: Vector | None, should_stop: Callable[[], bool]
) -> Outcome:
    return solve(problem, options, should_stop=should_stop, start=start)


def _plan_by_limits(
    problem: ArrayProblem,
    limits: npt.NDArray[np.bool_],
    options: SolveOptions,
    most: float | None,
    should_stop: Callable[[], bool],
) -> Outcome | None:
    """As `plan_by_limits`; either search takes `most` seconds at most, both the limit of the options."""
    limit = TimeLimit(options.time_limit)

    def seconds_left() -> float | None:
        left = min(limit.left(), math.inf if most is None else most)
        return max(0.1, left) if math.isfinite(left) else None

    return plan_by_limits(problem, limits, options, seconds_left, should_stop)
