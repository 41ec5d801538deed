"""Benchmark: how far the ends of what `planner explain` tells are apart, question by question, after so much CPU time.

    python tests/benchmarks/explain.py PROBLEM.xlsx PLAN.xlsx                    116 CPU seconds: 60 s on two cores
    python tests/benchmarks/explain.py PROBLEM.xlsx PLAN.xlsx --cpu-seconds 1160  ten times as much
    python tests/benchmarks/explain.py PROBLEM.xlsx PLAN.xlsx --only google azure  searches of these names alone

Below stand the searches, the CPU time each took and how it ended, and the share of building and compiling. Problems are
solved in this process, one at a time, and its CPU time is the clock: what other work the machine has does not matter,
and the same version comes to nearly the same widths again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

import models.build  # noqa: E402
import models.core.model  # noqa: E402
import models.stochastic.plan_problem  # noqa: E402
from models.estimate import Estimate  # noqa: E402
from planner.explain.explanation import Explanation, answer_questions  # noqa: E402
from planner.solving.problem import SolveOptions  # noqa: E402
from planner.solving.solve_task import SolveResult, SolveTask, solve_task  # noqa: E402


class CpuClock:
    """Stands for a pool of workers: solves at once, in this process, and counts its CPU seconds.

    `only`: parts of the names of what is searched for at all; everything without any.
    """

    count = 1
    stopping = False

    def __init__(self, seconds: float, only: Collection[str] = ()) -> None:
        self.ends, self.only = time.process_time() + seconds, only
        self.searches: list[tuple[str, float, SolveResult]] = []

    @property
    def seconds_left(self) -> float:
        """CPU seconds left."""
        return max(0.0, self.ends - time.process_time())

    def submit(self, task: SolveTask) -> Future[SolveResult]:
        """Solves a task; its time limit is of CPU time too."""
        future: Future[SolveResult] = Future()
        if self.only and not any(name in task.key for name in self.only):
            future.set_result(SolveResult(task.key, "no_plan", why="not asked"))
            return future
        began = time.process_time()
        ends = began + (task.options.time_limit or self.seconds_left)
        task = replace(task, options=replace(task.options, time_limit=None))
        found = solve_task(task, lambda: time.process_time() >= min(ends, self.ends))
        found = replace(found, seconds=time.process_time() - began)
        self.searches.append((task.key, found.seconds, found))
        future.set_result(found)
        return future


class Counted:
    """A function, with the CPU seconds that its calls take."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds, self.calls = function, 0.0, 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Calls it."""
        began = time.process_time()
        try:
            return self.function(*given, **named)
        finally:
            self.seconds += time.process_time() - began
            self.calls += 1


def explained(problem: Path, plan_path: Path, workers: CpuClock, gap: float) -> Explanation:
    """What is told of a plan after the CPU seconds of the workers."""
    from planner.excel.plan_reader import read_plan, run_record
    from planner.problem_reader import read

    dataset = read(problem).valid_dataset()
    plan, bound = read_plan(plan_path, dataset), run_record(plan_path).get(("run", "bound_usd"))
    cost = Estimate.optimum(bound if isinstance(bound, float) else None, plan.objective_usd)
    return answer_questions(dataset, plan, cost, workers, SolveOptions(gap, None, 1, 0))  # type: ignore[arg-type]


def told(found: Explanation) -> Iterator[tuple[str, Estimate]]:
    """Everything that is told, by what was asked: money in millions, prices as shares of today's."""
    yield "the least cost", found.least_cost.times(1e-6)
    for offer in found.offers:
        words = "without" if offer.taken else "with"
        yield f"{words} {offer.name}", offer.difference.times(1e-6)
    for policy in found.policy:
        yield policy.loosened.words, policy.saving.times(1e-6)
    for offer in found.offers:
        yield f"price of {offer.name}", offer.break_even


def main() -> None:
    """Prints a row for each question, and the sums of the widths."""
    parser = argparse.ArgumentParser()
    parser.add_argument("problem", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--cpu-seconds", type=float, default=116.0)
    parser.add_argument("--gap", type=float, default=0.001)
    parser.add_argument("--only", nargs="*", default=(), metavar="NAME")
    options = parser.parse_args()
    built, compiled = Counted(models.build.build_model), Counted(models.core.model.compile_model)
    models.build.build_model = models.stochastic.plan_problem.build_model = built  # type: ignore[assignment]
    models.core.model.compile_model = compiled  # type: ignore[assignment]
    began, workers = time.process_time(), CpuClock(options.cpu_seconds, options.only)
    found = explained(options.problem, options.plan, workers, options.gap)
    total = time.process_time() - began
    rows = list(told(found))
    for name, each in rows:
        ends = (
            f"{end:12.4f}" if end is not None else f"{'-':>12}" for end in (each.at_least, each.at_most, each.width)
        )
        print(f"{name:<60.60}", *ends)
    for unit, prices in (("m USD", False), ("of a price", True)):
        widths = [each.width for name, each in rows if name.startswith("price of") == prices]
        known = [each for each in widths if each is not None]
        print(
            f"{len(known)} of {len(widths)} widths known, together {sum(known):.4f} {unit}; complete: {found.complete}"
        )

    for key, seconds, result in workers.searches:
        print(f"{key:<60.60} {seconds:8.2f} s  {result.status}, {result.why}")
    for what, each in (("building", built), ("compiling", compiled)):
        print(f"{what}: {each.calls} times, {each.seconds:.2f} of {total:.2f} CPU s, {each.seconds / total:.1%}")


if __name__ == "__main__":
    main()
