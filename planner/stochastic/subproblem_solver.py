"""Where the scenarios' problems are solved side by side in this process: HiGHS works outside Python's lock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from planner.solving.highs import ArrayProblem, Outcome, SolveOptions, solve
from planner.solving.relaxation import relaxed_optimum

Vector = npt.NDArray[np.float64]
Q = TypeVar("Q")
T = TypeVar("T")

_POLL_SECONDS = 0.1


@dataclass
class SubproblemSolver:
    """Solves up to `workers` problems at a time, each on one thread, until `deadline` (monotonic seconds, or None).

    `options` hold for each problem. One may take `slice_seconds` at most, or `brief_seconds` where it is to be brief.
    Once `should_stop` says yes, what is under way ends with what it has and nothing more begins. It is asked in the
    thread that waits.
    """

    options: SolveOptions
    workers: int
    deadline: float | None
    slice_seconds: float | None
    brief_seconds: float | None
    should_stop: Callable[[], bool] | None = None
    stopped: bool = False
    infeasible: set[str] = field(default_factory=set)

    @property
    def over(self) -> bool:
        """Whether time is over or a stop was asked for."""
        if not self.stopped and self.should_stop is not None and self.should_stop():
            self.stopped = True
        return self.stopped or (self.deadline is not None and time.monotonic() >= self.deadline)

    def left(self) -> float | None:
        """Seconds left."""
        return None if self.deadline is None else max(0.1, self.deadline - time.monotonic())

    def best(
        self,
        problems: Mapping[str, ArrayProblem],
        *,
        lot: bool,
        starts: Mapping[str, Vector] | None = None,
        ease: float = 1.0,
        brief: bool = False,
    ) -> dict[str, tuple[Vector, float, float] | None]:
        """Values, objective and bound of each in model units, None where there are none; `lot`: one without ends all.

        `ease` times the gap of the options is left open.
        `infeasible` has afterwards those proven to have no values.
        """
        failed, options = False, self.options
        self.infeasible = set()
        wide = None if options.absolute_gap is None else ease * options.absolute_gap
        options = replace(options, gap=ease * options.gap, absolute_gap=wide, threads=1)
        most = self.brief_seconds if brief else self.slice_seconds

        def task(name: str) -> Outcome | None:
            nonlocal failed
            if self.stopped or failed:
                return None
            limits = [each for each in (self.left(), most) if each is not None]
            outcome = solve(
                problems[name],
                replace(options, time_limit=min(limits, default=None)),
                should_stop=lambda: self.stopped or failed,
                start=(starts or {}).get(name),
            )
            failed = failed or (lot and outcome.values is None)
            return outcome

        found: dict[str, tuple[Vector, float, float] | None] = {}
        for name, outcome in self.side_by_side(task, {name: name for name in problems}).items():
            found[name] = None
            if outcome is not None and outcome.status == "infeasible":
                self.infeasible.add(name)
            if outcome is not None and outcome.values is not None and outcome.objective_usd is not None:
                usd = problems[name].units.usd
                bound = -math.inf if outcome.bound_usd is None else outcome.bound_usd / usd
                found[name] = outcome.values, outcome.objective_usd / usd, bound
        return found

    def relaxed(self, problems: Mapping[str, ArrayProblem]) -> dict[str, float | None]:
        """The least of each when whole numbers may be fractions, None where there is none."""

        def task(problem: ArrayProblem) -> float | None:
            found = None if self.stopped else relaxed_optimum(problem, self.left(), lambda: self.stopped)
            return None if found is None else problem.compiled.objective(found.values)

        return self.side_by_side(task, problems)

    def bounds(self, problems: Mapping[str, ArrayProblem], seconds: float | None) -> dict[str, float]:
        """A bound on each from below in model units, -inf where none was found; in `seconds` for all at most.

        One may take half as long again as its share of what is left, so that it pays to give the easy ones first.
        """
        ends = None if seconds is None else time.monotonic() + seconds
        options, waiting = replace(self.options, threads=1, bounding=True), len(problems)

        def task(problem: ArrayProblem) -> float:
            nonlocal waiting
            limits = [self.left()]
            if ends is not None:
                left = max(0.1, ends - time.monotonic())
                limits += [left, 1.5 * left * self.workers / waiting]
            waiting -= 1
            if self.stopped:
                return -math.inf
            limit = min((each for each in limits if each is not None), default=None)
            outcome = solve(problem, replace(options, time_limit=limit), should_stop=lambda: self.stopped)
            return -math.inf if outcome.bound_usd is None else outcome.bound_usd / problem.units.usd

        return self.side_by_side(task, problems)

    def side_by_side(self, task: Callable[[Q], T], questions: Mapping[str, Q]) -> dict[str, T]:
        """What a task makes of each question, as many at a time as there are workers."""
        with ThreadPoolExecutor(self.workers, thread_name_prefix="parts") as pool:
            futures = {pool.submit(task, question): name for name, question in questions.items()}
            waiting = set(futures)
            while waiting:
                _, waiting = wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                _ = self.over  # asks whether to stop
            return {name: future.result() for future, name in futures.items()}
